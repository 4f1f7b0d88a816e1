"""From options and a table to a fitted model, with everything that is worth keeping about how it came to be."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import jax.random as jr
import numpy as np

from taut.data import Binarisation, RowDigest, Schema, Table, check_enough_rows, digest, row_hashes
from taut.datum import Datum
from taut.distributed import same_everywhere
from taut.errors import DataError, OptionError
from taut.estimators.assembly import Architecture, objective_for
from taut.estimators.conditions import kept_rows
from taut.estimators.config import VAEConfig
from taut.estimators.fields import choice_of, scales, words_of
from taut.estimators.manifest import facts_of_fit
from taut.estimators.part_building import BUILT, OWN, check_own_support, name_of
from taut.estimators.preparation import HolePatterns, TrainingData, Whole, hole_patterns, training_view
from taut.estimators.progress import fit_bar, say, say_data
from taut.fitting import (
    AbstractRows,
    Checkpoints,
    CheckpointsLike,
    Outcome,
    Plan,
    Progress,
    fit,
    fit_guide,
    fit_prior,
    with_arrays_of,
)
from taut.guides import AbstractGuide
from taut.likelihoods import Choice, Missingness
from taut.models import AbstractModel, LatentVariableModel
from taut.record import HistoryRow
from taut.tracking import Callback, following
from taut.version import __version__

EPOCHS, STEPS = 100, 6000
# Of a prior alone, as in `taut.fit_prior`.
PRIOR_RATE = 1e-2
Moved = Literal["all", "guide", "prior"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fitted:
    """A fitted model and guide, the data they saw, and how training went."""

    architecture: Architecture
    model: AbstractModel
    guide: AbstractGuide
    likelihood: Choice
    outcome: Outcome
    history: list[HistoryRow]
    seconds: float
    seed: int
    data_name: str
    data_digest: str
    notes: list[str]
    held_out: Table | None
    seen: np.ndarray
    given_rows: np.ndarray | None = None
    holes: HolePatterns | None = None

    @property
    def schema(self) -> Schema:
        """The fields of the data."""
        return self.architecture.schema

    @property
    def binarisation(self) -> Binarisation:
        """How grey values become zeros and ones before the model sees them."""
        return self.schema.binarisation

    @property
    def latent_variable_model(self) -> LatentVariableModel:
        """The model. Raises OptionError where it is of another kind, which takes no missing cells."""
        if not isinstance(self.model, LatentVariableModel):
            raise OptionError(
                f"Missing cells want a `LatentVariableModel`; the model is a `{type(self.model).__name__}`; leave such "
                "rows out."
            )
        return self.model

    @property
    def missingness(self) -> Missingness | None:
        """Why cells are missing, where that was learned."""
        return self.model.missingness if isinstance(self.model, LatentVariableModel) else None

    def as_if_random(self) -> Fitted:
        """The same without informative missingness, for cells that were masked whatever their value."""
        if not isinstance(self.model, LatentVariableModel):
            return self
        return dataclasses.replace(self, model=self.model.as_if_random())

    @property
    def held_out_bound(self) -> float | None:
        """The bound on held-out rows at the epoch that was kept."""
        bounds = [row.held_out for row in self.history if row.held_out is not None]
        return max(bounds, default=None)


def train(
    config: VAEConfig,
    data: TrainingData,
    *,
    seed: int,
    checkpoints: CheckpointsLike | None = None,
    resume: bool = False,
    began: float,
    start: Fitted | None = None,
    moved: Moved = "all",
    callbacks: Sequence[Callback] = (),
) -> Fitted:
    """Fit a variational autoencoder with these options to rows that were opened for it.

    `began` is when the wait for it began, by the clock of `time.monotonic`. Arrays of the model and guide of `start`
    are where training begins, as far as their places and shapes are the same. What is not `moved` is held still, as by
    `taut.fit_guide` and `taut.fit_prior`, each with an objective of its own. `callbacks` are told of it.
    """
    table, train_rows, held_rows = data.table, data.train, data.held_out
    check_enough_rows(table)
    objective = objective_for(config)
    architecture, likelihood = _architecture(config, data), choice_of(data.schema)
    binarisation, given = data.schema.binarisation, data.given.numbers
    if given is not None and binarisation.kind != "none":
        raise OptionError(
            "`binarise` wants nothing given beside grey values; got covariates; leave out one of them.",
            option="binarise",
        )
    rows = table.values[train_rows]
    coded = dataclasses.replace(table, conditions=given, beside=None)
    held_out = _held_out(coded, held_rows, data.labels)
    build_key, fit_key = jr.split(jr.key(seed))

    def seen(chosen: np.ndarray, values: np.ndarray) -> Table:
        return Table(values=values, name=table.name, conditions=None if given is None else given[chosen])

    def stored(chosen: np.ndarray) -> Datum:
        return architecture.rows(seen(chosen, training_view(binarisation, table.values[chosen])[0]))

    whole = data.streamed or in_memory(data, stored(train_rows), architecture.rows(coded).matrix())
    plan = plan_of(config, rows=len(whole.rows))
    model, guide = architecture.build(
        architecture.rows(seen(train_rows, binarisation.for_evaluation(rows))),
        mean=whole.mean,
        own=own_parts(config),
        key=build_key,
    )
    if start is not None:
        model, guide = with_arrays_of(model, start.model), with_arrays_of(guide, start.guide)
    if likelihood.name == OWN:
        assert isinstance(model, LatentVariableModel)
        check_own_support(model.observation, dataclasses.replace(table, values=binarisation.for_evaluation(rows)))
    view = training_view(binarisation, rows[:1])[1]
    weighted = "" if whole.weights is None else f", weighted {digest(whole.weights[:, None])}"
    about = facts_of_fit(config, seed=seed, data_digest=whole.digest + weighted)
    _check_common(about)
    if (kept := Checkpoints.of(checkpoints)) is not None:
        kept = dataclasses.replace(kept, about=about)
    shown, notes = config.verbose, [*table.notes, *without_effect(config, rows)]
    say(f"Likelihood: {likelihood.name}, because {likelihood.reason}.", shown=shown)
    say_data(notes, data.schema, shown=shown)
    say(f"Training on {len(whole.rows)} rows of {words_of(data.schema)}; {len(held_rows)} are held out.", shown=shown)

    def settings() -> dict[str, Any]:
        known = {"data": table.name, "rows": len(whole.rows), "likelihood": likelihood.name, "random_state": seed}
        return config.kept() | known | {"taut": __version__}

    with fit_bar(plan.epochs, shown=shown) as bar, following(callbacks, settings) as told:

        def on_epoch(now: Progress) -> None:
            bar(now)
            told(now)

        shared: dict[str, Any] = {
            "key": fit_key,
            "held_out": None if held_out is None else stored(held_rows),
            "plan": plan,
            "view": view,
            "weights": whole.weights,
            "on_epoch": on_epoch,
        }
        if moved == "prior":
            assert isinstance(model, LatentVariableModel)
            shared["plan"] = dataclasses.replace(plan, learning_rate=PRIOR_RATE)
            run = fit_prior(model, guide, in_place(whole.rows), config.prior, **shared)
        else:
            run = (fit if moved == "all" else fit_guide)(
                model,
                guide,
                whole.rows,
                objective=objective if moved == "all" else None,
                held_out_weights=None if data.weights is None or held_out is None else data.weights[held_rows],
                checkpoints=kept,
                resume=resume,
                began=began,
                **shared,
            )
        told.outcome = run.outcome
    assert isinstance(run.model, LatentVariableModel)
    return Fitted(
        architecture=architecture,
        model=run.model,
        guide=run.guide,
        likelihood=likelihood,
        outcome=run.outcome,
        history=run.history,
        seconds=time.monotonic() - began,
        seed=seed,
        data_name=table.name,
        data_digest=whole.digest,
        notes=notes,
        held_out=held_out,
        seen=whole.seen,
        given_rows=None if given is None else kept_rows(given[train_rows], seed=seed),
        holes=hole_patterns(rows),
    )


def in_memory(data: TrainingData, rows: Datum, numbers: np.ndarray) -> Whole:
    """The training rows of a fit whose rows are all in memory, `numbers` those of all coded rows."""
    digest = RowDigest(len(numbers) + 2, numbers.shape[1])
    digest.update(numbers)
    digest.update(scales(data.schema, numbers.shape[1]))
    return Whole(
        rows=rows,
        digest=digest.hexdigest(),
        seen=np.unique(row_hashes(numbers[data.train])),
        mean=data.schema.binarisation.expected(data.table.values[data.train]),
        weights=None if data.weights is None else data.weights[data.train],
    )


def in_place(rows: Datum | AbstractRows) -> Datum:
    """The rows, which must be in memory. Raises OptionError where they are not."""
    if isinstance(rows, AbstractRows):
        raise OptionError("Fitting a prior alone wants rows in memory; got streamed ones; give fewer of them.")
    return rows


def _check_common(about: Mapping[str, Any]) -> None:
    """Raise DataError where processes that fit together do not fit the same."""
    other = [name for name, value in about.items() if not same_everywhere(repr(value).encode())]
    if other:
        raise DataError(
            f"Several processes want to fit the same; `{other[0]}` is another here than at process 0; give each the "
            "same words, and the same file to read."
        )


def without_effect(config: VAEConfig, rows: np.ndarray) -> list[str]:
    """A sentence for each option that changes nothing with these coded training rows.

    >>> without_effect(VAEConfig(hide_cells=0.5), np.array([[1.0, np.nan]]))
    []
    """
    if config.hide_cells == 0 or (rows.dtype.kind == "f" and np.isnan(rows).any()):
        return []
    return ["`hide_cells` changes nothing here: it copies the holes of other rows, and no training row lacks a cell."]


def own_parts(config: VAEConfig) -> dict[str, Any]:
    """The parts among the options that are objects or functions."""
    return {option: getattr(config, option) for option in BUILT if name_of(getattr(config, option)) == OWN}


def plan_of(config: VAEConfig, *, rows: int) -> Plan:
    """The budget among the options.

    Of few rows one epoch passes over them several times, so that 100 epochs are at least `STEPS` steps.
    """
    epochs = EPOCHS if config.max_epochs is None else config.max_epochs
    batch_size = min(config.batch_size, rows)
    repeats = max(1, math.ceil(STEPS / (EPOCHS * math.ceil(rows / max(batch_size, 1)))))
    return Plan(
        epochs=epochs,
        batch_size=batch_size,
        repeats=repeats,
        learning_rate=config.learning_rate,
        schedule=config.schedule,
        patience=config.patience,
        time_limit=config.time_limit,
        hide_cells=config.hide_cells,
    )


def _architecture(config: VAEConfig, data: TrainingData) -> Architecture:
    architecture = Architecture(
        **{option: name_of(getattr(config, option)) for option in ("encoder", "decoder", "prior", "guide")},
        schema=data.schema,
        latents=config.latent_dim,
        hidden=tuple(config.hidden),
        covariance=config.covariance,
        conditions=data.given.conditions,
        missing=config.missing,
    )
    architecture.check()
    return architecture


def _held_out(table: Table, rows: np.ndarray, labels: np.ndarray | None) -> Table | None:
    if len(rows) == 0:
        return None
    labels = table.labels if labels is None else labels
    labels = None if labels is None else labels[rows]
    return dataclasses.replace(table.take(rows), labels=labels, beside=None)
