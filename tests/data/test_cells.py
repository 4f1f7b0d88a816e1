"""Cells by genes in and out, where the optional extra is installed; and the sentence where it is not."""

import sys
import warnings

import numpy as np
import pytest
from scipy import sparse

import taut
from taut import errors
from taut.data import read
from tests.cli import commands

OPTIONS = {"latent_dim": 2, "hidden": (), "max_epochs": 2, "random_state": 0, "verbose": False}


@pytest.fixture
def cells():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own imports warn, which is no fault of ours
        anndata = pytest.importorskip("anndata")
        pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    counts = rng.poisson(rng.gamma(2.0, 2.0, (60, 5)) + 0.5).astype(np.float32)
    obs = pandas.DataFrame({"batch": rng.choice(["a", "b"], 60), "depth": counts.sum(axis=1) * 3.0})
    obs.index = [f"cell{row}" for row in range(60)]
    found = anndata.AnnData(sparse.csr_matrix(counts), obs=obs)
    found.layers["logs"] = np.log1p(counts)
    return found


def test_counts_come_small_and_with_what_is_known_of_each_cell(cells, tmp_path):
    cells.write_h5ad(tmp_path / "cells.h5ad")
    table = read(tmp_path / "cells.h5ad")
    assert table.values.dtype == np.uint8
    assert table.beside.columns == ["batch", "depth"]
    np.testing.assert_array_equal(table.values, cells.X.toarray())


@pytest.mark.slow
def test_a_fit_knows_sizes_and_batches(cells):
    vae = taut.VAE(**OPTIONS, condition_on="batch").fit(cells)
    conditions = vae.fitted_.architecture.conditions
    assert conditions.words == "`batch`, each row's total"
    assert vae.likelihood_.name in ("poisson", "negative-binomial")
    assert np.isfinite(vae.score_samples(cells[:7], draws=10)).all()
    assert vae.sample(3, given={"batch": "b"}).shape == (3, 5)
    assert vae.audit(draws=10, bracket=False).rows == 6
    by_column = taut.VAE(**OPTIONS, size_factor="depth").fit(cells)
    assert by_column.fitted_.architecture.conditions.names == ["depth"]


def test_rows_without_what_is_given_are_refused(cells):
    vae = taut.VAE(**OPTIONS, condition_on="batch").fit(cells)
    with pytest.raises(errors.DataError, match="`batch`"):
        vae.score_samples(cells.X)


def test_the_command_line_reads_and_writes_them(cells, tmp_path):
    import anndata

    cells.write_h5ad(tmp_path / "cells.h5ad")
    words = ["--latent-dim", "2", "--hidden", "none", "--max-epochs", "2", "--condition-on", "batch", "--quiet"]
    commands.done("fit", tmp_path / "cells.h5ad", "--out", tmp_path / "run", *words)
    commands.done("embed", tmp_path / "run", tmp_path / "cells.h5ad", "--out", tmp_path / "out.h5ad")
    written = anndata.read_h5ad(tmp_path / "out.h5ad")
    assert written.obsm["X_taut"].shape == (60, 2)
    assert np.isfinite(written.obs["taut_log_p"]).all()
    assert list(written.obs["batch"]) == list(cells.obs["batch"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells.h5ad", "out.h5ad", "run"]


@pytest.mark.parametrize(("layer", "wanted"), [("logs", "counts"), ("spliced", "`spliced`")])
def test_a_layer_without_counts_is_refused(cells, layer, wanted, tmp_path):
    cells.write_h5ad(tmp_path / "cells.h5ad")
    with pytest.raises(errors.DataError, match=wanted):
        read(f"{tmp_path / 'cells.h5ad'}:{layer}")


def test_without_the_extra_one_sentence_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "anndata", None)
    (tmp_path / "cells.h5ad").write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(errors.OptionError, match="pip install anndata"):
        read(tmp_path / "cells.h5ad")


def test_a_file_that_its_library_reads_without_end_is_refused(cells, tmp_path, monkeypatch):
    cells.write_h5ad(tmp_path / "cells.h5ad")
    monkeypatch.setattr("taut.data.claims._PATIENCE", 0)
    with pytest.raises(errors.DataError, match="is not read within 0 seconds"):
        read(tmp_path / "cells.h5ad")
