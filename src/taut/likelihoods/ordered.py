"""Entries with a few levels in order."""

import equinox as eqx
import jax.numpy as jnp
import numpyro.distributions as dist
from jax.nn import log_sigmoid, sigmoid, softplus
from jaxtyping import Array, Float

from taut.likelihoods.base import AbstractLikelihood
from taut.likelihoods.categories import CategoryCodes, category_nodes
from taut.likelihoods.families import Family
from taut.numerics import inverse_softplus, log_diff_sigmoid
from taut.shapes import Outputs


class OrderedLogit(AbstractLikelihood):
    """Independent codes 0 … K−1 in order: P(x ≤ k) = sigmoid(c_k − η), with K−1 learned ascending cuts c.

    One output η for each entry, so that a latent moves all levels at once. `shares` are those of the levels in the
    data, from which the cuts start.

    References: McCullagh 1980, Regression models for ordinal data, J. R. Statist. Soc. B 42.

    >>> import jax.numpy as jnp
    >>> q = OrderedLogit(1, shares=jnp.array([[0.25, 0.5, 0.25]]))(jnp.zeros(1))
    >>> [round(float(jnp.exp(q.log_prob(jnp.array([code])))), 3) for code in (0.0, 1.0, 2.0)]
    [0.25, 0.5, 0.25]
    """

    features: int = eqx.field(static=True)
    levels: int = eqx.field(static=True)
    first: Float[Array, "features"]
    raw_steps: Float[Array, "features steps"]

    def __init__(self, features: int, *, shares: Float[Array, "features levels"]):
        self.features, self.levels = features, shares.shape[1]
        below = jnp.clip(jnp.cumsum(shares, axis=1)[:, :-1], 1e-3, 1.0 - 1e-3)
        cuts = jnp.log(below) - jnp.log1p(-below)
        self.first = cuts[:, 0]
        self.raw_steps = inverse_softplus(jnp.maximum(jnp.diff(cuts, axis=1), 1e-2))

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        return CategoryCodes(self._log_shares(outputs)).to_event(1)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """√(Σ_k p_k s_k²) t with s_k = ∂ log p_k/∂η = 1 − P(x ≤ k) − P(x ≤ k−1)."""
        ends = jnp.pad(sigmoid(self._cuts() - outputs[:, None]), ((0, 0), (1, 1)), constant_values=((0, 0), (0.0, 1.0)))
        slopes = 1.0 - ends[:, 1:] - ends[:, :-1]
        return jnp.sqrt(jnp.sum(jnp.exp(self._log_shares(outputs)) * slopes**2, axis=1)) * tangent

    def _cuts(self) -> Float[Array, "features cuts"]:
        steps = jnp.cumsum(softplus(self.raw_steps) + 1e-4, axis=1)
        return jnp.concatenate([self.first[:, None], self.first[:, None] + steps], axis=1)

    def _log_shares(self, outputs: Outputs) -> Float[Array, "features levels"]:
        """log p_k, between two cuts the logarithm of a difference of sigmoids."""
        to_cuts = self._cuts() - outputs[:, None]
        inner = log_diff_sigmoid(to_cuts[:, 1:], to_cuts[:, :-1])
        return jnp.concatenate([log_sigmoid(to_cuts[:, :1]), inner, log_sigmoid(-to_cuts[:, -1:])], axis=1)


ORDERED_LOGIT = Family(
    name="ordered-logit",
    build=lambda sample: OrderedLogit(sample.features, shares=sample.shares()),
    discrete=True,
    kinds=("ordinal",),
    distribution=CategoryCodes,
    nodes=category_nodes,
)
