"""The decomposition of the rate, against brute force in float64, closed forms, and its own identities."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from taut.auditing import rate_decomposition
from taut.auditing.rate_decomposition import decompose_rate
from taut.errors import AuditError, OptionError
from taut.models import standard_normal
from taut.numerics import gaussian_kl
from taut.weights import map_rows
from tests.auditing.instances import linear
from tests.quick import quick


def encoded(n=40, d=3, seed=0, offset=0.0, scale=0.5):
    """Means, standard deviations and correlated roots in float32, as an encoder gives them."""
    draw = np.random.default_rng(seed)
    means = offset + draw.normal(size=(n, d))
    deviations = scale * np.exp(0.3 * draw.normal(size=(n, d)))
    roots = np.tril(0.3 * scale * draw.normal(size=(n, d, d)), -1) + deviations[:, :, None] * np.eye(d)
    return tuple(a.astype(np.float32) for a in (means, deviations, roots))


def covariances(spreads):
    wide = spreads.astype(float)
    roots = wide[:, :, None] * np.eye(wide.shape[1]) if wide.ndim == 2 else wide
    return roots @ roots.transpose(0, 2, 1)


def brute_mixture(z, means, spreads):
    log_q = [stats.multivariate_normal(m, c).logpdf(z) for m, c in zip(means, covariances(spreads), strict=True)]
    return special.logsumexp(log_q, axis=0) - np.log(len(means))


FORMS = pytest.mark.parametrize("form", ["diagonal", "full"])


def spreads_of(form, **options):
    means, deviations, roots = encoded(**options)
    return means, deviations if form == "diagonal" else roots


@FORMS
@pytest.mark.parametrize(("offset", "scale"), [(0.0, 0.5), (1000.0, 0.01)])
def test_the_mixture_is_that_of_brute_force(form, offset, scale, key):
    """The second row is where a quadratic form multiplied out in float32 has no digit left."""
    means, spreads = spreads_of(form, offset=offset, scale=scale)
    means = means.astype(float)
    rows, z, own = rate_decomposition._draw(means, spreads, key=key, most=80)
    np.testing.assert_allclose(
        rate_decomposition._log_mixture(z, means, spreads), brute_mixture(z, means, spreads), atol=1e-6
    )
    alone = [brute_mixture(z[s], means[[r]], spreads[[r]]) for s, r in enumerate(rows)]
    np.testing.assert_allclose(own, alone, atol=1e-6)
    assert np.bincount(rows).tolist() == [2] * 40


@FORMS
def test_marginals_are_those_of_brute_force(form, key):
    means, spreads = spreads_of(form)
    rows, z, _ = rate_decomposition._draw(means, spreads, key=key, most=80)
    deviations = rate_decomposition._deviations(spreads)
    np.testing.assert_allclose(deviations**2, np.diagonal(covariances(spreads), axis1=1, axis2=2), rtol=1e-6)
    for j in range(3):
        log_q = stats.norm(means[:, j], deviations[:, j]).logpdf(z[:, j, None])
        np.testing.assert_allclose(
            rate_decomposition._log_marginal(rows, z[:, j], means[:, j].astype(float), deviations[:, j]),
            special.logsumexp(log_q, axis=1) - np.log(len(means)),
            atol=1e-6,
        )


@FORMS
@pytest.mark.parametrize("n", quick(1, 7, of=(1, 7, 3000)))
def test_both_identities_hold_to_rounding(form, n, key):
    means, spreads = spreads_of(form, n=n)
    found = decompose_rate(means, spreads, standard_normal(3), key=key)
    assert found.rate.value == pytest.approx(found.mutual_information.value + found.marginal_kl.value, abs=1e-9)
    parts = found.total_correlation.value + sum(latent.value for latent in found.latents)
    assert found.marginal_kl.value == pytest.approx(parts, abs=1e-4)  # the prior of the whole is float32
    assert found.mutual_information.value <= np.log(n) + 1e-9
    assert f"about these {n} rows; at most log {n} =" in found.mutual_information.condition


@FORMS
def test_the_rate_is_the_mean_divergence_in_closed_form(form, key):
    means, spreads = spreads_of(form)
    prior = dist.Normal(jnp.array([0.5, -1.0, 0.0]), jnp.array([1.0, 2.0, 0.7])).to_event(1)
    kls = [
        gaussian_kl(dist.MultivariateNormal(jnp.asarray(m), jnp.asarray(c, jnp.float32)), prior)
        for m, c in zip(means, covariances(spreads), strict=True)
    ]
    assert decompose_rate(means, spreads, prior, key=key).rate.agrees_with(float(np.mean(kls)))


def test_a_diagonal_root_is_a_diagonal(key):
    means, deviations, _ = encoded()
    roots = deviations[:, :, None] * np.eye(3, dtype=np.float32)
    one, other = (decompose_rate(means, spreads, standard_normal(3), key=key) for spreads in (deviations, roots))
    for name in ("rate", "mutual_information", "marginal_kl", "total_correlation"):
        assert getattr(one, name).value == pytest.approx(getattr(other, name).value, abs=1e-9), name


@FORMS
def test_rows_apart_are_told_apart_and_equal_rows_are_not(form, key):
    _, spreads = spreads_of(form, n=4)
    apart = np.array([[-20.0, 0, 0], [20, 0, 0], [0, 60, 0], [0, 0, 90]], np.float32)
    for n in (2, 4):
        found = decompose_rate(apart[:n], spreads[:n], standard_normal(3), key=key)
        assert found.mutual_information.value == pytest.approx(np.log(n), abs=1e-6)
    equal = decompose_rate(np.tile(apart[:1], (5, 1)), np.stack([spreads[0]] * 5), standard_normal(3), key=key)
    assert equal.mutual_information.value == pytest.approx(0.0, abs=1e-9)


def test_one_row_has_no_information_about_which_row_it_is(key):
    means, deviations, _ = encoded(n=1)
    found = decompose_rate(means, deviations, standard_normal(3), key=key)
    q = dist.Normal(jnp.asarray(means[0]), jnp.asarray(deviations[0])).to_event(1)
    assert found.mutual_information.value == pytest.approx(0.0, abs=1e-9)
    assert found.total_correlation.value == pytest.approx(0.0, abs=1e-9)
    assert found.marginal_kl.agrees_with(float(gaussian_kl(q, standard_normal(3))))


@pytest.mark.parametrize("rho", [0.0, 0.8])
def test_many_rows_of_correlated_means_have_the_closed_forms_of_a_gaussian(rho, key):
    """q(z) → N(0, C + s²I): total correlation −½ log |R|, and each part of the rate, but for the finite N."""
    s, n = 0.4, 20_000
    total = np.array([[1.5, rho], [rho, 0.8]]) + s**2 * np.eye(2)
    draw = np.random.default_rng(3)
    means = draw.multivariate_normal(np.zeros(2), total - s**2 * np.eye(2), n).astype(np.float32)
    found = decompose_rate(means, np.full((n, 2), s, np.float32), standard_normal(2), key=key)
    variances = np.diagonal(total)
    log_volume = np.linalg.slogdet(total)[1]
    truth = {
        "total_correlation": 0.5 * (np.log(variances).sum() - log_volume),
        "mutual_information": 0.5 * log_volume - 2 * np.log(s),
        "marginal_kl": 0.5 * (variances.sum() - 2 - log_volume),
    }
    from_rows = 3 / np.sqrt(n)  # the N means have moments of their own, whatever is drawn
    for name, value in truth.items():
        found_there = getattr(found, name)
        assert abs(found_there.value - value) < 5 * found_there.std_error + from_rows, name
    for latent, variance in zip(found.latents, variances, strict=True):
        value = 0.5 * (variance - 1 - np.log(variance))
        assert abs(latent.value - value) < 5 * latent.std_error + from_rows


def test_rows_of_the_linear_model_under_its_own_posterior(key):
    """Against brute force with draws of its own, from the arrays that an audit has."""
    model, _, data = linear()
    from taut.auditing.usage import MomentsOfRow
    from taut.guides import KnownPosterior

    posterior = KnownPosterior(model.posterior)
    means = map_rows(MomentsOfRow(), model, posterior, data, key=key).mean
    root = np.asarray(model.posterior(jnp.zeros(4)).scale_tril)
    roots = np.broadcast_to(root, (len(data), 2, 2)).copy()
    draw = np.random.default_rng(5)
    z = np.concatenate([m + draw.normal(size=(500, 2)) @ root.T for m in means])
    mixture = brute_mixture(z, means, roots)
    own = np.concatenate(
        [stats.multivariate_normal(m, root @ root.T).logpdf(z[500 * n : 500 * n + 500]) for n, m in enumerate(means)]
    )
    found = decompose_rate(means, roots, model.prior(), key=key)
    for estimate, values in (
        (found.mutual_information, own - mixture),
        (found.marginal_kl, mixture - stats.norm.logpdf(z).sum(axis=1)),
    ):
        error = np.hypot(estimate.std_error, values.std() / np.sqrt(len(values)))
        assert abs(estimate.value - values.mean()) < 5 * error


@FORMS
def test_blocks_change_nothing(form, key, monkeypatch):
    means, spreads = spreads_of(form)
    whole = decompose_rate(means, spreads, standard_normal(3), key=key, most=90)
    monkeypatch.setattr(rate_decomposition, "NUMBERS_AT_ONCE", 200)
    pieces = decompose_rate(means, spreads, standard_normal(3), key=key, most=90)
    np.testing.assert_allclose(
        [e.value for e in (*whole[:4], *whole.latents)], [e.value for e in (*pieces[:4], *pieces.latents)], atol=1e-9
    )


def test_marginals_of_very_many_rows_get_fewer_draws_and_say_so(key, monkeypatch):
    means, deviations, _ = encoded()
    whole = decompose_rate(means, deviations, standard_normal(3), key=key)
    monkeypatch.setattr(rate_decomposition, "MOST_EXPONENTIALS", 40 * 3 * 150)
    fewer = decompose_rate(means, deviations, standard_normal(3), key=key)
    assert fewer[:3] == whole[:3]
    assert fewer.total_correlation.condition == "about these 40 rows; from 150 of 2000 draws"
    assert fewer.total_correlation.std_error > 2 * whole.total_correlation.std_error
    assert fewer.total_correlation.agrees_with(whole.total_correlation.value)


@pytest.mark.parametrize(
    "made",
    [
        lambda: dist.Laplace(jnp.zeros(3), 1.0).to_event(1),
        lambda: dist.MultivariateNormal(jnp.zeros(3), 0.5 * (jnp.eye(3) + jnp.ones((3, 3)))),
    ],
    ids=["Laplace", "correlated"],
)
def test_other_priors_have_no_parts_by_latent(made, key):
    (means, deviations, _), prior = encoded(), made()
    found = decompose_rate(means, deviations, prior, key=key)
    assert found.total_correlation is None
    assert found.latents is None
    z = rate_decomposition._draw(means, deviations, key=key, most=2000)[1]
    under_prior = np.asarray(jax.jit(jax.vmap(prior.log_prob))(jnp.asarray(z)), float)
    assert found.marginal_kl.value == pytest.approx(
        (brute_mixture(z, means, deviations) - under_prior).mean(), abs=1e-4
    )


def test_a_gaussian_prior_written_with_a_matrix_has_parts_by_latent(key):
    means, deviations, _ = encoded()
    scales = jnp.array([1.0, 2.0, 0.5])
    matrix = dist.MultivariateNormal(jnp.ones(3), scale_tril=jnp.diag(scales))
    vector = dist.Normal(jnp.ones(3), scales).to_event(1)
    one, other = (decompose_rate(means, deviations, prior, key=key) for prior in (matrix, vector))
    assert [e.value for e in one.latents] == [e.value for e in other.latents]


def test_errors_are_not_smaller_than_the_errors_made(key):
    means, deviations, _ = encoded(n=3)
    found = [decompose_rate(means, deviations, standard_normal(3), key=k, most=60) for k in jr.split(key, 200)]
    for name in ("rate", "mutual_information", "marginal_kl", "total_correlation"):
        made = np.std([getattr(f, name).value for f in found], ddof=1)
        said = np.sqrt(np.mean([getattr(f, name).std_error ** 2 for f in found]))
        assert 0.85 * made < said < 2 * made, name


@given(st.integers(1, 9), st.floats(0.01, 30.0), st.integers(0, 10**6))
def test_information_lies_between_nothing_and_the_log_of_the_rows(n, scale, seed):
    means, deviations, _ = encoded(n=n, d=2, seed=seed, scale=scale)
    information = decompose_rate(means, deviations, standard_normal(2), key=jr.key(seed), most=50).mutual_information
    assert -5 * information.std_error - 1e-9 <= information.value <= np.log(n) + 1e-9


def test_what_makes_no_sense_is_refused(key):
    means, deviations, roots = encoded()
    prior = standard_normal(3)
    with pytest.raises(OptionError, match="at least 2 draws, to measure its own error; got 1"):
        decompose_rate(means, deviations, prior, key=key, most=1)
    with pytest.raises(AuditError, match="at least one row; got none"):
        decompose_rate(means[:0], deviations[:0], prior, key=key)
    for spoilt in (
        (np.where(np.arange(40)[:, None] == 3, np.nan, means), deviations),
        (means, np.where(np.arange(40)[:, None] == 3, np.inf, deviations)),
        (means, np.where(np.arange(40)[:, None] == 3, 0, deviations)),
        (means, np.where(np.arange(40)[:, None, None] == 3, np.float32(-1.0), roots)),
    ):
        with pytest.raises(AuditError, match=r"positive scales for every row; 1 of 40 .* first row 3;"):
            decompose_rate(*spoilt, prior, key=key)
    with pytest.raises(AuditError, match=r"wants a prior that reaches wherever the guide does; .* of 2000 draws"):
        decompose_rate(means, deviations, dist.Uniform(jnp.zeros(3), jnp.ones(3)).to_event(1), key=key)
