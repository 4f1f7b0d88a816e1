"""Fits of rows that stay on disk: the same as of these rows in memory, whatever they are stored in."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet
from scipy import sparse

import taut
from taut.data import open_rows, read
from taut.estimators import streaming
from taut.fitting import segments
from tests.cli.commands import done

RNG = np.random.default_rng(0)
N = 300


def greys(folder):
    np.save(folder / "greys.npy", RNG.integers(0, 256, (N, 6, 6), np.uint8))
    return folder / "greys.npy", {}


def whole_floats(folder):
    np.save(folder / "counts.npy", RNG.poisson(1.0, (N, 40)).astype(np.float32))
    return folder / "counts.npy", {}


def reals(folder):
    np.save(folder / "reals.npy", RNG.normal(3.0, 2.0, (N, 40)).astype(np.float32))
    return folder / "reals.npy", {"likelihood": "gaussian"}


def reals_with_holes(folder):
    rows = RNG.normal(3.0, 2.0, (N, 12))
    rows[np.arange(0, N, 7), np.arange(0, N, 7) % 12] = np.nan
    np.save(folder / "holed.npy", rows)
    return folder / "holed.npy", {}


def drawn_anew(folder):
    return greys(folder)[0], {"binarise": "dynamic"}


def table():
    sizes = np.where(RNG.random(N) < 0.2, np.nan, RNG.normal(1000.0, 5.0, N))
    sexes = RNG.choice(np.array(["f", "m", None], object), N)
    return pa.table(
        {
            "size": pa.array(sizes, from_pandas=True),
            "sex": sexes.tolist(),
            "when": pa.array(RNG.integers(0, 10_000, N).astype(np.int32), pa.date32()),
            "visits": RNG.poisson(2.0, N),
            "id": [f"{number:04}" for number in range(N)],
            "kind": pa.array(RNG.choice(["a", "b", "c"], N)).dictionary_encode(),
        }
    )


def mixed(folder):
    parquet.write_table(table(), folder / "table.parquet", row_group_size=70)
    return folder / "table.parquet", {}


def sparse_counts(folder):
    sparse.save_npz(folder / "counts.npz", sparse.csr_array(RNG.poisson(0.1, (N, 50))))
    return folder / "counts.npz", {}


# Each fits twice: one of them for every change, the others less often.
SELDOM = (greys, whole_floats, reals, reals_with_holes, drawn_anew, sparse_counts)
KINDS = (mixed, *(pytest.param(kind, marks=pytest.mark.slow) for kind in SELDOM))


def fitted(rows, **options):
    return taut.VAE(latent_dim=2, hidden=(8,), max_epochs=2, batch_size=50, random_state=0, **options).fit(rows)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_streamed_fit_is_that_of_the_same_rows_in_memory(kind, tmp_path, monkeypatch):
    path, options = kind(tmp_path)
    monkeypatch.setattr(segments, "BYTES", 5000)
    monkeypatch.setattr("taut.data.opened.NUMBERS_AT_ONCE", 2000)
    whole, streamed = fitted(read(path), **options), fitted(open_rows(path), **options)
    for name, run in (("whole", whole), ("streamed", streamed)):
        run.save(tmp_path / name)
    for file in ("weights.safetensors", "held_out.npz", "seen.npy", "holes.npz"):
        assert (tmp_path / "whole" / file).read_bytes() == (tmp_path / "streamed" / file).read_bytes()
    assert whole.fitted_.data_digest == streamed.fitted_.data_digest
    assert whole.schema_ == streamed.schema_


def test_rows_beyond_the_sample_show_what_columns_can_hold(tmp_path, monkeypatch):
    """One row in 400 has a hole, another a label, a third a number far off: all train, wherever they are."""
    monkeypatch.setattr(streaming, "SAMPLE", 40)
    monkeypatch.setattr(streaming, "HELD_OUT", 10)
    monkeypatch.setattr("taut.data.opened.NUMBERS_AT_ONCE", 100)
    rare = {"number": RNG.normal(size=400).tolist(), "label": RNG.choice(["a", "b"], 400).tolist()}
    rare["number"][7], rare["number"][301], rare["label"][200] = None, 50.0, "c"
    parquet.write_table(pa.table(rare), tmp_path / "rare.parquet")
    opened = open_rows(tmp_path / "rare.parquet")
    weights = np.ones(400)
    weights[[1, 2]] = 0.0
    data = streaming.prepare_streamed_data(
        opened, tmp_path, held_out=0.1, seed=0, weights=weights, likelihood="auto", schema=None
    )
    number, label = data.schema.columns
    assert (number.missing, number.seen) == (1, 387)
    assert label.categories == ["a", "b", "c"]
    assert len(data.held_out) == 10
    assert len(data.train) <= 40 + 7
    train = data.streamed.rows.take(np.arange(388)).with_nan()
    found = np.concatenate([train, data.table.values[data.held_out]])[:, 0] * number.unit + number.offset
    expected = [value for value, weight in zip(rare["number"], weights, strict=True) if weight]
    np.testing.assert_allclose(np.sort(found), np.sort(np.array(expected, float)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"binarise": "fixed"}, "dynamic"), ({"likelihood": "bernoulli"}, "zeros and ones|0 and 1|0 or 1")],
)
def test_what_cannot_be_streamed_is_refused(options, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        fitted(open_rows(greys(tmp_path)[0]), **options)
    assert not list(tmp_path.glob("rows-*"))


@pytest.mark.slow
def test_what_is_said_of_opened_rows_is_what_is_said_of_them_in_memory(tmp_path, monkeypatch):
    path, run = mixed(tmp_path)[0], tmp_path / "run"
    monkeypatch.setattr("taut.data.opened.NUMBERS_AT_ONCE", 64 * 6)
    vae = fitted(open_rows(path))
    vae.save(run)
    np.testing.assert_allclose(
        vae.score_samples(open_rows(path), draws=10), vae.score_samples(read(path), draws=10), rtol=1e-5
    )
    for manner in ("--stream", "--no-stream"):
        done("impute", run, path, "--out", tmp_path / f"{manner}.csv", manner, "--quiet")
    streamed, whole = (pd.read_csv(tmp_path / f"{manner}.csv") for manner in ("--stream", "--no-stream"))
    pd.testing.assert_frame_equal(streamed, whole, rtol=1e-4)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_data(tmp_path):
    """1.2 GB of rows, which would take many times as much in memory (see benchmarks/studies/larger_than_memory.py)."""
    rows, width = 300_000, 1024
    # Written, not mapped: a process starts with the peak of the one that starts it.
    with (tmp_path / "big.npy").open("wb") as file:
        about = {"descr": "<f4", "fortran_order": False, "shape": (rows, width)}
        np.lib.format.write_array_header_1_0(file, about)
        for _ in range(30):
            file.write(RNG.standard_normal((rows // 30, width), np.float32).data)
    run = tmp_path / "run"
    for words in (
        ("fit", tmp_path / "big.npy", "--out", run, "--max-epochs", 1, "--hidden", 16, "--batch-size", 1000),
        ("score", run, tmp_path / "big.npy", "--out", tmp_path / "scores.parquet", "--draws", 2),
    ):
        command = [sys.executable, "-c", "from taut.cli import main; main()", *words, "--stream", "--quiet"]
        process = subprocess.Popen([*map(str, command)])
        _, status, used = os.wait4(process.pid, 0)
        assert status == 0
        assert used.ru_maxrss * 1024 < 3 * 2**29
