"""Importance weights: whether their tails are light, and whether they miss what the walks find."""

from taut.auditing.verdicts.evidence import SURE, error_of, is_checked, is_exact
from taut.record import Account, Verdict

# Of the rows, past the threshold of k̂ (Vehtari et al. 2024, arXiv:1507.02646): as many as one must expect to be.
MOST_HEAVY = 0.05
# Nats a row by which the importance-weighted value must lie below a better bound before its light tails are doubted.
SHORT = 0.1


def tails(ledger: Account) -> Verdict | None:
    """Light, heavy, or light and yet misleading."""
    weights, share = ledger.weights, ledger.weights.over_threshold
    evidence = f"weights.over_threshold = {share:.3f}, weights.khat.median = {weights.khat.median:.2f}"
    compared = _compared(ledger)
    if share > MOST_HEAVY:
        return _heavy(ledger, evidence)
    if compared and _shortfall(ledger) - SURE * _error(ledger) >= SHORT:
        return Verdict(
            code="weights-short",
            severity="note" if is_exact(ledger) else "warning",
            text=f"The importance weights look light-tailed, and yet their value lies {_shortfall(ledger):.2f} nats a "
            f"row below {compared}: part of the posterior gets no draws. The lever is the guide, not more draws.",
            evidence=f"{evidence}, {_both(ledger)}",
        )
    checked = is_checked(ledger)
    trusted = "can be trusted" if checked else "can be trusted if the guide leaves no mode out, which is not checked"
    return Verdict(
        code="weights-good",
        severity="good" if checked else "note",
        text=f"Importance weights are light-tailed for {1 - share:.0%} of the rows: the {weights.draws}-draw "
        f"value {trusted}.",
        evidence=evidence,
    )


def _heavy(ledger: Account, evidence: str) -> Verdict:
    weights, compared, shortfall = ledger.weights, _compared(ledger), _shortfall(ledger)
    if compared is None:
        distance = "in expectation their value lies below log p(x), by an unknown distance"
    elif shortfall > SURE * _error(ledger):
        distance = f"their value lies {shortfall:.2f} nats a row below {compared}"
    else:
        distance = f"in expectation their value lies below log p(x), though not seen to be below {compared}"
    return Verdict(
        code="weights-heavy",
        severity="note" if is_exact(ledger) else "warning",
        text=f"For {weights.over_threshold:.0%} of the rows the importance weights have a tail too heavy for "
        f"{weights.draws} draws (Pareto k̂ above {weights.threshold:.2f}): {distance}. The lever is the guide, then "
        "more draws.",
        evidence=evidence if compared is None else f"{evidence}, {_both(ledger)}",
    )


def _compared(ledger: Account) -> str | None:
    """What the importance-weighted value may be held against, if anything is known that is not made of it."""
    if is_exact(ledger):
        return "the exact one"
    return None if ledger.annealing is None else "the lower bound from annealed walks"


def _shortfall(ledger: Account) -> float:
    """Paired by row where it was measured so, else of the means."""
    evidence = ledger.evidence
    return evidence.lower.value - evidence.importance.value if evidence.shortfall is None else evidence.shortfall.value


def _error(ledger: Account) -> float:
    return error_of(ledger.evidence.shortfall or ledger.evidence.importance)


def _both(ledger: Account) -> str:
    if ledger.evidence.shortfall is not None:
        return f"evidence.shortfall = {ledger.evidence.shortfall}"
    return f"evidence.lower = {ledger.evidence.lower}, evidence.importance = {ledger.evidence.importance}"
