"""Missing entries given the observed ones: draws and summaries of p(x_missing | x_observed)."""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
from jaxtyping import Array, Bool, Float, Num

from taut.datum import as_datum
from taut.fitting import refined_gaussian
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import AffineMap, log_density, log_density_by_entry, mean_of, one_draw, states_of
from taut.shapes import DataLike, DatumLike, RandomKey
from taut.weights import RowFunction, effective_sample_size, map_rows

# Latents drawn for a row, and completions of it drawn from these by their weights.
LATENTS, COMPLETIONS = 256, 200


class ImputedRows(NamedTuple):
    """One row: what its entries would be given the observed ones, in the coding of the data.

    `mean` is E[x_j | x_observed], `mode` the most probable code of an entry that has codes, `chance` its probability;
    `deviation` and the quantiles `low`, `middle` and `high` are those of weighted draws, `draws` some of them. Observed
    entries have their values everywhere. `ess` is the effective number of latents.
    """

    mean: Float[np.ndarray, "n features"]
    mode: Float[np.ndarray, "n features"]
    chance: Float[np.ndarray, "n features"]
    deviation: Float[np.ndarray, "n features"]
    low: Float[np.ndarray, "n features"]
    middle: Float[np.ndarray, "n features"]
    high: Float[np.ndarray, "n features"]
    draws: Float[np.ndarray, "n draws features"]
    ess: Float[np.ndarray, "n"]


class ImputationOfRow(RowFunction):
    """`ImputedRows` of one datum by sampling importance resampling; `codes` counts those of each entry, 0 for a number.

        z_s ~ q(z), a Gaussian refined for this row's observed entries;   w_s ∝ p(x_observed, z_s)/q(z_s)
        E[f(x_missing) | x_observed] ≈ Σ_s w̃_s E[f(x_missing) | z_s]

    References: Mattei & Frellsen 2019, MIWAE, arXiv:1812.02633, §3; there the encoder is q.
    """

    draws: int = eqx.field(static=True)
    codes: tuple[int, ...] = eqx.field(static=True)
    level: float = eqx.field(static=True, default=0.9)

    def __call__(self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey) -> ImputedRows:
        """Refine, draw, weigh, resample."""
        fit_key, draw_key, choice_key, value_key = jr.split(key, 4)
        own, seen, missing = model.given(x), *values_and_holes(x)
        if (states := states_of(model.prior())) is not None:
            # Few categories: all of them, each with its probability given the row.
            latents, log_w = states, jax.vmap(lambda z: model.log_joint(x, z))(states)
        else:
            q = refined_posterior(model, guide, x, key=fit_key).distribution()
            latents = jax.vmap(lambda key: one_draw(q, key=key))(jr.split(draw_key, LATENTS))
            log_w = jax.vmap(lambda z: model.log_joint(x, z) - log_density(q, z))(latents)
        log_w = jnp.where(jnp.isnan(log_w), -jnp.inf, log_w)
        shares = jax.nn.softmax(log_w)
        chosen = systematic(choice_key, shares, COMPLETIONS)

        def completed(z: Float[Array, "latents"], key: RandomKey) -> Float[Array, "features"]:
            return one_draw(entries_of(own.likelihood(z)), key=key).astype(seen.dtype)

        values = jax.vmap(completed)(latents[chosen], jr.split(value_key, COMPLETIONS))
        means = jax.vmap(lambda z: mean_of(entries_of(own.likelihood(z))))(latents)
        chances = self._chances(own, latents, shares)
        tail = (1.0 - self.level) / 2.0
        low, middle, high = jnp.quantile(values, jnp.asarray([tail, 0.5, 1.0 - tail], values.dtype), axis=0)

        def kept(part: Float[Array, "*draws features"]) -> Float[Array, "*draws features"]:
            return jnp.where(jnp.broadcast_to(missing, part.shape), part, jnp.broadcast_to(seen, part.shape))

        # The resampled ones lie in the order of the latents: some of them are taken at even distances.
        every = jr.permutation(choice_key, COMPLETIONS)[: self.draws]
        parts: list[Any] = [
            kept(shares @ means),
            kept(jnp.argmax(chances, axis=0).astype(seen.dtype)),
            jnp.where(missing, jnp.max(chances, axis=0), 1.0),
            jnp.where(missing, jnp.std(values, axis=0), 0.0),
            *(kept(part) for part in (low, middle, high)),
            kept(values[every]),
            effective_sample_size(log_w),
        ]
        return ImputedRows(*parts)

    def _chances(
        self, model: AbstractModel, latents: Float[Array, "draws latents"], shares: Float[Array, "draws"]
    ) -> Float[Array, "codes features"]:
        """Σ_s w̃_s P(x_j = c | z_s) for each code c that the entry has."""
        most = max(*self.codes, 1)

        def at(z: Float[Array, "latents"]) -> Float[Array, "codes features"]:
            entries = entries_of(model.likelihood(z))
            size = entries.event_shape[0]
            codes = jnp.arange(most, dtype=z.dtype)
            return jnp.exp(jax.vmap(lambda code: log_density_by_entry(entries, jnp.full(size, code)))(codes))

        known = np.arange(most)[:, None] < np.asarray(self.codes)
        return jnp.where(known, jnp.tensordot(shares, jax.vmap(at)(latents), axes=1), 0.0)


def impute_rows(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    *,
    key: RandomKey,
    draws: int = 1,
    codes: tuple[int, ...],
    level: float = 0.9,
    rows: np.ndarray | None = None,
) -> ImputedRows:
    """`ImputedRows` of every row: `draws` completions each, intervals of this `level`."""
    return map_rows(ImputationOfRow(draws, codes, level), model, guide, data, key=key, rows=rows, block=128)


def refined_posterior(model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey) -> AffineMap:
    """A full-covariance Gaussian for one datum, from the guide's mean and from the middle of the prior."""
    mean = mean_of(guide(x))
    return refined_gaussian(model, x, jnp.stack([mean, jnp.zeros_like(mean)]), key=key)


def values_and_holes(x: DatumLike) -> tuple[Num[Array, "entries"], Bool[Array, "entries"]]:
    """The values of a datum, and which of them are missing."""
    datum = as_datum(x)
    values = jnp.asarray(datum.values)
    return values, jnp.zeros(values.shape, bool) if datum.observed is None else ~jnp.asarray(datum.observed)


def entries_of(likelihood: dist.Distribution) -> dist.Distribution:
    """p(x|z) of all entries, without the holes of one datum; of entries that hide themselves, given that they do."""
    return getattr(likelihood, "unseen", likelihood)


def systematic(key: RandomKey, shares: Float[Array, "draws"], count: int) -> Array:
    """`count` numbers by systematic resampling: each as often as its share, up to one.

    >>> import jax, jax.numpy as jnp
    >>> systematic(jax.random.key(0), jnp.array([0.5, 0.0, 0.5]), 4).tolist()
    [0, 0, 2, 2]
    """
    points = (jnp.arange(count) + jr.uniform(key, ())) / count
    return jnp.clip(jnp.searchsorted(jnp.cumsum(shares), points), 0, shares.shape[0] - 1)
