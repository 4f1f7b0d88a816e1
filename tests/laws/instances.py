"""The table of instances that every law is held against; a new part is a new row.

Rows are functions, because arrays must be made under the precision of the test that asks for them.
"""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
from scipy import special, stats

from taut import guides, likelihoods, models, networks
from tests.quick import quick

# ── likelihoods ──────────────────────────────────────────────────────────────────────────────────────────────────────


class LikelihoodCase(NamedTuple):
    """Data of one column by which the likelihood is named, outputs to try, and the same distribution by scipy."""

    data: np.ndarray
    outputs: tuple[tuple[float, ...], ...]
    support: np.ndarray | str
    scipy: Callable[[likelihoods.AbstractLikelihood, np.ndarray], object] | None
    edges: tuple[float, ...]


def _column(*values: float, dtype: type = np.float64) -> np.ndarray:
    return np.array(values, dtype)[:, None]


def _softplus(raw: object) -> np.ndarray:
    return np.logaddexp(0.0, np.asarray(raw, np.float64)) + 1e-4


def _normal(likelihood: likelihoods.Gaussian, outputs: np.ndarray) -> object:
    centre, spread = np.asarray(likelihood.centre, np.float64), np.asarray(likelihood.spread, np.float64)
    scale = 1.0 if likelihood.raw_scale is None else _softplus(likelihood.raw_scale) * spread
    return stats.norm(centre + spread * outputs, scale)


def _student(likelihood: likelihoods.StudentT, outputs: np.ndarray) -> object:
    centre, spread = np.asarray(likelihood.centre, np.float64), np.asarray(likelihood.spread, np.float64)
    return stats.t(
        1 + _softplus(likelihood.raw_freedom), centre + spread * outputs, _softplus(likelihood.raw_scale) * spread
    )


def _negative_binomial(likelihood: likelihoods.NegativeBinomial, outputs: np.ndarray) -> object:
    concentration = _softplus(likelihood.raw_concentration)
    return stats.nbinom(concentration, concentration / (concentration + np.exp(outputs)))


class _Inflated(NamedTuple):
    """Zero with the probability of the gate, else a count: scipy has none of these."""

    gate: np.ndarray
    counts: object

    def logpmf(self, x: np.ndarray) -> np.ndarray:
        counted = np.log1p(-self.gate) + self.counts.logpmf(x)
        return np.where(x == 0, np.logaddexp(np.log(self.gate), counted), counted)


def _inflated(counts: Callable[[likelihoods.AbstractLikelihood, np.ndarray], object]) -> Callable:
    def of(likelihood: likelihoods.ZeroInflated, outputs: np.ndarray) -> object:
        return _Inflated(special.expit(outputs[1:]), counts(likelihood.counts, outputs[:1]))

    return of


def _poisson(_: likelihoods.AbstractLikelihood, outputs: np.ndarray) -> object:
    return stats.poisson(np.exp(outputs) + 1e-8)


class _Levels(NamedTuple):
    """Mixtures of rounded logistics, by differences in the tail that keeps the digits."""

    shares: np.ndarray
    logistics: object
    last: int

    def logpmf(self, x: np.ndarray) -> np.ndarray:
        x = x[:, None]
        upper, lower = np.where(x == self.last, np.inf, x + 0.5), np.where(x == 0, -np.inf, x - 0.5)
        below = self.logistics.cdf(upper) - self.logistics.cdf(lower)
        above = self.logistics.sf(lower) - self.logistics.sf(upper)
        return np.log(np.where(x < self.logistics.mean(), below, above) @ self.shares)


def _levels(likelihood: likelihoods.LogisticMixture | likelihoods.DiscretisedLogistic, outputs: np.ndarray) -> object:
    parts = outputs.reshape(-1, getattr(likelihood, "components", 1))
    logits, locations, raw = parts if len(parts) == 3 else (np.zeros(1), *parts)
    half = (likelihood.levels - 1) / 2
    logistics = stats.logistic(half * (1 + locations), half * _softplus(raw - 2.0))
    return _Levels(special.softmax(logits), logistics, likelihood.levels - 1)


_REAL = _column(-3.0, 1.0, 2.5, 4.0)
_ONE = ((-3.0,), (0.0,), (0.4,), (2.0,))
_GATED = ((-3.0, 0.0), (0.4, -2.0), (2.0, 1.0))

LIKELIHOODS: dict[str, LikelihoodCase] = {
    "bernoulli": LikelihoodCase(
        _column(0, 1), _ONE, np.arange(2), lambda _, o: stats.bernoulli(special.expit(o)), (0, 1)
    ),
    "binomial": LikelihoodCase(
        _column(0, 16), _ONE, np.arange(17), lambda _, o: stats.binom(16, special.expit(o)), (0, 16)
    ),
    "categorical": LikelihoodCase(
        _column(0, 1, 2, 3),
        ((0.0, 0.0, 0.0, 0.0), (3.0, -1.0, 0.5, 0.0)),
        np.arange(4),
        lambda _, o: stats.rv_discrete(values=(np.arange(4), special.softmax(o))),
        (0, 3),
    ),
    "continuous-bernoulli": LikelihoodCase(_column(0.0, 0.3, 1.0), (*_ONE, (-30.0,), (1e-3,)), "unit", None, (0, 1)),
    "discretised-logistic": LikelihoodCase(
        _column(0, 255, dtype=np.uint8),
        ((0.0, 0.0), (-1.2, 1.0), (0.97, -3.0), (0.3, -3.7), (2.0, 0.0)),
        np.arange(256),
        _levels,
        (0, 255),
    ),
    "gaussian": LikelihoodCase(_REAL, _ONE, "real", _normal, (-40.0, 40.0)),
    "gaussian-shared": LikelihoodCase(_REAL, _ONE, "real", _normal, (-40.0, 40.0)),
    "gaussian-unit": LikelihoodCase(_REAL, _ONE, "real", _normal, (-40.0, 40.0)),
    "logistic-mixture": LikelihoodCase(
        _column(0, 255, dtype=np.uint8),
        (
            (0.0,) * 15,
            (0.0, 2.0, -3.0, 1.0, 0.5, -1.1, -0.4, 0.0, 0.2, 1.3, 0.0, -1.0, -2.0, -3.5, 1.0),
            (1.0, 0.5, -0.5, -9.0, 0.0, -0.8, -0.7, 0.1, 0.2, 0.9, -2.0, -1.0, -3.0, 0.0, -0.5),
        ),
        np.arange(256),
        _levels,
        (0, 255),
    ),
    "negative-binomial": LikelihoodCase(_column(0, 7), _ONE, np.arange(600), _negative_binomial, (0, 10_000)),
    "poisson": LikelihoodCase(_column(0, 7), _ONE, np.arange(200), _poisson, (0, 10_000)),
    "student-t": LikelihoodCase(_REAL, _ONE, "real", _student, (-1e6, 1e6)),
    "zero-inflated-negative-binomial": LikelihoodCase(
        _column(0, 7), _GATED, np.arange(600), _inflated(_negative_binomial), (0, 10_000)
    ),
    "zero-inflated-poisson": LikelihoodCase(_column(0, 7), _GATED, np.arange(200), _inflated(_poisson), (0, 10_000)),
}
# The others share their code with one of these: scales of a Gaussian, counts within a gate, one rounded logistic.
SHARING = {"gaussian-shared", "gaussian-unit", "poisson", "zero-inflated-negative-binomial", "discretised-logistic"}


def each_likelihood(*, but: Collection[str] = ()) -> list[Any]:
    """The names of the table as rows of a law; in the quick suite one of those that share their code."""
    names = [name for name in LIKELIHOODS if name not in but]
    return quick(*(name for name in names if name not in SHARING), of=names)


def nodes(case: LikelihoodCase) -> tuple[np.ndarray, np.ndarray]:
    """Points and weights over the support, so that Σ weight · density is the whole mass."""
    if isinstance(case.support, np.ndarray):
        return case.support.astype(np.float64), np.ones(len(case.support))
    if case.support == "unit":
        points, weights = np.polynomial.legendre.leggauss(200)
        return (points + 1) / 2, weights / 2
    # x = 1 + 2 sinh u: even spacing near the data, and far enough for the tail of a Student-t.
    u = np.linspace(-14.0, 14.0, 4001)
    return 1.0 + 2.0 * np.sinh(u), 2.0 * np.cosh(u) * (u[1] - u[0])


# ── models ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def linear_gaussian(features: int = 5, latents: int = 2, *, seed: int = 0) -> models.LinearGaussian:
    """Factor analysis with a noise of its own in every entry."""
    rng = np.random.default_rng(seed)
    return models.LinearGaussian(
        jnp.asarray(rng.normal(size=(features, latents)), float),
        jnp.asarray(rng.normal(size=features), float),
        jnp.asarray(rng.uniform(0.5, 1.5, features), float),
    )


def rows_of(model: models.AbstractModel, n: int = 3, *, seed: int = 0) -> jax.Array:
    """Data drawn from the model."""
    if isinstance(model, models.LinearGaussian):  # by numpy, which has nothing to compile
        rng = np.random.default_rng(seed + 100)
        features, latents = model.weight.shape
        drawn = rng.normal(size=(n, latents)) @ np.asarray(model.weight).T + rng.normal(
            size=(n, features)
        ) * np.asarray(model.noise)
        return jnp.asarray(drawn + np.asarray(model.offset), model.offset.dtype)
    return _sampled(model, jr.split(jr.key(seed), n))


@eqx.filter_jit
def _sampled(model: models.AbstractModel, keys: jax.Array) -> jax.Array:
    return jax.vmap(lambda key: model.sample(key=key)[0])(keys)


def finite() -> models.Finite:
    """Four states over three coins, with unequal weights."""
    rng = np.random.default_rng(1)
    return models.Finite(
        jnp.asarray(rng.normal(size=4), float),
        jnp.asarray(2.0 * rng.normal(size=(4, 3)), float),
        likelihoods.Bernoulli(3),
    )


class Sine(eqx.Module):
    """A decoder that folds the latent space: many latents, one datum, so that the posterior has many modes."""

    frequency: jax.Array

    def __call__(self, z: jax.Array) -> jax.Array:
        """Sines of linear maps of z."""
        return jnp.sin(self.frequency @ z)


def sine(latents: int) -> models.LatentVariableModel:
    """The folding decoder with unit Gaussian noise."""
    frequency = jnp.asarray(2.0 + np.arange(3 * latents).reshape(3, latents) / 2.0, float)
    return models.LatentVariableModel(
        prior=models.standard_normal(latents),
        decoder=Sine(frequency),
        likelihood=likelihoods.Gaussian(3, scale="unit", spread=jnp.full(3, 2.0)),
    )


def random_net(latents: int, *, features: int = 6, steep: float = 2.0) -> models.LatentVariableModel:
    """An untrained network with large weights before Bernoulli pixels."""
    net = networks.Perceptron(latents, features, hidden=(12, 12), key=jr.key(latents))
    net = jax.tree.map(lambda leaf: steep * leaf, net)
    return models.LatentVariableModel(
        prior=models.standard_normal(latents), decoder=net, likelihood=likelihoods.Bernoulli(features)
    )


GRID_MODELS: dict[str, Callable[[], models.LatentVariableModel]] = {
    "sine, 1 latent": lambda: sine(1),
    "network, 1 latent": lambda: random_net(1),
    "sine, 2 latents": lambda: sine(2),
    "network, 2 latents": lambda: random_net(2),
}

# ── guides ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def encoder(features: int, latents: int, *, covariance: str = "diagonal") -> guides.GaussianEncoder:
    """An untrained encoder: wrong, which is the case that matters."""
    return guides.GaussianEncoder(features, latents, hidden=(8,), covariance=covariance, key=jr.key(7))


def _local(latents: int, covariance: str) -> guides.LocalGaussian:
    below = 0.7 * jnp.ones((latents, latents)) if covariance == "full" else None
    return guides.LocalGaussian(jnp.arange(latents) + 0.3, jnp.arange(latents) - 0.5, below)


GUIDES: dict[str, Callable[[int], guides.AbstractGuide]] = {
    "encoder, diagonal": lambda latents: encoder(5, latents),
    "encoder, full": lambda latents: encoder(5, latents, covariance="full"),
    "constant": lambda latents: guides.Constant(models.standard_normal(latents)),
    "known posterior": lambda latents: guides.KnownPosterior(linear_gaussian(5, latents).posterior),
    "local, diagonal": lambda latents: _local(latents, "diagonal"),
    "local, full": lambda latents: _local(latents, "full"),
}


class Pair(NamedTuple):
    """A model, a guide for it and a datum."""

    model: models.AbstractModel
    guide: guides.AbstractGuide
    x: jax.Array


def _with(model: models.AbstractModel, guide: guides.AbstractGuide) -> Pair:
    return Pair(model, guide, rows_of(model, 1)[0])


PAIRS: dict[str, Callable[[], Pair]] = {
    "linear, diagonal encoder": lambda: _with(linear_gaussian(), encoder(5, 2)),
    "linear, full encoder": lambda: _with(linear_gaussian(), encoder(5, 2, covariance="full")),
    "linear, prior": lambda: _with(linear_gaussian(), guides.Constant(models.standard_normal(2))),
    "finite, uniform": lambda: _with(finite(), guides.Constant(dist.Categorical(logits=jnp.zeros(4)))),
    "sine, encoder": lambda: _with(sine(1), encoder(3, 1)),
    "network, encoder": lambda: _with(random_net(2), encoder(6, 2)),
}

EXACT: dict[str, Callable[[], Pair]] = {
    "linear": lambda: _with(model := linear_gaussian(), guides.KnownPosterior(model.posterior)),
    "finite": lambda: _with(model := finite(), guides.KnownPosterior(model.posterior)),
}
