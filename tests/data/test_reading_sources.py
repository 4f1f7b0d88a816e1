"""Which reader a source goes to, and sources that lead nowhere."""

import os
from pathlib import Path

import numpy as np
import pytest

from taut import data
from taut.errors import DataError
from taut.printable import printable
from tests.data.sentences import refused


@pytest.mark.parametrize("name", ["a:b.npy", "C:a.npy", "a.npz:b.npy"])
def test_a_colon_in_a_name_that_exists(tmp_path, name):
    np.save(tmp_path / name, np.eye(2))
    np.savez(tmp_path / "a.npz", **{"b.npy": np.zeros((5, 5))})
    assert len(data.read(f"{tmp_path}/{name}")) == 2


def test_a_colon_in_a_folder_before_a_key(tmp_path):
    (tmp_path / "C:").mkdir()
    np.savez(tmp_path / "C:" / "a.npz", train=np.eye(3))
    assert len(data.read(f"{tmp_path}/C:/a.npz:train")) == 3


@pytest.mark.parametrize("name", ["gone.npy", "gone.npz:train", "gone/a.csv", "C:\\gone.npy", "x" * 5000, "nul\0.npy"])
def test_what_is_missing_is_named(tmp_path, name):
    shown = printable(name) if len(name) < 100 else "x" * 400
    with refused(DataError, "there is no", shown):
        data.read(f"{tmp_path}/{name}")


def test_no_name_at_all():
    with refused(DataError, "there is no ``"):
        data.read("")


def test_an_unknown_ending_lists_what_is_read(tmp_path):
    (tmp_path / "a.xlsx").write_text("x")
    with refused(
        DataError, "a.xlsx", ".csv, .tsv, .txt, .parquet, .npy, .npz, .h5ad, .idx, .idx.gz", "folder of images"
    ):
        data.read(tmp_path / "a.xlsx")


def test_a_key_where_there_are_none(tmp_path):
    np.save(tmp_path / "a.npy", np.eye(2))
    with refused(DataError, "a.npy", "`:train`"):
        data.read(f"{tmp_path}/a.npy:train")
    with refused(DataError, str(tmp_path), "`:train`"):
        data.read(f"{tmp_path}:train")


def test_a_folder_named_like_a_file(tmp_path):
    (tmp_path / "a.csv").mkdir()
    with refused(DataError, "a.csv", "is a folder"):
        data.read(tmp_path / "a.csv")


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    np.save(tmp_path / "a.npy", np.eye(2))

    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    with refused(DataError, "a.npy", "Permission denied"):
        data.read(tmp_path / "a.npy")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_permissions_of_the_system(tmp_path):
    np.save(tmp_path / "a.npy", np.eye(2))
    (tmp_path / "a.npy").chmod(0)
    with refused(DataError, "a.npy", "Permission denied"):
        data.read(tmp_path / "a.npy")


def test_what_does_not_fit_into_memory(tmp_path, monkeypatch):
    np.save(tmp_path / "a.npy", np.eye(2))

    def too_large(*_, **__):
        raise MemoryError

    monkeypatch.setattr("taut.data.reading.read_array_file", too_large)
    with refused(DataError, "a.npy", "memory"):
        data.read(tmp_path / "a.npy")
