"""From what was measured to the checks that the ledger carries."""

from __future__ import annotations

import numpy as np
import numpyro.distributions as dist

from taut.auditing.means import quantiles
from taut.auditing.measurement import Measured
from taut.auditing.options import AuditOptions
from taut.auditing.walks import LEAPFROGS, Walks
from taut.numerics import is_diagonal_gaussian
from taut.record import Annealing, Crooks, Estimate, standard_error

BINS = 40
START = "each row's refined Gaussian, full covariance"


def annealing_of(measured: Measured, options: AuditOptions) -> Annealing | None:
    """How the bracket was measured; None where no walk was."""
    walks, rows = measured.rows.walks, measured.rows
    if walks is None or rows.temperatures is None:
        return None
    return Annealing(
        start=START,
        chains=walks.forward.shape[1],
        leapfrogs=LEAPFROGS,
        temperatures=quantiles(rows.temperatures),
        acceptance=quantiles(walks.acceptance),
        rhat=None if rows.rhat is None else quantiles(np.nan_to_num(rows.rhat, nan=1e6)),
        failed_chains=int(walks.failed.sum()),
        asked=options.width,
        controls=[] if measured.checks.controlled is None else measured.checks.controlled.controls,
        moved=None if measured.checks.controlled is None else measured.checks.controlled.moved,
        heavy=None if measured.checks.controlled is None else measured.checks.controlled.heavy,
    )


def crooks_of(walks: Walks | None) -> Crooks | None:
    """Histograms of both walks' log-weights about each row's bridge value, over all rows."""
    if walks is None:
        return None
    forward, reverse = (
        (np.asarray(side, np.float64) - np.asarray(walks.bridge, np.float64)[:, None])
        for side in (walks.forward, walks.reverse)
    )
    sound = [side[np.isfinite(side)] for side in (forward, reverse)]
    if not all(len(side) for side in sound):
        return None
    both = np.concatenate(sound)
    # A few walks that went astray would leave all others in one bin.
    low, high = (float(end) for end in np.quantile(both, [0.002, 0.998]))
    edges = np.linspace(low, high, BINS + 1)
    if not edges[-1] > edges[0]:
        edges = edges[0] + np.linspace(-0.5, 0.5, BINS + 1)
    counts = [np.histogram(np.clip(side, edges[0], edges[-1]), edges)[0].tolist() for side in sound]
    finite = (np.where(np.isfinite(side), side, np.nan) for side in (forward, reverse))
    within = [float(np.nanmean(np.nanvar(side, axis=1))) * side.shape[1] / max(side.shape[1] - 1, 1) for side in finite]
    return Crooks(
        edges=[float(f"{edge:.5g}") for edge in edges],
        forward=counts[0],
        reverse=counts[1],
        forward_variance=within[0],
        reverse_variance=within[1],
        gap=float(np.mean(sound[1]) - np.mean(sound[0])),
    )


def prior_gain_of(measured: Measured, prior: dist.Distribution) -> Estimate | None:
    """What independent Gaussians with the moments of q(z), over the audited rows, would add to the ELBO as the prior.

        E_q(z)[log p₁(z) − log p₀(z)] = Σ_j KL( N(m_j, s_j²) ‖ p₀_j )

    for an independent Gaussian prior p₀; the moments cost 2d numbers, which gain about d/N by chance.
    """
    if measured.guide_moments is None or not is_diagonal_gaussian(prior):
        return None
    means = np.asarray(measured.guide_moments.mean, np.float64)
    spread = np.asarray(measured.guide_moments.spread, np.float64)
    variances = np.sum(spread**2, axis=-1) if spread.ndim == 3 else spread**2
    centre, scale = np.asarray(prior.mean, np.float64), np.asarray(prior.variance, np.float64)
    mean, variance = means.mean(axis=0), variances.mean(axis=0) + means.var(axis=0)
    ratio = variance / scale
    gain = 0.5 * (ratio + (mean - centre) ** 2 / scale - 1.0 - np.log(ratio))
    n = len(means)
    # The delta method: each row's share of the change that a moment makes.
    share = 0.5 * ((means - mean) ** 2 + variances - variance) * (1 / scale - 1 / variance)
    share = share + (means - mean) * (mean - centre) / scale
    error = float(standard_error(share.sum(axis=1))) if n > 1 else None
    return Estimate(
        value=float(gain.sum()),
        std_error=error,
        condition=f"independent Gaussians with the moments of q(z) over {n} rows; {2 * len(gain)} numbers fitted",
    )
