"""The bundled digits, and names that lead to them."""

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
    with refused(DataError, f"`{name}`", "digits, digits:train, digits:held-out", ".npy"):
        datasets.load(name)


def test_a_missing_file_is_still_a_missing_file():
    with refused(DataError, "there is no `gone.npy`"):
        datasets.load("gone.npy")
