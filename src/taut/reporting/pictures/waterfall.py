"""The waterfall on a scale of nats: what the ELBO is made of, and enlarged, what lies between it and log p(x)."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from taut.record import Ledger
from taut.reporting import standing, words
from taut.reporting.line import is_exact
from taut.reporting.pictures.canvas import INK, KL_PALE, MUTED, PAPER, Picture, picture
from taut.reporting.pictures.steps import Step, closing, kl_text, making

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HALF = 0.17  # half the height of a bar, in lines


def waterfall_picture(ledger: Ledger) -> Picture | None:
    """The mean identity, step by step; None where a number is not finite."""
    panels = [steps for steps in (making(ledger), closing(ledger)) if steps]
    if not all(math.isfinite(end) for steps in panels for step in steps for end in step.ends):
        return None

    def paint(figure: Figure, _narrow: bool) -> None:
        heights = [len(steps) for steps in panels]
        axes = figure.subplots(len(panels), 1, height_ratios=heights, squeeze=False)[:, 0]
        for area, steps in zip(axes, panels, strict=True):
            _draw(area, steps)
        axes[-1].set_xlabel("nats per row; further right is more evidence")

    height = 0.85 + 0.46 * sum(len(steps) for steps in panels)
    return picture(paint, alt=_alt(ledger), height=height)


def _draw(axes: Axes, steps: list[Step]) -> None:
    lowest = min(value for step in steps for value in step.ends)
    highest = max(value for step in steps for value in step.ends)
    span = max(highest - lowest, 1e-3 * abs(highest), 1e-3)
    left, right = lowest - 0.25 * span, highest + 0.06 * span
    axes.set_xlim(left, right)
    axes.set_ylim(-len(steps) + 0.45, 0.75)
    for place, step in enumerate(steps):
        _draw_step(axes, step, -place)
    _connect(axes, steps)
    axes.set_yticks([])
    axes.grid(axis="x")
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=5)
    axes.ticklabel_format(axis="x", useOffset=False, style="plain")


def _draw_step(axes: Axes, step: Step, height: int) -> None:
    left, right = axes.get_xlim()
    start = left if step.start is None else step.start
    if start == step.end:
        axes.plot(step.end, height, color=step.colour, marker="o", markersize=7)
    elif step.sure is None:
        _bar(axes, start, step.end, height, step.colour)
    else:
        firm = min(max(step.sure, min(start, step.end)), max(start, step.end))
        _bar(axes, start, firm, height, step.colour)
        _bar(axes, firm, step.end, height, KL_PALE)
        axes.plot(
            [step.end] * 2, [height - _HALF, height + _HALF], color=INK, linewidth=1.6, solid_capstyle="butt", zorder=5
        )
    if step.start is None:
        _cut(axes, left + 0.025 * (right - left), height, 0.01 * (right - left))
    across = axes.get_yaxis_transform()
    # on the colour of the page, so that no line runs through the words
    clear = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.0}
    axes.text(0, height + 0.27, step.label, transform=across, color=MUTED, size=9, bbox=clear)
    axes.text(1, height + 0.27, step.text, transform=across, color=INK, size=9, ha="right", bbox=clear)


def _bar(axes: Axes, start: float, end: float, height: int, colour: str) -> None:
    axes.barh(height, end - start, left=start, height=2 * _HALF, color=colour, zorder=4)


def _connect(axes: Axes, steps: list[Step]) -> None:
    """A thin line from the end of each step down to the next, so that the eye can carry the value over."""
    left = axes.get_xlim()[0]
    for place, (step, following) in enumerate(itertools.pairwise(steps)):
        first, last = sorted((left if following.start is None else following.start, following.end))
        meeting = [at for at in (step.end, step.sure) if at is not None and first <= at <= last]
        if meeting and first < last:
            axes.plot([meeting[0]] * 2, [-place - _HALF, -place - 1 + _HALF], color=MUTED, linewidth=0.9, linestyle=":")


def _cut(axes: Axes, at: float, height: int, slant: float) -> None:
    """Two slanted lines: the bar comes from far to the left."""
    for shift in (0.0, 1.3 * slant):
        across = [at + shift - slant / 2, at + shift + slant / 2]
        axes.plot(across, [height - _HALF - 0.04, height + _HALF + 0.04], color=PAPER, linewidth=1.6, zorder=5)


def _alt(ledger: Ledger) -> str:
    lower, upper, gap = ledger.evidence.lower, ledger.evidence.upper, ledger.gap
    above = (
        "" if upper is None or is_exact(ledger) else f", and at most {words.value_of(upper)} ({standing.mark(upper)})"
    )
    made = ""
    if ledger.rate is not None and ledger.distortion is not None:
        made = (
            f", minus the distortion {words.value_of(ledger.distortion)}, minus the rate {words.value_of(ledger.rate)}"
        )
    causes = [
        f"amortisation, at least {words.value_of(gap.amortisation)}" if gap.amortisation else "",
        f"the family of q, at most {words.value_of(gap.approximation)}" if gap.approximation else "",
    ]
    known = " and ".join(cause for cause in causes if cause) or f"the KL, {kl_text(ledger)}"
    return (
        f"Bars from the ELBO, {words.value_of(ledger.elbo)}{made}, up by {known}, to the mean of log p(x): "
        f"{standing.relation(lower)} {words.value_of(lower)} nats ({standing.mark(lower)}){above}."
    )
