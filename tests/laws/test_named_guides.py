"""Laws of every guide that has a name, in two latents: its mass, its draws, and the gradient of what they estimate."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut import guides, networks, numerics, objectives
from tests.laws import checks
from tests.laws.instances import random_net, rows_of
from tests.objectives.instances import assert_mean_is, drawn_gradients, exact_gradient
from tests.quick import quick

LATENTS, FEATURES = 2, 6
NAMES = ["diagonal", "full", "low-rank:1", "mixture:3", "flow:2", "spline:2"]
SMALL = {
    name: lambda latents, layer=layer: networks.Layers.of(layer, latents, context=3, layers=2, hidden=6, key=jr.key(5))
    for name, layer in (("flow:2", networks.Autoregressive), ("spline:2", networks.SplineCoupling))
}
LINE = np.linspace(-9.0, 9.0, 181)
GRID = np.stack([axis.ravel() for axis in np.meshgrid(LINE, LINE)], axis=1)
CELL = (LINE[1] - LINE[0]) ** 2


def model():
    return random_net(LATENTS, features=FEATURES)


def guide(name, latents=LATENTS):
    """An untrained guide with steep weights, so that its distribution is none that would be easy."""

    def network(outputs):
        made = networks.Perceptron(FEATURES, outputs, hidden=(4,), key=jr.key(3))
        return jax.tree.map(lambda leaf: 1.5 * leaf, made)

    return guides.GUIDES.build(name, inputs=FEATURES, latents=latents, reader=None, network=network, key=jr.key(4))


def on_grid(q):
    return np.asarray(jax.jit(jax.vmap(lambda z: numerics.log_density(q, z)))(jnp.asarray(GRID)))


@pytest.mark.parametrize("name", quick(*NAMES[:-1], of=NAMES))
def test_mass_is_one_and_draws_have_the_density(name, key):
    with jax.enable_x64(True):
        q = guide(name)(rows_of(model(), 1)[0])
        share = np.exp(on_grid(q)) * CELL
        assert share.sum() == pytest.approx(1.0, abs=1e-4)  # splines have kinks, at which the grid is not exact
        draws = np.asarray(jax.jit(jax.vmap(q.sample))(jr.split(key, 20_000)))
    for function in (lambda z: z, lambda z: z[:, :, None] * z[:, None, :], lambda z: np.cos(3.0 * z)):
        checks.mean_is(function(draws), np.tensordot(share, function(GRID), axes=1))


@pytest.mark.parametrize("name", quick(*NAMES[:-1], of=NAMES))
def test_a_draw_comes_with_its_density(name, key):
    q = guide(name)(rows_of(model(), 1)[0])
    latents, log_q = jax.jit(jax.vmap(lambda key: numerics.draw_with_density(q, key=key)))(jr.split(key, 50))
    np.testing.assert_allclose(log_q, jax.jit(jax.vmap(q.log_prob))(latents), atol=1e-4)


def elbo_on_grid(p, q, x):
    """The ELBO by a rule on the grid: its derivative comes through the density of q, and not through draws."""
    q = q(x)
    log_q = jax.vmap(lambda z: numerics.log_density(q, z))(jnp.asarray(GRID))
    log_w = jax.vmap(lambda z: p.log_joint(x, z))(jnp.asarray(GRID)) - log_q
    return CELL * jnp.exp(log_q) @ log_w


@pytest.mark.parametrize(
    ("name", "recipe"),
    quick(
        ("mixture:3", objectives.sticking_the_landing),
        ("low-rank:1", objectives.elbo),
        of=[*((name, objectives.elbo) for name in NAMES[2:]), ("mixture:3", objectives.sticking_the_landing)],
    ),
)
def test_value_and_gradient_of_the_elbo(name, recipe, key):
    with jax.enable_x64(True):
        p, q, objective = model(), guide(name), recipe(1)
        x = rows_of(p, 1)[0].astype(float)
        exact, of_guide = exact_gradient(lambda p, q: elbo_on_grid(p, q, x), p, q)
        drawn = drawn_gradients(objective, p, q, x, key=key, draws=2000)[:, of_guide]
        # In a few directions: there are many parameters, of which some are moved by hardly any draw.
        some = np.random.default_rng(0).normal(size=(int(of_guide.sum()), 30))
        assert_mean_is(drawn @ some, exact[of_guide] @ some)
        values = jax.jit(jax.vmap(lambda key: objective(p, q, x, key=key)))(jr.split(key, 2000))
        checks.mean_is(values, elbo_on_grid(p, q, x))


@pytest.mark.usefixtures("float64")
def test_one_draw_from_each_component_in_the_logarithm(key):
    """E log (π₁ w(z₁) + π₂ w(z₂)) with z_k from the k-th component, on the square of a line."""
    p, q, objective = random_net(1), guide("mixture:2", latents=1), objectives.iwae(1)
    x = rows_of(p, 1)[0].astype(float)
    line = jnp.linspace(-9.0, 9.0, 240)[:, None]

    def bound(p, q):
        mixture = q(x)
        log_w = jax.vmap(lambda z: p.log_joint(x, z) - numerics.log_density(mixture, z))(line)
        logits = jax.nn.log_softmax(mixture.logits)
        inside = jnp.logaddexp(*jnp.broadcast_arrays(logits[0] + log_w[:, None], logits[1] + log_w[None, :]))
        densities = jax.scipy.stats.norm.pdf(line, mixture.means.T, mixture.scales.T)
        shares = densities * (line[1, 0] - line[0, 0])
        return shares[:, 0] @ inside @ shares[:, 1]

    exact, _ = exact_gradient(bound, p, q)
    assert_mean_is(drawn_gradients(objective, p, q, x, key=key, draws=4000), exact)
    values = jax.jit(jax.vmap(lambda key: objective(p, q, x, key=key)))(jr.split(key, 2000))
    checks.mean_is(values, bound(p, q))
