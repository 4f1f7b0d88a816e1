"""From options and a table to a fitted model, with everything that is worth keeping about how it came to be."""

from __future__ import annotations

import dataclasses
import math
import time
from pathlib import Path
from typing import Any

import jax.random as jr
import numpy as np

from taut.data import Table, check_enough_rows, check_varies, digest, row_hashes, split
from taut.estimators.assembly import Architecture, objective_named
from taut.estimators.preparation import Binarisation
from taut.estimators.progress import fit_bar, say
from taut.estimators.resuming import note_or_compare
from taut.fitting import Outcome, Plan, fit
from taut.guides import AbstractGuide
from taut.likelihoods import Choice, check_support, choose
from taut.models import LatentVariableModel
from taut.record import HistoryRow

# Smaller squares are more often tables that happen to have a square number of columns.
SMALLEST_IMAGE = 36


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
    columns: list[str] | None
    image_shape: tuple[int, int] | None
    ends: tuple[float, float]
    held_out: Table | None
    seen: np.ndarray

    @property
    def held_out_bound(self) -> float | None:
        """The bound on held-out rows at the epoch that was kept."""
        bounds = [row.held_out for row in self.history if row.held_out is not None]
        return max(bounds, default=None)


def train(
    options: dict[str, Any],
    table: Table,
    labels: np.ndarray | None,
    *,
    seed: int,
    checkpoint: Path | None,
    resume: bool,
) -> Fitted:
    """Fit a variational autoencoder with these options (those of `VAE`) to the rows of a table."""
    began = time.monotonic()
    check_enough_rows(table)
    check_varies(table)
    plan = plan_of(options)
    objective = objective_named(options["objective"], draws=options["draws"], kl_warm_up=options["kl_warm_up"])
    binarisation = Binarisation.of(options["binarise"], table.values, seed)
    likelihood = _likelihood(options["likelihood"], table.values, binarisation)
    architecture = _architecture(options, table, likelihood, binarisation)
    train_rows, held_rows = split(len(table), options["validation_fraction"], seed)
    rows = table.values[train_rows]
    plan.check_batch(len(rows))
    held_out = _held_out(table, held_rows, labels)
    build_key, fit_key = jr.split(jr.key(seed))
    model, guide = architecture.build(
        binarisation.for_evaluation(rows), mean=binarisation.expected(rows), key=build_key
    )
    stored, view = binarisation.for_training(rows)
    data_digest = digest(table.values)
    if checkpoint is not None:
        note_or_compare(checkpoint, options, seed=seed, data_digest=data_digest, resume=resume)
    shown = bool(options["verbose"])
    say(f"Likelihood: {likelihood.name}, because {likelihood.reason}.", shown=shown)
    say(f"Training on {len(rows)} rows of {table.features} numbers; {len(held_rows)} are held out.", shown=shown)
    with fit_bar(plan.epochs, shown=shown) as on_epoch:
        run = fit(
            model,
            guide,
            stored,
            key=fit_key,
            objective=objective,
            held_out=None if held_out is None else binarisation.for_training(held_out.values)[0],
            plan=plan,
            view=view,
            on_epoch=on_epoch,
            checkpoint=checkpoint,
            resume=resume,
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
        columns=table.columns,
        image_shape=_image_shape(table, architecture),
        ends=_ends(table.values, binarisation),
        held_out=held_out,
        seen=np.unique(row_hashes(rows)),
    )


def plan_of(options: dict[str, Any]) -> Plan:
    """The budget among the options. Raises OptionError where a value makes no sense."""
    return Plan(
        epochs=options["max_epochs"],
        batch_size=options["batch_size"],
        learning_rate=options["learning_rate"],
        schedule=options["schedule"],
        patience=options["patience"],
        time_limit=options["time_limit"],
    )


def _likelihood(name: str, values: np.ndarray, binarisation: Binarisation) -> Choice:
    if binarisation.kind != "none":
        values = np.array([[0, 1]], dtype=np.uint8)
    if name == "auto":
        return choose(values)
    check_support(name, values)
    return Choice(name, "it was asked for")


def _architecture(
    options: dict[str, Any], table: Table, likelihood: Choice, binarisation: Binarisation
) -> Architecture:
    architecture = Architecture(
        features=table.features,
        latents=options["latent_dim"],
        hidden=tuple(options["hidden"]),
        likelihood=likelihood.name,
        covariance=options["covariance"],
        largest=_ends(table.values, binarisation)[1],
    )
    architecture.check()
    return architecture


def _held_out(table: Table, rows: np.ndarray, labels: np.ndarray | None) -> Table | None:
    if len(rows) == 0:
        return None
    labels = table.labels if labels is None else labels
    return dataclasses.replace(table, values=table.values[rows], labels=None if labels is None else labels[rows])


def _ends(values: np.ndarray, binarisation: Binarisation) -> tuple[float, float]:
    return (0.0, 1.0) if binarisation.kind != "none" else (min(float(values.min()), 0.0), float(values.max()))


def _image_shape(table: Table, architecture: Architecture) -> tuple[int, int] | None:
    """As read; else a square, for whole numbers or shares without column names whose count is one."""
    side = math.isqrt(table.features)
    square = side * side == table.features and table.features >= SMALLEST_IMAGE
    bounded = architecture.likelihood in ("bernoulli", "binomial", "continuous-bernoulli", "discretised-logistic")
    return table.image_shape or ((side, side) if square and bounded and table.columns is None else None)
