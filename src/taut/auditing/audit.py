"""The audit: one model, one guide, one data set → Ledger."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import jax
import jax.random as jr
import numpy as np
from jaxtyping import Float, Num

from taut.auditing.digests import model_digest
from taut.auditing.exhibits import Context, exhibits_of
from taut.auditing.means import Values, evidence_of, gap_of, health_of, mean_over_rows
from taut.auditing.measurement import Measured, Progress, measure
from taut.auditing.rows import RowResult
from taut.auditing.usage import use_of_latents
from taut.auditing.verdicts import verdicts_on
from taut.data import digest
from taut.errors import OptionError
from taut.guides import AbstractGuide
from taut.models import AbstractModel, Finite, LatentVariableModel
from taut.record import FORMAT, Estimate, Evidence, Gap, Ledger
from taut.shapes import RandomKey
from taut.version import __version__

Settings = dict[str, str | int | float | bool | None]
# The pictures' draws come from a key of their own, so that what is drawn never moves what is measured.
EXHIBITS = 1


@dataclasses.dataclass(frozen=True)
class Audit:
    """A ledger, and the account of every audited row that it was made from."""

    ledger: Ledger
    numbers: Num[np.ndarray, "n"]
    rows: RowResult
    log_p: Float[np.ndarray, "n"]


def audit(
    model: AbstractModel,
    guide: AbstractGuide,
    data: Num[np.ndarray, "n features"],
    *,
    key: RandomKey,
    draws: int = 1000,
    rows: int | None = None,
    delta: float = 0.01,
    context: Context | None = None,
    settings: Mapping[str, str | int | float | bool | None] | None = None,
    on_block: Progress | None = None,
) -> Ledger:
    """Measure log p(x) = ELBO + KL(q(z|x) ‖ p(z|x)) on these rows.

    `draws` latents are drawn for each row from the guide, and as many from the prior; `rows` audits that many, taken
    without replacement, and the errors then include the choice. `delta` is the probability with which the certified
    lower bound may fail. Where the model is exact, or has one or two latents and few rows, log p(x) is exact too.

    Other arguments: `context` says what the page may show beside the numbers, `settings` are written into the ledger,
    `on_block(stage, done, all)` reports progress.

    Raises OptionError for impossible options, AuditError where a total is not finite.
    """
    return audit_by_row(
        model,
        guide,
        data,
        key=key,
        draws=draws,
        rows=rows,
        delta=delta,
        context=context,
        settings=settings,
        on_block=on_block,
    ).ledger


def audit_by_row(
    model: AbstractModel,
    guide: AbstractGuide,
    data: Num[np.ndarray, "n features"],
    *,
    key: RandomKey,
    draws: int = 1000,
    rows: int | None = None,
    delta: float = 0.01,
    context: Context | None = None,
    settings: Mapping[str, str | int | float | bool | None] | None = None,
    on_block: Progress | None = None,
) -> Audit:
    """As `audit`, with the account of every row beside the ledger."""
    began = time.monotonic()
    _check(draws, rows, delta, guide)
    _check_latents(model)
    context = context or Context()
    measured = measure(model, guide, data, key=key, draws=draws, rows=rows, on_block=on_block)
    evidence, gap, parts = _account(measured, population=len(data), delta=delta, draws=draws)
    latents = use_of_latents(measured.placement)
    weights, prior_weights = health_of(measured.encoder, draws), health_of(measured.prior, draws)
    discrete = isinstance(model, (LatentVariableModel, Finite)) and model.observation.discrete
    rows_audited, features = measured.data.shape
    ledger = Ledger(
        format=FORMAT,
        taut=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        title=context.title,
        likelihood=context.likelihood,
        discrete=discrete,
        rows=rows_audited,
        datum=features,
        latent=measured.placement.mean.shape[1],
        data_digest=digest(np.asarray(data)),
        model_digest=model_digest(model, guide),
        seconds=round(time.monotonic() - began, 2),
        settings=_settings(measured, draws=draws, delta=delta, population=len(data)) | dict(settings or {}),
        evidence=evidence,
        gap=gap,
        **parts,
        latents=latents,
        active_units=sum(latent.active for latent in latents),
        weights=weights,
        prior_weights=prior_weights,
        bits_per_dim=_bits_per_dim(evidence.importance, features) if discrete else None,
        verdicts=verdicts_on(evidence=evidence, gap=gap, latents=latents, weights=weights, prior_weights=prior_weights),
        notes=[*context.notes, *([measured.note] if measured.note else [])],
        exhibits=exhibits_of(model, guide, measured, context, key=jr.fold_in(key, EXHIBITS)),
    )
    return Audit(ledger, measured.numbers, measured.encoder, measured.log_p)


def _account(
    measured: Measured, *, population: int, delta: float, draws: int
) -> tuple[Evidence, Gap, dict[str, Estimate]]:
    """Evidence, gap, and the parts of the ELBO, as means over the rows."""
    encoder = measured.encoder

    def mean(values: Values, errors: Values, condition: str | None = None) -> Estimate:
        return mean_over_rows(values, errors, population=population, draws=draws, condition=condition)

    evidence = evidence_of(encoder, measured.prior, measured.exact, population=population, delta=delta, draws=draws)
    gap = gap_of(encoder, measured.exact, evidence, population=population, draws=draws)
    parts = {
        "elbo": mean(encoder.elbo, encoder.elbo_error, "below the mean of log p(x) in expectation"),
        "rate": mean(encoder.rate, encoder.rate_error),
        "distortion": mean(encoder.distortion, encoder.distortion_error),
    }
    return evidence, gap, parts


def _settings(measured: Measured, *, draws: int, delta: float, population: int) -> Settings:
    return {
        "draws": draws,
        "delta": delta,
        "rows_in_data": population,
        "precision": str(np.dtype(measured.encoder.elbo.dtype)),
        "device": jax.devices()[0].platform,
        "jax": jax.__version__,
        "failed_draws": int(measured.encoder.failed.sum() + measured.prior.failed.sum()),
    }


def _bits_per_dim(evidence: Estimate, features: int) -> Estimate:
    per_nat = -1.0 / (features * math.log(2.0))
    return dataclasses.replace(
        evidence,
        value=evidence.value * per_nat,
        std_error=None if evidence.std_error is None else abs(evidence.std_error * per_nat),
        condition="above the true bits per dimension in expectation",
    )


def _check(draws: int, rows: int | None, delta: float, guide: AbstractGuide) -> None:
    if draws < 2:
        raise OptionError(
            f"An audit wants at least 2 draws a row, to measure its own error; got {draws}; ask for more."
        )
    if rows is not None and rows < 1:
        raise OptionError(f"An audit wants at least one row; got {rows}; ask for more.")
    if not 0 < delta < 1:
        raise OptionError(f"`delta` wants a probability between 0 and 1; got {delta}; 0.01 is usual.")
    if rows is not None and not guide.amortised:
        raise OptionError("A choice of rows wants an amortised guide; got local ones; audit all of their rows.")


def _check_latents(model: AbstractModel) -> None:
    if len(model.prior().event_shape) != 1:
        raise OptionError(
            "An audit wants latents that are real vectors; this model's are not; for a finite one "
            "`taut.bounds.exact_terms` gives all three terms of a row exactly."
        )
