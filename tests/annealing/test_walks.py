"""Walks between a Gaussian and a posterior: unbiased both ways, with the gap that theory gives."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
import pytest
from numpyro.diagnostics import split_gelman_rubin

from taut.annealing import (
    Mixture,
    Path,
    Schedule,
    StandardNormal,
    Tails,
    both_walks,
    forward_trace,
    forward_walk,
    pilot,
    reverse_walk,
    split_rhat,
    steps_between,
    temperatures,
)
from taut.annealing.walks import hmc_step, jump
from taut.models import LinearGaussian
from taut.numerics import AffineMap, gaussian_kl
from tests.annealing.instances import ORACLES, even_schedule, mixed, simulated, two_parts, walked, wide_frame
from tests.laws.instances import linear_gaussian
from tests.quick import quick

ROWS = 400


STARTS = [
    f"{name}, from {start}"
    for name in ("linear-Gaussian", "mixture prior", "sine, 1 latent")
    for start in ("one Gaussian", "a mixture")
]


@pytest.fixture(
    scope="module", params=quick("linear-Gaussian, from one Gaussian", "mixture prior, from a mixture", of=STARTS)
)
def both_ways(request):
    """Few temperatures and few leapfrogs: bounds that are loose, so that a wrong one shows."""
    name, start = request.param.split(", from ")
    oracle = ORACLES[name]()
    data, latents = simulated(oracle.model, ROWS)
    frame = wide_frame(oracle.latents, 1.3)
    base = StandardNormal() if start == "one Gaussian" else two_parts(oracle.latents)
    forward, reverse = walked(oracle.model, frame, data, latents, even_schedule(6, 0.4), 4, 2, jr.key(1), base)
    return oracle.truth(data), np.asarray(forward.log_weight, np.float64), np.asarray(reverse.log_weight, np.float64)


def test_the_mean_forward_weight_is_the_evidence(both_ways):
    truth, forward, _ = both_ways
    ratios = np.mean(np.exp(forward - truth[:, None]), axis=1)
    assert abs(ratios.mean() - 1) < 4 * ratios.std(ddof=1) / np.sqrt(ROWS)
    assert (truth[:, None] - forward).mean() > 0.01, "the walk is short, so that the test can fail"


def test_the_mean_inverse_reverse_weight_is_the_inverse_evidence(both_ways):
    truth, _, reverse = both_ways
    ratios = np.mean(np.exp(truth[:, None] - reverse), axis=1)
    assert abs(ratios.mean() - 1) < 4 * ratios.std(ddof=1) / np.sqrt(ROWS)
    assert (reverse - truth[:, None]).mean() > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("length", [200, 400])
def test_each_gap_is_half_of_jeffreys_divergence_over_the_temperatures(length):
    """Grosse et al. 2013 for perfect mixing: here trajectories of a quarter period, which forget where they began."""
    model, frame = LinearGaussian(2.0 * jnp.eye(4)[:, :2], jnp.zeros(4), jnp.full(4, 0.7)), wide_frame(2, 2.0)
    data, latents = simulated(model, 200, seed=2)
    q, truth = frame.distribution(), np.asarray(jax.vmap(model.log_evidence)(jnp.asarray(data)))
    stiffness = 4.0 / float(jnp.asarray(model.posterior(jnp.zeros(4)).covariance_matrix)[0, 0])
    betas = jnp.arange(1, length + 1) / length
    steps = (jnp.pi / 2) / 8 / jnp.sqrt(1.0 - betas + betas * stiffness)
    schedule = Schedule(betas, jnp.full(length, 1 / length), steps)
    forward, reverse = walked(model, frame, data, latents, schedule, 48, 8, jr.key(3))

    def jeffreys(x):
        return gaussian_kl(q, model.posterior(x)) + gaussian_kl(model.posterior(x), q)

    expected = float(jnp.mean(jax.vmap(jeffreys)(jnp.asarray(data)))) / (2 * length)
    for gap in (truth[:, None] - forward.log_weight, reverse.log_weight - truth[:, None]):
        rows = np.mean(np.asarray(gap, np.float64), axis=1)
        error = rows.std(ddof=1) / np.sqrt(len(rows))
        assert error < 0.08 * expected, "the error is small enough to see a fifth"
        assert rows.mean() == pytest.approx(expected, rel=0.2)


def test_from_the_posterior_itself_every_weight_is_the_evidence():
    model = linear_gaussian(5, 2)
    x = jnp.asarray(simulated(model, 1)[0][0])
    path = Path(model, x, AffineMap.of(model.posterior(x)))
    schedule = even_schedule(5, 0.5)
    truth = float(model.log_evidence(x))

    @jax.jit
    def both(key):
        start = jnp.array([0.3, -0.2])
        ahead = forward_walk(path, schedule, 5, leapfrogs=2, key=key)
        return ahead, reverse_walk(path, schedule, 5, start, leapfrogs=2, key=key)

    there, back = both(jr.key(0))
    assert float(there.log_weight) == pytest.approx(truth, abs=1e-4)
    assert float(back.log_weight) == pytest.approx(truth, abs=1e-4)


def test_both_walks_at_once_are_those_of_each_alone():
    model = mixed()
    path = Path(model, jnp.asarray(simulated(model, 1)[0][0]), wide_frame(2, 1.5))
    schedule, starts = even_schedule(9, 0.3), jr.normal(jr.key(0), (3, 2))
    up, down = jr.split(jr.key(1), 3), jr.split(jr.key(2), 3)

    @jax.jit
    def walked():
        together = both_walks(path, schedule, 7, starts, leapfrogs=2, forward_keys=up, reverse_keys=down)
        there = jax.vmap(lambda key: forward_walk(path, schedule, 7, leapfrogs=2, key=key))(up)
        back = jax.vmap(lambda start, key: reverse_walk(path, schedule, 7, start, leapfrogs=2, key=key))(starts, down)
        return together, (there, back)

    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-4), *walked())


def test_in_float64_only_rounding_is_left(float64):
    model = linear_gaussian(5, 2)
    x = jnp.asarray(simulated(model, 1)[0][0])
    path, schedule = Path(model, x, AffineMap.of(model.posterior(x))), even_schedule(50, 0.3)
    walk = jax.jit(lambda key: forward_walk(path, schedule, 50, leapfrogs=2, key=key))(jr.key(0))
    assert walk.log_weight.dtype == jnp.float64
    assert float(walk.log_weight) == pytest.approx(float(model.log_evidence(x)), abs=1e-11)


def test_the_kernel_leaves_its_target_alone():
    model = linear_gaussian(5, 2)
    x = jnp.asarray(simulated(model, 1)[0][0])
    path, beta = Path(model, x, wide_frame(2)), jnp.asarray(0.6)
    precision = jnp.eye(2) * 0.4 + 0.6 * jnp.linalg.inv(jnp.asarray(model.posterior(x).covariance_matrix))
    mean = jnp.linalg.solve(
        precision, 0.6 * jnp.linalg.solve(model.posterior(x).covariance_matrix, model.posterior(x).mean)
    )
    root = jnp.linalg.cholesky(jnp.linalg.inv(precision))

    def moved(key):
        start, move = jr.split(key)
        u = mean + root @ jr.normal(start, (2,))
        return hmc_step(path, path.at(u), beta, jnp.asarray(0.9), leapfrogs=2, key=move)

    after, accepted = jax.jit(jax.vmap(moved))(jr.split(jr.key(5), 20_000))
    white = np.asarray((after.u - mean[None]) @ jnp.linalg.inv(root).T)
    assert 0.3 < float(accepted.mean()) < 0.97, "some are refused, or the test says nothing of refusing"
    assert np.all(np.abs(white.mean(axis=0)) < 4 / np.sqrt(20_000))
    assert np.all(np.abs(white.var(axis=0) - 1) < 4 * np.sqrt(2 / 20_000))


def test_a_jump_leaves_its_target_alone():
    """A Gaussian target, whose moments are known, under proposals from a mixture."""
    linear, beta = linear_gaussian(5, 2), jnp.asarray(1.0)
    x = jnp.asarray(simulated(linear, 1)[0][0])
    path, posterior = Path(linear, x, wide_frame(2), two_parts(2)), linear.posterior(x)
    root = jnp.linalg.cholesky(jnp.asarray(posterior.covariance_matrix))

    def moved(key):
        start, move = jr.split(key)
        at = path.at(posterior.mean + root @ jr.normal(start, (2,)))
        after = jump(path, at, beta, key=move)
        return after.u, jnp.any(after.u != at.u)

    after, jumped = jax.jit(jax.vmap(moved))(jr.split(jr.key(5), 20_000))
    white = np.asarray((after - posterior.mean[None]) @ jnp.linalg.inv(root).T)
    assert 0.05 < float(jumped.mean()) < 0.95, "some are taken and some refused"
    assert np.all(np.abs(white.mean(axis=0)) < 4 / np.sqrt(20_000))
    assert np.all(np.abs(white.var(axis=0) - 1) < 4 * np.sqrt(2 / 20_000))


def test_a_mixture_has_the_density_of_its_draws():
    """Gaussians and tails, by numpyro's densities; the mean of a known density over its own is one."""
    two, log_shares = two_parts(2), jnp.log(jnp.array([0.2, 0.2, 0.0, 0.1, 0.2, 0.2, 0.1]))
    base = Mixture.of(two.centres, two.roots, log_shares, Tails(jnp.asarray(3.0), jnp.array([1.0, 4.0])))
    draws = base.draws(jnp.zeros(2), 30_000, key=jr.key(0))

    def theirs(u):
        gaussians = [dist.MultivariateNormal(two.centres[k], scale_tril=two.roots[k]).log_prob(u) for k in range(2)]
        whole = [dist.MultivariateStudentT(3.0, jnp.zeros(2), s * jnp.eye(2)).log_prob(u) for s in (1.0, 2.0)]
        each = [dist.StudentT(jnp.array([1.0, 4.0]), 0.0, s).log_prob(u).sum() for s in (1.0, 2.0)]
        return jax.nn.logsumexp(jnp.stack(gaussians + whole + each) + jnp.delete(log_shares, 2))

    np.testing.assert_allclose(
        jax.jit(jax.vmap(base.log_density))(draws[:50]), jax.jit(jax.vmap(theirs))(draws[:50]), rtol=1e-4
    )
    for known in (dist.Normal(0.3, 0.7), dist.StudentT(5.0, 0.0, 2.0)):
        ratio = jnp.exp(jax.jit(jax.vmap(lambda u, known=known: known.log_prob(u).sum() - base.log_density(u)))(draws))
        assert abs(float(ratio.mean()) - 1.0) < 4 * float(ratio.std()) / np.sqrt(len(ratio))


def test_a_density_that_is_no_number_is_never_entered():
    class Broken(LinearGaussian):
        def log_joint(self, x, z):
            return jnp.where(z[0] > 1.0, jnp.nan, super().log_joint(x, z))

    base = linear_gaussian(5, 2)
    path = Path(Broken(base.weight, base.offset, base.noise), jnp.zeros(5), wide_frame(2))
    keys = jr.split(jr.key(0), 64)
    one = jnp.ones(())
    ends, _ = jax.jit(jax.vmap(lambda k: hmc_step(path, path.at(jnp.zeros(2)), one, one, leapfrogs=3, key=k)))(keys)
    assert bool(jnp.all(ends.u[:, 0] <= 1.0))
    assert bool(jnp.all(jnp.isfinite(ends.log_joint)))


# ── schedules and pilots ─────────────────────────────────────────────────────────────────────────────────────────────


def test_increments_add_up_to_one_whatever_the_pilot_saw():
    at = np.arange(1, 25) / 24
    for variance in (np.zeros(24), np.full(24, np.nan), np.geomspace(1e-6, 1e6, 24), np.eye(24)[3]):
        betas = temperatures(at, variance, 1000)
        assert betas[-1] == 1.0
        assert np.all(np.diff(betas, prepend=0.0) > 0)
        assert np.diff(betas, prepend=0.0).sum() == pytest.approx(1.0, abs=1e-12)


def test_temperatures_crowd_where_the_ratio_varies():
    at = np.array([0.5, 1.0])
    betas = temperatures(at, np.array([100.0, 0.0]), 100)
    assert np.mean(betas <= 0.5) > 0.6


def test_step_sizes_follow_the_pilot_between_its_temperatures():
    at = np.arange(1, 25) / 24
    steps = steps_between(at, np.linspace(1.0, 0.2, 24), np.linspace(0.01, 1, 7))
    assert np.all(np.diff(steps) < 0)
    assert np.all((steps > 0.2) & (steps < 1.0))


def test_a_pilot_finds_the_posterior_and_how_far_it_is():
    model = linear_gaussian(5, 2)
    x = jnp.asarray(simulated(model, 1, seed=4)[0][0])
    q, posterior, frame = wide_frame(2).distribution(), model.posterior(x), wide_frame(2)
    betas = jnp.arange(1, 25) / 24
    searched = jax.vmap(lambda k: pilot(Path(model, x, frame), betas, chains=16, leapfrogs=3, settling=40, key=k))
    found = jax.jit(searched)(jr.split(jr.key(0), 40))
    jeffreys = float(gaussian_kl(q, posterior) + gaussian_kl(posterior, q))
    seen = np.mean(np.asarray(found.variance), axis=1)
    # States lag behind their temperature, which makes a plan longer and no bound wrong.
    assert 0.9 * jeffreys < seen.mean() < 1.6 * jeffreys
    starts = np.asarray(found.starts).reshape(-1, 2)
    spread = np.sqrt(np.diagonal(np.asarray(posterior.covariance_matrix)))
    assert np.all(np.abs(starts.mean(axis=0) - np.asarray(posterior.mean)) < 4 * spread / np.sqrt(len(starts) / 2))
    assert np.all(np.abs(starts.std(axis=0) / spread - 1) < 0.15)
    assert float(np.median(found.rhat)) < 1.2


def test_split_rhat_agrees_with_a_library():
    trace = np.random.default_rng(0).normal(size=(40, 6)) + np.arange(6) * 0.3
    theirs = float(split_gelman_rubin(trace.T))
    assert float(split_rhat(jnp.asarray(trace, jnp.float32))) == pytest.approx(theirs, rel=1e-4)


def test_a_trace_ends_where_the_walk_ends():
    model = mixed()
    x = jnp.asarray(simulated(model, 1)[0][0])
    path, schedule = Path(model, x, wide_frame(2, 1.5)), even_schedule(32, 0.3)

    @jax.jit
    def both(key):
        trace = forward_trace(path, schedule, marks=8, leapfrogs=2, key=key)
        return trace, forward_walk(path, schedule, 32, leapfrogs=2, key=key)

    trace, walk = both(jr.key(2))
    assert float(trace.log_weight[-1]) == pytest.approx(float(walk.log_weight), abs=1e-4)
    assert trace.beta.tolist() == pytest.approx([4 * (k + 1) / 32 for k in range(8)])
