"""Sparse matrices of counts become dense ones."""

import numpy as np
import pytest
from scipy import sparse

from taut import data
from taut.errors import DataError, ShapeError
from tests.data.sentences import refused

COUNTS = np.array([[0, 0, 3], [0, 0, 0], [1, 0, 0], [0, 0, 0]])


@pytest.mark.parametrize("make", [sparse.csr_matrix, sparse.csc_array, sparse.coo_array, sparse.lil_matrix])
@pytest.mark.parametrize("dtype", [np.int64, np.float32, bool])
def test_every_format_becomes_bytes(make, dtype):
    table = data.as_table(make(COUNTS.astype(dtype)))
    assert table.values.dtype == np.uint8
    np.testing.assert_array_equal(table.values, COUNTS.astype(dtype))
    assert table.notes == ["The matrix was sparse, 16.7% of its cells not 0, and was made dense."]


@pytest.mark.parametrize(("most", "dtype"), [(255, "uint8"), (256, "uint16"), (65_536, "int32"), (2**31, "int64")])
def test_the_smallest_dtype(most, dtype):
    assert data.as_table(sparse.coo_array(np.array([[0, most]]))).values.dtype == dtype


def test_duplicate_entries_are_added_up():
    twice = sparse.coo_array(([0.5, 0.5, 200, 100], ([0, 0, 1, 1], [1, 1, 0, 0])), shape=(2, 2))
    np.testing.assert_array_equal(data.as_table(twice).values, [[0, 1], [300, 0]])


def test_a_saved_matrix_is_read(tmp_path):
    sparse.save_npz(tmp_path / "counts.npz", sparse.csc_matrix(COUNTS))
    table = data.read(tmp_path / "counts.npz")
    assert table.name == "counts.npz"
    np.testing.assert_array_equal(table.values, COUNTS)


def test_a_damaged_matrix_is_called_so(tmp_path):
    np.savez(tmp_path / "counts.npz", format=np.array("csr"), shape=np.array([2, 2]), data=np.ones(3))
    with refused(DataError, "counts.npz", "damaged"):
        data.read(tmp_path / "counts.npz")


@pytest.mark.parametrize("wrong", [0.5, np.nan, np.inf])
def test_what_is_not_whole_says_how_to_go_on(wrong):
    with refused(DataError, "Sparse data not supported", str(wrong), "X.toarray()"):
        data.as_table(sparse.csr_array(np.array([[0, wrong]])))


def test_complex_numbers():
    with refused(DataError, "complex"):
        data.as_table(sparse.csr_array(np.array([[0, 1j]])))


def test_what_would_not_fit_says_how_large_it_is():
    with refused(DataError, "1000000 by 100000", "93.1 GiB"):
        data.as_table(sparse.csr_array((1_000_000, 100_000), dtype=np.int8))


def test_a_vector_is_no_table():
    with refused(ShapeError, "(3,)"):
        data.as_table(sparse.coo_array(np.array([0, 1, 2])))
