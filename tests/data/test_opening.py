"""Opened rows are those that are read whole, in blocks and one by one, whatever they are stored in."""

import anndata
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import zarr
from PIL import Image
from pyarrow import parquet
from scipy import sparse

from taut.data import MappedRows, SparseWriter, Table, Witnesses, open_rows, read
from taut.datasets import opened_where_large
from taut.errors import DataError

RNG = np.random.default_rng(0)
COUNTS = RNG.poisson(0.3, (23, 12)).astype(np.uint8)


def array(folder):
    np.save(folder / "rows.npy", COUNTS.reshape(23, 3, 4))
    return folder / "rows.npy", None


def frame(folder):
    table = pa.table({"a": [None, *range(22)], "b": pa.array(["x", "y"] * 11 + [None]).dictionary_encode()})
    parquet.write_table(table, folder / "rows.parquet", row_group_size=5)
    return folder / "rows.parquet", None


def frames(folder):
    path, _ = frame(folder)
    (folder / "parts").mkdir()
    table = parquet.read_table(path)
    for number, start in enumerate(range(0, 23, 9)):
        parquet.write_table(table.slice(start, 9), folder / "parts" / f"{number}.parquet")
    return folder / "parts", read(path)


def chunks(folder):
    zarr.create_array(str(folder / "rows.zarr"), data=COUNTS, chunks=(4, 12))
    return folder / "rows.zarr", Table(values=COUNTS, name="rows.zarr")


def cells(folder):
    genes = pd.DataFrame(index=[f"g{number}" for number in range(12)])
    batches = pd.DataFrame({"batch": ["a", "b"] * 11 + ["c"]}, index=[f"c{number}" for number in range(23)])
    anndata.AnnData(X=sparse.csr_matrix(COUNTS, dtype=np.float32), obs=batches, var=genes).write_h5ad(
        folder / "rows.h5ad"
    )
    return folder / "rows.h5ad", None


def matrix(folder):
    sparse.save_npz(folder / "rows.npz", sparse.coo_array(COUNTS))
    return folder / "rows.npz", None


def images(folder):
    for number, row in enumerate(COUNTS):
        (folder / "images" / "ab"[number % 2]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(row.reshape(3, 4)).save(folder / "images" / "ab"[number % 2] / f"{number:02}.png")
    return folder / "images", None


KINDS = (array, frame, frames, chunks, cells, matrix, images)


def contents(rows):
    """The numbers of a block and the columns beside it, or of a sheet."""
    if isinstance(rows, Table):
        beside = None if rows.beside is None else contents(rows.beside)
        return (
            rows.values.tolist(),
            rows.columns,
            rows.image_shape,
            None if rows.labels is None else list(rows.labels),
            beside,
        )
    return {name: column.to_list() for name, column in zip(rows.columns, rows.series, strict=True)}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_blocks_and_taken_rows_are_those_that_are_read_whole(kind, tmp_path):
    path, whole = kind(tmp_path)
    whole, opened, numbers = read(path) if whole is None else whole, open_rows(path), np.array([0, 7, 8, 22])
    start = 0
    for block in opened.blocks(4):
        assert contents(block) == contents(whole.take(np.arange(start, start + len(block))))
        start += len(block)
    assert start == len(opened) == 23
    assert contents(opened.take(numbers)) == contents(whole.take(numbers))


def test_rows_on_disk_are_taken_in_any_order(tmp_path):
    np.save(tmp_path / "rows.npy", COUNTS)
    writer = SparseWriter(tmp_path / "sparse.npy", 12, np.uint8)
    writer.append(COUNTS[:9])
    writer.append(COUNTS[9:])
    numbers = RNG.integers(0, 23, 5000)
    for rows in (MappedRows(tmp_path / "rows.npy"), writer.close()):
        np.testing.assert_array_equal(rows.take(numbers), COUNTS[numbers])
        assert rows.dtype == np.uint8


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (np.asfortranarray(np.ones((3, 2))), "order of Fortran"),
        (np.array([["a", "b"]]), "text"),
        (np.ones((0, 3)), "0 sample"),
        (np.ones(3), "Reshape"),
    ],
)
def test_arrays_that_cannot_be_streamed_are_refused(content, words, tmp_path):
    np.save(tmp_path / "rows.npy", content)
    with pytest.raises(ValueError, match=words):
        open_rows(tmp_path / "rows.npy")


def test_a_file_of_text_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "rows.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match="convert it"):
        open_rows(tmp_path / "rows.csv")


def test_witnesses_are_the_rows_that_show_what_a_column_can_hold():
    values = RNG.normal(size=(50, 3)).round(1)
    values[:, 2] = 1.0
    values[31, 2], values[17, 0], values[40, 2] = np.nan, 99.0, 1.5
    counted = np.ones(50, bool)
    counted[17] = False
    seen = Witnesses()
    for start in range(0, 50, 8):
        block = Table(values=values[start : start + 8], name="block")
        seen.look(block, start, counted[start : start + 8])
    found = set(seen.rows.tolist())
    assert {31, 40, int(np.argmin(values[:, 1])), int(np.argmax(np.where(counted, values[:, 0], 0)))} <= found
    assert 17 not in found
    assert len(found) <= 12


@pytest.mark.parametrize("kind", [chunks, frames])
def test_a_folder_of_rows_is_streamed_unless_it_holds_images(kind, tmp_path):
    path, _ = kind(tmp_path)
    opened, _ = opened_where_large(str(path))
    assert opened is not None
    assert len(opened) == 23
    with pytest.raises(DataError, match="only read a block at a time"):
        read(path)


def test_a_table_beside_images_leaves_them_images(tmp_path):
    frame(tmp_path)
    Image.fromarray(np.zeros((2, 2), np.uint8)).save(tmp_path / "one.png")
    assert len(open_rows(tmp_path)) == len(read(tmp_path)) == 1
