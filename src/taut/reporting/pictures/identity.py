"""What the identity is made of: its three terms, its steps, the gap and its causes."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import TYPE_CHECKING

from taut.record import Estimate, Ledger
from taut.reporting import words
from taut.reporting.pictures.canvas import Key, Picture
from taut.reporting.pictures.style import (
    ELBO,
    EVIDENCE_AXIS,
    FAMILY,
    INK,
    KL,
    KL_PALE,
    MUTED,
    PAPER,
    RATE,
    lay_out_lines,
)
from taut.reporting.words import is_exact

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_HALF = 0.17  # half the height of a bar, in lines


def waterfall_picture(ledger: Ledger) -> Picture | None:
    """The mean identity, step by step; None where a number is not finite."""
    parts = [steps for steps in (making(ledger), closing(ledger)) if steps]
    if not all(math.isfinite(end) for steps in parts for step in steps for end in step.ends):
        return None

    def paint(panels: list[Axes], _narrow: bool) -> None:
        for axes, steps in zip(panels, parts, strict=True):
            _draw(axes, steps)
        panels[-1].set_xlabel(EVIDENCE_AXIS)

    lines = [len(steps) for steps in parts]
    height = 0.85 + 0.46 * sum(lines)
    return Picture(
        paint=paint, alt=_alt_of_waterfall(ledger), height=height, panels=len(parts), ratios=lines, keys=_keys(ledger)
    )


def identity_picture(ledger: Ledger) -> Picture | None:
    """The three terms of the mean identity as bars on one scale; None where a number is not finite."""
    steps = terms(ledger)
    if not all(math.isfinite(end) for step in steps for end in step.ends):
        return None

    def paint(panels: list[Axes], _narrow: bool) -> None:
        _draw(panels[0], steps)
        panels[0].set_xlabel(EVIDENCE_AXIS)

    return Picture(paint=paint, alt=_alt_of_identity(steps), height=0.85 + 0.46 * len(steps), keys=_keys(ledger))


def terms(ledger: Ledger) -> list[Step]:
    """log p(x), and the ELBO and the KL that add up to it; beyond what is sure they are pale."""
    lower, upper = ledger.evidence.lower, ledger.evidence.upper
    top = lower.value if upper is None else upper.value
    return [
        Step("log p(x)", words.between(lower, upper), None, top, INK, sure=lower.value),
        Step("=  ELBO", words.number(ledger.elbo), None, ledger.elbo.value, ELBO),
        Step("+  KL( q(z|x) ‖ p(z|x) )", kl_text(ledger), ledger.elbo.value, top, KL, sure=lower.value),
    ]


def _keys(ledger: Ledger) -> list[Key]:
    is_open = ledger.evidence.upper is not None and not is_exact(ledger)
    return [Key(label="what the two bounds on log p(x) leave open", colour=KL_PALE)] if is_open else []


def _alt_of_identity(steps: list[Step]) -> str:
    said = ", ".join(f"{step.label.lstrip('=+ ')} {step.text}" for step in steps)
    return f"Three bars in nats a row: {said}. The bars of ELBO and KL end to end are as long as that of log p(x)."


def _draw(axes: Axes, steps: list[Step]) -> None:
    lay_out_lines(axes, [value for step in steps for value in step.ends], lines=len(steps), before=0.25)
    for place, step in enumerate(steps):
        _draw_step(axes, step, -place)
    _connect(axes, steps)


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


def _alt_of_waterfall(ledger: Ledger) -> str:
    lower, upper, gap = ledger.evidence.lower, ledger.evidence.upper, ledger.gap
    above = "" if upper is None or is_exact(ledger) else f", and at most {words.value_of(upper)} ({words.mark(upper)})"
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
        f"{words.relation(lower)} {words.value_of(lower)} nats ({words.mark(lower)}){above}."
    )


@dataclasses.dataclass(frozen=True)
class Step:
    """A bar on a line of its own; without a `start` it comes from far to the left, and beyond `sure` it is pale."""

    label: str
    text: str
    start: float | None
    end: float
    colour: str
    sure: float | None = None

    @property
    def ends(self) -> list[float]:
        """Every value that the picture must have room for."""
        return [value for value in (self.start, self.end, self.sure) if value is not None]


def making(ledger: Ledger) -> list[Step]:
    """What the ELBO is made of; empty where the two parts were not measured."""
    rate, distortion, elbo = ledger.rate, ledger.distortion, ledger.elbo
    if rate is None or distortion is None:
        return []
    return [
        Step("−  distortion", words.number(distortion), None, -distortion.value, MUTED),
        Step("−  rate", words.number(rate), -distortion.value, elbo.value, RATE),
        Step("=  ELBO", words.number(elbo), None, elbo.value, ELBO),
    ]


def closing(ledger: Ledger) -> list[Step]:
    """From the ELBO up to log p(x)."""
    evidence = ledger.evidence
    first = Step("ELBO", words.number(ledger.elbo), None, ledger.elbo.value, ELBO)
    if is_exact(ledger):
        end = Step("=  log p(x), exact", words.number(evidence.lower), None, evidence.lower.value, INK)
        return [first, *_causes(ledger), end]
    usual, at = "log p(x), importance weighted", evidence.importance.value
    point = Step(usual, words.number(evidence.importance), at, at, MUTED)
    return [first, *_causes(ledger), *_bounds(evidence.lower, evidence.upper), point]


def _bounds(lower: Estimate, upper: Estimate | None) -> list[Step]:
    below = f"=  log p(x), from below, {words.mark(lower)}"
    fine = words.decimals_between(lower, upper)
    steps = [Step(below, words.number(lower, fine), None, lower.value, INK)]
    if upper is None:
        return steps
    above = f"=  log p(x), from above, {words.mark(upper)}"
    return [*steps, Step(above, words.number(upper, fine), None, upper.value, INK, sure=lower.value)]


def _causes(ledger: Ledger) -> list[Step]:
    """The bars between the ELBO and log p(x): its causes, or the KL as a whole where they were not measured."""
    gap, elbo, lower, upper = ledger.gap, ledger.elbo.value, ledger.evidence.lower.value, ledger.evidence.upper
    top = lower if upper is None else upper.value
    steps, reached = [], elbo
    if gap.amortisation is not None:
        reached = elbo + gap.amortisation.value
        steps.append(Step("+  amortisation, at least", words.number(gap.amortisation), elbo, reached, KL))
    if gap.approximation is not None:
        start = reached if gap.amortisation is not None else top - gap.approximation.value
        end = start + gap.approximation.value
        steps.append(Step("+  family of q, at most", words.number(gap.approximation), start, end, FAMILY, sure=lower))
    return steps or [Step("+  KL( q(z|x) ‖ p(z|x) )", kl_text(ledger), elbo, top, KL, sure=lower)]


def kl_text(ledger: Ledger) -> str:
    """The KL with the sign that each of its ends deserves."""
    gap = ledger.gap.inference
    text = " ".join(words.kl_from_below(gap)[:2])
    if gap.upper is None or is_exact(ledger):
        return text
    return f"{text}   {words.relation(gap.upper)} {words.value_of(gap.upper)}"
