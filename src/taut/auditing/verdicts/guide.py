"""The guide: against exact posterior draws, on new rows, and by the tails of its weights."""

import math

from taut.auditing.verdicts.evidence import SURE, error_of, is_checked, is_exact, share_error, surely_above
from taut.record import Account, Calibration, Verdict

# Standard deviations of z-scores, 1 where q is the posterior: a fifth is 0.03 to 0.06 nats of KL for each latent.
TOO_NARROW, TOO_WIDE = 1.2, 0.8
# The share of latents in their 90 % intervals (METHODS §6, encoder calibration).
LEVEL, LEAST_COVERAGE = 0.9, 0.8
# The share of latents that may be off centre, or two: for a right guide none is, with probability 95 %.
MANY_BIASED, FEWEST_BIASED = 0.25, 2
# Nats a row between training rows and these.
OVERFITTING = 0.5


def calibration(ledger: Account) -> Verdict | None:
    """Too narrow, too wide, or off centre on rows simulated from the model, whose latents are exact posterior draws."""
    found = ledger.calibration
    if found is None:
        return None
    covered = _coverage(found)
    # As if the latents of a row moved as one: the error is at most this.
    error = SURE * found.z_sd / math.sqrt(2 * found.rows)
    low = covered is not None and covered + SURE * share_error(covered, found.rows) < LEAST_COVERAGE
    off = len(found.biased) >= max(MANY_BIASED * ledger.latent, min(FEWEST_BIASED, ledger.latent))
    if found.z_sd - error > TOO_NARROW or low:
        what = "narrower than the posterior"
        lever = 'the guide (guide="full", "mixture:4" or "refined:3") or a wider encoder'
    elif found.z_sd + error < TOO_WIDE:
        what, lever = "wider than the posterior", "the encoder: train it longer or make it wider"
    elif off:
        what = f"off the posterior's centre in {len(found.biased)} of {ledger.latent} latents"
        lever = "the encoder: train it longer or make it wider"
    else:
        return None
    return Verdict(
        code="guide-miscalibrated",
        severity="warning",
        text=f"On {found.rows} rows simulated from the model the guide is {what}. The lever is {lever}.",
        evidence=f"calibration.z_sd = {found.z_sd:.3f}"
        + ("" if covered is None else f", calibration.coverage of {LEVEL:.0%} = {covered:.3f}")
        + f", calibration.biased = {len(found.biased)} of {ledger.latent}",
        lever="encoder",
        promise=ledger.gap.inference.upper or ledger.gap.inference.lower,
    )


def generalisation(ledger: Account) -> Verdict | None:
    """The encoder serves training rows better than these: more of log p(x) − ELBO here (Zhang et al. 2022).

    `gap.generalisation.encoder` is log p(x) − ELBO of these rows minus that of training rows.
    """
    seen = ledger.gap.generalisation
    if seen is None or not surely_above(seen.encoder, OVERFITTING):
        return None
    return Verdict(
        code="overfitting-encoder",
        severity="warning",
        text=f"The encoder loses {seen.encoder.value:.2f} nats a row more on these rows than on {seen.rows} training "
        "rows. The lever is the encoder: fewer weights or earlier stopping, more data, or refining q for each new "
        'row, as guide="refined:3" does.',
        evidence=f"gap.generalisation.encoder = {seen.encoder}",
        lever="encoder",
        promise=seen.encoder,
    )


def _coverage(found: Calibration) -> float | None:
    """Observed coverage of the interval whose level is 90 %, up to rounding."""
    near = [c.observed for c in found.coverage if abs(c.level - LEVEL) < 0.01]
    return near[0] if near else None


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
            lever="guide",
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
        lever="guide",
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
