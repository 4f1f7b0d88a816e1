"""Entries that are one of a few categories."""

# numpyro's own distributions override this method in the same way.
# pyright: reportIncompatibleMethodOverride=false

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jax.nn import log_softmax
from jaxtyping import Array, Float, Int, Num

from taut.likelihoods.base import AbstractLikelihood
from taut.likelihoods.counts import not_counts
from taut.likelihoods.families import Family, Sample
from taut.likelihoods.nodes import Nodes, code_nodes
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
