"""log p(x) as one bar: its end is fixed by the model, and the edge inside it, ELBO | KL, is what an encoder moves."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from taut.record import Estimate, Ledger
from taut.reporting import words
from taut.reporting.lines import is_exact
from taut.reporting.pictures.canvas import ELBO, GRID, INK, KL, KL_PALE, MUTED, PAPER, WHITE, Picture, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HALF = 0.30  # half the height of the bar, in rows


@dataclasses.dataclass(frozen=True)
class _Mark:
    label: str
    estimate: Estimate
    colour: str
    shape: str


def identity_picture(ledger: Ledger) -> Picture | None:
    """The mean identity on an axis in nats; None where a number is not finite."""
    marks = _marks(ledger)
    if not all(math.isfinite(mark.estimate.value) for mark in marks):
        return None

    def paint(figure: Figure, _narrow: bool) -> None:
        axes = figure.add_subplot()
        left, right = _limits(marks)
        axes.set_xlim(left, right)
        axes.set_ylim(-len(marks) - 0.25, 1.0)
        _draw_bar(axes, ledger)
        for place, mark in enumerate(marks, start=1):
            _draw_mark(axes, mark, -place)
        _finish(axes)

    height = 1.55 + 0.46 * len(marks)
    return picture(paint, alt=_alt(ledger), height=height)


def _marks(ledger: Ledger) -> list[_Mark]:
    evidence = ledger.evidence
    marks = [_Mark("ELBO", ledger.elbo, ELBO, "o")]
    if is_exact(ledger):
        return [*marks, _Mark("log p(x), exact", evidence.lower, INK, "D")]
    marks.append(_Mark("log p(x), from below", evidence.lower, INK, ">"))
    marks.append(_Mark("log p(x), importance weighted", evidence.importance, MUTED, "o"))
    if evidence.upper is not None:
        marks.append(_Mark("log p(x), from above", evidence.upper, INK, "<"))
    return marks


def _limits(marks: list[_Mark]) -> tuple[float, float]:
    """Room for every mark and its error, and to the left a good piece of the ELBO's part of the bar."""
    lowest = min(mark.estimate.value - (mark.estimate.std_error or 0.0) for mark in marks)
    highest = max(mark.estimate.value + (mark.estimate.std_error or 0.0) for mark in marks)
    span = max(highest - lowest, 1e-3 * abs(highest), 1e-3)
    return lowest - 0.75 * span, highest + 0.12 * span


def _draw_bar(axes: Axes, ledger: Ledger) -> None:
    left, right = axes.get_xlim()
    elbo, lower, upper = ledger.elbo.value, ledger.evidence.lower.value, ledger.evidence.upper
    end = max(elbo, lower)
    axes.barh(0, elbo - left, left=left, height=2 * _HALF, color=ELBO)
    axes.barh(0, end - elbo, left=elbo, height=2 * _HALF, color=KL)
    if upper is not None and upper.value > end:
        axes.barh(0, upper.value - end, left=end, height=2 * _HALF, color=KL_PALE)
        axes.plot([upper.value] * 2, [-_HALF, _HALF], color=INK, linewidth=2)
    axes.plot([end] * 2, [-_HALF - 0.1, _HALF + 0.1], color=INK, linewidth=2, solid_capstyle="butt")
    _cut(axes, left + 0.03 * (right - left), 0.012 * (right - left))
    gap = ledger.gap.inference.lower
    _name_parts(
        axes, (left, elbo, end, right), f"KL {words.relation_from_below(ledger.gap.inference)} {words.value_of(gap)}"
    )
    axes.text(elbo, _HALF + 0.16, "φ moves this edge →", ha="right", color=MUTED, size=8.5)
    if end > elbo:
        axes.text(right, _HALF + 0.16, "θ and x fix this end", ha="right", color=MUTED, size=8.5)


def _name_parts(axes: Axes, edges: tuple[float, float, float, float], kl: str) -> None:
    """Name a part inside the bar where it is wide enough for its name."""
    left, elbo, end, right = edges
    share = (end - elbo) / (right - left)
    axes.text((left + elbo) / 2, 0, "ELBO", ha="center", va="center", color=WHITE, weight="bold")
    if share > 0.1:
        axes.text(
            (elbo + end) / 2, 0, kl if share > 0.3 else "KL", ha="center", va="center", color=WHITE, weight="bold"
        )


def _cut(axes: Axes, at: float, slant: float) -> None:
    """Two slanted lines: the bar comes from far to the left."""
    for shift in (0.0, 1.2 * slant):
        axes.plot(
            [at + shift - slant / 2, at + shift + slant / 2], [-_HALF - 0.05, _HALF + 0.05], color=PAPER, linewidth=1.6
        )


def _draw_mark(axes: Axes, mark: _Mark, height: int) -> None:
    error = mark.estimate.std_error or 0.0
    axes.axhline(height, color=GRID, linewidth=0.7)
    axes.errorbar(
        mark.estimate.value,
        height,
        xerr=error,
        color=mark.colour,
        marker=mark.shape,
        markersize=6,
        capsize=3,
        linewidth=1.6,
    )
    across = axes.get_yaxis_transform()
    axes.text(0, height + 0.2, mark.label, transform=across, color=MUTED, size=9)
    axes.text(1, height + 0.2, words.number(mark.estimate), transform=across, color=INK, size=9, ha="right")


def _finish(axes: Axes) -> None:
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("nats per row; further right is more evidence")
    axes.locator_params(axis="x", nbins=5)
    axes.ticklabel_format(axis="x", useOffset=False, style="plain")


def _alt(ledger: Ledger) -> str:
    lower, gap, upper = ledger.evidence.lower, ledger.gap.inference.lower, ledger.evidence.upper
    above = "" if upper is None or is_exact(ledger) else f", and at most {words.value_of(upper)}"
    return (
        f"A horizontal bar for the mean of log p(x), {words.relation(lower)} {words.value_of(lower)} nats{above}. "
        f"It splits into the ELBO, {words.value_of(ledger.elbo)}, and the KL gap, "
        f"{words.relation_from_below(ledger.gap.inference)} {words.value_of(gap)}."
    )
