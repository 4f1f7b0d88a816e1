"""The audit: one model, one guide, one data set → Ledger."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import jax
import jax.random as jr
import numpy as np
from jaxtyping import Float, Num

from taut.auditing.digests import model_digest
from taut.auditing.exact import evidence_by_row
from taut.auditing.exhibits import Context, exhibits_of
from taut.auditing.means import evidence_of, gap_of, health_of, mean_over_rows
from taut.auditing.rows import RowResult, account_for_rows
from taut.auditing.usage import PlacementOfRow, use_of_latents
from taut.auditing.verdicts import verdicts_on
from taut.data import digest
from taut.errors import AuditError, OptionError
from taut.guides import AbstractGuide, Constant
from taut.models import AbstractModel, LatentVariableModel
from taut.record import FORMAT, Estimate, Ledger
from taut.shapes import RandomKey
from taut.version import __version__
from taut.weights import map_rows

Progress = Callable[[str, int, int], None]


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
    lower bound may fail. Where the model is exact, or has at most two latents, log p(x) is exact too.

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
    context = context or Context()
    encoder_key, prior_key, choice_key, exhibit_key = jr.split(key, 4)
    numbers = _chosen(choice_key, len(data), rows)
    chosen = np.asarray(data)[numbers]

    def stage(name: str) -> Callable[[int], None]:
        return lambda done: on_block(name, done, len(chosen)) if on_block is not None else None

    encoder = account_for_rows(
        model, guide, chosen, draws=draws, key=encoder_key, rows=numbers, on_block=stage("weights from the encoder")
    )
    _check_finite(encoder.elbo + encoder.log_p, numbers)
    prior = account_for_rows(
        model,
        Constant(model.prior()),
        chosen,
        draws=draws,
        key=prior_key,
        rows=numbers,
        on_block=stage("weights from the prior"),
    )
    _check_finite(prior.log_p, numbers)
    exact, note = evidence_by_row(model, chosen, on_block=stage("quadrature"))
    placement = map_rows(PlacementOfRow(), model, guide, chosen, key=key)
    evidence = evidence_of(encoder, prior, exact, population=len(data), delta=delta, draws=draws)
    gap = gap_of(encoder, exact, evidence, population=len(data), draws=draws)
    latents = use_of_latents(placement)
    weights, prior_weights = health_of(encoder, draws), health_of(prior, draws)
    log_p = encoder.log_p if exact is None else exact
    discrete = isinstance(model, LatentVariableModel) and model.observation.discrete

    def mean(values: Float[np.ndarray, "n"], errors: Float[np.ndarray, "n"], condition: str | None = None) -> Estimate:
        return mean_over_rows(values, errors, population=len(data), draws=draws, condition=condition)

    ledger = Ledger(
        format=FORMAT,
        taut=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        title=context.title,
        likelihood=context.likelihood,
        discrete=discrete,
        rows=len(chosen),
        datum=chosen.shape[1],
        latent=placement.mean.shape[1],
        data_digest=digest(np.asarray(data)),
        model_digest=model_digest(model, guide),
        seconds=0.0,
        settings={
            "draws": draws,
            "delta": delta,
            "rows_in_data": len(data),
            "precision": str(np.dtype(encoder.elbo.dtype)),
            "device": jax.devices()[0].platform,
            "jax": jax.__version__,
            "failed_draws": int(encoder.failed.sum() + prior.failed.sum()),
            **(settings or {}),
        },
        elbo=mean(encoder.elbo, encoder.elbo_error, "below the mean of log p(x) in expectation"),
        evidence=evidence,
        gap=gap,
        rate=mean(encoder.rate, encoder.rate_error),
        distortion=mean(encoder.distortion, encoder.distortion_error),
        latents=latents,
        active_units=sum(latent.active for latent in latents),
        weights=weights,
        prior_weights=prior_weights,
        bits_per_dim=_bits_per_dim(evidence.importance, chosen.shape[1]) if discrete else None,
        verdicts=verdicts_on(evidence=evidence, gap=gap, latents=latents, weights=weights, prior_weights=prior_weights),
        notes=[*context.notes, *([note] if note else [])],
        exhibits=exhibits_of(model, guide, chosen, numbers, encoder, log_p, placement.mean, context, key=exhibit_key),
    )
    ledger = dataclasses.replace(ledger, seconds=round(time.monotonic() - began, 2))
    return Audit(ledger, numbers, encoder, log_p)


def _bits_per_dim(evidence: Estimate, features: int) -> Estimate:
    per_nat = -1.0 / (features * math.log(2.0))
    return dataclasses.replace(
        evidence,
        value=evidence.value * per_nat,
        std_error=None if evidence.std_error is None else abs(evidence.std_error * per_nat),
        condition="above the true bits per dimension in expectation",
    )


def _chosen(key: RandomKey, n: int, rows: int | None) -> Num[np.ndarray, "n"]:
    if rows is None or rows >= n:
        return np.arange(n)
    return np.sort(np.asarray(jr.choice(key, n, (rows,), replace=False)))


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


def _check_finite(bounds: Float[np.ndarray, "n"], numbers: Num[np.ndarray, "n"]) -> None:
    bad = ~np.isfinite(bounds)
    if bad.any():
        raise AuditError(
            f"Finite bounds are wanted for every row; {int(bad.sum())} of {len(bad)} are not, first row "
            f"{numbers[bad.argmax()]}; "
            "the model gives such data no probability, so fit it on data like these or choose another likelihood."
        )
