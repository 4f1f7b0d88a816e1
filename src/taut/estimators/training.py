"""From options and a table to a fitted model, with everything that is worth keeping about how it came to be."""

from __future__ import annotations

import dataclasses
import math
import time
from pathlib import Path
from typing import Any

import jax.random as jr
import numpy as np

from taut.data import Schema, Table, Units, check_enough_rows, check_varies, digest, row_hashes
from taut.errors import OptionError
from taut.estimators.assembly import Architecture, objective_for, units_for
from taut.estimators.conditions import COUNTS, joined
from taut.estimators.config import VAEConfig
from taut.estimators.giving import kept_rows
from taut.estimators.hole_patterns import HolePatterns, hole_patterns
from taut.estimators.one_block import FEWEST_COLUMNS
from taut.estimators.opening import MIXED, Opened
from taut.estimators.part_building import BUILT, OWN, check_own_support, name_of
from taut.estimators.preparation import Binarisation, check_told_apart, in_units, stored_rows
from taut.estimators.progress import fit_bar, say, say_schema
from taut.estimators.resuming import note_or_compare
from taut.fitting import Outcome, Plan, fit
from taut.guides import AbstractGuide
from taut.likelihoods import Choice, check_support, choose, choose_counts
from taut.models import LatentVariableModel
from taut.record import HistoryRow

EPOCHS, STEPS = 100, 6000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fitted:
    """A fitted model and guide, the data they saw, and how training went."""

    architecture: Architecture
    model: LatentVariableModel
    guide: AbstractGuide
    likelihood: Choice
    binarisation: Binarisation
    outcome: Outcome
    history: list[HistoryRow]
    seconds: float
    seed: int
    data_name: str
    data_digest: str
    notes: list[str]
    columns: list[str] | None
    image_shape: tuple[int, int] | None
    ends: tuple[float, float]
    held_out: Table | None
    seen: np.ndarray
    given_rows: np.ndarray | None = None
    holes: HolePatterns | None = None

    @property
    def schema(self) -> Schema | None:
        """The columns of a table."""
        return self.architecture.schema

    @property
    def coded(self) -> bool:
        """Whether the rows that were held out are kept as the model sees them, and not as they came."""
        return self.schema is not None or self.units is not None or self.architecture.covariates > 0

    @property
    def units(self) -> Units | None:
        """Where zero lies and how long the units are of a block of real numbers."""
        return self.architecture.units

    @property
    def input_names(self) -> list[str] | None:
        """The names of the columns that came in, modelled or not."""
        if self.schema is None:
            return self.columns
        return [column.name for column in self.schema.columns] if self.schema.named else None

    @property
    def held_out_bound(self) -> float | None:
        """The bound on held-out rows at the epoch that was kept."""
        bounds = [row.held_out for row in self.history if row.held_out is not None]
        return max(bounds, default=None)


def train(
    config: VAEConfig,
    data: Opened,
    *,
    seed: int,
    checkpoint: Path | None,
    resume: bool,
    began: float,
) -> Fitted:
    """Fit a variational autoencoder with these options to rows that were opened for it.

    `began` is when the wait for it began, by the clock of `time.monotonic`.
    """
    table, train_rows, held_rows = data.table, data.train, data.held_out
    check_enough_rows(table)
    plan = plan_of(config, rows=len(train_rows))
    objective = objective_for(config)
    binarisation = Binarisation.of(config.binarise, table.values, seed)
    if data.schema is not None and binarisation.kind != "none":
        raise OptionError("`binarise` wants grey values; got a table; leave it out, or give the array of images.")
    if data.given.numbers is not None and binarisation.kind != "none":
        raise OptionError("`binarise` wants nothing given beside grey values; got covariates; leave out one of them.")
    likelihood = _likelihood(name_of(config.likelihood) or "auto", data, binarisation)
    units = units_for(likelihood.name, table.values[train_rows])
    ends = _ends(table.values, binarisation)
    if units is not None:
        table = in_units(table, units)
        check_told_apart(dataclasses.replace(table, values=table.values[train_rows]))
        data = dataclasses.replace(data, table=table)
    architecture = _architecture(config, data, likelihood, binarisation, units)
    rows, given = table.values[train_rows], data.given.numbers
    coded = table if given is None else dataclasses.replace(table, values=joined(table.values, given), beside=None)
    held_out = _held_out(coded, held_rows, data.labels)
    build_key, fit_key = jr.split(jr.key(seed))
    model, guide = architecture.build(
        binarisation.for_evaluation(coded.values[train_rows]),
        mean=binarisation.expected(rows),
        own=own_parts(config),
        key=build_key,
    )
    if likelihood.name == OWN:
        assert isinstance(model, LatentVariableModel)
        check_own_support(model.observation, dataclasses.replace(table, values=binarisation.for_evaluation(rows)))
    everything = table.values if given is None else stored_rows(table.values, given)[0]
    stored, view = binarisation.for_training(everything[train_rows])
    view = view if given is None else stored_rows(rows[:1], given[:1])[1]
    data_digest = digest(np.vstack([coded.values, _scales(architecture)]))
    if checkpoint is not None:
        weighted = "" if data.weights is None else f", weighted {digest(data.weights[:, None])}"
        note_or_compare(checkpoint, config, seed=seed, data_digest=data_digest + weighted, resume=resume)
    shown = config.verbose
    say(f"Likelihood: {likelihood.name}, because {likelihood.reason}.", shown=shown)
    for note in table.notes:
        say(note, shown=shown)
    if data.schema is not None:
        say_schema(data.schema, shown=shown)
    what = "numbers" if data.schema is None else "columns"
    say(f"Training on {len(rows)} rows of {table.features} {what}; {len(held_rows)} are held out.", shown=shown)
    with fit_bar(plan.epochs, shown=shown) as on_epoch:
        run = fit(
            model,
            guide,
            stored,
            key=fit_key,
            objective=objective,
            held_out=None if held_out is None else binarisation.for_training(everything[held_rows])[0],
            plan=plan,
            view=view,
            weights=None if data.weights is None else data.weights[train_rows],
            held_out_weights=None if data.weights is None or held_out is None else data.weights[held_rows],
            on_epoch=on_epoch,
            checkpoint=checkpoint,
            resume=resume,
            began=began,
        )
    assert isinstance(run.model, LatentVariableModel)
    return Fitted(
        architecture=architecture,
        model=run.model,
        guide=run.guide,
        likelihood=likelihood,
        binarisation=binarisation,
        outcome=run.outcome,
        history=run.history,
        seconds=time.monotonic() - began,
        seed=seed,
        data_name=table.name,
        data_digest=data_digest,
        notes=table.notes,
        columns=table.columns,
        image_shape=architecture.image_shape,
        ends=ends,
        held_out=held_out,
        seen=np.unique(row_hashes(coded.values[train_rows])),
        given_rows=None if given is None else kept_rows(given[train_rows], seed=seed),
        holes=None if data.schema is None else hole_patterns(rows),
    )


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
    )


def _likelihood(name: str, data: Opened, binarisation: Binarisation) -> Choice:
    if data.schema is not None:
        return MIXED
    check_varies(data.table)
    values = data.table.values
    if binarisation.kind != "none":
        values = np.array([[0, 1]], dtype=np.uint8)
    sizes = data.given.conditions.sizes
    if name == "auto":
        return choose(values) if sizes is None else choose_counts(values)
    if sizes is not None and name not in COUNTS:
        raise OptionError(f"`size_factor` wants a likelihood among {', '.join(COUNTS)}; got `{name}`; leave out one.")
    if name == OWN:
        return Choice(OWN, "it was given as an object")
    check_support(name, values)
    return Choice(name, "it was asked for")


def _architecture(
    config: VAEConfig, data: Opened, likelihood: Choice, binarisation: Binarisation, units: Units | None
) -> Architecture:
    table = data.table
    architecture = Architecture(
        **{option: name_of(getattr(config, option)) for option in ("encoder", "decoder", "prior", "guide")},
        image_shape=_image_shape(table, likelihood, data.schema),
        features=table.features,
        schema=data.schema,
        units=units,
        latents=config.latent_dim,
        hidden=tuple(config.hidden),
        likelihood=likelihood.name,
        covariance=config.covariance,
        conditions=data.given.conditions,
        missing=config.missing,
        largest=_ends(table.values, binarisation)[1],
    )
    architecture.check()
    return architecture


def _held_out(table: Table, rows: np.ndarray, labels: np.ndarray | None) -> Table | None:
    if len(rows) == 0:
        return None
    labels = table.labels if labels is None else labels
    return dataclasses.replace(table, values=table.values[rows], labels=None if labels is None else labels[rows])


def _scales(architecture: Architecture) -> np.ndarray:
    """Two more rows of coded data, which say what one of them stands for: the offsets and units."""
    scales = np.zeros((2, architecture.features + architecture.covariates))
    if architecture.schema is not None:
        scales[:, : architecture.features] = [
            [getattr(each, name) for each in architecture.schema.modelled] for name in ("offset", "unit")
        ]
    elif architecture.units is not None:
        scales[:, : architecture.features] = architecture.units.offsets, architecture.units.units
    return scales


def _ends(values: np.ndarray, binarisation: Binarisation) -> tuple[float, float]:
    if binarisation.kind != "none":
        return 0.0, 1.0
    return min(float(np.nanmin(values)), 0.0), float(np.nanmax(values))


def _image_shape(table: Table, likelihood: Choice, schema: Schema | None) -> tuple[int, int] | None:
    """As read; else a square, for whole numbers or shares without column names whose count is one."""
    side = math.isqrt(table.features)
    if schema is not None:
        return None
    square = side * side == table.features and table.features >= FEWEST_COLUMNS
    bounded = likelihood.name in ("bernoulli", "binomial", "continuous-bernoulli", "discretised-logistic")
    return table.image_shape or ((side, side) if square and bounded and table.columns is None else None)
