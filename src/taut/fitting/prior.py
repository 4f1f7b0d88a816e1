"""The best prior of a kind for a model that is otherwise held still."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
from jaxtyping import Array, Float

from taut.bounds import mean_log_weight
from taut.datum import rows_in
from taut.errors import OptionError
from taut.fitting.epoch import Parts, View
from taut.fitting.loop import FitResult, Progress
from taut.fitting.plan import Plan
from taut.fitting.starting import Weights, checked, climbed
from taut.guides import AbstractGuide
from taut.models import AbstractModel, LatentVariableModel, check_rows_for, prior_for
from taut.numerics import log_density, moments_of
from taut.objectives import Climb, Objective, Sample
from taut.shapes import DataLike, DatumLike, OtherData, RandomKey
from taut.weights import RowFunction, map_rows


def fit_prior(
    model: LatentVariableModel,
    guide: AbstractGuide,
    data: DataLike,
    prior: Any,
    *,
    key: RandomKey,
    held_out: OtherData | None = None,
    plan: Plan | None = None,
    view: View | None = None,
    weights: Weights | None = None,
    on_epoch: Callable[[Progress], None] | None = None,
) -> FitResult:
    """Give a model another prior, fitted to where the guide puts the data; decoder and guide are held still.

        max over p of  N⁻¹ Σ_n E_q(z|x_n) log p(z)  =  −H[q(z)] − min KL(q(z) ‖ p),     q(z) = N⁻¹ Σ_n q(z|x_n)

    The ELBO rises by exactly what the marginal KL falls; log p(x) mostly with it, which no law says. `prior` is a name
    among `taut.models.PRIORS`, a module, or a function that builds one. A Gaussian starts at the moments of q(z), a
    mixture at posterior means that are far from one another. The history holds minus the rate, the part of the ELBO
    that moves. Other arguments are those of `taut.fit`.

    Raises OptionError where the prior cannot be trained, or latents are no vector.

    >>> import jax.random as jr, numpy as np
    >>> from taut import guides, likelihoods, models, networks
    >>> model = models.LatentVariableModel(
    ...     prior=models.standard_normal(1),
    ...     decoder=networks.Perceptron(1, 2, hidden=(), key=jr.key(0)),
    ...     likelihood=likelihoods.Bernoulli(2),
    ... )
    >>> guide = guides.Constant(models.standard_normal(1))  # q(z) = N(0, 1)
    >>> rows, plan = np.zeros((64, 2), np.uint8), Plan(epochs=2, batch_size=64)
    >>> found = fit_prior(model, guide, rows, "gaussian", key=jr.key(1), plan=plan).model.prior()
    >>> round(float(found.variance[0]), 1)
    1.0
    """
    if len(shape := model.prior().event_shape) != 1:
        raise OptionError(
            f"`fit_prior` wants latents that are a vector; got shape {shape}; train the prior with the model."
        )
    check_rows_for(prior, rows_in(data))
    plan = checked(plan or Plan(batch_size=min(100, rows_in(data)), learning_rate=1e-2), data, held_out)
    build_key, start_key, fit_key = jr.split(key, 3)
    built = prior_for(prior, latents=shape[0], rows=data, key=build_key)
    if isinstance(built, dist.Distribution):
        raise OptionError(
            "`prior` wants one that can be trained; got a distribution, which is held fixed; take `mixture`, or give a "
            "module.",
            option="prior",
        )
    if hasattr(built, "started_at"):
        places = map_rows(PlaceOfRow(), model, guide, data, key=start_key)
        built = built.started_at(*places, rng=np.random.default_rng(np.asarray(jr.key_data(start_key)).ravel()))
    model = model.with_prior(built)
    parts = eqx.partition((model, guide), (model.prior_alone(), jax.tree.map(lambda _: False, guide)))
    objective = Objective(mean_log_weight, minus_rate)
    return climbed(
        Parts(*parts),
        data,
        objective=objective,
        plan=plan,
        view=view,
        held_out=held_out,
        weights=weights,
        key=fit_key,
        on_epoch=on_epoch,
    )


class Place(NamedTuple):
    """Mean and variance of q(z|x)."""

    mean: Float[Array, "latents"]
    variance: Float[Array, "latents"]


class PlaceOfRow(RowFunction):
    """`Place` of one datum."""

    def __call__(self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey) -> Place:
        """The first two moments."""
        mean, variance, *_ = moments_of(guide(x))
        return Place(mean, variance)


def minus_rate(bound: Callable[..., Any], model: AbstractModel, sample: Sample) -> Climb:
    """E_q [log p(z) − log q(z|x)]: what of the ELBO depends on the prior, without a look at the decoder."""
    prior, draws = model.prior(), sample.draws
    gain = jax.vmap(lambda z: log_density(prior, z))(draws.latents) - draws.log_q
    value = bound(gain) if draws.log_shares is None else bound(gain, draws.log_shares)
    return Climb(value, value)
