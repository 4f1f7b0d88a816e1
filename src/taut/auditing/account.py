"""From what was measured to the ledger."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import jax
import jax.random as jr
import numpy as np
import numpyro.distributions as dist

from taut.auditing.budget import Budget
from taut.auditing.columns import TableFound
from taut.auditing.figures import Context, figures_of
from taut.auditing.means import Values, evidence_of, gap_of, health_of, mean_over_rows, quantiles
from taut.auditing.measurement import Measured
from taut.auditing.options import AuditOptions
from taut.auditing.rowwise import REFINED_DRAWS
from taut.auditing.usage import use_of_latents
from taut.auditing.verdicts import verdicts_on
from taut.auditing.walks import LEAPFROGS, SETTLING, Walks
from taut.datum import as_datum, values_of
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import is_diagonal_gaussian
from taut.record import FORMAT, Account, Annealing, Crooks, Estimate, Ledger, OwnTradeOff, standard_error
from taut.shapes import RandomKey
from taut.version import __version__

BINS = 40
START = "each row's refined Gaussian, full covariance"
MIXTURE = "a mixture at all modes of each row that were found"


def annealing_of(measured: Measured, options: AuditOptions) -> Annealing | None:
    """How the bracket was measured; None where no walk was."""
    walks, rows = measured.rows.walks, measured.rows
    if walks is None or rows.temperatures is None:
        return None
    return Annealing(
        start=MIXTURE if rows.several else START,
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


# The figures have a separate key, so that they do not change the numbers.
FIGURES = 2**20 + 1
Settings = dict[str, str | int | float | bool | None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where an account comes from: digests, the clock's reading when it began, and settings that the caller adds."""

    data_digest: str
    model_digest: str
    began: float
    settings: Mapping[str, str | int | float | bool | None]


def ledger_of(account: Account) -> Ledger:
    """The account, and the verdicts on it."""
    return Ledger(**vars(account), verdicts=verdicts_on(account))


def account_of(
    model: AbstractModel,
    guide: AbstractGuide,
    measured: Measured,
    table: TableFound | None,
    options: AuditOptions,
    context: Context,
    budget: Budget,
    provenance: Provenance,
    *,
    key: RandomKey,
) -> Account:
    """All that was measured, averaged over rows, without a judgement."""
    encoder, population, prior = measured.encoder, measured.population, measured.rows.prior

    def mean(values: Values, errors: Values, condition: str | None = None) -> Estimate:
        return mean_over_rows(values, errors, population=population, draws=options.draws, condition=condition)

    elbo = mean(encoder.elbo, encoder.elbo_error, "below the mean of log p(x) in expectation")
    evidence = evidence_of(measured, options)
    latents = []
    if measured.guide_moments is not None:
        latents = use_of_latents(
            measured.guide_moments, model.prior(), measured.rate_decomposition, measured.rows.posterior
        )
    rows, features = values_of(measured.data).shape
    there = as_datum(measured.data).observed
    observed = float(features if there is None else np.mean(np.sum(there, axis=1)))
    of_rate = measured.rate_decomposition
    return Account(
        format=FORMAT,
        taut=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        title=context.title,
        likelihood=context.likelihood,
        discrete=measured.discrete,
        rows=rows,
        datum=features,
        latent=max(len(latents), 1),
        data_digest=provenance.data_digest,
        model_digest=provenance.model_digest,
        settings=_settings(measured, options) | dict(provenance.settings),
        elbo=elbo,
        evidence=evidence,
        gap=gap_of(measured, evidence),
        rate=mean(encoder.rate, encoder.rate_error) if model.has_prior else None,
        distortion=mean(encoder.distortion, encoder.distortion_error) if model.has_prior else None,
        latents=latents,
        active_units=sum(latent.active for latent in latents),
        weights=health_of(encoder, options.draws),
        prior_weights=None if prior is None else health_of(prior, options.draws),
        bits_per_dim=_bits_per_dim(evidence.importance, observed) if measured.discrete and observed else None,
        notes=[*_notes(measured, context), *_of_prior(model), *budget.notes()],
        figures=figures_of(model, guide, measured, context, key=jr.fold_in(key, FIGURES)),
        complete=measured.complete,
        not_measured=list(budget.left_out),
        mutual_information=None if of_rate is None else of_rate.mutual_information,
        marginal_kl=None if of_rate is None else of_rate.marginal_kl,
        total_correlation=None if of_rate is None else of_rate.total_correlation,
        prior_gain=prior_gain_of(measured, model.prior()),
        annealing=annealing_of(measured, options),
        simulated=measured.checks.simulated,
        calibration=measured.checks.calibration,
        crooks=crooks_of(measured.rows.walks),
        outliers=measured.checks.outliers,
        predictive=list(measured.checks.predictive),
        trade_off=[] if measured.checks.controlled is None else measured.checks.controlled.trade_off,
        own_trade_off=own_trade_off(measured),
        table=None if table is None else table.table,
        columns=[] if table is None else table.columns,
        # Last, so that what the page draws is counted.
        seconds=round(time.monotonic() - provenance.began, 2),
    )


def own_trade_off(measured: Measured) -> OwnTradeOff | None:
    """Rate and distortion of the guide on the rows of the curve; None without one."""
    controlled = measured.checks.controlled
    if controlled is None or not controlled.trade_off:
        return None
    on_curve = np.isin(measured.numbers, controlled.checked)
    rate, distortion = measured.encoder.rate[on_curve], measured.encoder.distortion[on_curve]
    return OwnTradeOff(rows=len(rate), rate=float(np.mean(rate)), distortion=float(np.mean(distortion)))


def _notes(measured: Measured, context: Context) -> list[str]:
    notes = [*context.notes, *measured.notes]
    if measured.set_aside:
        named = ", ".join(str(row) for row in measured.set_aside[:10])
        notes.append(
            f"{len(measured.set_aside)} rows have bounds that are not finite, and are in no mean: row {named}"
            f"{' and more' if len(measured.set_aside) > 10 else ''}. Every mean is about the other rows."
        )
    if not measured.complete:
        notes.append(
            f"Stopped early: {len(measured.numbers)} rows were finished, a random part of those asked for. "
            + ("The checks on simulated rows were not made." if measured.ended == "interrupted" else "")
        )
    return notes


def _of_prior(model: AbstractModel) -> list[str]:
    if not model.has_prior or len(model.prior().event_shape) != 1 or is_diagonal_gaussian(model.prior()):
        return []
    return [
        "The prior is no Gaussian with independent latents. The KL of a latent is that between Gaussians with the "
        "moments of its marginals; total correlation, the marginal KL of one latent, the gain of a fitted Gaussian "
        "prior and, but for a Gaussian, the rate–distortion curve are not measured."
    ]


def _settings(measured: Measured, options: AuditOptions) -> Settings:
    rows = measured.rows
    failed = rows.encoder.failed.sum() + (0 if rows.prior is None else rows.prior.failed.sum())
    return {
        **options.kept(),
        "rows_in_data": measured.population,
        "rows_set_aside": len(measured.set_aside),
        "refined_draws": None if rows.refined is None else REFINED_DRAWS,
        "settling_steps": None if rows.walks is None else SETTLING,
        "precision": str(np.dtype(rows.encoder.elbo.dtype)),
        "device": jax.devices()[0].platform,
        "jax": jax.__version__,
        "failed_draws": int(failed),
    }


def _bits_per_dim(evidence: Estimate, features: float) -> Estimate:
    """For each entry that a mean row has."""
    per_nat = -1.0 / (features * math.log(2.0))
    return dataclasses.replace(
        evidence,
        value=evidence.value * per_nat,
        std_error=None if evidence.std_error is None else abs(evidence.std_error * per_nat),
        condition="above the true bits per dimension in expectation",
    )
