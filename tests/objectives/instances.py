"""Small models whose bounds have exact gradients, and the gradients that an objective draws for them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
from jax.flatten_util import ravel_pytree
from jax.scipy.special import logsumexp

from taut import guides, likelihoods, models, networks

DATUM = (0.7, -0.4, 1.3)
BITS = (1.0, 0.0, 1.0)


def linear(covariance="diagonal"):
    """A linear-Gaussian model with two latents and a linear encoder that is not its posterior."""
    model = models.LinearGaussian(
        weight=jnp.array([[1.0, 0.3], [-0.5, 0.8], [0.2, -0.9]]),
        offset=jnp.array([0.1, -0.2, 0.3]),
        noise=jnp.array([0.6, 0.9, 0.7]),
    )
    return model, guides.GaussianEncoder(3, 2, hidden=(), covariance=covariance, key=jr.key(5))


def bernoulli(latents=1):
    """A neural decoder of three bits, and a neural encoder."""
    model = models.LatentVariableModel(
        prior=models.standard_normal(latents),
        decoder=networks.Perceptron(latents, 3, hidden=(4,), key=jr.key(6)),
        likelihood=likelihoods.Bernoulli(3),
    )
    # Steeper than at the start, so that the posterior is no Gaussian and the weights differ.
    model = jax.tree.map(lambda leaf: 2.0 * leaf if eqx.is_inexact_array(leaf) and leaf.ndim == 2 else leaf, model)
    guide = guides.GaussianEncoder(3, latents, hidden=(4,), key=jr.key(7))
    # A little wider than the prior, so that the weights have all their moments.
    wide = jnp.concatenate([jnp.zeros(latents), jnp.ones(latents)])
    return model, eqx.tree_at(lambda g: g.network.layers[-1].bias, guide, wide)


def flat_function(function, model, guide):
    """`function(model, guide)` of one vector of parameters, the vector, and which entries belong to the guide."""
    trainable, static = eqx.partition((model, guide), eqx.is_inexact_array)
    vector, unravel = ravel_pytree(trainable)
    of_model = sum(leaf.size for leaf in jax.tree.leaves(trainable[0]))
    return lambda v: function(*eqx.combine(unravel(v), static)), vector, np.arange(vector.size) >= of_model


def drawn_gradients(objective, model, guide, x, *, key, draws, kl_weight=None):
    """The gradient of an objective for each of many keys: (draws, parameters)."""

    def one(key):
        def value(model, guide):
            return objective(model, guide, x, key=key, kl_weight=kl_weight)

        function, vector, _ = flat_function(value, model, guide)
        return jax.grad(function)(vector)

    return np.asarray(jax.jit(lambda keys: jax.lax.map(one, keys, batch_size=500))(jr.split(key, draws)))


@eqx.filter_jit
def reported(objective, model, guide, x, *, key, kl_weight=None):
    """The value of an objective."""
    return objective(model, guide, x, key=key, kl_weight=kl_weight)


def exact_gradient(function, model, guide):
    """The derivative of an exact bound by automatic differentiation."""
    function, vector, of_guide = flat_function(function, model, guide)
    return np.asarray(jax.jit(jax.grad(function))(vector)), of_guide


def linear_elbo(model, guide, x, kl_weight=1.0):
    """The ELBO of a linear-Gaussian model, written out: no draw, and no function of taut but the distribution q."""
    q = guide(x)
    mean = q.mean
    covariance = q.covariance_matrix if hasattr(q, "covariance_matrix") else jnp.diag(q.variance)
    residual = x - model.offset - model.weight @ mean
    spread = jnp.diagonal(model.weight @ covariance @ model.weight.T)
    variance = model.noise**2
    reconstruction = -0.5 * jnp.sum((residual**2 + spread) / variance + jnp.log(2 * jnp.pi * variance))
    volume = jnp.linalg.slogdet(covariance)[1]
    return reconstruction - kl_weight * 0.5 * (jnp.trace(covariance) + mean @ mean - mean.shape[0] - volume)


def two_draw_bound(model, guide, x, kl_weight=1.0, nodes=240, bound=None):
    """E log ½(w₁ + w₂), or of another bound of two log-weights, on a grid of latents.

    Its derivative comes through the density of q, not through the draws. An even number of nodes has none at z = 0,
    where these decoders give logits of exactly zero: numpyro's Bernoulli has a wrong derivative there, x instead of
    x − ½.
    """
    line = jnp.linspace(-9.0, 9.0, nodes)[:, None]
    log_w, log_q = log_weights_at(model, guide, x, line, kl_weight)
    share = jnp.exp(log_q) * (line[1, 0] - line[0, 0])
    return share @ of_pairs(bound or log_mean_of_two, log_w) @ share


def two_draw_bound_of_states(model, guide, x, kl_weight=1.0, bound=None):
    """The same where z is one of finitely many states, by summation."""
    states = jnp.arange(model.logits.shape[0])
    log_w, log_q = log_weights_at(model, guide, x, states, kl_weight)
    return jnp.exp(log_q) @ of_pairs(bound or log_mean_of_two, log_w) @ jnp.exp(log_q)


def log_weights_at(model, guide, x, latents, kl_weight=1.0):
    """log w and log q of given latents, as a loop would compute them."""
    q = guide(x)
    log_q = jax.vmap(q.log_prob)(latents)
    log_likelihood = jax.vmap(lambda z: model.likelihood(z).log_prob(x))(latents)
    return log_likelihood - kl_weight * (log_q - jax.vmap(model.prior().log_prob)(latents)), log_q


def of_pairs(bound, log_w):
    """A function of two log-weights, for all pairs."""
    return bound(jnp.stack(jnp.broadcast_arrays(log_w[:, None], log_w[None, :])))


def log_mean_of_two(pair):
    return logsumexp(pair, axis=0) - jnp.log(2.0)


def power_mean_of_two(power):
    """(1/p) log ½(w₁ᵖ + w₂ᵖ)."""
    return lambda pair: (logsumexp(power * pair, axis=0) - jnp.log(2.0)) / power


def mean_of_two(pair):
    return pair.sum(axis=0) / 2


def states(key=8):
    """Three states of three bits, and a q that is not the posterior."""
    outputs = 1.5 * jr.normal(jr.key(key), (3, 3))
    model = models.Finite(jnp.array([0.2, -0.3, 0.5]), outputs, likelihoods.Bernoulli(3))
    return model, guides.Constant(dist.CategoricalLogits(jnp.array([0.4, 0.1, -0.6])))


def log_evidence_on_a_grid(model, x, nodes=240):
    """log p(x) of a model with one latent."""
    line = jnp.linspace(-9.0, 9.0, nodes)[:, None]
    return logsumexp(jax.vmap(lambda z: model.log_joint(x, z))(line)) + jnp.log(line[1, 0] - line[0, 0])


def assert_mean_is(draws, exact):
    """The mean of the drawn gradients lies within five standard errors of the exact one, entry by entry."""
    error = draws.std(axis=0, ddof=1) / np.sqrt(len(draws))
    # An entry that no draw moves has no error but rounding.
    z = np.abs(draws.mean(axis=0) - exact) / np.maximum(error, 1e-10)
    assert z.max() < 5, f"entry {z.argmax()} of the gradient is {z.max():.1f} standard errors from the exact one"
