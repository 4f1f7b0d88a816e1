"""Entries that are one of a few categories, with or without an order."""

# numpyro's own distributions override this method in the same way.
# pyright: reportIncompatibleMethodOverride=false

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jax.nn import log_sigmoid, log_softmax, sigmoid, softplus
from jaxtyping import Array, Float, Int, Num

from taut.likelihoods.base import AbstractLikelihood, Nodes, code_nodes
from taut.likelihoods.counts import not_counts
from taut.likelihoods.families import Family, Sample
from taut.numerics import inverse_softplus, log_diff_sigmoid
from taut.shapes import Outputs


class Categorical(AbstractLikelihood):
    """Independent category codes 0 … classes−1, with `classes` logits for each entry as outputs."""

    features: int = eqx.field(static=True)
    classes: int = eqx.field(static=True)

    @property
    def outputs(self) -> int:
        """How many numbers the decoder must return for one datum."""
        return self.features * self.classes

    @property
    def owners(self) -> Int[np.ndarray, "outputs"]:
        """Entry after entry, a logit for each class."""
        return np.repeat(np.arange(self.features), self.classes)

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        return CategoryCodes(outputs.reshape(self.features, self.classes)).to_event(1)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """√p_c (t_c − Σ_k p_k t_k) for each entry, whose squared length is the variance of t under p."""
        shape = (self.features, self.classes)
        return whitened_logits(outputs.reshape(shape), tangent.reshape(shape)).reshape(-1)


class CategoryCodes(dist.CategoricalLogits):
    """numpyro's categorical, for codes that come as floating-point numbers as all data do."""

    def log_prob(self, value: Num[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Log probability of the codes."""
        return super().log_prob(value.astype(jnp.int32))

    @property
    def mean(self) -> Float[Array, "*shape"]:
        """The most probable code: codes have no order, and so no mean, but a reconstruction needs one of them."""
        logits = jnp.asarray(self.logits)
        return jnp.argmax(logits, axis=-1).astype(logits.dtype)


def whitened_logits(
    logits: Float[Array, "features classes"], tangent: Float[Array, "features classes"]
) -> Float[Array, "features classes"]:
    """√p_c (t_c − Σ_k p_k t_k) for each entry: what one draw of a category tells along a direction of its logits."""
    log_p = log_softmax(logits, axis=-1)
    centred = tangent - jnp.sum(jnp.exp(log_p) * tangent, axis=-1, keepdims=True)
    return jnp.exp(0.5 * log_p) * centred


def _start_at_shares(likelihood: Categorical, sample: Sample) -> Outputs:
    return jnp.log(sample.shares()).reshape(-1)


def category_nodes(categories: Any) -> Nodes:
    """The codes with their probabilities."""
    return code_nodes(log_softmax(jnp.asarray(categories.logits), axis=-1))


CATEGORICAL = Family(
    name="categorical",
    build=lambda sample: Categorical(sample.features, classes=sample.levels),
    starting_outputs=_start_at_shares,
    discrete=True,
    kinds=("categorical",),
    arrays=True,
    complaint=not_counts,
    largest=lambda end: (end, "the last category"),
    reads="indicators",
    distribution=dist.CategoricalLogits,
    nodes=category_nodes,
)


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
