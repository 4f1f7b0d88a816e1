"""The bundled sets, and names that lead to them."""

from pathlib import Path

import numpy as np
import pytest

from taut import datasets
from taut.errors import DataError
from tests.data.sentences import refused


def test_the_digits_are_those_of_scikit_learn():
    rows, labels = pytest.importorskip("sklearn.datasets").load_digits(return_X_y=True)
    ours = np.column_stack([np.concatenate(datasets.digits()), np.concatenate(datasets.digits_labels())])
    assert sorted(map(tuple, ours)) == sorted(map(tuple, np.column_stack([rows, labels])))


def test_the_split_is_shuffled_and_without_overlap():
    train, held_out = datasets.digits()
    assert (train.shape, held_out.shape, train.dtype) == ((1500, 64), (297, 64), np.uint8)
    assert not set(map(bytes, train)) & set(map(bytes, held_out))
    for labels in datasets.digits_labels():
        counts = np.bincount(labels, minlength=10)
        assert np.abs(counts - len(labels) / 10).max() < 5 * np.sqrt(len(labels) * 0.09)


def test_penguins_have_types_and_holes_in_the_order_of_the_source():
    sheet = datasets.penguins()
    assert (len(sheet), sheet.name, sheet.named) == (344, "penguins", True)
    assert sheet.columns == [
        "species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex", "year",
    ]  # fmt: skip
    columns = {name: sheet.native[name] for name in sheet.columns}
    assert sum(column.null_count for column in columns.values()) == 19
    assert columns["sex"].null_count == 11
    assert [str(columns[name].type) for name in ("species", "bill_length_mm", "year")] == ["string", "double", "int64"]
    assert columns["body_mass_g"][:4].to_pylist() == [3750, 3800, 3250, None]
    assert columns["species"].value_counts().to_pylist() == [
        {"values": "Adelie", "counts": 152}, {"values": "Gentoo", "counts": 124}, {"values": "Chinstrap", "counts": 68},
    ]  # fmt: skip
    assert datasets.load("penguins").columns == sheet.columns


def test_tables_are_sheets_and_numbers_without_names_one_block(tmp_path):
    (tmp_path / "named.csv").write_text("a,b\n1,2\n3,4\n")
    (tmp_path / "bare.csv").write_text("1,2\n3,4\n")
    (tmp_path / "holed.txt").write_text("1;2\n;4\n")
    assert repr(datasets.load(tmp_path / "named.csv")) == "Sheet('named.csv', 2 rows, 2 columns)"
    assert repr(datasets.load(tmp_path / "bare.csv")) == "Table('bare.csv', 2 rows, 2 features, uint8)"
    assert repr(datasets.load(tmp_path / "holed.txt")) == "Sheet('holed.txt', 2 rows, 2 columns)"


@pytest.mark.parametrize(("name", "rows"), [("digits", 1797), ("digits:train", 1500), ("digits:held-out", 297)])
def test_names_lead_to_tables(name, rows):
    table = datasets.load(name)
    assert (len(table), table.features, table.image_shape, table.name) == (rows, 64, (8, 8), name)
    assert set(table.labels) == set("0123456789")


def test_anything_else_is_read(tmp_path, monkeypatch):
    np.save(tmp_path / "a.npy", np.eye(3))
    monkeypatch.chdir(tmp_path)
    assert len(datasets.load(tmp_path / "a.npy")) == len(datasets.load("a.npy")) == 3


def test_a_path_is_never_a_name(tmp_path, monkeypatch):
    (tmp_path / "digits").mkdir()
    monkeypatch.chdir(tmp_path)
    for source in (Path("digits"), "./digits"):
        with refused(DataError, "holds none"):
            datasets.load(source)


@pytest.mark.parametrize("name", ["digit", "digits:test", "mnist"])
def test_a_misspelt_name_lists_the_names(name):
    with refused(DataError, f"`{name}`", "digits, digits:train, digits:held-out, penguins", ".npy"):
        datasets.load(name)


def test_a_missing_file_is_still_a_missing_file():
    with refused(DataError, "there is no `gone.npy`"):
        datasets.load("gone.npy")
