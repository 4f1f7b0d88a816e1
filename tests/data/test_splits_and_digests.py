"""Which rows are held out, and what was seen."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from taut import data
from taut.errors import DataError, OptionError, ShapeError
from tests.data.sentences import refused

WHOLE = hnp.arrays(np.int16, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6))


@given(n=st.integers(2, 500), fraction=st.floats(0, 0.5), seed=st.integers(0, 2**63))
def test_a_split_has_every_row_once(n, fraction, seed):
    train, held_out = data.split(n, fraction, seed)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, held_out])), np.arange(n))
    assert train.dtype == held_out.dtype == np.int64
    assert (np.diff(train) > 0).all()
    assert (np.diff(held_out) > 0).all()
    assert len(held_out) == (max(1, round(fraction * n)) if fraction else 0)


def test_a_split_is_the_same_for_the_same_seed():
    np.testing.assert_array_equal(data.split(100, 0.3, 7)[1], data.split(100, 0.3, 7)[1])
    assert not np.array_equal(data.split(100, 0.3, 7)[1], data.split(100, 0.3, 8)[1])


@pytest.mark.parametrize("fraction", [-0.1, 1.0, 1, 2.0, float("nan"), float("inf")])
def test_fractions_that_make_no_sense(fraction):
    with refused(OptionError, "fraction", str(fraction)):
        data.split(10, fraction, 0)


@pytest.mark.parametrize(("n", "fraction"), [(1, 0.1), (0, 0.0), (10, 0.99)])
def test_some_row_must_be_left_to_train_on(n, fraction):
    with refused(OptionError, f"of {n} rows"):
        data.split(n, fraction, 0)


def test_a_seed_below_zero():
    with refused(OptionError, "seed", "-1"):
        data.split(10, 0.1, -1)


@given(values=WHOLE)
def test_a_digest_ignores_layout_and_byte_order(values):
    expected = data.digest(values)
    assert data.digest(np.asfortranarray(values)) == expected
    assert data.digest(np.repeat(values, 2, axis=0)[::2]) == expected
    assert data.digest(values.astype(">i2")) == expected


@given(values=WHOLE)
def test_a_digest_sees_dtype_shape_and_values(values):
    others = [values.astype(np.int32), values[None], values + np.int16(1)]
    assert data.digest(values) not in {data.digest(other) for other in others}


def test_digests_of_labels_and_of_objects():
    assert data.digest(np.array(["a"])) != data.digest(np.array(["b"]))
    with refused(DataError, "Python objects"):
        data.digest(np.array([{}]))


@given(values=WHOLE, dtype=st.sampled_from(["i4", "i8", "f4", "f8", ">f8", "longdouble"]))
def test_equal_rows_have_equal_hashes(values, dtype):
    expected = data.row_hashes(values)
    assert expected.dtype == np.uint64
    np.testing.assert_array_equal(data.row_hashes(values.astype(dtype)), expected)
    np.testing.assert_array_equal(data.row_hashes(np.asfortranarray(values)), expected)
    assert len(set(expected.tolist())) == len({row.tobytes() for row in values})


def test_minus_zero_is_zero():
    np.testing.assert_array_equal(data.row_hashes(np.array([[-0.0]])), data.row_hashes(np.array([[0]])))


def test_rows_seen_are_counted():
    seen = data.row_hashes(np.arange(12).reshape(6, 2))
    assert data.count_seen(np.array([[0.0, 1.0], [1.0, 0.0], [10.0, 11.0]]), seen) == 2


def test_hashes_want_rows():
    with refused(ShapeError, "(3,)"):
        data.row_hashes(np.ones(3))


def test_hashing_a_classical_set_takes_seconds():
    values = np.random.default_rng(0).integers(0, 256, (60_000, 784), np.uint8)
    start = time.perf_counter()
    hashes = data.row_hashes(values)
    assert time.perf_counter() - start < 10
    assert len(np.unique(hashes)) == 60_000
