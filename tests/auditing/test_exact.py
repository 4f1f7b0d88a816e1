"""Where log p(x) of every row can be had exactly, and what is said where it cannot."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from taut import likelihoods, models
from taut.auditing import exact
from taut.auditing.exact import evidence_by_row
from taut.errors import AuditError
from tests.auditing.instances import linear, neural


def nothing(done):
    pass


def test_closed_form_and_summation():
    model, _, data = linear()
    values, note = evidence_by_row(model, data, on_block=nothing)
    np.testing.assert_allclose(values, [float(model.log_evidence(x)) for x in jnp.asarray(data)], rtol=1e-5)
    assert note is None
    finite = models.Finite(jnp.zeros(2), jnp.array([[0.0], [1.0]]), likelihoods.Bernoulli(1))
    values, _ = evidence_by_row(finite, np.array([[1.0]]), on_block=nothing)
    assert np.exp(values[0]) == pytest.approx(0.5 * (0.5 + 1 / (1 + np.exp(-1))), rel=1e-5)


def test_nothing_is_claimed_for_four_latents():
    model, _, data = neural(latents=4)
    assert evidence_by_row(model, data, on_block=nothing) == (None, None)


def test_a_few_rows_of_three_latents_are_exact_and_more_get_a_note():
    model, _, data = neural(latents=3, n=11)
    values, note = evidence_by_row(model, data[:2], on_block=nothing)
    assert note is None
    z = np.random.default_rng(0).normal(size=(100_000, 3))
    for x, value in zip(jnp.asarray(data), values, strict=False):
        p = np.asarray(
            jax.jit(jax.vmap(lambda z, x=x: jnp.exp(model.likelihood(z).log_prob(x))))(jnp.asarray(z, float))
        )
        error = p.std(ddof=1) / np.sqrt(len(p)) / p.mean()
        assert abs(value - np.log(p.mean())) < 5 * error
    values, note = evidence_by_row(model, data, on_block=nothing)
    assert values is None
    assert "at most 10 rows" in note


def test_too_many_rows_get_a_note(monkeypatch):
    monkeypatch.setattr(exact, "MOST_ROWS", {2: 3})
    model, _, data = neural()
    values, note = evidence_by_row(model, data, on_block=nothing)
    assert values is None
    assert note == "log p(x) is exact by quadrature for at most 3 rows with this many latents; audit fewer to have it."


def test_a_grid_that_does_not_settle_gets_a_note(monkeypatch):
    def unsettled(model, x, *, tolerance):
        raise AuditError("It did not settle.")

    monkeypatch.setattr(exact, "log_evidence", unsettled)
    model, _, data = neural()
    assert evidence_by_row(model, data, on_block=nothing) == (None, "log p(x) is not exact here. It did not settle.")
