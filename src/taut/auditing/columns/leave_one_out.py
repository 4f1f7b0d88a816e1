"""Each observed cell of a row given the row's other cells, all from one set of latents.

    p(x_j | x_−j) = Σ_s w_s,−j p(x_j|z_s) / Σ_s w_s,−j,    w_s,−j = p(z_s) Π_{i≠j} p(x_i|z_s) / q(z_s)

q is a mixture of Gaussians, one for each posterior p(z | x_−j), so that no cell lacks latents of its own: leaving a
cell out takes its share JᵀFJ from the curvature at the row's refined Gaussian, and its pull from the gradient there.
A refit for each cell would cost as many times more as there are columns.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax.scipy.linalg import cho_solve, solve_triangular
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, Int

from taut.auditing.imputation import entries_of
from taut.datum import rows_in, values_of
from taut.fitting import prior_precision
from taut.guides import AbstractGuide
from taut.models import AbstractModel, LatentVariableModel
from taut.numerics import log_density, log_density_by_entry, log_mean_exp, log_standard_normal, one_draw
from taut.shapes import DataLike, DatumLike, RandomKey, Scalar
from taut.weights import RowFunction, effective_sample_size, map_rows

# Latents for each row, which place a cell to about 2 % of its distribution; so many at a time, of which it must be a
# multiple: a rest would be compiled as a program of its own.
DRAWS, AT_ONCE = 512, 64
# The share of latents that come from the prior, which bounds every weight by p(x_−j|z)/0.1.
FROM_PRIOR = 0.1
# Numbers of the densities of 64 latents that a block of rows may hold at once: 64 MB.
NUMBERS_AT_ONCE = 2**24


class LeaveOneOut(NamedTuple):
    """Each cell given the others: log p(x_j | x_−j), its place from 0 to 1 in that distribution, and the latents' ESS.

    Where a cell is missing, the three are undefined. Ties are broken at random.
    """

    log_p: Float[np.ndarray, "n features"]
    place: Float[np.ndarray, "n features"]
    ess: Float[np.ndarray, "n features"]


class LeaveOneOutOfRow(RowFunction):
    """`LeaveOneOut` of one datum."""

    draws: int = eqx.field(static=True)

    def __call__(
        self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey, aside: Any = None
    ) -> LeaveOneOut:
        """Leave each cell out, draw, weigh. `aside`: the middle of the row's own Gaussian, cells unrounded, lots."""
        draw_key, value_key = jr.split(key)
        own = model.given(x)
        assert isinstance(model, LatentVariableModel)
        mean, unrounded, lots = aside
        mixture = without_each(model, x, mean)
        latents, log_q = _drawn(model, mixture, self.draws, draw_key)

        def one(pair: tuple[Float[Array, "latents"], RandomKey]) -> tuple[Float[Array, "..."], ...]:
            z, key = pair
            likelihood = own.likelihood(z)
            value = one_draw(entries_of(likelihood), key=key).astype(values_of(x).dtype)
            return log_density(model.prior(), z), log_density_by_entry(likelihood, values_of(x)), value

        keys = jr.split(value_key, self.draws)
        log_prior, terms, values = jax.lax.map(one, (latents, keys), batch_size=AT_ONCE)
        log_w = log_prior + jnp.sum(terms, axis=1) - log_q
        log_w = jnp.where(jnp.isnan(log_w), -jnp.inf, log_w)
        without = jnp.where(jnp.isneginf(log_w)[:, None], -jnp.inf, log_w[:, None] - terms)
        shares = jax.nn.softmax(without, axis=0)
        sides = (values < unrounded[None], values == unrounded[None])
        below, equal = (jnp.sum(jnp.where(side, shares, 0.0), axis=0) for side in sides)
        parts: tuple[Any, ...] = (
            logsumexp(log_w) - logsumexp(without, axis=0),
            jnp.clip(below + lots * equal, 0.0, 1.0),
            jax.vmap(effective_sample_size, in_axes=1)(without),
        )
        return LeaveOneOut(*parts)


class Mixture(NamedTuple):
    """Gaussians by their means and the lower Cholesky factors of their precisions."""

    means: Float[Array, "components latents"]
    lower: Float[Array, "components latents latents"]

    def draw(self, component: Int[Array, ""], noise: Float[Array, "latents"]) -> Float[Array, "latents"]:
        """m + L⁻ᵀ ε of one of them."""
        return self.means[component] + solve_triangular(self.lower[component], noise, lower=True, trans=1)

    def log_density(self, z: Float[Array, "latents"]) -> Scalar:
        """log of the mean of all their densities."""
        within = jnp.einsum("cji,cj->ci", self.lower, z[None] - self.means)
        log_volumes = jnp.sum(jnp.log(jnp.diagonal(self.lower, axis1=1, axis2=2)), axis=1)
        return log_mean_exp(jax.vmap(log_standard_normal)(within) + log_volumes)


def without_each(model: LatentVariableModel, x: DatumLike, mean: Float[Array, "latents"]) -> Mixture:
    """Gaussians near p(z | x_−j) for each entry j, and last the row's own, from the curvature at `mean`."""
    own = model.given(x)
    root = own.information_root(mean)
    assert root is not None
    prior = prior_precision(model, mean)
    owners, features = jnp.asarray(model.observation.owners), model.observation.features
    shares = jax.ops.segment_sum(root[:, :, None] * root[:, None, :], owners, num_segments=features)
    pulls = jax.jacfwd(lambda z: log_density_by_entry(own.likelihood(z), values_of(x)))(mean)
    shares, pulls = (jnp.concatenate([each, jnp.zeros_like(each[:1])]) for each in (shares, pulls))
    pulls = jnp.where(jnp.isfinite(pulls), pulls, 0.0)
    lower = jnp.linalg.cholesky((prior + root.T @ root)[None] - shares)
    # Where rounding broke a factor, that of the prior's diagonal replaces it.
    otherwise = jnp.diag(jnp.sqrt(jnp.diagonal(prior)))
    lower = jnp.where(jnp.all(jnp.isfinite(lower), axis=(1, 2), keepdims=True), lower, otherwise[None])
    return Mixture(mean[None] - jax.vmap(lambda root, pull: cho_solve((root, True), pull))(lower, pulls), lower)


def _drawn(
    model: AbstractModel, mixture: Mixture, draws: int, key: RandomKey
) -> tuple[Float[Array, "draws latents"], Float[Array, "draws"]]:
    """Latents of the prior and of each Gaussian in turn, and their log density under all of these together."""
    prior_key, noise_key, order_key = jr.split(key, 3)
    components, size = mixture.means.shape
    of_prior = round(FROM_PRIOR * draws)
    some = jax.vmap(lambda key: one_draw(model.prior(), key=key))(jr.split(prior_key, of_prior))
    # By lot, since there may be more Gaussians than latents.
    turn = jr.permutation(order_key, components)[jnp.arange(draws - of_prior) % components]
    noise = jr.normal(noise_key, (draws - of_prior, size), mixture.means.dtype)
    latents = jnp.concatenate([some, jax.vmap(mixture.draw)(turn, noise)])

    def log_q(z: Float[Array, "latents"]) -> Scalar:
        from_prior = jnp.log(FROM_PRIOR) + log_density(model.prior(), z)
        return jnp.logaddexp(from_prior, jnp.log1p(-FROM_PRIOR) + mixture.log_density(z))

    return latents, jax.lax.map(log_q, latents, batch_size=AT_ONCE)


def leave_one_out(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    *,
    middles: Float[np.ndarray, "n latents"],
    resolutions: Float[np.ndarray, "columns"],
    key: RandomKey,
    rows: np.ndarray,
) -> LeaveOneOut:
    """`LeaveOneOut` of every row, from the middle of its refined Gaussian.

    A number was rounded to its resolution: uniform noise of that width undoes the rounding. Otherwise a column of few
    round numbers would seem miscalibrated under the true model.
    """
    lots = np.random.default_rng(np.asarray(jr.key_data(key)).ravel()).random((2, rows_in(data), len(resolutions)))
    unrounded = np.asarray(values_of(data), np.float64) + resolutions * (lots[0] - 0.5)
    block = int(np.clip(NUMBERS_AT_ONCE // (AT_ONCE * (len(resolutions) + 1) * middles.shape[1] ** 2), 1, 32))
    aside = tuple(each.astype(middles.dtype) for each in (middles, unrounded, lots[1]))
    return map_rows(LeaveOneOutOfRow(DRAWS), model, guide, data, key=key, rows=rows, block=block, aside=aside)
