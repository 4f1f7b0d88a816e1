"""Where log p(x) of every row can be had exactly, and what is said where it cannot."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from taut import likelihoods, models
from taut.auditing import exact
from taut.auditing.exact import Exactly, evidence_by_row
from taut.bounds import partition
from tests.auditing.instances import linear, neural
from tests.bounds.posteriors import mixture, model
from tests.quick import quick


def nothing(done):
    pass


def test_closed_form_and_summation():
    model, _, data = linear()
    values, note, _ = evidence_by_row(model, data, on_block=nothing)
    alone = eqx.filter_jit(model.log_evidence)
    np.testing.assert_allclose(values, [float(alone(x)) for x in jnp.asarray(data)], rtol=1e-5)
    assert note is None
    finite = models.Finite(jnp.zeros(2), jnp.array([[0.0], [1.0]]), likelihoods.Bernoulli(1))
    values, *_ = evidence_by_row(finite, np.array([[1.0]]), on_block=nothing)
    assert np.exp(values[0]) == pytest.approx(0.5 * (0.5 + 1 / (1 + np.exp(-1))), rel=1e-5)


@pytest.mark.parametrize("latents", [3, 4])
def test_nothing_is_claimed_for_more_than_two_latents(latents):
    model, _, data = neural(latents=latents)
    assert evidence_by_row(model, data, on_block=nothing) == Exactly()


@pytest.mark.slow
def test_a_few_rows_of_two_latents_are_exact_and_more_get_a_note(monkeypatch):
    monkeypatch.setattr(exact, "MOST_ROWS", {2: 1})
    monkeypatch.setattr(exact, "CHECKED_ROWS", {2: 1})
    model, _, data = neural(latents=2, features=2, n=3)
    values, note, _ = evidence_by_row(model, data[:1], on_block=nothing)
    assert note is None
    z = np.random.default_rng(0).normal(size=(100_000, 2))
    for x, value in zip(jnp.asarray(data), values, strict=False):
        p = np.asarray(
            jax.jit(jax.vmap(lambda z, x=x: jnp.exp(model.likelihood(z).log_prob(x))))(jnp.asarray(z, float))
        )
        error = p.std(ddof=1) / np.sqrt(len(p)) / p.mean()
        assert abs(value - np.log(p.mean())) < 5 * error
    many = evidence_by_row(model, data, on_block=nothing)
    assert many.values is None
    assert "at most 1 rows" in many.note
    assert many.known[0] == values[0], "a few of the rows are looked at all the same, to hold walks against"


def test_too_many_rows_get_a_note(monkeypatch):
    monkeypatch.setattr(exact, "MOST_ROWS", {2: 3})
    model, _, data = neural()
    values, note, known = evidence_by_row(model, data, on_block=nothing)
    assert values is None
    assert len(known) == 4
    assert note == "log p(x) is exact by quadrature for at most 3 rows with this many latents; audit fewer to have it."


@pytest.mark.parametrize("latents", quick(1, of=[1, 2]))
def test_half_of_p_in_a_planted_peak_is_never_missing_from_what_is_exact(latents, monkeypatch):
    """A broad peak and one as heavy, 0.02 wide or a spike, where nothing points to it; the truth is zero."""
    places = [[0.0] * latents, [-7.3456, 8.3217][:latents]]
    rows = np.stack([mixture(places, [[1.0] * latents, [width] * latents], [0.5, 0.5]) for width in (0.02, 1e-3)])
    values, note, _ = evidence_by_row(model(latents), rows, on_block=nothing)
    assert values == pytest.approx(np.zeros(2), abs=exact.TOLERANCE)
    assert note is None
    monkeypatch.setitem(partition.LIMITS, latents, partition.LIMITS[latents]._replace(most=16))
    values, note, known = evidence_by_row(model(latents), rows, on_block=nothing)
    assert values is None
    assert "takes more boxes than there may be" in note
    assert known.get(0, -np.inf) < exact.TOLERANCE


def test_what_is_not_proven_is_not_said_to_be_exact(monkeypatch):
    """A step without a known range, and too few boxes: then nothing is exact, and what was found is a lower bound."""
    model, _, data = neural()
    truth = evidence_by_row(model, data[:1], on_block=nothing).values[0]
    monkeypatch.setitem(partition.LIMITS, 2, partition.LIMITS[2]._replace(most=1500))
    values, note, known = evidence_by_row(model, data, on_block=nothing)
    assert values is None
    assert note.endswith("cannot be proven for row 0, since it takes more boxes than there may be.")
    assert known[0] < truth
    looping = models.LogJoint(lambda x, z: jax.lax.fori_loop(0, 3, lambda _, a: a - z[0] ** 2, 0.0), latents=1)
    values, note, known = evidence_by_row(looping, data, on_block=nothing)
    assert values is None
    assert note.endswith("since a step of the model has no bounds that are known.")
    assert known == {}
