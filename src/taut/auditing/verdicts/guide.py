"""The encoder beyond its gap: against exact posterior draws, and on rows that it has not seen."""

import math

from taut.auditing.verdicts.evidence import SURE, share_error, surely_above
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
        what, lever = "narrower than the posterior", "the guide's family (a full covariance) or a wider encoder"
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
        "rows. The lever is the encoder: fewer weights or earlier stopping, more data, or refining q for each new row.",
        evidence=f"gap.generalisation.encoder = {seen.encoder}",
    )


def _coverage(found: Calibration) -> float | None:
    """Observed coverage of the interval whose level is 90 %, up to rounding."""
    near = [c.observed for c in found.coverage if abs(c.level - LEVEL) < 0.01]
    return near[0] if near else None
