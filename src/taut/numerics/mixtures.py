"""A mixture of diagonal Gaussians whose density is two matrix products."""

# numpyro's own distributions override these methods and properties in the same way.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import jax.random as jr
import numpyro.distributions as dist
from jax import lax
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float
from numpyro.distributions import constraints

from taut.shapes import RandomKey

# Components of which the differences cost nothing; they lose no digits where scales are small.
FEW = 16


class GaussianMixture(dist.Distribution):
    """Σ_k π_k N(m_k, diag(s_k²)) over vectors of d numbers, π = softmax(logits).

    Of hundreds of components numpyro's `MixtureSameFamily` writes down every difference z − m_k; here |z − m_k|²/s_k²
    is expanded about the mean of the m_k, so that a batch is weighed by two matrix products.

    >>> import jax.numpy as jnp
    >>> two = GaussianMixture(jnp.zeros(2), means=jnp.array([[-1.0], [1.0]]), scales=jnp.ones((2, 1)))
    >>> round(float(two.log_prob(jnp.zeros(1))), 4), two.mean.tolist(), two.variance.tolist()
    (-1.4189, [0.0], [2.0])
    """

    arg_constraints = {  # noqa: RUF012  as numpyro's own distributions declare them
        "logits": constraints.real_vector,
        "means": constraints.real_matrix,
        "scales": constraints.independent(constraints.positive, 2),
    }
    support = constraints.real_vector
    pytree_data_fields = ("logits", "means", "scales")

    def __init__(
        self,
        logits: Float[Array, "components"],
        *,
        means: Float[Array, "components d"],
        scales: Float[Array, "components d"],
    ):
        self.logits, self.means, self.scales = logits, means, scales
        super().__init__(batch_shape=(), event_shape=(means.shape[1],), validate_args=False)

    def sample_each(self, key: RandomKey) -> Float[Array, "components d"]:
        """A draw from every component."""
        return self.means + self.scales * jr.normal(key, self.means.shape, self.means.dtype)

    def weighted(self, value: Float[Array, "d"]) -> Float[Array, "components"]:
        """log π_k N(z; m_k, s_k²) of every component."""
        if self.means.shape[0] <= FEW:
            u = (value[None] - self.means) / self.scales
            volumes = jnp.sum(jnp.log(self.scales), axis=1) + 0.5 * value.shape[0] * math.log(2.0 * math.pi)
            return jax.nn.log_softmax(self.logits) - 0.5 * jnp.sum(u**2, axis=1) - volumes
        centre = lax.stop_gradient(jnp.mean(self.means, axis=0))
        means, precisions = self.means - centre[None], self.scales**-2
        pulled = means * precisions
        constants = 0.5 * jnp.sum(means * pulled, axis=1) + jnp.sum(jnp.log(self.scales), axis=1)
        z, exactly = value - centre, lax.Precision.HIGHEST
        quadratic = jnp.matmul(pulled, z, precision=exactly) - 0.5 * jnp.matmul(precisions, z * z, precision=exactly)
        return jax.nn.log_softmax(self.logits) + quadratic - constants - 0.5 * value.shape[0] * math.log(2.0 * math.pi)

    def log_prob(self, value: Float[Array, "*batch d"]) -> Float[Array, "*batch"]:
        """log p of a vector, or of several."""
        return jnp.vectorize(lambda z: logsumexp(self.weighted(z)), signature="(d)->()")(value)

    def sample(self, key: RandomKey, sample_shape: tuple[int, ...] = ()) -> Float[Array, "*batch d"]:
        """A component by lot, and a draw from it; no gradient passes through the lot."""
        choice_key, noise_key = jr.split(key)
        chosen = jr.categorical(choice_key, self.logits, shape=sample_shape)
        noise = jr.normal(noise_key, (*sample_shape, *self.event_shape), self.means.dtype)
        return self.means[chosen] + self.scales[chosen] * noise

    @property
    def mean(self) -> Float[Array, "d"]:
        """Σ π_k m_k."""
        return jax.nn.softmax(self.logits) @ self.means

    @property
    def variance(self) -> Float[Array, "d"]:
        """Of every entry."""
        return jax.nn.softmax(self.logits) @ (self.scales**2 + (self.means - self.mean[None]) ** 2)

    def precision_at(self, value: Float[Array, "d"]) -> Float[Array, "d d"]:
        """Σ_k p(k|z) diag(s_k⁻²): the part of −∇² log p that is positive; the components' disagreement is left out."""
        return jnp.diag(jax.nn.softmax(self.weighted(value)) @ self.scales**-2)
