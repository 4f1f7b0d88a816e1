"""What an audit measures, before averages and verdicts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import equinox as eqx
import jax
import jax.random as jr
import numpy as np
from jaxtyping import Float, Int

from taut.auditing import budget as parts
from taut.auditing.budget import Budget, TimeSpentError
from taut.auditing.exact import Exactly, evidence_by_row
from taut.auditing.model_checks import CHECKS, Checks, checks_of, tried
from taut.auditing.options import AuditOptions
from taut.auditing.rate_decomposition import RateDecomposition
from taut.auditing.refinement import named_family
from taut.auditing.rows import RowResult
from taut.auditing.rowwise import Ended, Progress, RowMeasures, Wanted, affordable, measure_rows
from taut.auditing.usage import GuideMoments, moments_of_rows, rate_decomposition_of
from taut.auditing.walks import Effort
from taut.datum import as_floats, bare
from taut.errors import AuditError
from taut.guides import AbstractGuide
from taut.kept_parts import KeptParts
from taut.models import AbstractModel
from taut.numerics import is_discrete, take
from taut.shapes import DataLike, RandomKey

Values = Float[np.ndarray, "n"]
MOST_LATENTS = 512
"""A covariance and a Jacobian of each row are held at once: with more latents a block of rows would fill the memory."""
AUDIT = 2**20
# The share of a time limit that quadrature may take.
EXACT_SHARE = 1 / 3
GAUSSIAN = ("diagonal", "low-rank", "full")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measured:
    """The rows that were finished, and what was measured of each and of all; what was not is None.

    `population` counts the rows that these stand for. `set_aside` are rows whose bounds are not finite: they are in no
    mean. `discrete` says whether p(x) is a probability. `family` is that of the guide where it has a name. `train` are
    the same measures of as many training rows.
    """

    data: DataLike
    population: int
    rows: RowMeasures
    ended: Ended
    discrete: bool
    set_aside: list[int]
    exact: Values | None
    guide_moments: GuideMoments | None
    rate_decomposition: RateDecomposition | None
    family: str | None
    train: RowMeasures | None
    checks: Checks
    notes: list[str]

    @property
    def ends(self) -> tuple[Values, Values | None] | None:
        """Bounds of log p(x) of each row before any margin, the upper ones unless a check contradicts them."""
        if self.exact is not None:
            return self.exact, self.exact
        walks = self.rows.walks
        return None if walks is None else (walks.lower, None if self.checks.withdrawn else walks.upper)

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
            return self.rows.walks.lower if self.checks.withdrawn else self.rows.walks.bridge
        return self.encoder.log_p if self.rows.refined is None else self.rows.refined.log_p


def measure(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    options: AuditOptions,
    *,
    key: RandomKey,
    partial: Callable[[Wanted], KeptParts],
    on_block: Progress | None,
    budget: Budget,
    by_column: bool = False,
) -> Measured:
    """Measure these rows, or as many of them as were asked for, those of a table column by column too.

    Raises AuditError where no row has finite bounds.
    """
    # A fit with the same seed splits its key in the same way: the audit's own branch shares nothing with it.
    row_key, order_key, deep_key, train_key, rate_key = jr.split(jr.fold_in(key, AUDIT), 5)
    real = len(model.prior().event_shape) == 1 and not is_discrete(model.prior())
    order = np.asarray(jr.permutation(order_key, len(data)))[: options.rows]
    stage = _stages(on_block)
    exactly = _exact(model, take(data, np.sort(order)), budget, on_block=stage("quadrature", len(order)))
    exact = exactly.values
    exact_by_row = None if exact is None else dict(zip(np.sort(order).tolist(), exact, strict=True))
    known = {int(np.sort(order)[place]): value for place, value in exactly.known.items()}
    within = real and model.prior().event_shape[0] <= MOST_LATENTS
    deep = options.bracket and within
    wanted = Wanted(
        draws=options.draws,
        prior=model.has_prior and options.checks,
        refined=deep,
        walks=deep and exact is None,
        by_entry=by_column,
    )
    wanted = affordable(model, guide, data, order, key=row_key, wanted=wanted, budget=budget)
    deep = wanted.refined
    checks = _programs(model, guide, wanted) if deep and options.checks else []
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
    rate_decomposition = budget.attempt(
        "mutual information",
        lambda: tried(
            notes, lambda: rate_decomposition_of(model, guide_moments, gaussian=family in GAUSSIAN, key=rate_key)
        ),
        programs=parts.RATE_DECOMPOSITION,
    )
    audited, checks, train = take(data, rows.numbers), Checks(), None
    if deep and options.checks and ended != "interrupted":
        checks = checks_of(
            model, guide, audited, rows, known, draws=options.draws, delta=options.delta, key=deep_key,
            on_block=stage("checks", CHECKS), budget=budget,
        )  # fmt: skip
        train, ended = _training_rows(
            model, guide, options, rows, ended, by_column=by_column, key=train_key, budget=budget
        )
    return Measured(
        discrete=model.discrete,
        data=audited,
        population=len(data),
        rows=rows,
        ended=ended,
        set_aside=set_aside,
        exact=None if exact_by_row is None else np.array([exact_by_row[int(n)] for n in rows.numbers]),
        guide_moments=None if guide_moments is None else take(guide_moments, rows.numbers),
        rate_decomposition=rate_decomposition,
        family=family,
        train=train,
        checks=checks,
        notes=[*notes, *checks.notes],
    )


def _exact(model: AbstractModel, data: DataLike, budget: Budget, *, on_block: Callable[[int], None]) -> Exactly:
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
    model: AbstractModel,
    guide: AbstractGuide,
    options: AuditOptions,
    rows: RowMeasures,
    ended: Ended,
    *,
    by_column: bool,
    key: RandomKey,
    budget: Budget,
) -> tuple[RowMeasures | None, Ended]:
    """The same of as many training rows, for generalisation, and how the audit ended then."""
    train, count = options.train, len(rows.numbers)
    if train is None:
        return None, ended
    chosen = np.asarray(jr.permutation(key, len(train)))[:count]
    measured = budget.attempt(
        "generalisation",
        lambda: measure_rows(
            model,
            guide,
            train,
            chosen,
            key=key,
            wanted=Wanted(draws=options.draws, prior=False, refined=True, walks=False),
            effort=Effort(len(chosen), None, None),
            partial=KeptParts(None, {}),
            on_block=None,
        ),
        programs=parts.ENCODER if by_column else 0.0,
        running=count * budget.a_row,
    )
    return (None, ended) if measured is None else (_finite_rows(measured[0])[0], measured[1])


def _too_many(options: AuditOptions, *, real: bool, within: bool) -> str | None:
    if not options.bracket or not real or within:
        return None
    return f"With more than {MOST_LATENTS} latents no row is refined or walked: log p(x) is known from below only."


def _family(guide: AbstractGuide, data: DataLike) -> str | None:
    """The family of the guide's distribution, which is the same for every row."""
    own = guide if guide.amortised else jax.device_put(take(guide, 0))
    x = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), bare(data))
    # Only the family is returned: some libraries' distributions do not survive a trace.
    return eqx.filter_eval_shape(lambda guide, x: named_family(guide(as_floats(x))), own, x)


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
    return take(rows, sound), [int(n) for n in rows.numbers[~sound]]


def _stages(on_block: Progress | None) -> Callable[[str, int], Callable[[int], None]]:
    def stage(name: str, total: int) -> Callable[[int], None]:
        return lambda done: on_block(name, done, total) if on_block is not None else None

    return stage
