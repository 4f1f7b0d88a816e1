"""Priors that are Gaussians or mixtures of them: free ones, and one that follows the guide."""

from __future__ import annotations

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
from jaxtyping import Array, Float, Int

from taut.datum import as_floats, bare, rows_in
from taut.errors import OptionError
from taut.numerics import SMALLEST_SCALE, GaussianMixture, floats_on_device, inverse_softplus, positive, take
from taut.shapes import DataLike, DatumLike, RandomKey

Places = Float[np.ndarray, "n latents"]

# At the start, the share of the variance of N(0, I) that lies between the components of a mixture.
BETWEEN = 0.5


class GaussianPrior(eqx.Module):
    """p(z) = N(mean, diag(scale²)), both learned; it starts at N(0, I).

    >>> GaussianPrior(2)().variance.tolist()
    [1.0, 1.0]
    """

    mean: Float[Array, "latents"]
    raw_scale: Float[Array, "latents"]

    def __init__(self, latents: int):
        self.mean, self.raw_scale = jnp.zeros(latents), _raw(jnp.ones(latents))

    def started_at(self, means: Places, variances: Places, *, rng: np.random.Generator) -> GaussianPrior:
        """With the moments of all rows together, which is the best there is."""
        scale = np.sqrt(variances.mean(axis=0) + means.var(axis=0))
        start = floats_on_device(means.mean(axis=0)), _raw(floats_on_device(scale))
        return eqx.tree_at(lambda prior: (prior.mean, prior.raw_scale), self, start)

    def __call__(self) -> dist.Distribution:
        """The distribution."""
        return dist.Normal(self.mean, positive(self.raw_scale), validate_args=False).to_event(1)


class MixturePrior(eqx.Module):
    """p(z) = Σ_k π_k N(m_k, diag(s_k²)), all learned.

    >>> MixturePrior(jnp.zeros((3, 2)), jnp.ones((3, 2)))().mean.tolist()
    [0.0, 0.0]
    """

    logits: Float[Array, "components"]
    means: Float[Array, "components latents"]
    raw_scales: Float[Array, "components latents"]

    def __init__(self, means: Float[Array, "components latents"], scales: Float[Array, "components latents"]):
        self.logits, self.means, self.raw_scales = jnp.zeros(len(means)), means, _raw(scales)

    def __call__(self) -> GaussianMixture:
        """The distribution."""
        return GaussianMixture(self.logits, means=self.means, scales=positive(self.raw_scales))

    def started_at(self, means: Places, variances: Places, *, rng: np.random.Generator) -> MixturePrior:
        """A component about each of as many groups of rows, whose centres are drawn far from one another."""
        nearest = _groups(means / means.std(axis=0).clip(SMALLEST_SCALE), len(self.logits), rng)
        member = (nearest[:, None] == np.arange(len(self.logits))).astype(float)
        whole = variances.mean(axis=0) + means.var(axis=0)
        # One more row in each group, as wide as all rows together: a group of one row would be a needle.
        count = member.sum(axis=0)[:, None] + 1.0
        centres = (member.T @ means + means.mean(axis=0)) / count
        squares = member.T @ (variances + means**2) + whole + means.mean(axis=0) ** 2
        scales = np.sqrt(np.maximum(squares / count - centres**2, SMALLEST_SCALE**2))
        parts = np.log(count[:, 0]), centres, scales
        logits, centres, scales = (floats_on_device(part) for part in parts)
        at = lambda prior: (prior.logits, prior.means, prior.raw_scales)  # noqa: E731
        return eqx.tree_at(at, self, (logits, centres, _raw(scales)))

    @classmethod
    def spread(cls, components: int, latents: int, *, key: RandomKey) -> MixturePrior:
        """Components at random, so that their mixture has nearly the moments of N(0, I)."""
        means = BETWEEN**0.5 * jr.normal(key, (components, latents))
        return cls(means, jnp.full_like(means, (1.0 - BETWEEN) ** 0.5))


def _groups(points: Places, count: int, rng: np.random.Generator) -> Int[np.ndarray, "n"]:
    """The group of each point: of the nearest of so many points, each drawn by its squared distance from those before.

    References: Arthur & Vassilvitskii 2007, k-means++.
    """
    group = np.zeros(len(points), int)
    distance = ((points - points[rng.integers(len(points))]) ** 2).sum(axis=1)
    for number in range(1, count):
        chances = distance if distance.sum() > 0 else np.ones(len(points))
        own = ((points - points[rng.choice(len(points), p=chances / chances.sum())]) ** 2).sum(axis=1)
        group = np.where(own < distance, number, group)
        distance = np.minimum(distance, own)
    return group


class VampPrior(eqx.Module):
    """p(z) = Σ_k π_k N(moments of q(z|u_k)) at learned pseudo-inputs u_k: as wide as the guide and no wider.

    While the model is trained the components follow the guide, and their gradient reaches it; then they stay where they
    were, so that a trained model needs no guide. With a diagonal Gaussian as guide this is the mixture of q(z|u_k); of
    another its means and variances count. Pseudo-inputs are rows of the data at first. Numbers move from there;
    categories and holes stay.

    References: Tomczak & Welling 2018, arXiv:1705.07120, eq. 9 (with π_k = 1/K).
    """

    pseudo_inputs: DataLike
    mixture: MixturePrior

    def __init__(self, pseudo_inputs: DataLike, latents: int):
        nowhere = jnp.zeros((rows_in(pseudo_inputs), latents))
        self.pseudo_inputs, self.mixture = pseudo_inputs, MixturePrior(nowhere, jnp.ones_like(nowhere))

    def __call__(self) -> GaussianMixture:
        """The distribution, as the guide was when the prior was last tied to it."""
        return self.mixture()

    def tied_to(self, guide: Callable[[DatumLike], dist.Distribution]) -> VampPrior:
        """The prior whose components are where this guide puts the pseudo-inputs.

        Raises OptionError where the guide has no formula for its moments, or parameters for each row.
        """
        try:
            means, scales = _moments_at(guide, self.pseudo_inputs)
        except NotImplementedError:
            raise OptionError(
                "`prior` wants a guide with a formula for its mean and variance, to place pseudo-inputs by; got one "
                "without; take the prior `mixture`, or another guide.",
                option="prior",
            ) from None
        parts = (means, _raw(scales))
        return eqx.tree_at(lambda prior: (prior.mixture.means, prior.mixture.raw_scales), self, parts)

    @classmethod
    def of_rows(cls, rows: DataLike, components: int, *, latents: int) -> VampPrior:
        """Pseudo-inputs at rows of the data, evenly from the first to the last."""
        chosen = np.linspace(0, rows_in(bare(rows)) - 1, components).astype(int)
        return cls(jax.tree.map(jnp.asarray, as_floats(take(bare(rows), chosen))), latents)


@eqx.filter_jit
def _moments_at(guide: Callable[[DatumLike], dist.Distribution], data: DataLike) -> tuple[Array, Array]:
    def moments(x: DatumLike) -> tuple[Array, Array]:
        q = guide(x)
        return jnp.asarray(q.mean), jnp.sqrt(jnp.asarray(q.variance))

    return jax.vmap(moments)(data)


def _raw(scales: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    return inverse_softplus(jnp.maximum(scales - SMALLEST_SCALE, SMALLEST_SCALE))
