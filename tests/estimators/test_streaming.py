"""Fits of rows that stay on disk: the same as of these rows in memory, whatever they are stored in."""

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from scipy import sparse

import taut
from taut.data import open_rows, read
from taut.fitting import segments

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


def conditional(folder):
    return mixed(folder)[0], {"condition_on": ["sex", "size"], "schema": {"size": "real"}}


def sparse_counts(folder):
    sparse.save_npz(folder / "counts.npz", sparse.csr_array(RNG.poisson(0.1, (N, 50))))
    return folder / "counts.npz", {}


KINDS = (greys, whole_floats, reals, drawn_anew, mixed, sparse_counts)


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
