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

from taut.auditing.budget import Budget
from taut.auditing.checks import annealing_of, crooks_of, prior_gain_of
from taut.auditing.columns import TableFound
from taut.auditing.figures import Context, figures_of
from taut.auditing.means import Values, evidence_of, gap_of, health_of, mean_over_rows
from taut.auditing.measurement import Measured
from taut.auditing.options import AuditOptions
from taut.auditing.rowwise import REFINED_DRAWS
from taut.auditing.usage import use_of_latents
from taut.auditing.verdicts import verdicts_on
from taut.auditing.walks import SETTLING
from taut.datum import as_datum, values_of
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.record import FORMAT, Account, Estimate, Ledger
from taut.shapes import RandomKey
from taut.version import __version__

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


def ledger_of(
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
) -> Ledger:
    """The account of all that was measured, and the verdicts on it."""
    account = _account(model, guide, measured, table, options, context, budget, provenance, key=key)
    return Ledger(**vars(account), verdicts=verdicts_on(account))


def _account(
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
        notes=[*_notes(measured, context), *budget.notes()],
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
        table=None if table is None else table.table,
        columns=[] if table is None else table.columns,
        # Last, so that what the page draws is counted.
        seconds=round(time.monotonic() - provenance.began, 2),
    )


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
