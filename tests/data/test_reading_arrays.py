"""Arrays from .npy, .npz and idx files."""

import contextlib
import gzip
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from taut import data
from taut.errors import DataError, ShapeError
from tests.data.sentences import refused

COUNTS = np.arange(12, dtype=np.uint8).reshape(4, 3)


def idx_bytes(values, code=0x08):
    sizes = struct.pack(f">{values.ndim}I", *values.shape)
    return bytes([0, 0, code, values.ndim]) + sizes + values.tobytes()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int64", "float32", "float64", ">i4", ">f8"])
def test_npy_keeps_dtype_and_values(tmp_path, dtype):
    np.save(tmp_path / "a.npy", COUNTS.astype(dtype))
    table = data.read(tmp_path / "a.npy")
    assert table.name == "a.npy"
    assert table.values.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(table.values, COUNTS)


@pytest.mark.parametrize(("dtype", "becomes"), [("bool", "uint8"), ("float16", "float32"), ("longdouble", "float64")])
def test_unusual_dtypes_become_usual_ones(tmp_path, dtype, becomes):
    np.save(tmp_path / "a.npy", (COUNTS % 2).astype(dtype))
    table = data.read(tmp_path / "a.npy")
    assert table.values.dtype == becomes
    np.testing.assert_array_equal(table.values, COUNTS % 2)


def test_a_stack_of_images_is_flattened(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(24).reshape(2, 3, 4))
    table = data.read(tmp_path / "a.npy")
    assert table.image_shape == (3, 4)
    np.testing.assert_array_equal(table.values, np.arange(24).reshape(2, 12))


@pytest.mark.parametrize(
    ("values", "kind", "word"),
    [
        (np.array([[1, None]], object), DataError, "Python objects"),
        (np.array([["a", "b"]]), DataError, "text"),
        (np.ones((2, 2), complex), DataError, "Complex data not supported"),
        (np.zeros((2, 2), "datetime64[D]"), DataError, "dates"),
        (np.zeros((2, 2), "timedelta64[s]"), DataError, "durations"),
        (np.zeros(3, [("a", "f4")]), DataError, "records"),
        (np.empty((0, 3)), DataError, "0 sample(s)"),
        (np.empty((3, 0)), DataError, "0 feature(s)"),
        (np.ones(3), ShapeError, "(3,)"),
        (np.ones((2, 2, 2, 2)), ShapeError, "(2, 2, 2, 2)"),
        (np.float64(1.0), ShapeError, "()"),
        (np.array([[1, 2], [-np.inf, np.nan]]), DataError, "infinity in row 1, column 0"),
    ],
)
def test_arrays_that_cannot_be_used(tmp_path, values, kind, word):
    np.save(tmp_path / "bad.npy", values)
    with refused(kind, "bad.npy", word):
        data.read(tmp_path / "bad.npy")


def test_a_cell_that_is_nan_is_a_hole(tmp_path):
    values = np.array([[1, 2], [3, np.nan]])
    np.save(tmp_path / "holes.npy", values)
    np.savez(tmp_path / "holes.npz", values)
    np.save(tmp_path / "whole.npy", [[1.0, 2.0]])
    for read in (data.read(tmp_path / "holes.npy"), data.read(tmp_path / "holes.npz")):
        np.testing.assert_array_equal(read.values, values)
    opened = data.open_rows(tmp_path / "holes.npy")
    np.testing.assert_array_equal(opened.take(np.array([1])).values, values[1:])
    with refused(DataError, "holes.npy", "NaN in row 1, column 1"):
        data.as_table(data.read(tmp_path / "holes.npy"))
    data.as_table(data.read(tmp_path / "whole.npy"))


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.parquet", "a.idx", "a.idx.gz", "a-idx3-ubyte"])
@pytest.mark.parametrize(
    "content", [b"rubbish, nothing but rubbish", b"\x93NUMPY\x01\x00", b"\x1f\x8b\x08", b"PK\x03\x04"]
)
def test_rubbish_is_called_damaged(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with refused(DataError, name, "damaged"):
        data.read(tmp_path / name)


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.csv", "a.parquet", "a.idx"])
def test_a_file_of_no_bytes(tmp_path, name):
    (tmp_path / name).touch()
    with refused(DataError, name, "empty"):
        data.read(tmp_path / name)


def test_a_pickle_is_never_opened(tmp_path):
    np.savez(tmp_path / "a.npz", good=COUNTS, bad=np.array([[{}]], object))
    assert len(data.read(f"{tmp_path}/a.npz:good")) == 4
    with refused(DataError, "a.npz:bad", "Python objects"):
        data.read(f"{tmp_path}/a.npz:bad")


def test_npz_takes_its_only_array_or_the_one_named(tmp_path):
    np.savez(tmp_path / "one.npz", only=COUNTS)
    np.savez(tmp_path / "two.npz", **{"first": COUNTS, "second:part": COUNTS + 1})
    assert data.read(tmp_path / "one.npz").name == "one.npz:only"
    np.testing.assert_array_equal(data.read(f"{tmp_path}/two.npz:second:part").values, COUNTS + 1)


def test_npz_keys_that_do_not_lead_to_one_array(tmp_path):
    np.savez(tmp_path / "two.npz", first=COUNTS, second=COUNTS)
    with zipfile.ZipFile(tmp_path / "none.npz", "w"):
        pass
    with refused(DataError, "two.npz", "first, second"):
        data.read(tmp_path / "two.npz")
    with refused(DataError, "`third`", "first, second"):
        data.read(f"{tmp_path}/two.npz:third")
    with refused(DataError, "none.npz", "holds none"):
        data.read(tmp_path / "none.npz")


@pytest.mark.parametrize("name", ["a.idx", "a.IDX", "a.idx.gz", "train-images-idx3-ubyte", "t10k-images.idx3-ubyte.gz"])
def test_idx_under_all_its_names(tmp_path, name):
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    content = idx_bytes(images)
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    table = data.read(tmp_path / name)
    assert table.image_shape == (3, 4)
    assert table.values.flags.writeable
    np.testing.assert_array_equal(table.values, images.reshape(2, 12))


def test_idx_numbers_are_big_endian(tmp_path):
    values = np.array([[1.5, -2.0], [1e30, 4.0]], ">f4")
    (tmp_path / "a.idx").write_bytes(idx_bytes(values, 0x0D))
    table = data.read(tmp_path / "a.idx")
    assert table.values.dtype == np.float32
    np.testing.assert_array_equal(table.values, values)


@pytest.mark.parametrize("kept", [3, 9, 20, 39])
def test_idx_cut_short(tmp_path, kept):
    (tmp_path / "a.idx").write_bytes(idx_bytes(np.zeros((2, 3, 4), np.uint8))[:kept])
    with refused(DataError, "a.idx", "damaged"):
        data.read(tmp_path / "a.idx")


def test_gzip_cut_short(tmp_path):
    random = np.random.default_rng(0).integers(0, 256, (2, 30, 40)).astype(np.uint8)
    (tmp_path / "a.idx.gz").write_bytes(gzip.compress(idx_bytes(random))[:-50])
    with refused(DataError, "a.idx.gz", "damaged"):
        data.read(tmp_path / "a.idx.gz")


@given(values=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=3, max_side=5)), hit=st.data())
def test_a_flipped_byte_gives_data_or_a_sentence(tmp_path_factory, values, hit):
    path = tmp_path_factory.mktemp("flip") / "a.npz"
    np.savez_compressed(path, values=values)
    content = bytearray(path.read_bytes())
    content[hit.draw(st.integers(0, len(content) - 1))] ^= hit.draw(st.integers(1, 255))
    path.write_bytes(content)
    with contextlib.suppress(DataError):
        data.read(path)
