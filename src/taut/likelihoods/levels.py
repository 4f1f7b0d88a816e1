"""Logistic variables rounded to levels of an ordered scale with two ends, and mixtures of them."""

# numpyro's own distributions override these methods and properties in the same way.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false

import jax.numpy as jnp
import jax.random as jr
import numpyro.distributions as dist
from jax.nn import log_softmax, sigmoid, softmax, softplus
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, Num
from numpyro.distributions import constraints

from taut.shapes import RandomKey

# Below this scale, in levels, the mean is a sum over so many levels on either side; above it is an integral.
NARROW, WINDOW = 1.0, 20


class LogisticLevels(dist.Distribution):
    """P(x) = σ((x + ½ − μ)/s) − σ((x − ½ − μ)/s) on 0 … levels−1, the tails in the end levels.

    No library of distributions in JAX has it. Nothing is summed over all levels: there may be 65,536.
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}  # noqa: RUF012  numpyro's own form
    pytree_aux_fields = ("levels",)

    def __init__(
        self,
        loc: Float[Array, "*shape"],
        scale: Float[Array, "*shape"],
        *,
        levels: int,
        validate_args: bool | None = None,
    ):
        self.loc, self.scale, self.levels = loc, scale, levels
        super().__init__(batch_shape=jnp.shape(loc), validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)  # pyright: ignore[reportArgumentType]
    def support(self) -> constraints.Constraint:
        """The levels."""
        return constraints.integer_interval(0, self.levels - 1)

    def log_prob(self, value: Num[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Log probability of a level.

        With c = |x − μ|/s and h = 1/(2s) both sigmoids together are

            P = exp(−max(c − h, 0)) (1 − exp(−2h)) / [(1 + exp(−|c − h|)) (1 + exp(−c − h))]

        and σ(h − c) in an end level, c with the sign of the direction out: one logarithm, and no difference of numbers
        that are close, be it in a tail or with s of many levels.
        """
        away = (jnp.asarray(value, self.loc.dtype) - self.loc) / self.scale
        half, distance = 0.5 / self.scale, jnp.abs(away)
        first, last = value <= 0, value >= self.levels - 1
        over = jnp.where(first, -away, jnp.where(last, away, distance)) - half
        inner = -jnp.expm1(-2.0 * half) / (1.0 + jnp.exp(-distance - half))
        share = jnp.where(first | last, 1.0, inner) / (1.0 + jnp.exp(-jnp.abs(over)))
        # Half of `over` and its size, for the larger of it and 0: the slopes at zero add up to the right one.
        return jnp.log(share) - 0.5 * (over + jnp.abs(over))

    def sample(self, key: RandomKey, sample_shape: tuple[int, ...] = ()) -> Float[Array, "*shape"]:
        """A logistic draw, rounded and held within the ends: exactly this distribution."""
        noise = jr.logistic(key, sample_shape + self.batch_shape, self.loc.dtype)
        return jnp.clip(jnp.round(self.loc + self.scale * noise), 0, self.levels - 1)

    @property
    def mean(self) -> Float[Array, "*shape"]:
        """Σ_k σ((μ − k + ½)/s), k = 1 … levels−1."""
        narrow = self.scale < NARROW
        return jnp.where(narrow, self._mean_of_narrow(), self._mean_of_wide(jnp.maximum(self.scale, NARROW)))

    def _mean_of_narrow(self) -> Float[Array, "*shape"]:
        """By the levels around the location: those below count 1, those above 0."""
        last = self.levels - 1
        middle = jnp.clip(jnp.round(self.loc), 0, last)
        steps = jnp.arange(1.0 - WINDOW, WINDOW + 1.0, dtype=self.loc.dtype)
        level = middle[..., None] + jnp.expand_dims(steps, range(middle.ndim))
        terms = sigmoid((self.loc[..., None] - level + 0.5) / self.scale[..., None])
        terms = jnp.where((level >= 1) & (level <= last), terms, 0.0)
        return jnp.maximum(middle - WINDOW, 0.0) + jnp.sum(terms, axis=-1)

    def _mean_of_wide(self, scale: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """By the midpoint rule backwards, the integral and its corrections at both ends (Euler and Maclaurin)."""
        from_first, from_last = self.loc / scale, (self.loc - (self.levels - 1)) / scale
        area = scale * (softplus(from_first) - softplus(from_last))
        return area + _end_correction(from_last, scale) - _end_correction(from_first, scale)


class MixtureOfLevels(dist.Distribution):
    """Σ_k π_k P_k(x), where logits and components have an axis of components before those of the entries.

    numpyro's mixture wants a support that no parameter moves, and components last, where a processor is slow.
    """

    arg_constraints = {"logits": constraints.real}  # noqa: RUF012  numpyro's own form
    pytree_data_fields = ("components",)

    def __init__(
        self,
        logits: Float[Array, "components *shape"],
        components: LogisticLevels,
        *,
        validate_args: bool | None = None,
    ):
        self.logits, self.components = logits, components
        super().__init__(batch_shape=jnp.shape(logits)[1:], validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)  # pyright: ignore[reportArgumentType]
    def support(self) -> constraints.Constraint:
        """The levels."""
        return constraints.integer_interval(0, self.components.levels - 1)

    def log_prob(self, value: Num[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Log probability of a level."""
        each = self.components.log_prob(jnp.broadcast_to(value, (len(self.logits), *jnp.shape(value))))
        return logsumexp(log_softmax(self.logits, axis=0) + each, axis=0)

    def sample(self, key: RandomKey, sample_shape: tuple[int, ...] = ()) -> Float[Array, "*shape"]:
        """One component, then a level from it; for many draws, `jax.vmap` over keys."""
        assert not sample_shape, "one draw for one key"
        component_key, level_key = jr.split(key)
        chosen = jr.categorical(component_key, self.logits, axis=0)[None]
        loc, scale = (
            jnp.take_along_axis(each, chosen, axis=0)[0] for each in (self.components.loc, self.components.scale)
        )
        return LogisticLevels(loc, scale, levels=self.components.levels).sample(level_key)

    @property
    def mean(self) -> Float[Array, "*shape"]:
        """Σ_k π_k times the mean of each."""
        return jnp.sum(softmax(self.logits, axis=0) * self.components.mean, axis=0)


def _end_correction(z: Float[Array, "*shape"], scale: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """(1/24) σ'/s − (7/5760) σ'''/s³ + (31/967680) σ⁽⁵⁾/s⁵ at z."""
    slope = sigmoid(z) * sigmoid(-z)
    third, fifth = 1.0 - 6.0 * slope, 1.0 - 30.0 * slope + 120.0 * slope**2
    return slope / scale * (1.0 / 24.0 - (7.0 / 5760.0) * third / scale**2 + (31.0 / 967680.0) * fifth / scale**4)
