"""An objective: something to climb, whose reported value is always the bound itself."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from taut.errors import OptionError
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import one_draw
from taut.objectives.gradients import Bound, Estimator, Sample
from taut.shapes import DatumLike, RandomKey, Scalar
from taut.weights import draw_keys


class Objective(eqx.Module):
    """A bound on log p(x), the estimator of its gradient, and the draws for each datum and step.

    `kl_weight` multiplies the divergence log q − log p(z) in the gradient, and never in the reported value; during the
    first `kl_warm_up` epochs it rises to that weight from zero.
    """

    bound: Bound = eqx.field(static=True)
    estimator: Estimator = eqx.field(static=True)
    draws: int = eqx.field(static=True, default=1)
    kl_weight: float = eqx.field(static=True, default=1.0)
    kl_warm_up: float = eqx.field(static=True, default=0.0)

    def __check_init__(self) -> None:
        if self.draws < 1:
            raise OptionError(
                f"An objective wants at least one draw for each datum; got {self.draws}; ask for one or more."
            )

    def __call__(
        self,
        model: AbstractModel,
        guide: AbstractGuide,
        x: DatumLike,
        *,
        key: RandomKey,
        kl_weight: Float[Array, ""] | float | None = None,
    ) -> Scalar:
        """The bound for one datum as a value, with the estimator's gradient.

        Raises OptionError where q cannot be reparameterised.
        """
        q = guide(x)
        if not q.has_rsample:
            raise OptionError(
                f"This gradient wants a q(z|x) that can be reparameterised; got {type(q).__name__}; use a Gaussian "
                "guide."
            )
        latents = jax.vmap(lambda key: one_draw(q, key=key))(draw_keys(key, self.draws))
        sample = Sample(x, q, latents, self.kl_weight if kl_weight is None else kl_weight)
        surrogate, value = self.estimator(self.bound, model, sample)
        # What is logged is the bound, to the last bit, whatever carried the derivative: the difference is exactly zero
        # where the surrogate is finite, and not a number where it is not.
        return lax.stop_gradient(value) + (surrogate - lax.stop_gradient(surrogate))

    def weight_at(self, epoch: Float[Array, ""]) -> Float[Array, ""]:
        """The weight of the divergence after this many epochs."""
        ramp = jnp.minimum(epoch / self.kl_warm_up, 1.0) if self.kl_warm_up > 0 else jnp.ones_like(epoch)
        return self.kl_weight * ramp
