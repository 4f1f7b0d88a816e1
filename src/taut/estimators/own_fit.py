"""The fit of a model and a guide of one's own, and what can be asked of it."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.random as jr
import numpy as np
from jaxtyping import Float

from taut import fitting
from taut.data import Schema, Table, digest, row_hashes
from taut.datum import as_datum, as_floats, bare
from taut.errors import OptionError
from taut.estimators import runs
from taut.estimators.assembly import Architecture
from taut.estimators.fields import NAME as FIELD
from taut.estimators.fields import block_field, choice_of, scales
from taut.estimators.part_building import OWN
from taut.estimators.preparation import hole_patterns
from taut.estimators.training import Fitted
from taut.estimators.uses import AbstractUses
from taut.fitting import CheckpointsLike, FitResult, Outcome, Plan, Progress, View
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import one_draw
from taut.objectives import Objective
from taut.record import HistoryRow
from taut.shapes import DataLike, OtherData, RandomKey
from taut.tracking import Callback, following
from taut.version import __version__

NAME = "data"


class Run(AbstractUses):
    """What `taut.fit` returns: the best `model` and `guide`, the `history` of the bound, and the `outcome`.

    It scores, embeds, samples, imputes and audits rows as `taut.VAE` does, as far as its model can, and is saved and
    loaded: `taut.load(path, parts=…)` with a function that builds model and guide again.

    Raises OptionError where something is asked that this model cannot say.
    """

    library_ = "numpy"

    def __init__(self, result: FitResult, known: Callable[[], Fitted]) -> None:
        self._result, self._known = result, functools.cache(known)

    @classmethod
    def of(cls, fitted: Fitted) -> Run:
        """The run that was saved."""
        return cls(FitResult(fitted.model, fitted.guide, fitted.history, fitted.outcome), lambda: fitted)

    @property
    def model(self) -> AbstractModel:
        """The model, at the epoch that was kept."""
        return self._result.model

    @property
    def guide(self) -> AbstractGuide:
        """The guide, at the epoch that was kept."""
        return self._result.guide

    @property
    def history(self) -> list[HistoryRow]:
        """The bound after each epoch."""
        return self._result.history

    @property
    def outcome(self) -> Outcome:
        """How training ended, with a sentence."""
        return self._result.outcome

    # Found when it is asked for first: rows need not be looked through for the model alone.
    @property
    def fitted_(self) -> Fitted:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Model and guide with what is known of the rows that they were fitted to."""
        return self._fitted()

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write a run folder: arrays by their place in model and guide, and no code.

        Raises RunFolderError where the folder exists and `force` is not given.
        """
        own = ("model", "guide")
        runs.save(self._fitted(), {}, Path(path), estimator=type(self).__name__, own_parts=own, force=force)

    def _fitted(self) -> Fitted:
        return self._known()

    def __repr__(self) -> str:
        return f"Run({type(self.model).__name__}, {type(self.guide).__name__}, {self.outcome.code})"


def fit(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    *,
    key: RandomKey,
    objective: Objective | None = None,
    held_out: OtherData | None = None,
    plan: Plan | None = None,
    view: View | None = None,
    weights: Float[np.ndarray, "n"] | None = None,
    held_out_weights: Float[np.ndarray, "m"] | None = None,
    on_epoch: Callable[[Progress], None] | None = None,
    checkpoints: CheckpointsLike | None = None,
    resume: bool = False,
    began: float | None = None,
    callbacks: Sequence[Callback] = (),
) -> Run:
    """As `taut.fitting.fit`, of which the arguments are; the result can be saved, and asked what a `taut.VAE` can.

    `callbacks` follow it: see `taut.tracking`.

    >>> import jax.random as jr, numpy as np
    >>> from taut import guides, likelihoods, models, networks
    >>> model = models.LatentVariableModel(
    ...     prior=models.standard_normal(1),
    ...     decoder=networks.Perceptron(1, 3, hidden=(), key=jr.key(0)),
    ...     likelihood=likelihoods.Bernoulli(3),
    ... )
    >>> guide = guides.GaussianEncoder(3, 1, hidden=(), key=jr.key(1))
    >>> rows = np.array([[0, 0, 0], [1, 1, 1]] * 8, dtype=np.uint8)
    >>> run = fit(model, guide, rows, key=jr.key(2), plan=Plan(epochs=2, batch_size=4))
    >>> run.outcome.code, run.transform(rows).shape
    ('budget spent', (16, 1))
    """
    began = time.monotonic() if began is None else began

    def settings() -> dict[str, Any]:
        parts = {"model": type(model).__name__, "guide": type(guide).__name__, "taut": __version__}
        return dataclasses.asdict(plan or Plan()) | parts

    with following(callbacks, settings) as told:

        def on_each(now: Progress) -> None:
            if on_epoch is not None:
                on_epoch(now)
            told(now)

        result = fitting.fit(
            model,
            guide,
            data,
            key=key,
            objective=objective,
            held_out=held_out,
            plan=plan,
            view=view,
            weights=weights,
            held_out_weights=held_out_weights,
            on_epoch=on_each,
            checkpoints=checkpoints,
            resume=resume,
            began=began,
        )
        told.outcome = result.outcome
    facts = _Facts(result, time.monotonic() - began, int(np.ravel(jr.key_data(key))[-1]))
    # Through a view a row is not what is stored of it, so that held-out ones cannot be audited as they are.
    return Run(result, functools.partial(_known, facts, data, held_out if view is None else None))


@dataclasses.dataclass(frozen=True)
class _Facts:
    """How a fit went."""

    result: FitResult
    seconds: float
    seed: int


def _known(facts: _Facts, data: DataLike, held_out: OtherData | None) -> Fitted:
    """What a run knows of its rows: one block of numbers, of the model's own likelihood."""
    model, guide = facts.result.model, facts.result.guide
    if not guide.amortised:
        raise OptionError(
            "Wanted a guide that takes any row; got one with parameters of its own for each row of the fit; take an "
            "amortised one, or the functions of taut with model and guide."
        )
    table = _table(data, NAME)
    field = block_field(FIELD, table, np.arange(len(table)), likelihood=OWN)
    schema = Schema(columns=(dataclasses.replace(field, kind="count") if model.discrete else field,))
    return Fitted(
        architecture=Architecture(schema=schema, latents=_latents(guide, data), hidden=(), covariance=""),
        model=model,
        guide=guide,
        likelihood=choice_of(schema),
        outcome=facts.result.outcome,
        history=facts.result.history,
        seconds=facts.seconds,
        seed=facts.seed,
        data_name=NAME,
        data_digest=digest(np.vstack([table.values, scales(schema, table.features)])),
        notes=[],
        held_out=None if held_out is None else _table(held_out, f"{NAME} held out"),
        seen=np.unique(row_hashes(table.values)),
        holes=hole_patterns(table.values),
    )


def _table(data: DataLike, name: str) -> Table:
    rows = as_datum(data)
    if rows.conditioned:
        raise OptionError(
            "Wanted rows that are one array; got covariates or a log offset beside them; take `taut.VAE` with "
            "`condition_on`, or the functions of taut with model and guide."
        )
    return Table(values=rows.with_nan(), name=name)


def _latents(guide: AbstractGuide, data: DataLike) -> int:
    x = jax.tree.map(lambda leaf: leaf[0], as_floats(bare(data)))
    drawn: Any = eqx.filter_eval_shape(lambda x: one_draw(guide(x), key=jr.key(0)), x)
    return drawn.shape[0] if drawn.shape else 1
