"""A datum of any parts: the density of a model built by hand, whatever its company; draws have its parts."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut import errors
from taut.datum import Datum, as_floats, bare, rows_on_device
from taut.fitting import AsFloat, Plan, fit
from taut.guides import Constant, FillMissing, GaussianEncoder
from taut.likelihoods import Poisson
from taut.models import Finite, LatentVariableModel, LogJoint, standard_normal
from taut.networks import CellInputs, Standardise, WithCovariates
from taut.weights import LogWeightsOfRow, map_rows
from tests.quick import quick

N, ENTRIES, COVARIATES = 7, 3, 2
PARTS = [(holes, given, size) for holes in (False, True) for given in (False, True) for size in (False, True)]


def instance(holes, covariates, log_offset):
    """Rows of counts with these parts, and the model of them."""
    rng = np.random.default_rng(0)
    rows = Datum(
        rng.poisson(3.0, (N, ENTRIES)).astype(np.uint8),
        rng.random((N, ENTRIES)) < 0.6 if holes else None,
        rng.normal(size=(N, COVARIATES)).astype(np.float32) if covariates else None,
        rng.normal(size=N).astype(np.float32) if log_offset else None,
    )
    weight = jnp.asarray(rng.normal(size=(ENTRIES, 1 + COVARIATES * covariates)), float)
    model = LatentVariableModel(
        prior=standard_normal(1),
        decoder=lambda inputs: 0.3 * weight @ inputs,
        likelihood=Poisson(ENTRIES),
        fill_value=jnp.ones(ENTRIES) if holes else None,
    )
    return model, weight, rows


def by_hand(weight, rows, z):
    """log p(x|z) of the observed counts, written out."""
    inputs = np.concatenate([np.full((N, 1), z), np.zeros((N, 0)) if rows.covariates is None else rows.covariates], 1)
    log_mean = 0.3 * inputs @ np.asarray(weight, np.float64).T
    log_mean = log_mean + (0.0 if rows.log_offset is None else rows.log_offset[:, None].astype(np.float64))
    factorial = np.cumsum(np.log(np.maximum(np.arange(100.0), 1.0)))[rows.values.astype(int)]
    terms = rows.values * log_mean - np.exp(log_mean) - factorial
    return np.where(rows.holes(), 0.0, terms).sum(axis=1)


@pytest.mark.parametrize(("holes", "covariates", "log_offset"), quick(PARTS[0], PARTS[-1], of=PARTS))
def test_a_datum_of_any_parts_has_its_density_whatever_its_company(holes, covariates, log_offset, key):
    model, weight, rows = instance(holes, covariates, log_offset)
    z = jnp.array([0.4])
    found = eqx.filter_jit(eqx.filter_vmap(lambda x: model.log_likelihood(x, z)))(rows_on_device(rows))
    np.testing.assert_allclose(found, by_hand(weight, rows, 0.4), rtol=2e-5)

    function, guide = LogWeightsOfRow(4), Constant(model.prior())
    whole = map_rows(function, model, guide, rows, key=key)
    order = np.random.default_rng(1).permutation(N)
    np.testing.assert_array_equal(map_rows(function, model, guide, rows.take(order), key=key, rows=order), whole[order])
    # Blocks of another size are another program, which may round the last bit.
    in_pairs = map_rows(function, model, guide, rows, key=key, block=2)
    np.testing.assert_allclose(in_pairs, whole, rtol=1e-6)
    if rows.observed is not None:
        other = Datum(np.where(rows.observed, rows.values, 250), rows.observed, rows.covariates, rows.log_offset)
        np.testing.assert_array_equal(map_rows(function, model, guide, other, key=key), whole)

    drawn = jax.jit(jax.vmap(lambda x, key: model.given(x).sample(key=key)[0]))(rows_on_device(rows), jr.split(key, N))
    like = as_floats(bare(rows))
    assert jax.tree.structure(drawn) == jax.tree.structure(like)
    for mine, theirs in zip(jax.tree.leaves(drawn)[1:], jax.tree.leaves(like)[1:], strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.slow
@pytest.mark.parametrize(("holes", "covariates", "log_offset"), quick(PARTS[0], PARTS[-1], of=PARTS))
def test_rows_of_any_parts_are_fitted(holes, covariates, log_offset, key):
    model, _, rows = instance(holes, covariates, log_offset)
    decoder = eqx.nn.Linear(1 + COVARIATES * covariates, ENTRIES, key=key)
    model = eqx.tree_at(lambda model: model.decoder, model, decoder)
    inputs = CellInputs(
        ("log1p",) * ENTRIES,
        centre=jnp.ones(ENTRIES),
        spread=jnp.ones(ENTRIES),
        conditions=COVARIATES * covariates + log_offset,
    )
    guide = GaussianEncoder(inputs.width, 1, hidden=(), inputs=inputs, key=key)
    run = fit(
        model, guide, rows, key=key, held_out=rows.take(slice(4)), plan=Plan(epochs=2, batch_size=3), view=AsFloat()
    )
    assert run.outcome.code == "budget spent"
    assert all(np.isfinite(row.train) and np.isfinite(row.held_out) for row in run.history)


def test_a_guide_of_whole_rows_reads_what_fills_the_holes():
    encoder = GaussianEncoder(
        5, 1, hidden=(), inputs=WithCovariates(Standardise(jnp.zeros(3), jnp.ones(3))), key=jr.key(0)
    )
    x = Datum(jnp.array([1.0, 9.0, 2.0]), jnp.array([True, False, True]), jnp.array([0.5, 0.25]))
    filled = Datum(jnp.array([1.0, 4.0, 2.0]), None, x.covariates)
    found = FillMissing(encoder, usual=jnp.full(3, 4.0))(x)
    assert float(found.mean[0]) == float(encoder(filled).mean[0])


def test_rows_come_from_arrays_with_nan_and_go_back():
    array = np.array([[1.0, np.nan], [2.0, 3.0]])
    rows = Datum.of(array)
    np.testing.assert_array_equal(rows.with_nan(), array)
    assert Datum.of(array[1:].astype(np.int32)).observed is None
    beside = Datum(rows.values, rows.observed, np.array([[5.0], [6.0]]), np.array([7.0, 8.0]))
    np.testing.assert_array_equal(beside.matrix(), [[1.0, np.nan, 5.0, 7.0], [2.0, 3.0, 6.0, 8.0]])
    assert bare(Datum(array)) is array


def test_what_a_model_has_no_use_for_is_refused_in_a_sentence():
    model, _, rows = instance(True, True, True)
    plain = eqx.tree_at(lambda model: model.fill_value, model, None)
    with pytest.raises(errors.OptionError, match="fill_value"):
        plain.given(rows)
    x = rows_on_device(rows.take(slice(1)))
    assert LogJoint(lambda x, z: x.covariates[0, 0] + z[0], latents=1).log_joint(x, jnp.zeros(1)) == x.covariates[0, 0]
    with pytest.raises(errors.OptionError, match="whole rows"):
        Finite(jnp.zeros(2), jnp.zeros((2, ENTRIES)), Poisson(ENTRIES)).given(rows)
