"""log p(x) − ELBO: how large it is, and what it comes from (Cremer, Li & Duvenaud 2018, arXiv:1801.03558)."""

import math

from taut.auditing.verdicts.evidence import SURE, error_of, is_checked, is_exact, surely_above, surely_below
from taut.record import Account, Estimate, Verdict

# A nat is a factor of e in probability for each row: below half of one the encoder loses little.
SMALL_GAP = 0.5
# Where a full covariance wins back this share of what the family may lose, correlation is what the family lacks.
MOST_OF_IT = 0.5


def size(ledger: Account) -> Verdict | None:
    """Small or large; None where it is large and its causes have verdicts of their own."""
    lower, seen = ledger.gap.inference.lower, _seen(ledger)
    if seen < SMALL_GAP:
        return _small(ledger, seen)
    if amortisation(ledger) is not None or family(ledger) is not None:
        return None
    by = f"by {lower.value:.2f}" if is_exact(ledger) else f"by at least {max(lower.value, 0.0):.2f}"
    measured = ledger.gap.amortisation is not None
    which = "neither cause stands out by itself" if measured else "which of them helps is not measured here"
    return Verdict(
        code="gap-large",
        severity="warning" if seen - SURE * error_of(lower) > 0 else "note",
        text=f"The encoder's ELBO lies below log p(x) {by} nats a row. The lever is the guide: another family "
        f'(guide="full", "mixture:4" or "flow"), a wider encoder, or refining q for each row '
        f'(guide="refined:3"); {which}.',
        evidence=f"gap.inference.lower = {lower}",
        lever="guide",
        promise=ledger.gap.inference.upper or lower,
    )


def _seen(ledger: Account) -> float:
    """The gap without the margin of a certificate, which depends on the number of rows and not on the encoder."""
    lower, evidence = ledger.gap.inference.lower, ledger.evidence
    if is_exact(ledger):
        return lower.value
    best = evidence.importance if evidence.bridge is None else evidence.bridge
    return lower.value + best.value - evidence.lower.value


def _small(ledger: Account, seen: float) -> Verdict:
    gap, evidence = ledger.gap.inference, ledger.evidence
    best = "importance" if evidence.bridge is None else "bridge"
    if is_exact(ledger):
        source = ""
    elif gap.upper is None:
        source = ", as far as importance weights can see"
    else:
        source = f", at most {gap.upper.value:.2f} if the assumption of the upper bound holds"
    return Verdict(
        code="gap-small",
        severity="good" if surely_below(gap.upper, SMALL_GAP) and is_checked(ledger) else "note",
        text=f"The encoder's ELBO lies {seen:.2f} nats a row below log p(x){source}: training on the ELBO is "
        "nearly maximum likelihood.",
        evidence=f"gap.inference.lower = {gap.lower}, evidence.{best} = {getattr(evidence, best)}",
    )


def amortisation(ledger: Account) -> Verdict | None:
    """The encoder did not find what its own family holds, and that is no smaller a cause than the family."""
    lost, rest = ledger.gap.amortisation, ledger.gap.approximation
    if lost is None or not surely_above(lost, SMALL_GAP):
        return None
    if rest is not None and lost.value < rest.value - SURE * _together(lost, rest):
        return None
    beside = "" if rest is None else f", gap.approximation = {rest}"
    return Verdict(
        code="encoder-weak",
        severity="warning",
        text=f"Refining q for each row within its own family wins at least {lost.value:.2f} nats a row over the "
        "encoder. The lever is the encoder: wider or deeper, trained longer or on more data; or refine q for each row, "
        'as guide="refined:3" does.',
        evidence=f"gap.amortisation = {lost}{beside}",
        lever="encoder",
        promise=lost,
    )


def family(ledger: Account) -> Verdict | None:
    """What remains after refining is large, more than the bracket leaves open, and no smaller a cause than the encoder.

    `gap.approximation` is taken from the upper bound: the same from the lower one is less by the bracket's width.
    """
    rest, lost = ledger.gap.approximation, ledger.gap.amortisation
    if rest is None or not surely_above(rest, SMALL_GAP + _open(ledger)):
        return None
    if lost is not None and rest.value < lost.value - SURE * _together(lost, rest):
        return None
    gain = ledger.gap.full_covariance
    beside = "" if lost is None else f", gap.amortisation = {lost}"
    return Verdict(
        code="family-narrow",
        severity="warning",
        text=f"With q refined for each row, at most {rest.value:.2f} nats a row remain, the share of the family "
        f"({ledger.gap.family or 'as it is'}). {_lever(ledger)}",
        evidence=f"gap.approximation = {rest}{beside}" + ("" if gain is None else f", gap.full_covariance = {gain}"),
        lever="guide",
        promise=rest,
    )


def _lever(ledger: Account) -> str:
    rest, gain = ledger.gap.approximation, ledger.gap.full_covariance
    richer = 'The lever is the guide\'s family: a richer one such as guide="mixture:4" or guide="flow"'
    if ledger.gap.family in ("mixture", "flow"):
        return 'The lever is the guide\'s family: more components or layers, or guide="refined:3".'
    if gain is None or rest is None:
        return 'The lever is the guide\'s family: guide="full", or a richer one such as "mixture:4" or "flow".'
    if wins_most(ledger):
        return (
            f'The lever is the guide\'s family: guide="full", whose best Gaussian wins back {gain.value:.2f} of them.'
        )
    won = "" if ledger.gap.family == "full" else f", since a full covariance wins back only {max(gain.value, 0.0):.2f}"
    return f"{richer}{won}."


def wins_most(ledger: Account) -> bool:
    """Whether a full covariance is known to win back most of what the family of q loses."""
    rest, gain = ledger.gap.approximation, ledger.gap.full_covariance
    if gain is None or rest is None or ledger.gap.family == "full":
        return False
    return surely_above(gain, 0.0) and gain.value >= MOST_OF_IT * rest.value


def _open(ledger: Account) -> float:
    """How far the two ends of log p(x) are apart."""
    upper = ledger.evidence.upper
    return 0.0 if upper is None else max(upper.value - ledger.evidence.lower.value, 0.0)


def _together(one: Estimate, other: Estimate) -> float:
    return math.hypot(error_of(one), error_of(other))
