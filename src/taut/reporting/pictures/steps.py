"""The lines of the waterfall: from −distortion down to the ELBO, and up by the causes of the gap to log p(x)."""

from __future__ import annotations

import dataclasses

from taut.record import Estimate, Ledger
from taut.reporting import standing, words
from taut.reporting.line import is_exact
from taut.reporting.pictures.canvas import ELBO, FAMILY, INK, KL, MUTED, RATE


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
    below = f"=  log p(x), from below, {standing.mark(lower)}"
    fine = words.decimals_between(lower, upper)
    steps = [Step(below, words.number(lower, fine), None, lower.value, INK)]
    if upper is None:
        return steps
    above = f"=  log p(x), from above, {standing.mark(upper)}"
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
    text = f"{standing.relation_from_below(gap)} {words.value_of(gap.lower)}"
    if gap.upper is None or is_exact(ledger):
        return text
    return f"{text}   {standing.relation(gap.upper)} {words.value_of(gap.upper)}"
