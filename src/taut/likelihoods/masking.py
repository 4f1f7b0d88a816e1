"""Why cells are missing, where that depends on what they are: P(x_j missing | x_j), learned with the model.

References: Ipsen, Mattei & Frellsen 2021, not-MIWAE: deep generative modelling with missing not at random data,
arXiv:2006.12871, self-masking.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jax.nn import log_sigmoid
from jax.scipy.special import logsumexp
from jaxtyping import Array, Bool, Float

from taut.likelihoods.families import all_families
from taut.likelihoods.mixed import Cells, Places
from taut.likelihoods.nodes import Nodes
from taut.likelihoods.real import fixed
from taut.likelihoods.units import PerUnit
from taut.numerics import FORMS


def nodes_of(distribution: dist.Distribution) -> Nodes | None:
    """The nodes of a vector of independent entries, coded where they are; None for counts, which have no end.

    >>> import jax.numpy as jnp
    >>> points, log_weights = nodes_of(dist.Normal(jnp.array([3.0]), 2.0).to_event(1))
    >>> round(float(jnp.sum(jnp.exp(log_weights) * points**2)), 4)
    13.0
    """
    coded = distribution.coded if isinstance(distribution, PerUnit) else distribution
    entry = coded.base_dist if isinstance(coded, dist.Independent) else coded
    for known in all_families():
        if known.nodes is not None and known.distribution is not None and isinstance(entry, known.distribution):
            return known.nodes(entry)
    return None


class NumberMasking(eqx.Module):
    """logit π_j(x) = a_j + b_j t_j(x), t the standardised value, logarithm or log-odds; a, b are learned.

    >>> import jax.numpy as jnp
    >>> one = jnp.ones(1)
    >>> masking = NumberMasking(level=-one, slope=2.0 * one, centre=one, spread=one, form="as it is")
    >>> masking(jnp.array([[1.0, 2.0]])).tolist()
    [[-1.0, 1.0]]
    """

    level: Float[Array, "entries"]
    slope: Float[Array, "entries"]
    centre: Float[Array, "entries"]
    spread: Float[Array, "entries"]
    form: str = eqx.field(static=True)

    def __call__(self, values: Float[Array, "entries nodes"]) -> Float[Array, "entries nodes"]:
        """Log-odds that each of these values would be missing."""
        centre, spread = fixed(self.centre)[:, None], fixed(self.spread)[:, None]
        return self.level[:, None] + self.slope[:, None] * (FORMS[self.form].safe(values) - centre) / spread


class CodeMasking(eqx.Module):
    """One learned log-odds for each category."""

    level: Float[Array, "entries codes"]

    def __call__(self, values: Float[Array, "entries nodes"]) -> Float[Array, "entries nodes"]:
        """Log-odds that each of these codes would be missing."""
        return jnp.take_along_axis(self.level, values.astype(jnp.int32), axis=1)


Masking = NumberMasking | CodeMasking | None


class Missingness(eqx.Module):
    """π_j(x_j) = P(x_j missing | x_j) for the columns that had `holes`, block by block as in `Mixed`.

    A block of None is of counts, whose sum has no end: its holes, and those of columns that had none in training, say
    nothing of the value.
    """

    blocks: tuple[Masking, ...]
    places: Places = eqx.field(static=True)
    holes: Bool[Array, "features"]

    @property
    def informative(self) -> Bool[Array, "features"]:
        """For which entries being missing tells of the value."""
        known = np.zeros(self.holes.shape[0], bool)
        for block, place in zip(self.blocks, self.places, strict=True):
            known[np.asarray(place)] = block is not None
        return self.holes & known

    def slopes(self) -> np.ndarray:
        """b_j of numbers that had holes: by how much the log-odds grow in a standard deviation; NaN elsewhere."""
        found = np.full(self.holes.shape[0], np.nan)
        for block, place in zip(self.blocks, self.places, strict=True):
            if isinstance(block, NumberMasking):
                found[np.asarray(place)] = np.asarray(block.slope)
        return np.where(np.asarray(self.holes), found, np.nan)

    def log_odds(self, entries: Float[Array, "features"]) -> Float[Array, "features"]:
        """log π/(1 − π) at the values of one datum; zero where nothing is known."""
        found = jnp.zeros(entries.shape, entries.dtype)
        for block, place in zip(self.blocks, self.places, strict=True):
            if block is not None:
                found = found.at[np.asarray(place)].set(block(entries[np.asarray(place)][:, None])[:, 0])
        return found

    def log_seen(self, entries: Float[Array, "features"]) -> Float[Array, "features"]:
        """log(1 − π_j(x_j)) of entries that are there."""
        return jnp.where(self.informative, log_sigmoid(-self.log_odds(entries)), 0.0)

    def log_hidden(self, cells: Cells) -> Float[Array, "features"]:
        """log ∫ p(x_j|z) π_j(x_j) dx_j of entries that are missing."""
        parts = self._over(cells, lambda nodes, odds: logsumexp(nodes.log_weights + log_sigmoid(odds), axis=1))
        return jnp.where(self.informative, parts, 0.0)

    def hidden_mean(self, cells: Cells) -> Float[Array, "features"]:
        """E[x_j | z, missing] for numbers, and the mean code for codes; zero where nothing is known."""

        def mean(nodes: Nodes, odds: Float[Array, "entries nodes"]) -> Float[Array, "entries"]:
            return jnp.sum(jax.nn.softmax(nodes.log_weights + log_sigmoid(odds), axis=1) * nodes.points, axis=1)

        return jnp.where(self.informative, self._over(cells, mean), 0.0)

    def _over(self, cells: Cells, reduce: Any) -> Float[Array, "features"]:
        found = jnp.zeros(self.holes.shape, jnp.result_type(float))
        for block, own, place in zip(self.blocks, cells.blocks, self.places, strict=True):
            nodes = None if block is None else nodes_of(own)
            if block is not None and nodes is not None:
                found = found.at[np.asarray(place)].set(reduce(nodes, block(nodes.points)).astype(found.dtype))
        return found
