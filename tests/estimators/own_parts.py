"""Parts of one's own, as people would write them, and the functions that build them again for `taut.load`."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpyro.distributions as dist
from numpyro.distributions import transforms

from taut import guides, likelihoods, models, networks, objectives

FEATURES, LATENTS = 6, 2


class Residual(eqx.Module):
    """A network of one's own: one hidden layer, and a way around it."""

    wide: eqx.nn.Linear
    narrow: eqx.nn.Linear
    around: eqx.nn.Linear

    def __init__(self, *, inputs, outputs, key, **_):
        keys = jr.split(key, 3)
        self.wide, self.narrow = eqx.nn.Linear(inputs, 8, key=keys[0]), eqx.nn.Linear(8, outputs, key=keys[1])
        self.around = eqx.nn.Linear(inputs, outputs, key=keys[2])

    def __call__(self, h):
        return self.around(h) + self.narrow(jax.nn.tanh(self.wide(h)))


class SinhArcsinh(guides.AbstractGuide):
    """A flow: z = m + s · sinh(arcsinh(Lε) + t), which has no formula for its mean."""

    reader: eqx.Module
    network: eqx.Module
    latents: int = eqx.field(static=True)

    def __call__(self, x):
        outputs = self.network(self.reader(x))
        mean, raw_scale, skew = jnp.split(outputs, 3)
        base = dist.Normal(jnp.zeros(self.latents), 1.0).to_event(1)
        bend = _Bend(0.3 * jnp.tanh(skew))
        return dist.TransformedDistribution(
            base, [bend, transforms.IndependentTransform(transforms.AffineTransform(mean, jnp.exp(raw_scale)), 1)]
        )


class _Bend(transforms.ParameterFreeTransform):
    domain = codomain = dist.constraints.real_vector

    def __init__(self, skew):
        self.skew = skew

    def __call__(self, x):
        return jnp.sinh(jnp.arcsinh(x) + self.skew)

    def _inverse(self, y):
        return jnp.sinh(jnp.arcsinh(y) - self.skew)

    def log_abs_det_jacobian(self, x, y, intermediates=None):
        return jnp.sum(0.5 * (jnp.log1p(y**2) - jnp.log1p(x**2)), axis=-1)

    def tree_flatten(self):
        return (self.skew,), (("skew",), {})


def flow(*, inputs, latents, reader, network, key):
    """A function that builds a guide, with the network of the option `encoder`."""
    return SinhArcsinh(reader, network(3 * latents), latents)


def mixture():
    """A prior of two components."""
    means = jnp.array([[-1.0, 0.0], [1.0, 0.5]])
    return dist.MixtureSameFamily(
        dist.Categorical(probs=jnp.array([0.4, 0.6])), dist.Normal(means, jnp.full((2, LATENTS), 0.7)).to_event(1)
    )


class Counts(likelihoods.AbstractLikelihood):
    """Geometric counts, a family that the library does not have."""

    features: int = eqx.field(static=True)
    discrete = True

    def __call__(self, outputs):
        return dist.Geometric(logits=outputs).to_event(1)

    def whitened(self, outputs, tangent):
        return jnp.sqrt(jax.nn.sigmoid(-outputs)) * tangent


def objects():
    return {"encoder": Residual(inputs=FEATURES, outputs=2 * LATENTS, key=jr.key(0)), "prior": mixture()}


def functions():
    return {"decoder": Residual, "guide": flow, "likelihood": Counts, "objective": objectives.iwae}


def wrong_encoder():
    return {**objects(), "encoder": networks.Perceptron(FEATURES, 2 * LATENTS, hidden=(3,), key=jr.key(0))}


class SharedRate(models.AbstractModel):
    """z ~ N(0, 1), counts ~ Poisson(exp z): a model of its own kind."""

    offset: jax.Array

    def prior(self):
        return models.standard_normal(1)

    def likelihood(self, z):
        return likelihoods.Poisson(FEATURES)(z + self.offset)


def latent_variables():
    """A model of own parts, and a guide."""
    key = jr.key(0)
    model = models.LatentVariableModel(
        prior=mixture(),
        decoder=Residual(inputs=LATENTS, outputs=FEATURES, key=key),
        likelihood=likelihoods.Poisson(FEATURES),
    )
    return model, guides.GaussianEncoder(FEATURES, LATENTS, hidden=(4,), key=key)


def of_its_own():
    """A model that is none of the library's, and a guide."""
    return SharedRate(jnp.zeros(FEATURES)), guides.GaussianEncoder(FEATURES, 1, hidden=(), key=jr.key(1))


def density(x, z):
    """log p(x, z) of the same, as a function."""
    return jnp.sum(dist.Poisson(jnp.exp(z)).log_prob(x)) + dist.Normal(0.0, 1.0).log_prob(z[0])


def of_a_density():
    """A model that is only weighed, and a guide."""
    model = models.LogJoint(density, latents=1, discrete=True)
    return model, guides.GaussianEncoder(FEATURES, 1, hidden=(), key=jr.key(1))
