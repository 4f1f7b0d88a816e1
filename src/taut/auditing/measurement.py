"""What an audit measures, before anything is averaged or judged."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Float, Int, Num

from taut.auditing import budget as parts
from taut.auditing.budget import Budget, TimeSpentError
from taut.auditing.calibration import calibrate
from taut.auditing.controls import Controlled, controls_for
from taut.auditing.doubts import doubt_of
from taut.auditing.effort import Effort
from taut.auditing.exact import Exactly, evidence_by_row
from taut.auditing.options import AuditOptions
from taut.auditing.outliers import outliers_among, simulated_p_values
from taut.auditing.partial import Partial
from taut.auditing.predictive import predictive_checks
from taut.auditing.refinement import Refinement, family_of
from taut.auditing.rows import RowResult
from taut.auditing.rowwise import REFINED_DRAWS, Ended, Progress, RowMeasures, Wanted, affordable, measure_rows
from taut.auditing.simulation import MATCHED, POOL, Pool, draw_pool, features_of, norms_of, simulated_check
from taut.auditing.surgery import Surgery
from taut.auditing.usage import GuideMoments, moments_of_rows, split_rate_of
from taut.errors import AuditError
from taut.guides import AbstractGuide, Covariance
from taut.models import AbstractModel
from taut.record import Calibration, Outliers, Predictive, Simulated
from taut.shapes import RandomKey

Values = Float[np.ndarray, "n"]
# A covariance and a Jacobian of each row are held at once: with more latents a block of rows would fill the memory.
MOST_LATENTS = 512
AUDIT = 2**20
# The share of a time limit that quadrature may take.
EXACT_SHARE = 1 / 3
# What checks take beside compilation: temperatures of rows in the controls; calibration, in rows of the account.
CONTROL_TEMPERATURES, CALIBRATED_ROWS = 50_000, 50


@dataclasses.dataclass(frozen=True)
class Measured:
    """The rows that were finished, and what was measured of each and of all; what was not is None.

    `population` counts the rows that these stand for. `set_aside` are rows whose bounds are not finite: they are in no
    mean. `discrete` says whether p(x) is a probability. `train` are the same measures of as many training rows. `doubt`
    says why the upper ends do not hold, where a check found so.
    """

    data: Num[np.ndarray, "n features"]
    population: int
    rows: RowMeasures
    ended: Ended
    discrete: bool
    set_aside: list[int]
    exact: Values | None
    guide_moments: GuideMoments | None
    surgery: Surgery | None = None
    controlled: Controlled | None = None
    simulated: Simulated | None = None
    calibration: Calibration | None = None
    p_values: Values | None = None
    outliers: Outliers | None = None
    predictive: tuple[Predictive, ...] = ()
    family: Covariance | None = None
    train: RowMeasures | None = None
    notes: tuple[str, ...] = ()
    doubt: str | None = None

    @property
    def ends(self) -> tuple[Values, Values | None] | None:
        """Bounds of log p(x) of each row before any margin, the upper ones unless a check contradicts them."""
        if self.exact is not None:
            return self.exact, self.exact
        walks = self.rows.walks
        return None if walks is None else (walks.lower, None if self.doubt else walks.upper)

    @property
    def complete(self) -> bool:
        """Whether all rows that were asked for were measured."""
        return self.ended == "all rows"

    @property
    def encoder(self) -> RowResult:
        """The account by the encoder's draws."""
        return self.rows.encoder

    @property
    def numbers(self) -> Int[np.ndarray, "n"]:
        """The rows' places in the data."""
        return self.rows.numbers

    @property
    def log_p(self) -> Values:
        """The best that is known of log p(x): exact, by both walks, by the refined Gaussian, by importance."""
        if self.exact is not None:
            return self.exact
        if self.rows.walks is not None:
            return self.rows.walks.lower if self.doubt else self.rows.walks.bridge
        return self.encoder.log_p if self.rows.refined is None else self.rows.refined.log_p


def measure(
    model: AbstractModel,
    guide: AbstractGuide,
    data: Num[np.ndarray, "n features"],
    options: AuditOptions,
    *,
    key: RandomKey,
    partial: Callable[[Any], Partial],
    on_block: Progress | None,
    budget: Budget,
    by_column: bool = False,
) -> Measured:
    """Measure these rows, or as many of them as were asked for, those of a table column by column too.

    Raises AuditError where no row has finite bounds.
    """
    # A fit with the same seed splits its key in the same way: the audit's own branch shares nothing with it.
    row_key, order_key, deep_key, train_key, surgery_key = jr.split(jr.fold_in(key, AUDIT), 5)
    real = len(model.prior().event_shape) == 1
    order = np.asarray(jr.permutation(order_key, len(data)))[: options.rows]
    stage = _stages(on_block)
    exactly = _exact(model, np.asarray(data)[np.sort(order)], budget, on_block=stage("quadrature", len(order)))
    exact = exactly.values
    exact_by_row = None if exact is None else dict(zip(np.sort(order).tolist(), exact, strict=True))
    known = {int(np.sort(order)[place]): value for place, value in exactly.known.items()}
    within = real and model.prior().event_shape[0] <= MOST_LATENTS
    deep = options.bracket and within
    wanted = Wanted(
        draws=options.draws, prior=model.has_prior, refined=deep, walks=deep and exact is None, by_entry=by_column
    )
    wanted = affordable(model, guide, data, order, key=row_key, wanted=wanted, budget=budget)
    deep = wanted.refined
    checks = _programs(model, guide, wanted) if deep else []
    seconds = None if budget.seconds is None else max(budget.left() - budget.reserve(checks), 0.0)
    effort = Effort(rows=len(order), width=options.width, seconds=seconds)
    everything, ended = measure_rows(
        model, guide, data, order, key=row_key, wanted=wanted, effort=effort, partial=partial(wanted), on_block=on_block
    )
    budget.a_row, budget.a_temperature = effort.a_row(), effort.a_temperature()
    rows, set_aside = _finite_rows(everything)
    family = _family(guide, data) if real else None
    guide_moments = moments_of_rows(model, guide, data, key=key) if real else None
    notes = [text for text in (exactly.note, _too_many(options, real=real, within=within)) if text]
    measured = Measured(
        discrete=model.discrete,
        data=np.asarray(data)[rows.numbers],
        population=len(data),
        rows=rows,
        ended=ended,
        set_aside=set_aside,
        exact=None if exact_by_row is None else np.array([exact_by_row[int(n)] for n in rows.numbers]),
        guide_moments=None if guide_moments is None else jax.tree.map(lambda leaf: leaf[rows.numbers], guide_moments),
        surgery=budget.attempt(
            "mutual information",
            lambda: _tried(
                notes, lambda: split_rate_of(model, guide_moments, gaussian=family is not None, key=surgery_key)
            ),
            programs=parts.SURGERY,
        ),
        family=family,
        notes=tuple(notes),
    )
    if not deep or measured.ended == "interrupted":
        return measured
    measured = _checked(model, guide, measured, options, known, key=deep_key, stage=stage, budget=budget)
    if options.train is not None:
        seen = budget.attempt(
            "generalisation",
            lambda: _training_rows(model, guide, options, len(rows.numbers), key=train_key),
            programs=parts.ENCODER if by_column else 0.0,
            running=len(rows.numbers) * budget.a_row,
        )
        if seen is not None:
            measured = dataclasses.replace(measured, train=_finite_rows(seen[0])[0], ended=seen[1])
    return measured


def _exact(
    model: AbstractModel, data: Num[np.ndarray, "n features"], budget: Budget, *, on_block: Callable[[int], None]
) -> Exactly:
    """log p(x) of every row where it can be had in a third of the time, so that the rest is enough without."""
    try:
        return evidence_by_row(model, data, on_block=budget.share(on_block, EXACT_SHARE))
    except TimeSpentError:
        budget.leave_out("log p(x) by quadrature")
        return Exactly(None, None, {})


def _programs(model: AbstractModel, guide: AbstractGuide, wanted: Wanted) -> list[float]:
    """What there is to compile for the checks that will be asked for, in their order."""
    simulates = model.simulates and guide.amortised
    return [
        parts.CONTROLS * wanted.walks,
        *([parts.SIMULATIONS, parts.SIMULATED_WALKS * wanted.walks, parts.CALIBRATION] if simulates else []),
        parts.COLUMNS * wanted.by_entry,
    ]


def _training_rows(
    model: AbstractModel, guide: AbstractGuide, options: AuditOptions, count: int, *, key: RandomKey
) -> tuple[RowMeasures, Ended]:
    """The same of as many training rows, for generalisation."""
    assert options.train is not None
    chosen = np.asarray(jr.permutation(key, len(options.train)))[:count]
    return measure_rows(
        model,
        guide,
        options.train,
        chosen,
        key=key,
        wanted=Wanted(draws=options.draws, prior=False, refined=True, walks=False),
        effort=Effort(len(chosen), None, None),
        partial=Partial(None, {}, None),
        on_block=None,
    )


def _checked(
    model: AbstractModel,
    guide: AbstractGuide,
    measured: Measured,
    options: AuditOptions,
    known: dict[int, float],
    *,
    key: RandomKey,
    stage: Callable[[str, int], Callable[[int], None]],
    budget: Budget,
) -> Measured:
    """With the controls and all that is measured on rows drawn from the model."""
    control_key, pool_key, match_key, calibration_key = jr.split(key, 4)
    rows, refined = measured.rows, measured.rows.refined
    done, found, notes = stage("checks", 4), {}, list(measured.notes)
    own = guide if guide.amortised else jax.tree.map(lambda leaf: leaf[measured.numbers], guide)
    done(0)
    if rows.walks is not None and refined is not None:
        found["controlled"] = budget.attempt(
            "the controls of the bracket",
            lambda: controls_for(model, own, measured.data, rows, key=control_key, known=known),
            programs=parts.CONTROLS,
            running=CONTROL_TEMPERATURES * budget.a_temperature,
        )
        if found["controlled"] is not None:
            found["doubt"] = doubt_of(rows.walks, refined, found["controlled"])
    done(1)
    if not (model.simulates and guide.amortised and refined is not None):
        return dataclasses.replace(measured, **found)
    pool = budget.attempt(
        "outliers and predictive checks",
        lambda: draw_pool(model, guide, measured.data, draws=options.draws, refined_draws=REFINED_DRAWS, key=pool_key),
        programs=parts.SIMULATIONS,
        running=POOL * budget.a_row,
    )
    if pool is not None:
        found |= _beside_the_pool(measured, refined, pool)
    done(2)
    if pool is not None and rows.walks is not None and rows.temperatures is not None:
        norms = norms_of(model, guide, measured.data, key=key)
        real = features_of(measured.encoder, refined, norms)
        lengths = rows.temperatures
        found["simulated"] = budget.attempt(
            "the bracket of simulated rows",
            lambda: _tried(
                notes, lambda: simulated_check(model, guide, pool, real, lengths, key=match_key, delta=options.delta)
            ),
            programs=parts.SIMULATED_WALKS,
            running=MATCHED * (budget.a_row + 2 * float(np.median(lengths)) * budget.a_temperature),
        )
    done(3)
    found["calibration"] = budget.attempt(
        "calibration",
        lambda: _tried(notes, lambda: calibrate(model, guide, key=calibration_key, like=measured.data)),
        programs=parts.CALIBRATION,
        running=CALIBRATED_ROWS * budget.a_row,
    )
    found["notes"] = tuple(notes)
    done(4)
    return dataclasses.replace(measured, **found)


def _beside_the_pool(measured: Measured, refined: Refinement, pool: Pool) -> dict[str, Any]:
    """Which rows are unlike what the model makes, and whether the data set is."""
    rows = measured.rows
    log_p, reference = (np.asarray(part.log_p, np.float64) for part in (refined, pool.refined))
    p_values = simulated_p_values(log_p, np.nan_to_num(reference, nan=-np.inf))
    regrets, usual = log_p - rows.encoder.elbo, reference - pool.encoder.elbo
    found: dict[str, Any] = {
        "p_values": p_values,
        "outliers": outliers_among(p_values, regrets, usual, rows.numbers),
    }
    # Columns of many kinds have no common statistic; each is looked at by itself.
    if rows.terms is None and not np.isnan(measured.data).any():
        found["predictive"] = tuple(predictive_checks(measured.data, pool.data))
    return found


def _tried(notes: list[str], check: Callable[[], Any]) -> Any:
    """The result of a check beside the account, or a note of why there is none: it must not cost the account."""
    try:
        return check()
    except AuditError as error:
        notes.append(f"A check could not be made. {error}")
        return None


def _too_many(options: AuditOptions, *, real: bool, within: bool) -> str | None:
    if not options.bracket or not real or within:
        return None
    return f"With more than {MOST_LATENTS} latents no row is refined or walked: log p(x) is known from below only."


def _family(guide: AbstractGuide, data: Num[np.ndarray, "n features"]) -> Covariance | None:
    """The family of the guide's distribution, which is the same for every row."""
    own = guide if guide.amortised else jax.tree.map(lambda leaf: leaf[0], guide)
    x = jax.ShapeDtypeStruct(data.shape[1:], jnp.result_type(float))
    # The family alone comes out: not every library's distributions come through a trace as they went in.
    return eqx.filter_eval_shape(lambda guide, x: family_of(guide(x)), own, x)


def _finite_rows(rows: RowMeasures) -> tuple[RowMeasures, list[int]]:
    """The rows all of whose bounds are finite, and the numbers of the others.

    Raises AuditError where none is.
    """
    values = [rows.encoder.elbo, rows.encoder.log_p]
    values += [] if rows.prior is None else [rows.prior.log_p]
    values += [] if rows.refined is None else [rows.refined.log_p, rows.refined.elbo_full, rows.refined.elbo_family]
    values += [] if rows.walks is None else [rows.walks.lower, rows.walks.upper, rows.walks.bridge]
    sound = np.all(np.isfinite(np.stack(values)), axis=0)
    if not sound.any():
        raise AuditError(
            f"Finite bounds are wanted; all {len(sound)} rows have others, the first one row {rows.numbers[0]}; the "
            "model gives such data no probability, so fit it on data like these or choose another likelihood."
        )
    return jax.tree.map(lambda leaf: leaf[sound], rows), [int(n) for n in rows.numbers[~sound]]


def _stages(on_block: Progress | None) -> Callable[[str, int], Callable[[int], None]]:
    def stage(name: str, total: int) -> Callable[[int], None]:
        return lambda done: on_block(name, done, total) if on_block is not None else None

    return stage
