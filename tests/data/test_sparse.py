"""Sparse matrices of counts become dense ones."""

import numpy as np
import pytest
from scipy import sparse

from taut import data
from taut.data.sparse import parts_of
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


def in_format(form):
    dense = np.array([[1, 0, 0, 2], [0, 3, 0, 0], [0, 0, 4, 0], [0, 0, 0, 5]])
    return sparse.bsr_array(dense, blocksize=(2, 2)) if form == "bsr" else sparse.csr_array(dense).asformat(form)


def saved(folder, form, **wrong):
    matrix = in_format(form)
    arrays = {part: np.array(array) for part, array in parts_of(matrix).items()}
    parts = {"format": np.array(form.encode()), "shape": np.array(matrix.shape), **arrays}
    for part, change in wrong.items():
        parts[part] = change(parts[part])
    np.savez(folder / "counts.npz", **parts)
    return folder / "counts.npz"


def with_last(value):
    return lambda array: np.append(array[:-1], np.asarray(value, array.dtype))


@pytest.mark.parametrize("form", ["csr", "csc", "bsr", "coo", "dia"])
def test_every_format_of_a_file_is_read(tmp_path, form):
    np.testing.assert_array_equal(data.read(saved(tmp_path, form)).values, in_format(form).toarray())


FAULTS = [
    ("csr", "indices", with_last(2_000_000_000), "2000000000"),
    ("csr", "indices", with_last(4), "from 0 to 3"),
    ("csr", "indices", with_last(-1), "has -1 in place 4"),
    ("csc", "indices", with_last(4), "`indices`"),
    ("bsr", "indices", with_last(2), "from 0 to 1"),
    ("coo", "row", with_last(4), "`row`"),
    ("coo", "col", with_last(-1), "`col`"),
    ("dia", "offsets", with_last(99), "the offset 99"),
    ("dia", "offsets", np.zeros_like, "twice"),
    ("csr", "indptr", with_last(2_000_000_000), "to 2000000000"),
    ("csr", "indptr", lambda array: array + 1, "from 1"),
    ("csr", "indptr", lambda array: array[[0, 2, 1, 3, 4]], "never fall"),
    ("csr", "indptr", lambda array: array[[0, 2, 1, 3, 4]].astype(np.uint64), "never fall"),
    ("csr", "indptr", lambda array: array[:-1], "5 pointers"),
    ("csr", "indices", lambda array: array[:-1], "as many"),
    ("csr", "indices", lambda array: array.astype(float), "dtype float64"),
    ("csr", "data", lambda array: array[:-1], "as many"),
    ("csr", "shape", lambda _: np.array([4, -4]), "shape"),
    ("csr", "shape", lambda _: np.array([4.0, 4.0]), "shape"),
    ("csr", "shape", lambda _: np.array([4, 10**15]), "GiB"),
    ("coo", "shape", lambda _: np.array([10**12, 4]), "GiB"),
    ("bsr", "shape", lambda _: np.array([5, 4]), "blocks"),
    ("bsr", "data", lambda array: array.reshape(-1), "blocks"),
    ("csr", "format", lambda _: np.array(b"xyz"), "xyz"),
]


@pytest.mark.parametrize(("form", "part", "wrong", "word"), FAULTS)
def test_a_file_whose_arrays_contradict_one_another_is_refused(tmp_path, form, part, wrong, word):
    with refused(DataError, "counts.npz", word):
        data.read(saved(tmp_path, form, **{part: wrong}))


@pytest.mark.parametrize(
    ("form", "part", "end"), [("csr", "indices", 4), ("csc", "indices", -1), ("bsr", "indices", 2)]
)
def test_a_matrix_in_memory_is_checked_as_well(form, part, end):
    matrix = in_format(form)
    assert matrix.has_canonical_format or form == "bsr"
    getattr(matrix, part)[-1] = end
    with refused(DataError, "`X`", "`indices`"):
        data.as_table(matrix)


def test_lists_of_entries_are_checked_as_well():
    lists = in_format("lil")
    lists.rows[0][1] = 9
    with refused(DataError, "`X`"):
        data.as_table(lists)
    lists.rows[0] = [0]
    with refused(DataError, "`X`"):
        data.as_table(lists)


def test_entries_of_one_cell_are_added_up_without_overflow_and_said():
    bytes_twice = sparse.coo_array((np.array([200, 100, 1], np.uint8), ([1, 1, 0], [0, 0, 1])), shape=(2, 2))
    table = data.as_table(bytes_twice)
    np.testing.assert_array_equal(table.values, [[0, 1], [300, 0]])
    assert table.notes[1] == "Entries of one cell were added up; there were 1 more entries than cells."


@pytest.mark.parametrize("layer", [None, "raw"])
def test_a_matrix_inside_a_file_of_cells_is_checked(tmp_path, layer):
    anndata, h5py = pytest.importorskip("anndata"), pytest.importorskip("h5py")
    path, counts = tmp_path / "cells.h5ad", sparse.csr_matrix(COUNTS)
    anndata.AnnData(counts, layers={"raw": counts}).write_h5ad(path)
    with h5py.File(path, "r+") as file:
        file["X/indices" if layer is None else "layers/raw/indices"][-1] = 7
    with refused(DataError, "cells.h5ad", "7"):
        data.read(path if layer is None else f"{path}:{layer}")
