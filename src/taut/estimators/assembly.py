"""From words to parts: the architecture of a variational autoencoder as data, and the modules built from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from taut.data import Schema, Units, units_of
from taut.errors import OptionError
from taut.estimators.conditions import COUNTS, NO_CONDITIONS, Conditions
from taut.estimators.config import VAEConfig
from taut.estimators.part_building import BUILT, OWN, PartBuilder, check_draws_of
from taut.estimators.table_parts import table_parts
from taut.guides import AbstractGuide
from taut.likelihoods import AbstractLikelihood, Categorical, InUnits, named
from taut.models import AbstractModel, LatentVariableModel
from taut.networks import OneHot, Standardise, WithCovariates
from taut.objectives import OBJECTIVES, Objective
from taut.one_program import in_one_program
from taut.shapes import RandomKey

NOTHING_OWN: Mapping[str, Any] = {}
REAL = ("gaussian", "gaussian-shared", "gaussian-unit", "student-t")


def units_for(likelihood: str, values: np.ndarray) -> Units | None:
    """Where zero lies and how long the units are for a likelihood of real numbers; None for another.

    One σ for all entries is one in one unit, and a σ of 1 is 1 in that of the data.
    """
    if likelihood not in REAL:
        return None
    return units_of(values, common=likelihood == "gaussian-shared", natural=likelihood == "gaussian-unit")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Architecture:
    """What it takes to rebuild the modules around stored arrays.

    `largest` is the largest value in the training data, from which totals and numbers of categories follow. A table has
    a `schema`, and then `likelihood` is `mixed`; a block of real numbers has `units`, in which the modules see it.
    `conditions` say which numbers are given behind a datum's entries, and `missing` whether holes are `random` or
    `informative`. Encoder, decoder, prior, guide and likelihood are names, None where nothing was asked for, or `own`:
    then the part itself comes to `build` and `empty`, in a mapping by option.
    """

    features: int
    latents: int
    hidden: tuple[int, ...]
    likelihood: str
    covariance: str
    largest: float
    schema: Schema | None = None
    units: Units | None = None
    conditions: Conditions = NO_CONDITIONS
    missing: str = "random"
    image_shape: tuple[int, ...] | None = None
    encoder: str | None = None
    decoder: str | None = None
    prior: str | None = None
    guide: str | None = None

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
        if self.missing == "informative" and self.schema is None:
            raise OptionError("`missing` wants a table with holes to be informative; got one block; give a frame.")

    def empty(self, own: Mapping[str, Any] = NOTHING_OWN) -> tuple[AbstractModel, AbstractGuide]:
        """The modules with the shapes of their arrays in place of these."""
        rows = np.ones((2, self.features + self.covariates))
        return eqx.filter_eval_shape(lambda: self._build(rows, rows.mean(axis=0), own, jr.key(0)))

    def build(
        self, rows: np.ndarray, *, mean: np.ndarray, key: RandomKey, own: Mapping[str, Any] = NOTHING_OWN
    ) -> tuple[AbstractModel, AbstractGuide]:
        """The modules before training: scales from the rows, outputs at the mean, weights drawn.

        Raises OptionError or ShapeError where an own part does not fit the data or the others.
        """
        return in_one_program(lambda key: self._build(rows, mean, own, key), key)

    def _build(
        self, rows: np.ndarray, mean: np.ndarray, own: Mapping[str, Any], key: RandomKey
    ) -> tuple[AbstractModel, AbstractGuide]:
        builder = PartBuilder(
            given={option: own.get(option, getattr(self, option)) for option in BUILT},
            latents=self.latents,
            hidden=self.hidden,
            covariance=self.covariance,
            image_shape=self.image_shape,
        )
        model, guide = self._parts(rows, mean, builder, key)
        if own:
            x = jnp.asarray(rows[0], jnp.result_type(float))
            check_draws_of(model, guide, x, latents=self.latents, features=self.features)
        return model, guide

    def _parts(
        self, rows: np.ndarray, mean: np.ndarray, builder: PartBuilder, key: RandomKey
    ) -> tuple[AbstractModel, AbstractGuide]:
        if self.schema is not None:
            return table_parts(
                self.schema.modelled,
                rows[:, : len(self.schema.modelled)],
                builder,
                covariates=self.covariates,
                sized=self.sized,
                informative=self.missing == "informative",
                key=key,
            )
        decoder_key, encoder_key = jr.split(key)
        prior_key = jr.fold_in(key, 1)
        entries = rows[:, : self.features]
        if self.sized:
            entries = entries / np.exp(rows[:, -1:])
            mean = entries.mean(axis=0, dtype=np.float64)
        if self.likelihood == OWN:
            likelihood = builder.likelihood(self.features)
        else:
            likelihood = named(self.likelihood, entries, largest=self.largest)
        if self.units is not None:
            likelihood = InUnits(likelihood, jnp.asarray(np.log(self.units.units), jnp.result_type(float)))
        decoder = builder.decoder(
            likelihood,
            likelihood.starting_outputs(jnp.asarray(mean, jnp.result_type(float))),
            covariates=self.covariates - self.sized,
            default="perceptron",
            key=decoder_key,
        )
        model = LatentVariableModel(
            prior=builder.prior(key=prior_key),
            decoder=decoder,
            likelihood=likelihood,
            # Nothing is missing in a block of numbers, so that any value can stand in.
            fill_value=jnp.zeros(self.features) if self.covariates else None,
            covariates=self.covariates,
            sized=self.sized,
        )
        inputs = self._inputs(likelihood, entries, mean)
        guide = builder.guide(
            (likelihood.outputs if isinstance(likelihood, Categorical) else self.features) + self.covariates,
            WithCovariates(inputs, features=self.features, sized=self.sized) if self.covariates else inputs,
            key=encoder_key,
        )
        return model, guide

    def _inputs(self, likelihood: AbstractLikelihood, rows: np.ndarray, mean: np.ndarray) -> OneHot | Standardise:
        if isinstance(likelihood, Categorical):
            return OneHot(likelihood.classes)
        logarithm = self.likelihood in COUNTS
        seen = np.log1p(rows) if logarithm else rows
        centre = seen.mean(axis=0, dtype=np.float64) if logarithm else mean
        spread = seen.std(axis=0, dtype=np.float64)
        typical = max(float(np.sqrt(np.mean(spread**2))), np.finfo(np.float32).tiny)
        # Entries of one bounded scale, such as pixels, share a spread: a pixel that is almost never lit would
        # otherwise reach the network as a huge number on the one occasion that it is.
        own = np.where(spread > 1e-6 * np.abs(centre), spread, 1e-3 * typical)
        spread = own if self.likelihood in REAL else np.full_like(spread, typical)
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
