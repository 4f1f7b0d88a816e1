"""A model given by nothing but its log p(x, z), from whatever system it comes."""

# numpyro's own distributions override this method in the same way.
# pyright: reportIncompatibleMethodOverride=false

from collections.abc import Callable
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpyro.distributions as dist
from jax import lax
from jaxtyping import Array, Float
from numpyro.distributions import constraints

from taut.errors import ShapeError
from taut.models.base import AbstractModel
from taut.models.priors import check_prior
from taut.numerics import log_density
from taut.shapes import DatumLike, RandomKey, Scalar


class LogJoint(AbstractModel):
    """log p(x, z) as a plain function of one datum and one real latent vector, in nats.

        log w = f(x, z) − log q(z|x),   E_q w = ∫ exp f(x, z) dz

    `function` is called as function(x, z) with z of length `latents`, and returns one number, constants included: what
    it leaves out is missing from the evidence. Where it is an `equinox.Module` its arrays are the model's: its digest
    names them and a fit can move them. `prior` says which part of f is log p(z), which splits the ELBO into
    rate and distortion; it must be the prior that f already holds, and nothing else depends on it. Without it the split
    is into energy and entropy, and `has_prior` is False. `discrete` says that exp f is a probability of x, and not a
    density: a function cannot tell, and a ledger wants to know.

    Raises ShapeError where the prior is not over vectors of this length, or where f returns more than one number.

    >>> import jax.numpy as jnp, numpyro.distributions as dist
    >>> def unnormalised(x, z):
    ...     return dist.Normal(z[0], 1.0).log_prob(x).sum() + dist.Normal(0.0, 1.0).log_prob(z).sum()
    >>> model = LogJoint(unnormalised, latents=1)
    >>> round(float(model.log_joint(jnp.zeros(2), jnp.zeros(1))), 4), model.has_prior
    (-2.7568, False)
    """

    function: Callable[[DatumLike, Float[Array, "latents"]], Scalar]
    latents: int = eqx.field(static=True)
    _prior: dist.Distribution | None
    _discrete: bool = eqx.field(static=True)
    simulates: ClassVar[bool] = False

    def __init__(
        self,
        function: Callable[[DatumLike, Float[Array, "latents"]], Scalar],
        *,
        latents: int,
        prior: dist.Distribution | None = None,
        discrete: bool = False,
    ):
        if prior is not None:
            check_prior(prior, latents)
        self.function, self.latents, self._prior, self._discrete = function, latents, prior, discrete

    @property
    def discrete(self) -> bool:
        """Whether it was said to be a probability of x."""
        return self._discrete

    @property
    def has_prior(self) -> bool:
        """Whether a prior was given."""
        return self._prior is not None

    def prior(self) -> dist.Distribution:
        """p(z) as given, not trained; without one, a density of 1 everywhere, from which nothing can be drawn."""
        if self._prior is None:
            return dist.ImproperUniform(constraints.real, (), (self.latents,))
        return lax.stop_gradient(self._prior)

    def likelihood(self, z: Float[Array, "latents"]) -> dist.Distribution:
        """f(x, z) − log p(z) as a density of x: it can be evaluated, not drawn from."""
        return _Rest(self, z)

    def log_joint(self, x: DatumLike, z: Float[Array, "latents"]) -> Scalar:
        """f(x, z), as it was given."""
        value = jnp.asarray(self.function(x, z))
        if value.shape != ():
            raise ShapeError(
                f"One number log p(x, z) is wanted for one datum and one latent; got shape {value.shape}; sum over the "
                "entries of both."
            )
        return value.astype(jnp.result_type(float))

    def given(self, x: DatumLike) -> AbstractModel:
        """The model itself: the function is given all parts of the datum."""
        return self

    def log_likelihood(self, x: DatumLike, z: Float[Array, "latents"]) -> Scalar:
        """f(x, z) − log p(z)."""
        return self.log_joint(x, z) - log_density(self.prior(), z)

    def sample(self, *, key: RandomKey) -> tuple[DatumLike, Float[Array, "latents"]]:
        """Raises NotImplementedError: a density can be weighed, but says not how to draw from it."""
        raise NotImplementedError(_cannot_draw("A model that can draw data is wanted"))


class _Rest(dist.Distribution):
    """What f leaves when the prior is taken out.

    It is made and used within one call: numpyro's distributions do not come through `vmap` or `jit` as they went in.
    """

    def __init__(self, model: LogJoint, z: Float[Array, "latents"]):
        self.model, self.z = model, z
        # The shape of a datum is the function's own affair; numpyro asks for one where none is known.
        super().__init__(batch_shape=(), event_shape=(), validate_args=False)

    def log_prob(self, value: DatumLike) -> Scalar:
        """f(x, z) − log p(z)."""
        return self.model.log_likelihood(value, self.z)

    def sample(self, key: RandomKey | None, sample_shape: tuple[int, ...] = ()) -> Array:
        raise NotImplementedError(_cannot_draw("A likelihood that can draw data is wanted"))


def _cannot_draw(wanted: str) -> str:
    return f"{wanted}; got a function log p(x, z), which only weighs it; give prior, decoder and likelihood apart."
