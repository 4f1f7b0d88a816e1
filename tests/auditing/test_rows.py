"""The account of rows: from one set of draws, by the row's own key, with broken draws as weight zero."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
import pytest

from taut import log_weights
from taut.auditing import RowAccount, account_for_rows
from taut.auditing.means import mean_over_rows
from taut.auditing.rows import account_from_the_prior
from taut.guides import Constant
from tests.auditing.instances import breaking, linear, neural


@pytest.mark.parametrize("draws", [2, 63, 200])
def test_numbers_of_a_row_are_those_of_its_log_weights(draws, key):
    """Counts that the chunk divides and counts that it does not."""
    model, guide, data = neural()
    x = jnp.asarray(data[0])
    result = eqx.filter_jit(RowAccount(draws))(model, guide, x, key=key)
    log_w = np.float64(eqx.filter_jit(log_weights)(model, guide, x, draws=draws, key=key))
    w = np.exp(log_w)
    assert float(result.elbo) == pytest.approx(log_w.mean(), abs=1e-4)
    assert float(result.elbo_error) == pytest.approx(log_w.std(ddof=1) / np.sqrt(draws), rel=1e-3)
    assert float(result.log_p) == pytest.approx(np.log(w.mean()), abs=1e-4)
    assert float(result.log_p_error) == pytest.approx(w.std(ddof=1) / np.sqrt(draws) / w.mean(), rel=1e-2)
    assert float(result.ess) == pytest.approx(w.sum() ** 2 / (w**2).sum(), rel=1e-3)
    assert int(result.failed) == 0


def test_a_row_alone_in_company_and_in_any_order_is_the_same(key):
    model, guide, data = neural(n=25)
    company = account_for_rows(model, guide, data, draws=70, key=key)
    order = np.random.default_rng(0).permutation(25)
    shuffled = account_for_rows(model, guide, data[order], draws=70, key=key, rows=order)
    alone = account_for_rows(model, guide, data[11:12], draws=70, key=key, rows=np.array([11]))
    for here, there, lone in zip(company, shuffled, alone, strict=True):
        np.testing.assert_allclose(there, here[order], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(lone[0], here[11], rtol=1e-4, atol=1e-5)


def test_equal_rows_have_draws_of_their_own(key):
    model, guide, data = neural()
    result = account_for_rows(model, guide, np.repeat(data[:1], 3, axis=0), draws=20, key=key)
    assert len(set(result.elbo.tolist())) == 3


def test_rows_share_the_draws_from_the_prior(key):
    """Each row's account is that of the prior as guide, with one key for all; chunks that do not divide the draws."""
    model, _, data = neural(n=5)
    data = data[[0, 0, 2, 3, 4]]
    company = account_from_the_prior(model, data, draws=300, key=key)
    alone = eqx.filter_jit(RowAccount(300))(model, Constant(model.prior()), jnp.asarray(data[3]), key=key)
    for together, lone in zip(company, alone, strict=True):
        assert together[0] == together[1]
        np.testing.assert_allclose(together[3], lone, rtol=1e-4, atol=1e-5)


def test_the_error_of_a_mean_over_rows_with_shared_draws_covers_what_draws_do(key):
    """Of 200 sets of draws, the mean over rows has a spread between the error of independent rows and that given."""
    model, _, data = neural(n=20)
    found = [account_from_the_prior(model, data, draws=64, key=jr.fold_in(key, number)) for number in range(200)]
    spread = np.std([account.log_p.mean() for account in found], ddof=1)

    def error(shared_draws):
        given = [
            mean_over_rows(
                one.log_p, one.log_p_error, population=20, draws=64, condition=None, shared_draws=shared_draws
            )
            for one in found
        ]
        return np.mean([each.std_error for each in given])

    assert error(False) < spread < error(True)


def test_broken_draws_weigh_nothing_and_are_counted(key):
    """log p̂ = log (1/K) Σ w with w = 0 where the decoder broke, and K all draws: not the mean over the others."""
    model, guide = breaking(0.5), Constant(dist.Normal(jnp.zeros(3), jnp.ones(3)).to_event(1))
    data = np.array([[1.0, 0.0, 1.0]] * 40)
    result = account_for_rows(model, guide, data, draws=400, key=key)
    own = jr.fold_in(key, 0)
    log_w = np.float64(eqx.filter_jit(log_weights)(model, guide, jnp.asarray(data[0]), draws=400, key=own))
    broken = np.isnan(log_w)
    assert int(result.failed[0]) == broken.sum() > 80
    assert float(result.log_p[0]) == pytest.approx(np.log(np.exp(log_w[~broken]).sum() / 400), abs=1e-4)
    assert float(result.ess[0]) <= (~broken).sum() + 0.01
    assert np.isnan(result.elbo[0])  # one lost draw makes a mean of logarithms unknowable


def test_errors_of_the_rows_are_the_errors_made(key):
    model, guide, data = linear()
    results = jax.vmap(lambda k: eqx.filter_jit(RowAccount(100))(model, guide, jnp.asarray(data[0]), key=k))(
        jr.split(key, 500)
    )
    for name in ("elbo", "rate", "distortion"):
        values, errors = np.float64(getattr(results, name)), np.float64(getattr(results, f"{name}_error"))
        assert values.std(ddof=1) == pytest.approx(np.sqrt((errors**2).mean()), rel=0.15), name
