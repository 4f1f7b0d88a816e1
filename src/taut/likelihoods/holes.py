"""A datum with holes: what is missing is integrated out, which for independent entries means left out."""

# numpyro's own distributions override these in the same way.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false

import jax
import jax.numpy as jnp
import jax.random as jr
import numpyro.distributions as dist
from jax import lax
from jax.nn import log_sigmoid, sigmoid
from jaxtyping import Array, Bool, Float, Num
from numpyro.distributions import constraints

from taut.likelihoods.masking import Missingness
from taut.likelihoods.mixed import Cells
from taut.numerics import log_density_by_entry, mean_of, one_draw
from taut.shapes import RandomKey, Scalar

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
