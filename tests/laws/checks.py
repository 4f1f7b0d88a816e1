"""Oracles as plain functions: each compares taut with something computed another way, and raises AssertionError.

The tests call them as they stand; `tests/mutants` plants bugs and asks which of them notices. They reach taut through
its modules at call time, so that a planted bug is seen.
"""

import math
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
from scipy import integrate, stats

import taut
from taut import bounds, guides, likelihoods, models, numerics, weights
from tests.laws.instances import (
    EXACT,
    GRID_MODELS,
    LIKELIHOODS,
    PAIRS,
    encoder,
    finite,
    linear_gaussian,
    nodes,
    rows_of,
)


def near(actual: object, expected: object, tolerance: float) -> None:
    """Equal to an absolute tolerance; NaN equals nothing."""
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    assert actual.shape == expected.shape, f"shape {actual.shape}, not {expected.shape}"
    worst = np.max(np.abs(actual - expected), initial=0.0)
    assert worst <= tolerance, f"off by {worst:.3g}, more than {tolerance:g}: {actual} is not {expected}"


def mean_is(draws: object, expected: object, *, z: float = 5.0) -> None:
    """The mean over the first axis lies within z of its own standard errors of the expected value."""
    draws = np.asarray(draws, np.float64)
    error = draws.std(axis=0, ddof=1) / math.sqrt(len(draws))
    worst = np.max(np.abs(draws.mean(axis=0) - np.asarray(expected)) / np.maximum(error, 1e-12))
    assert worst <= z, f"{draws.mean(axis=0)} ± {error} is {worst:.1f} standard errors from {expected}"


def drawer(*, draws: int, chunk: int | None = None) -> Callable[..., jax.Array]:
    """`log_weights`, compiled anew for each drawer so that a planted bug is never hidden by an old compilation."""

    @eqx.filter_jit
    def compiled(model: object, guide: object, x: jax.Array, key: jax.Array) -> jax.Array:
        return weights.log_weights(model, guide, x, draws=draws, key=key, chunk=chunk)

    return compiled


def drawn(
    model: object, guide: object, x: jax.Array, *, draws: int, key: jax.Array, chunk: int | None = None
) -> jax.Array:
    """Log-weights from a drawer used once."""
    return drawer(draws=draws, chunk=chunk)(model, guide, x, key)


# ── likelihoods ──────────────────────────────────────────────────────────────────────────────────────────────────────


def log_densities(name: str, points: np.ndarray) -> tuple[object, Callable[[tuple[float, ...]], np.ndarray]]:
    """The named likelihood, through the public door, and of outputs its log density at each point."""
    likelihood = likelihoods.named(name, LIKELIHOODS[name].data)
    at = jnp.asarray(points, float)

    @jax.jit
    def compiled(outputs: jax.Array) -> jax.Array:
        q = likelihood(outputs)
        return jax.vmap(lambda v: q.log_prob(v[None]))(at)

    return likelihood, lambda outputs: np.asarray(compiled(jnp.asarray(outputs, float)), np.float64)


def likelihood_has_mass_one(name: str, tolerance: float = 1e-6) -> None:
    """Sum over the support, or quadrature, of exp log p."""
    points, volumes = nodes(LIKELIHOODS[name])
    _, log_p = log_densities(name, points)
    for outputs in LIKELIHOODS[name].outputs:
        near(np.sum(np.exp(log_p(outputs)) * volumes), 1.0, tolerance)


def likelihood_equals_scipy(name: str) -> None:
    """The same numbers from scipy.stats, where it has the distribution."""
    case = LIKELIHOODS[name]
    points, _ = nodes(case)
    likelihood, log_densities_of = log_densities(name, points)
    for outputs in case.outputs:
        log_p = log_densities_of(outputs)
        theirs = case.scipy(likelihood, np.asarray(outputs))
        expected = theirs.logpmf(points) if isinstance(case.support, np.ndarray) else theirs.logpdf(points)
        seen = expected > -300
        np.testing.assert_allclose(log_p[seen], expected[seen], rtol=1e-6, atol=1e-6)


def discretised_logistic_equals_its_distribution_function() -> None:
    """P(x) = F(x + ½) − F(x − ½) with scipy's logistic, and the whole tails in the end bins."""
    with jax.enable_x64(True):
        _, log_p = log_densities("discretised-logistic", np.arange(256))
        found = [(outputs, log_p(outputs)) for outputs in LIKELIHOODS["discretised-logistic"].outputs]
    for (location, raw_scale), values in found:
        scale = 127.5 * (np.logaddexp(0, raw_scale - 2.0) + 1e-4)
        cuts = stats.logistic(127.5 * (1 + location), scale).cdf(np.arange(1, 256) - 0.5)
        expected = np.diff(np.concatenate([[0.0], cuts, [1.0]]))
        near(np.exp(values), expected, 1e-9)


def continuous_bernoulli_equals_quadrature() -> None:
    """log p(x) = xη − log ∫ exp(ηx) dx, by scipy's adaptive rule, from η = 0 to ±200."""
    points = np.array([0.0, 0.2, 0.5, 1.0])
    with jax.enable_x64(True):
        _, log_p = log_densities("continuous-bernoulli", points)
        found = [(eta, log_p((eta,))) for eta in (0.0, 1e-6, -1e-3, 0.019, 0.021, 1.0, -7.0, 60.0, 200.0, -200.0)]
    for eta, values in found:
        shift = max(eta, 0.0)
        area, _ = integrate.quad(
            lambda x, eta=eta, shift=shift: math.exp(eta * x - shift),
            0,
            1,
            points=[0.05, 0.95],
            epsabs=0,
            epsrel=1e-12,
            limit=500,
        )
        np.testing.assert_allclose(values, points * eta - shift - math.log(area), rtol=1e-9, atol=1e-9)


# ── models ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def evidence_equals_scipy() -> None:
    """log p(x) of the linear-Gaussian model, by scipy's multivariate normal, for one and for twenty latents."""
    with jax.enable_x64(True):
        for latents in (1, 20):
            model = linear_gaussian(25, latents)
            weight, noise = np.asarray(model.weight), np.asarray(model.noise)
            theirs = stats.multivariate_normal(np.asarray(model.offset), weight @ weight.T + np.diag(noise**2))
            x = rows_of(model)
            near(jax.jit(jax.vmap(lambda x, model=model: model.log_evidence(x)))(x), theirs.logpdf(np.asarray(x)), 1e-8)


def posterior_equals_conditioning() -> None:
    """p(z|x) by the block formula for a joint Gaussian, which inverts the D × D covariance of x."""
    with jax.enable_x64(True):
        model = linear_gaussian(7, 3)
        weight, noise = np.asarray(model.weight), np.asarray(model.noise)
        gain = weight.T @ np.linalg.inv(weight @ weight.T + np.diag(noise**2))
        for x in rows_of(model):
            posterior = model.posterior(x)
            near(posterior.mean, gain @ (np.asarray(x) - np.asarray(model.offset)), 1e-10)
            near(posterior.covariance_matrix, np.eye(3) - gain @ weight, 1e-10)


def finite_model_equals_enumeration() -> None:
    """log p(x) and p(z|x) of a mixture of coins, from probabilities and not from logarithms."""
    with jax.enable_x64(True):
        model = finite()
        prior = np.exp(np.asarray(model.logits))
        prior /= prior.sum()
        heads = 1 / (1 + np.exp(-np.asarray(model.outputs)))
        for number in range(8):
            x = np.array([(number >> bit) & 1 for bit in range(3)], float)
            joint = prior * np.prod(np.where(x == 1, heads, 1 - heads), axis=1)
            near(model.log_evidence(jnp.asarray(x)), math.log(joint.sum()), 1e-12)
            near(model.posterior(jnp.asarray(x)).probs, joint / joint.sum(), 1e-12)


# ── log-weights ──────────────────────────────────────────────────────────────────────────────────────────────────────


def log_weights_are_log_evidence_under_the_exact_posterior(*, double: bool = True) -> None:
    """No draw matters there: each weight alone is p(x), for several rows and up to twenty latents."""

    def evidence_and_weights(model: object, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        guide = guides.KnownPosterior(model.posterior)
        return model.log_evidence(x), weights.log_weights(model, guide, x, draws=7, key=jr.key(0))

    with jax.enable_x64(double):
        for model in (linear_gaussian(25, 1), linear_gaussian(25, 20), finite()):
            compiled = eqx.filter_jit(eqx.filter_vmap(evidence_and_weights, in_axes=(None, 0)))
            truth, log_w = compiled(model, rows_of(model).astype(float))
            scale = float(jnp.max(jnp.abs(truth)))
            near(log_w, np.tile(np.asarray(truth)[:, None], (1, 7)), (1e-10 if double else 1e-5) * max(scale, 1.0))


def weights_average_to_the_evidence() -> None:
    """E w = p(x) and E log w = ELBO, in standard errors, on a model with both in closed form."""
    with jax.enable_x64(True):
        model = linear_gaussian()
        x = rows_of(model, 1)[0]
        posterior = model.posterior(x)
        # Wider than the posterior, so that the weights are bounded and their mean has a standard error to speak of.
        wide = dist.MultivariateNormal(posterior.mean + 0.05, covariance_matrix=2.0 * posterior.covariance_matrix)
        guide = guides.Constant(wide)
        log_w = drawn(model, guide, x, draws=40_000, key=jr.key(1))
        terms = bounds.exact_terms(model, guide, x)
        mean_is(np.exp(np.asarray(log_w) - terms.log_evidence), 1.0)
        mean_is(log_w, terms.elbo)


def draws_used_are_draws_asked() -> None:
    """As many numbers as asked for, all of them different draws, whatever the chunk."""
    pair = PAIRS["linear, diagonal encoder"]()
    for draws, chunk in ((1, None), (7, 3), (7, 100)):
        log_w = drawn(*pair, draws=draws, key=jr.key(0), chunk=chunk)
        assert log_w.shape == (draws,), f"{log_w.shape} for {draws} draws in chunks of {chunk}"
        assert len(np.unique(np.asarray(log_w))) == draws, "draws repeat"
        assert bounds.elbo(log_w).draws == draws
        assert bounds.importance(log_w).draws == draws


def chunks_change_nothing() -> None:
    """The same log-weights whatever number is held at once, also where it does not divide the draws."""
    pair = PAIRS["linear, diagonal encoder"]()
    whole = drawn(*pair, draws=10, key=jr.key(0))
    for chunk in (1, 4, 64):
        np.testing.assert_allclose(drawn(*pair, draws=10, key=jr.key(0), chunk=chunk), whole, rtol=1e-5)


def rows_alone_and_in_company_are_the_same() -> None:
    """`map_rows` against one call per row: no matter the block, the order, or which other rows there are."""
    model, guide, _ = PAIRS["linear, diagonal encoder"]()
    data = np.asarray(rows_of(model, 11))
    function, key = weights.LogWeightsOfRow(30, chunk=13), jr.key(3)
    alone_of = eqx.filter_jit(lambda x, key: weights.log_weights(model, guide, x, draws=30, key=key))
    alone = np.stack([alone_of(jnp.asarray(x), jr.fold_in(key, n)) for n, x in enumerate(data)])
    for block in (4, 256):
        together = weights.map_rows(function, model, guide, data, key=key, block=block)
        assert together.shape == (11, 30), f"{together.shape} in blocks of {block}"
        np.testing.assert_allclose(together, alone, rtol=2e-5, err_msg=f"blocks of {block}")
    order = np.random.default_rng(0).permutation(11)
    shuffled = weights.map_rows(function, model, guide, data[order], key=key, rows=order, block=4)
    np.testing.assert_allclose(shuffled, alone[order], rtol=2e-5, err_msg="another order")
    few = weights.map_rows(function, model, guide, data[4:7], key=key, rows=np.arange(4, 7))
    np.testing.assert_allclose(few, alone[4:7], rtol=2e-5, err_msg="fewer rows")
    for statistic in (weights.pareto_khat, weights.effective_sample_size):
        of_rows = jax.jit(jax.vmap(lambda row, statistic=statistic: statistic(row)))
        near(of_rows(few), of_rows(alone[4:7]), 2e-3)


def rows_have_noise_of_their_own() -> None:
    """The same datum twice under one key gets different draws; the same call twice gives the same numbers."""
    model, guide, x = PAIRS["linear, diagonal encoder"]()
    data = np.tile(np.asarray(x), (5, 1))
    first = weights.map_rows(weights.LogWeightsOfRow(4), model, guide, data, key=jr.key(0), block=2)
    again = weights.map_rows(weights.LogWeightsOfRow(4), model, guide, data, key=jr.key(0), block=2)
    other = weights.map_rows(weights.LogWeightsOfRow(4), model, guide, data, key=jr.key(1), block=2)
    np.testing.assert_array_equal(first, again)
    assert len(np.unique(first)) == first.size, "two rows share their noise"
    assert not np.isin(other, first).any(), "two keys share their noise"


# ── bounds ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def bounds_of_known_weights() -> None:
    """By hand: weights 1 and 3 have mean log ½ log 3 and log mean log 2; a dead weight still counts."""
    log_w = jnp.log(jnp.array([1.0, 3.0]))
    near(bounds.elbo(log_w).value, 0.5 * math.log(3), 1e-6)
    near(bounds.elbo(log_w).std_error, 0.5 * math.log(3), 1e-6)
    near(bounds.importance(log_w).value, math.log(2), 1e-6)
    near(bounds.importance(jnp.array([0.0, 0.0, 0.0, -jnp.inf])).value, math.log(0.75), 1e-6)
    assert math.isnan(bounds.importance(jnp.array([0.0, jnp.nan])).value), "a weight that is no number was dropped"
    near(weights.effective_sample_size(log_w), 16 / 10, 1e-5)


def identity_holds_in_closed_form() -> None:
    """log p(x) = ELBO + KL where each has its own formula, and for summation."""
    with jax.enable_x64(True):
        for name in ("linear, diagonal encoder", "linear, full encoder", "finite, uniform"):
            terms = bounds.exact_terms(*PAIRS[name]())
            assert terms.kl > 1e-3, f"{name}: a guide that is the posterior shows nothing"
            near(terms.elbo + terms.kl, terms.log_evidence, 1e-9)
        for name, pair in EXACT.items():
            terms = bounds.exact_terms(*pair())
            assert abs(terms.kl) < 1e-9, f"{name}: {terms.kl} under the exact posterior"
            near(terms.elbo, terms.log_evidence, 1e-9)


def identity_holds_by_quadrature(name: str) -> None:
    """The same for a decoder without closed form: three integrals on two grids."""
    with jax.enable_x64(True):
        model = GRID_MODELS[name]()
        x = rows_of(model, 1, seed=3)[0]
        terms = bounds.exact_terms(model, encoder(x.shape[0], model.prior().event_shape[0]), x)
        assert terms.kl > 1e-3
        near(terms.elbo + terms.kl, terms.log_evidence, 1e-5)


def quadrature_equals_a_dense_grid(name: str) -> None:
    """log p(x) by a plain sum of exp on a grid of its own, in numpy."""
    with jax.enable_x64(True):
        model = GRID_MODELS[name]()
        latents = model.prior().event_shape[0]
        x = rows_of(model, 1, seed=3)[0]
        lines = [np.linspace(-9, 9, 20_001 if latents == 1 else 601)] * latents
        grid = np.stack([axis.ravel() for axis in np.meshgrid(*lines)], axis=1)
        log_likelihood = jax.jit(jax.vmap(lambda z: model.likelihood(z).log_prob(x)))(jnp.asarray(grid))
        prior = np.prod(stats.norm.pdf(grid), axis=1)
        cell = (lines[0][1] - lines[0][0]) ** latents
        near(bounds.log_evidence(model, x).value, math.log(np.sum(prior * np.exp(log_likelihood)) * cell), 1e-5)


def quadrature_equals_closed_form() -> None:
    """The linear-Gaussian model through the grid, its posterior broad and narrow."""
    with jax.enable_x64(True):
        for scale in (0.3, 3.0, 100.0):
            model = linear_gaussian(3, 1)
            model = models.LinearGaussian(scale * model.weight, model.offset, model.noise)
            x = rows_of(model, 1)[0]
            found = bounds.quadrature(model, x)
            assert found.status == "exact", found
            near(found.value, float(model.log_evidence(x)), 1e-6)


def no_narrow_peak_is_missed() -> None:
    """Half of the mass lies within a thousandth of a place that no search would come upon; the truth is zero."""

    def halves(x: jax.Array, z: jax.Array) -> jax.Array:
        broad, narrow = (jnp.sum(dist.Normal(*at).log_prob(z)) for at in ((0.0, 1.0), (-17.3456, 0.001)))
        return jnp.logaddexp(broad, narrow) - math.log(2.0)

    found = bounds.quadrature(models.LogJoint(halves, latents=1), jnp.zeros(1))
    assert found.status == "exact"
    near(found.value, 0.0, 1e-5)


def sampled_bounds_agree_with_exact_ones() -> None:
    """`elbo` and `importance` from draws, in their own standard errors."""
    for number, name in enumerate(("linear, diagonal encoder", "sine, encoder")):
        model, guide, x = PAIRS[name]()
        terms = bounds.exact_terms(model, guide, x, tolerance=1e-4)
        log_w = drawn(model, guide, x, draws=20_000, key=jr.key(number))
        estimate = bounds.elbo(log_w)
        assert estimate.agrees_with(terms.elbo), f"{name}: ELBO {estimate}, not {terms.elbo:.4f}"
        if float(jax.jit(weights.pareto_khat)(log_w)) < 0.5:  # beyond, no standard error describes it
            estimate = bounds.importance(log_w)
            assert estimate.agrees_with(terms.log_evidence), f"{name}: {estimate}, not {terms.log_evidence:.4f}"


def correlated_pair(correlation: float) -> tuple[models.LinearGaussian, jax.Array, guides.Constant]:
    """Two latents whose posterior has this correlation, a datum, and the best diagonal guide: variances 1/Λ_ii.

    Any Λ above I is the precision of some linear-Gaussian posterior: Λ = I + WᵀW with W a root of Λ − I.
    """
    precision = 4.0 * np.linalg.inv(np.array([[1.0, correlation], [correlation, 1.0]])) * (1 - correlation**2)
    if correlation > 0.7:
        precision *= 4.0
    root = np.linalg.cholesky(precision - np.eye(2)).T
    model = models.LinearGaussian(jnp.asarray(root, float), jnp.zeros(2), jnp.ones(2))
    x = jnp.array([0.4, -1.1])
    guide = guides.Constant(
        dist.Normal(model.posterior(x).mean, jnp.asarray(1 / np.sqrt(np.diag(precision)), float)).to_event(1)
    )
    return model, x, guide


def diagonal_guide_pays_for_correlation() -> None:
    """The gap of the best diagonal guide is −½ log(1 − ρ²), and its weights have tail index ρ."""
    with jax.enable_x64(True):
        draw, khat = drawer(draws=100_000), jax.jit(weights.pareto_khat)
        for correlation in (0.3, 0.6, 0.9):
            model, x, guide = correlated_pair(correlation)
            gap = -0.5 * math.log(1 - correlation**2)
            terms = bounds.exact_terms(model, guide, x)
            near(terms.kl, gap, 1e-10)
            near(terms.log_evidence - terms.elbo, gap, 1e-10)
            log_w = draw(model, guide, x, jr.key(5))
            mean_is(log_w, terms.elbo)
            near(khat(log_w), correlation, 0.1)


def widened(factor: float = 2.0) -> tuple[models.LinearGaussian, jax.Array, guides.Constant, float]:
    """One latent, a guide `factor` times too wide, and e^{D₂} = E w²/p(x)² by the formula for two Gaussians."""
    model = linear_gaussian(3, 1)
    x = rows_of(model, 1)[0]
    posterior = model.posterior(x)
    scale = factor * jnp.sqrt(posterior.variance)
    precision_p, precision_q = 1 / float(posterior.variance[0]), 1 / float(scale[0]) ** 2
    second = precision_p / math.sqrt(precision_q * (2 * precision_p - precision_q))
    return model, x, guides.Constant(dist.Normal(posterior.mean, scale).to_event(1)), second


def importance_bias(ks: tuple[int, ...] = (8, 16, 32, 64, 128), replicates: int = 20_000) -> tuple[np.ndarray, float]:
    """E log (1/K) Σ w − log p(x) for each K, and the closed-form constant of its leading term.

    mean w / p(x) − 1 has mean zero; taken off, it removes nearly all of the noise.
    """
    with jax.enable_x64(True):
        model, x, guide, second = widened()
        truth = float(model.log_evidence(x))
        log_w = np.asarray(drawn(model, guide, x, draws=ks[-1] * replicates, key=jr.key(0))).reshape(replicates, ks[-1])
        biases = []
        for k in ks:
            groups = jnp.asarray(log_w[:, :k])
            value = np.asarray(jax.jit(jax.vmap(bounds.log_mean_weight))(groups)) - truth
            biases.append(np.mean(value - (np.exp(np.asarray(groups) - truth).mean(axis=1) - 1)))
    return np.array(biases), -(second - 1) / 2


def importance_bias_falls_as_one_over_draws() -> None:
    """Slope −1 in K on logarithmic axes, with the constant −(e^{D₂} − 1)/2."""
    ks = (8, 16, 32, 64, 128)
    biases, constant = importance_bias(ks)
    assert np.all(biases < 0), f"not below the evidence: {biases}"
    slope = stats.linregress(np.log(ks), np.log(-biases)).slope
    assert -1.2 < slope < -0.8, f"slope {slope:.3f}"
    assert abs(ks[-1] * biases[-1] / constant - 1) < 0.06, f"{ks[-1] * biases[-1]:.4f}, not {constant:.4f}"


def certificate_fails_no_more_often_than_it_says() -> None:
    """The frequency of value > truth over many data sets; weights heavy, or on the edge of Markov's inequality."""
    rng, sets = np.random.default_rng(0), 4000
    for delta in (0.1, 0.01):
        tight = rng.random((sets, 1)) < delta / 1.001
        cases = {
            "all or nothing": np.where(tight, math.log(1.001 / delta), -np.inf),
            "Pareto, infinite variance": np.log(rng.pareto(1.2, (sets, 20)) * 0.2),
            "lognormal, 4 draws": np.log(np.exp(3 * rng.normal(size=(sets, 10, 4)) - 4.5).mean(axis=2)),
        }
        for name, log_means in cases.items():
            failures = np.mean([bounds.certified_lower(row, delta=delta).value > 0 for row in log_means])
            allowed = delta + 5 * math.sqrt(delta * (1 - delta) / sets)
            assert failures <= allowed, f"{name}: failed in {failures:.4f} of the sets, not {delta}"
        # The bound is attained: a smaller margin would break its promise.
        near(bounds.certified_lower(np.zeros(50), delta=delta).value, math.log(delta) / 50, 1e-12)


# ── reliability ──────────────────────────────────────────────────────────────────────────────────────────────────────


def khat_equals_arviz() -> None:
    """Pareto smoothing in ArviZ on the same weights, at counts where both take the same tail."""
    from arviz_stats.base import array_stats

    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        for draws in (100, 400, 2500):
            cases = {
                "normal": rng.normal(size=draws) - 500.0,
                "wide": 3.0 * rng.normal(size=draws) + 80.0,
                "Pareto": np.log(rng.pareto(1.5, draws)),
                "uniform": np.log(rng.random(draws)),
                "ties": np.round(rng.normal(size=draws), 1 if draws > 400 else 2),
                "a fifth dead": np.where(np.arange(draws) < draws // 5, -np.inf, rng.normal(size=draws)),
            }
            table = np.stack(list(cases.values()))
            khats = jax.jit(jax.vmap(weights.pareto_khat))
            double, single = khats(jnp.asarray(table)), khats(jnp.asarray(table, jnp.float32))
            for name, ours, ours_single in zip(cases, double, single, strict=True):
                # ArviZ takes the negative of log-weights, as in leave-one-out cross-validation; weights of zero
                # are given as very small ones, because it subtracts infinities from each other.
                log_w = cases[name]
                theirs = float(array_stats.psislw(-np.maximum(log_w, log_w.max() - 700.0))[1])
                said = f"{name}, {draws} draws: {ours:.4f}, in float32 {ours_single:.4f}, ArviZ {theirs:.4f}"
                assert abs(ours - theirs) < 1e-3, said
                assert abs(ours_single - theirs) < 1e-3, said


def khat_of_weights_equal_but_for_rounding_is_small() -> None:
    """Under the exact posterior in float32 all weights are equal but for their last digits, and nothing is wrong."""
    khat = jax.jit(weights.pareto_khat)
    for latents in (1, 20):
        model = linear_gaussian(50, latents)
        x = rows_of(model, 1)[0]
        log_w = drawn(model, guides.KnownPosterior(model.posterior), x, draws=1000, key=jr.key(0))
        assert float(khat(log_w)) < 0.5
        assert float(weights.effective_sample_size(log_w)) > 999


# ── principal components ─────────────────────────────────────────────────────────────────────────────────────────────


def correlated_data(n: int = 300) -> np.ndarray:
    """Rows with three strong directions among six."""
    rng = np.random.default_rng(4)
    return rng.normal(size=(n, 3)) @ (rng.normal(size=(3, 6)) * [[3.0], [2.0], [1.0]]) + rng.normal(size=(n, 6)) + 5.0


def principal_components_equal_sklearn() -> None:
    """scikit-learn's probabilistic PCA divides by n − 1: its covariance is ours times n/(n − 1)."""
    from sklearn.decomposition import PCA

    with jax.enable_x64(True):
        data = correlated_data()
        ours = models.LinearGaussian.principal_components(jnp.asarray(data), 3)
        inflation = math.sqrt(len(data) / (len(data) - 1))
        inflated = models.LinearGaussian(inflation * ours.weight, ours.offset, inflation * ours.noise)
        near(
            jax.jit(jax.vmap(inflated.log_evidence))(jnp.asarray(data)),
            PCA(3).fit(data).score_samples(data),
            1e-8,
        )


# ── divergences ──────────────────────────────────────────────────────────────────────────────────────────────────────


def gaussian_kl_equals_numpyro() -> None:
    """Every pair of forms, against numpyro's own formula between multivariate normals."""
    with jax.enable_x64(True):
        rng = np.random.default_rng(2)
        roots = [np.tril(rng.normal(size=(3, 3)), -1) + np.diag(rng.uniform(0.3, 2, 3)) for _ in range(2)]
        full = [
            dist.MultivariateNormal(jnp.asarray(rng.normal(size=3)), scale_tril=jnp.asarray(root)) for root in roots
        ]
        diagonal = [
            dist.Normal(jnp.asarray(rng.normal(size=3)), jnp.asarray(rng.uniform(0.3, 2, 3))).to_event(1)
            for _ in range(2)
        ]
        for q in (*full, *diagonal):
            for p in (*full, *diagonal):
                dense = [
                    dist.MultivariateNormal(
                        *numerics.mean_and_cholesky(side)[:1], scale_tril=numerics.mean_and_cholesky(side)[1]
                    )
                    for side in (q, p)
                ]
                near(numerics.gaussian_kl(q, p), float(dist.kl_divergence(*dense)), 1e-10)


def front_door_log_weights_are_the_same() -> None:
    """`taut.log_weights` is the one function of that name."""
    pair = PAIRS["linear, diagonal encoder"]()
    np.testing.assert_array_equal(
        taut.log_weights(*pair, draws=3, key=jr.key(0)), weights.log_weights(*pair, draws=3, key=jr.key(0))
    )
