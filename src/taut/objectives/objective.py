"""What training climbs: a bound on log p(x), an estimator of its gradient, and perhaps a penalty on a whole batch."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float

from taut.errors import OptionError
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import reparameterised_draws
from taut.objectives.estimators import Bound, Estimator, Sample, reported_as
from taut.objectives.regularisers import AbstractRegulariser, Batch
from taut.shapes import DatumLike, RandomKey, Scalar
from taut.weights import draw_keys


class Objective(eqx.Module):
    """A bound on log p(x), the estimator of its gradient, and the draws for each datum and step.

    `kl_weight` multiplies the divergence log q − log p(z) in the gradient, and never in the reported value; during the
    first `kl_warm_up` epochs it rises to that weight from zero. A `regulariser` is a penalty on the rows of a batch
    together: training climbs the mean bound less the penalty, and reports the bound.
    """

    bound: Bound = eqx.field(static=True)
    estimator: Estimator = eqx.field(static=True)
    draws: int = eqx.field(static=True, default=1)
    kl_weight: float = eqx.field(static=True, default=1.0)
    kl_warm_up: float = eqx.field(static=True, default=0.0)
    regulariser: AbstractRegulariser | None = None

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
        seen: DatumLike | None = None,
    ) -> Scalar:
        """The bound for one datum as a value, with the estimator's gradient.

        The guide looks at `seen` where it is given, x with fewer cells say; the bound is that of x all the same.
        Raises OptionError where the estimator cannot work with q.
        """
        return self.of_row(model, guide, x, key=key, kl_weight=kl_weight, seen=seen)[0]

    def of_row(
        self,
        model: AbstractModel,
        guide: AbstractGuide,
        x: DatumLike,
        *,
        key: RandomKey,
        kl_weight: Float[Array, ""] | float | None = None,
        seen: DatumLike | None = None,
    ) -> tuple[Scalar, Any]:
        """The bound with its gradient, and what the penalty on a batch wants to know of this row."""
        q = guide(x if seen is None else seen)
        draws = reparameterised_draws(q, draw_keys(key, self.draws))
        weight = self.kl_weight if kl_weight is None else kl_weight
        # A number that no draw has.
        sample = Sample(x, q, draws, weight, guide, jr.fold_in(key, self.draws))
        surrogate, value = self.estimator(self.bound, model, sample)
        statistic = None if self.regulariser is None else self.regulariser.of_row(model, sample)
        return reported_as(value, surrogate), statistic

    def penalty(self, batch: Batch) -> Scalar:
        """What a batch is penalised by: a value of zero, with the penalty's gradient."""
        if self.regulariser is None:
            return jnp.zeros(())
        penalty = self.regulariser.of_batch(batch)
        return reported_as(jnp.zeros_like(penalty), penalty)

    def weight_at(self, epoch: Float[Array, ""]) -> Float[Array, ""]:
        """The weight of the divergence after this many epochs."""
        ramp = jnp.minimum(epoch / self.kl_warm_up, 1.0) if self.kl_warm_up > 0 else jnp.ones_like(epoch)
        return self.kl_weight * ramp
