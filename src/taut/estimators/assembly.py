"""From words to parts: the architecture of a variational autoencoder as data, and the modules built from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from taut.compiling import in_one_program
from taut.data import Column, Schema, Table
from taut.datum import Datum, as_floats, bare, float_type
from taut.errors import OptionError
from taut.estimators.conditions import NO_CONDITIONS, Conditions
from taut.estimators.config import VAEConfig
from taut.estimators.part_building import (
    BUILT,
    OWN,
    PartBuilder,
    block_spread,
    check_categorical,
    check_draws_of,
    table_parts,
)
from taut.guides import AbstractGuide
from taut.likelihoods import AbstractLikelihood, InUnits, known_family, of_block
from taut.models import AbstractModel, LatentVariableModel, check_rows_for
from taut.networks import OneHot, Standardise, WithCovariates
from taut.objectives import OBJECTIVES, Objective
from taut.shapes import RandomKey

NOTHING_OWN: Mapping[str, Any] = {}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Architecture:
    """What it takes to rebuild the modules around stored arrays.

    `conditions` say which numbers are given behind a datum's entries, and `missing` whether holes are `random` or
    `informative`. Encoder, decoder, prior, guide and likelihood are names, None where nothing was asked for, or `own`:
    then the part itself comes to `build` and `empty`, in a mapping by option.
    """

    schema: Schema
    latents: int
    hidden: tuple[int, ...]
    covariance: str
    conditions: Conditions = NO_CONDITIONS
    missing: str = "random"
    encoder: str | None = None
    decoder: str | None = None
    prior: str | None = None
    guide: str | None = None

    @property
    def features(self) -> int:
        """How many entries a datum has."""
        return self.schema.width

    @property
    def likelihood(self) -> str | None:
        """`own` where the likelihood is a part without a name."""
        block = self.schema.one_block
        return OWN if block is not None and block.family == OWN else None

    @property
    def covariates(self) -> int:
        """How many numbers stand behind the entries of a datum."""
        return self.conditions.width

    @property
    def sized(self) -> bool:
        """Whether the last of them is the logarithm of the row's size."""
        return self.conditions.sizes is not None

    def check(self) -> None:
        """Raise OptionError where parts do not go together."""
        check_categorical(self.prior, self.guide)
        if self.missing == "informative" and self.schema.one_block is not None:
            raise OptionError(
                "`missing` wants a table with holes to be informative; got one block; give a frame.", option="missing"
            )

    def empty(self, own: Mapping[str, Any] = NOTHING_OWN) -> tuple[AbstractModel, AbstractGuide]:
        """The modules with the shapes of their arrays in place of these."""
        conditions = np.ones((2, self.covariates)) if self.covariates else None
        rows = self.rows(Table(values=np.ones((2, self.features)), name="", conditions=conditions))
        return eqx.filter_eval_shape(lambda: self._build(rows, np.ones(self.features), own, jr.key(0)))

    def rows(self, table: Table) -> Datum:
        """Coded rows as the modules take them: of one block with its holes if there is any, else always with them."""
        values = table.values
        holes = self.schema.one_block is None or (values.dtype.kind == "f" and bool(np.isnan(values).any()))
        return self.conditions.rows(values, table.conditions, holes=holes)

    def build(
        self, rows: Datum, *, mean: np.ndarray, key: RandomKey, own: Mapping[str, Any] = NOTHING_OWN
    ) -> tuple[AbstractModel, AbstractGuide]:
        """The modules before training: scales from the rows, outputs at the mean, weights drawn.

        Raises OptionError or ShapeError where an own part does not fit the data or the others.
        """
        check_rows_for(self.prior, len(rows))
        return in_one_program(lambda key: self._build(rows, mean, own, key), key)

    def _build(
        self, rows: Datum, mean: np.ndarray, own: Mapping[str, Any], key: RandomKey
    ) -> tuple[AbstractModel, AbstractGuide]:
        builder = PartBuilder(
            given={option: own.get(option, getattr(self, option)) for option in BUILT},
            latents=self.latents,
            hidden=self.hidden,
            covariance=self.covariance,
            image_shape=self.schema.image_shape,
        )
        model, guide = self._parts(rows, mean, builder, key)
        if own:
            x = jax.tree.map(lambda leaf: jnp.asarray(leaf[0]), as_floats(bare(rows)))
            check_draws_of(model, guide, x, latents=self.latents, features=self.features)
        return model.tied_to(guide), guide

    def _parts(
        self, rows: Datum, mean: np.ndarray, builder: PartBuilder, key: RandomKey
    ) -> tuple[AbstractModel, AbstractGuide]:
        block = self.schema.one_block
        if block is None:
            return table_parts(
                self.schema,
                rows,
                builder,
                conditions=self.covariates,
                log_offset=self.sized,
                informative=self.missing == "informative",
                key=key,
            )
        decoder_key, encoder_key = jr.split(key)
        prior_key = jr.fold_in(key, 1)
        entries = rows.values
        if rows.log_offset is not None:
            entries = entries / np.exp(rows.log_offset.astype(float_type(entries)))[:, None]
            mean = entries.mean(axis=0, dtype=np.float64)
        likelihood = builder.likelihood(self.features) if self.likelihood == OWN else of_block(block, entries)
        if block.block is not None and block.block.units is not None:
            likelihood = InUnits(likelihood, jnp.asarray(np.log(block.block.units.units), jnp.result_type(float)))
        decoder = builder.decoder(
            likelihood,
            likelihood.starting_outputs(jnp.asarray(mean, jnp.result_type(float))),
            covariates=self.covariates - self.sized,
            default="perceptron",
            key=decoder_key,
        )
        model = LatentVariableModel(
            prior=builder.prior(rows, key=prior_key),
            decoder=decoder,
            likelihood=likelihood,
            # Nothing is missing in a block of numbers, so that any value can stand in.
            fill_value=jnp.zeros(self.features) if self.covariates else None,
        )
        inputs = _inputs(block, likelihood, entries, mean)
        guide = builder.guide(
            (likelihood.outputs if isinstance(inputs, OneHot) else self.features) + self.covariates,
            WithCovariates(inputs) if self.covariates else inputs,
            key=encoder_key,
        )
        return model, guide


def _inputs(block: Column, likelihood: AbstractLikelihood, rows: np.ndarray, mean: np.ndarray) -> OneHot | Standardise:
    """How an encoder reads a block that is all of a datum."""
    known = known_family(block.family)
    if known is not None and known.reads == "indicators":
        return OneHot(likelihood.outputs // likelihood.features)
    logarithm = known is not None and known.reads == "log1p"
    seen = np.log1p(rows) if logarithm else rows
    centre = seen.mean(axis=0, dtype=np.float64) if logarithm else mean
    spread = block_spread(block, centre, seen.std(axis=0, dtype=np.float64))
    return Standardise(*(jnp.asarray(a, jnp.result_type(float)) for a in (centre, spread)), logarithm=logarithm)


def objective_for(config: VAEConfig) -> Objective:
    """What training climbs, given by name, as an object or a function. Raises OptionError where it is none."""
    objective = OBJECTIVES.build(config.objective, draws=config.draws, kl_warm_up=config.kl_warm_up)
    if config.beta == 1.0:
        return objective
    if isinstance(config.objective, Objective):
        raise OptionError(
            f"`beta` wants an objective by name; got {config.beta:g} beside an object; set its `kl_weight`.",
            option="beta",
        )
    return dataclasses.replace(objective, kl_weight=config.beta)
