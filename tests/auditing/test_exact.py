"""Where log p(x) of every row can be had exactly, and what is said where it cannot."""

import jax.numpy as jnp
import numpy as np
import pytest

from taut import likelihoods, models
from taut.auditing import exact
from taut.auditing.exact import evidence_by_row
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


def test_nothing_is_claimed_for_three_latents():
    model, _, data = neural(latents=3)
    assert evidence_by_row(model, data, on_block=nothing) == (None, None)


def test_too_many_rows_get_a_note(monkeypatch):
    monkeypatch.setattr(exact, "MOST_ROWS", 3)
    model, _, data = neural()
    values, note = evidence_by_row(model, data, on_block=nothing)
    assert values is None
    assert note == "log p(x) is exact by quadrature for at most 3 rows; audit fewer (rows) to have it."


def test_a_likelihood_too_sharp_for_the_grid_gets_a_note():
    model = models.LatentVariableModel(
        prior=models.standard_normal(1), decoder=lambda z: 1e6 * z, likelihood=likelihoods.Gaussian(1, scale="unit")
    )
    values, note = evidence_by_row(model, np.array([[12345.6]]), on_block=nothing)
    assert values is None
    assert note.startswith("log p(x) is not exact here. Quadrature wants an integral that settles")
