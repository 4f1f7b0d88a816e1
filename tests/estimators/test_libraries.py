"""What comes in as a frame of a library goes out as one, from every method, and after a run was kept."""

import importlib
import warnings

import numpy as np
import pyarrow as pa
import pytest

import taut
from taut.estimators import containers
from taut.estimators.containers import in_library, library_of
from tests.quick import quick

SMALL = {"latent_dim": 1, "hidden": (), "max_epochs": 1, "random_state": 0, "verbose": False}
ROWS = np.random.default_rng(0).normal(size=(60, 2))
COLUMNS = {"a": ROWS[:, 0].tolist(), "b": ROWS[:, 1].tolist(), "sex": ["f", "m", "m"] * 20}


def frame_of(library, columns=COLUMNS):
    if library in ("pyarrow", "batch"):
        return pa.table(columns) if library == "pyarrow" else pa.record_batch(columns)
    module = pytest.importorskip("polars" if library == "lazy" else library)
    if library == "pandas":
        return module.DataFrame(columns, index=np.arange(60)[::-1] + 100)
    return module.LazyFrame(columns) if library == "lazy" else module.DataFrame(columns)


def kind_of(library):
    if library in ("pyarrow", "batch", "mapping", "records"):
        return pa.Table
    return importlib.import_module("polars" if library == "lazy" else library).DataFrame


def drawn_by(vae):
    return {"sample": vae.sample(3), "inverse_transform": vae.inverse_transform(np.zeros((3, 1)))}


def made_by(vae, frame):
    single = vae.imputation(frame, draws=1)
    return drawn_by(vae) | {
        "reconstruct": vae.reconstruct(frame),
        "impute": single.single,
        "completions": single.multiple[0],
    }


@pytest.mark.parametrize(
    ("library", "block"),
    quick(
        ("pandas", True),
        ("lazy", False),
        of=[("pandas", False), ("pandas", True), ("polars", True), ("batch", False), ("lazy", False)],
    ),
)
def test_every_method_that_makes_rows(library, block, tmp_path):
    columns = {name: COLUMNS[name] for name in ("a", "b")} if block else COLUMNS
    frame = frame_of(library, columns)
    vae = taut.VAE(likelihood="gaussian" if block else "auto", **SMALL).fit(frame)
    vae.save(tmp_path / "run")
    for method, made in [*made_by(vae, frame).items(), *drawn_by(taut.load(tmp_path / "run")).items()]:
        assert type(made) is kind_of(library), method
        names = made.column_names if isinstance(made, pa.Table) else list(made.columns)
        assert names == list(columns), method
    if library == "pandas":
        assert vae.reconstruct(frame).index.equals(frame.index)
        assert vae.impute(frame).index.equals(frame.index)
        latents = frame[["a"]].iloc[:3]
        assert vae.inverse_transform(latents).index.equals(latents.index)


@pytest.mark.slow
def test_arrays_come_back_as_arrays():
    vae = taut.VAE(**SMALL).fit(ROWS)
    assert all(isinstance(made, np.ndarray) and made.dtype.kind == "f" for made in made_by(vae, ROWS).values())
    holed = in_library(pa.table({"x0": [1.0, None], "x1": [3, 4]}), "numpy")
    np.testing.assert_array_equal(holed, [[1.0, 3.0], [np.nan, 4.0]])


def test_frames_for_a_model_of_arrays_and_arrays_for_a_model_of_frames():
    vae = taut.VAE(likelihood="gaussian", **SMALL).fit(frame_of("pyarrow", {"a": COLUMNS["a"], "b": COLUMNS["b"]}))
    assert isinstance(vae.reconstruct(ROWS), np.ndarray)
    assert isinstance(vae.sample(2), pa.Table)


@pytest.mark.parametrize("X", [COLUMNS, [{"a": 1.0, "b": 2.0}]], ids=["mapping", "records"])
def test_named_columns_without_a_library_are_arrows(X):
    assert library_of(X) == "pyarrow"


def test_a_library_that_is_not_there_is_said_and_arrow_takes_its_place(monkeypatch):
    def missing(*_, **__):
        raise ModuleNotFoundError("No module named 'polars'")

    monkeypatch.setattr(containers.nw, "from_arrow", missing)
    with pytest.warns(UserWarning, match="polars, which is not installed"):
        assert isinstance(in_library(pa.table({"a": [1]}), "polars"), pa.Table)


def test_a_column_that_nothing_can_read_stops_no_fit_that_ignores_it():
    moments = pa.array([2**62] * 60, pa.timestamp("s"))
    frame = pa.table({**COLUMNS, "a": moments})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        imputer = taut.VAEImputer(schema={"a": "ignore"}, **SMALL).fit(frame)
        assert imputer.transform(frame)["a"].equals(frame["a"])
