"""A datum with holes: what is missing is left out, or speaks where cells are missing because of what they are."""

# numpyro's own distributions override these in the same way.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
from jax import lax
from jax.nn import log_sigmoid, sigmoid
from jax.scipy.special import logsumexp
from jaxtyping import Array, Bool, Float, Num
from numpyro.distributions import constraints

from taut.likelihoods.base import Nodes
from taut.likelihoods.families import all_families
from taut.likelihoods.mixed import Cells, PerUnit, Places
from taut.likelihoods.real import fixed
from taut.numerics import FORMS, log_density_by_entry, mean_of, one_draw
from taut.shapes import RandomKey, Scalar


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


# Enough for a probability of being missing that is a twentieth of its largest.
CANDIDATES = 64


class Observed(dist.Distribution):
    """p(x_observed | z), a distribution over the values of a datum.

        log p(x_observed|z) = Σ_{j observed} log p(x_j|z)

    A missing entry is replaced by `fill_value`, a value that has a finite density, before its density is taken, and its
    term is thrown away after: a NaN or an infinity that is only multiplied by zero would poison the gradient.

    With `missingness`, values may be missing because of what they are, and the datum is values and holes together:

        log p(x_observed, holes|z) = Σ_{j observed} [log p(x_j|z) + log(1 − π_j(x_j))]
                                   + Σ_{j missing} log ∫ p(x_j|z) π_j(x_j) dx_j
    """

    pytree_data_fields = ("entries", "observed", "fill_value", "missingness")
    support = constraints.real_vector

    def __init__(
        self,
        entries: dist.Distribution,
        observed: Bool[Array, "entries"],
        fill_value: Float[Array, "entries"],
        missingness: Missingness | None = None,
    ):
        self.entries, self.observed, self.fill_value = entries, observed, fill_value
        self.missingness = missingness
        super().__init__(event_shape=observed.shape)

    def by_entry(self, value: Num[Array, "entries"]) -> Float[Array, "entries"]:
        """Log density of each observed entry, and zero for a missing one; with missingness, both with its terms."""
        filled = jnp.where(self.observed, value, lax.stop_gradient(self.fill_value))
        seen = log_density_by_entry(self.entries, filled)
        if self.missingness is None:
            return jnp.where(self.observed, seen, 0.0)
        hidden = self.missingness.log_hidden(self._cells())
        return jnp.where(self.observed, seen + self.missingness.log_seen(filled), hidden)

    def log_prob(self, value: Num[Array, "entries"]) -> Scalar:
        """Their sum."""
        return jnp.sum(self.by_entry(value))

    def draw(self, *, key: RandomKey) -> tuple[Float[Array, "entries"], Bool[Array, "entries"]]:
        """Values, and which are observed: as here, but where missingness is modelled it is drawn with them."""
        drawn, observed = one_draw(self.entries, key=key).astype(self.fill_value.dtype), self.observed
        if self.missingness is not None:
            hidden = jr.bernoulli(jr.fold_in(key, 1), sigmoid(self.missingness.log_odds(drawn)))
            observed = jnp.where(self.missingness.informative, ~hidden, observed)
        return jnp.where(observed, drawn, self.fill_value), observed

    def sample(self, key: RandomKey, sample_shape: tuple[int, ...] = ()) -> Float[Array, "entries"]:
        """The values of `draw`; for many, `jax.vmap` over keys."""
        assert not sample_shape, "one draw for one key"
        return self.draw(key=key)[0]

    @property
    def unseen(self) -> dist.Distribution:
        """p(x_j | z, j is missing), entry by entry: by what to draw what is missing."""
        return self.entries if self.missingness is None else WhereMissing(self._cells(), self.missingness)

    def _cells(self) -> Cells:
        assert isinstance(self.entries, Cells), "missingness belongs to the columns of a table"
        return self.entries

    @property
    def mean(self) -> Float[Array, "entries"]:
        """The mean of every entry, missing or not."""
        return mean_of(self.entries).astype(self.fill_value.dtype)


class WhereMissing(dist.Distribution):
    """p(x_j | z, missing) ∝ p(x_j|z) π_j(x_j) for each entry; p(x_j|z) where being missing tells nothing.

    Draws are those of p(x_j|z), resampled by π_j: one of `CANDIDATES`.
    """

    pytree_data_fields = ("cells", "missingness")
    support = constraints.real_vector

    def __init__(self, cells: Cells, missingness: Missingness):
        self.cells, self.missingness = cells, missingness
        super().__init__(event_shape=cells.event_shape)

    def by_entry(self, value: Num[Array, "features"]) -> Float[Array, "features"]:
        """Log density or log probability of each entry."""
        tilt = log_sigmoid(self.missingness.log_odds(value)) - self.missingness.log_hidden(self.cells)
        return self.cells.by_entry(value) + jnp.where(self.missingness.informative, tilt, 0.0)

    def log_prob(self, value: Num[Array, "features"]) -> Scalar:
        """Their sum."""
        return jnp.sum(self.by_entry(value))

    def sample(self, key: RandomKey, sample_shape: tuple[int, ...] = ()) -> Float[Array, "features"]:
        """One draw; for many, `jax.vmap` over keys."""
        assert not sample_shape, "one draw for one key"
        choice_key, *keys = jr.split(key, CANDIDATES + 1)
        drawn = jax.vmap(lambda key: one_draw(self.cells, key=key))(jnp.stack(keys))
        odds = jax.vmap(self.missingness.log_odds)(drawn)
        # Where nothing is known all candidates are as good, and the first is a plain draw.
        weights = jnp.where(self.missingness.informative, log_sigmoid(odds), 0.0)
        chosen = jr.categorical(choice_key, weights, axis=0)
        return jnp.take_along_axis(drawn, chosen[None], axis=0)[0]

    @property
    def mean(self) -> Float[Array, "features"]:
        """E[x_j | z, missing]; of codes the mean code."""
        return jnp.where(self.missingness.informative, self.missingness.hidden_mean(self.cells), mean_of(self.cells))
