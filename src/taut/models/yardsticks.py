"""Models whose evidence and posterior are known: what everything else is held against."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, Int, Num

from taut.datum import values_of
from taut.likelihoods import AbstractLikelihood
from taut.models.base import AbstractModel
from taut.models.priors import standard_normal
from taut.numerics import log_density
from taut.shapes import DatumLike, Latent, Scalar


class Finite(AbstractModel):
    """z ∈ {0 … S−1} with prior softmax(logits), p(x|z) = observation(outputs[z]): a finite mixture.

        log p(x) = log Σ_z p(z) p(x|z),   p(z|x) = p(z) p(x|z) / p(x)

    >>> import jax.numpy as jnp
    >>> from taut import likelihoods
    >>> coins = Finite(jnp.zeros(2), jnp.array([[0.0], [0.0]]), likelihoods.Bernoulli(1))
    >>> round(float(coins.log_evidence(jnp.array([1.0]))), 4)
    -0.6931
    """

    logits: Float[Array, "states"]
    outputs: Float[Array, "states outputs"]
    observation: AbstractLikelihood

    @property
    def discrete(self) -> bool:
        """As its components."""
        return self.observation.discrete

    def prior(self) -> dist.Distribution:
        """Categorical over the states."""
        return dist.CategoricalLogits(self.logits)

    def likelihood(self, z: Int[Array, ""]) -> dist.Distribution:
        """The component of this state."""
        return self.observation(self.outputs[z])

    def log_joints(self, x: DatumLike) -> Float[Array, "states"]:
        """log p(x, z) for every state z."""
        return jax.vmap(lambda z: self.log_joint(x, z))(jnp.arange(self.logits.shape[0]))

    def log_evidence(self, x: DatumLike) -> Scalar:
        """log p(x), by summation."""
        return logsumexp(self.log_joints(x))

    def posterior(self, x: DatumLike) -> dist.Distribution:
        """p(z|x), by summation."""
        return dist.CategoricalLogits(self.log_joints(x))


class LinearGaussian(AbstractModel):
    """z ~ N(0, I), x|z ~ N(Wz + b, diag(noise²)): evidence and posterior are Gaussian.

        log p(x) = log N(x; b, W Wᵀ + diag(noise²))
        p(z|x)   = N(m, Λ⁻¹),  Λ = I + Wᵀ diag(noise⁻²) W,  m = Λ⁻¹ Wᵀ diag(noise⁻²) (x − b)

    References: Tipping & Bishop 1999, Probabilistic principal component analysis, eqs 4–8.

    >>> import jax.numpy as jnp
    >>> model = LinearGaussian(weight=jnp.ones((2, 1)), offset=jnp.zeros(2), noise=jnp.ones(2))
    >>> round(float(model.log_evidence(jnp.zeros(2))), 4)
    -2.3872
    """

    weight: Float[Array, "features latents"]
    offset: Float[Array, "features"]
    noise: Float[Array, "features"]

    def prior(self) -> dist.Distribution:
        """N(0, I)."""
        return standard_normal(self.weight.shape[1])

    def likelihood(self, z: Latent) -> dist.Distribution:
        """N(Wz + b, diag(noise²))."""
        return dist.Normal(self.weight @ z + self.offset, self.noise, validate_args=False).to_event(1)

    def information_root(self, z: Float[Array, "latents"]) -> Float[Array, "features latents"]:
        """diag(1/noise) W, the same everywhere: the posterior precision is I + RᵀR exactly."""
        return self.weight / self.noise[:, None]

    def evidence(self) -> dist.Distribution:
        """p(x), a Gaussian."""
        covariance = self.weight @ self.weight.T + jnp.diag(self.noise**2)
        return dist.MultivariateNormal(self.offset, _symmetric(covariance), validate_args=False)

    def log_evidence(self, x: DatumLike) -> Scalar:
        """log p(x), exactly."""
        return log_density(self.evidence(), values_of(x))

    def posterior(self, x: DatumLike) -> dist.Distribution:
        """p(z|x), exactly."""
        scaled = self.weight.T / self.noise[None, :] ** 2
        precision = _symmetric(jnp.eye(self.weight.shape[1]) + scaled @ self.weight)
        mean = jnp.linalg.solve(precision, scaled @ (values_of(x) - self.offset))
        return dist.MultivariateNormal(mean, precision_matrix=precision, validate_args=False)

    @classmethod
    def principal_components(
        cls, data: Num[Array, "n features"], latents: int, *, noise: float | None = None
    ) -> LinearGaussian:
        """The maximum-likelihood model with equal noise in every entry: probabilistic PCA.

            W = U_k (λ_k − σ²)^½ over the leading eigenvalues λ_j > σ² of the sample covariance,
            σ² = mean of the others, unless `noise` fixes σ

        A latent whose eigenvalue is at most σ² gets a column of zeros: it collapses.
        References: Tipping & Bishop 1999, eqs 12–15; Lucas et al. 2019, arXiv:1911.02469, §4.
        """
        values, vectors = jnp.linalg.eigh(jnp.cov(data, rowvar=False, bias=True))
        values, vectors = values[::-1], vectors[:, ::-1]
        variance = jnp.mean(values[latents:]) if noise is None else jnp.asarray(noise**2, values.dtype)
        stretch = jnp.sqrt(jnp.maximum(values[:latents] - variance, 0.0))
        return cls(
            weight=vectors[:, :latents] * stretch[None, :],
            offset=jnp.mean(data, axis=0),
            noise=jnp.full(data.shape[1], jnp.sqrt(variance)),
        )


def _symmetric(matrix: Float[Array, "k k"]) -> Float[Array, "k k"]:
    """The matrix without the asymmetry of rounding, which numpyro refuses in float32."""
    return 0.5 * (matrix + matrix.T)
