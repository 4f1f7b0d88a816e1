"""Cells by genes, as they come in AnnData."""

import warnings

import numpy as np
import pytest
from scipy import sparse

import taut
from taut.errors import DataError, ShapeError, SupportError
from tests.reported.conftest import OPTIONS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own imports warn, which is no fault of ours
    anndata = pytest.importorskip("anndata")
    pandas = pytest.importorskip("pandas")

COUNTS = np.random.default_rng(0).poisson(2.0, size=(60, 5)).astype(np.float32)
COUNTS[:, 0] += 1.0
COUNTS[:, 4] = 0.0


def cells_of(counts):
    names = [f"gene {number}" for number in range(counts.shape[1])]
    return anndata.AnnData(sparse.csr_matrix(counts), var=pandas.DataFrame(index=names))


@pytest.fixture(scope="module")
def vae():
    """A fit with a gene that was never seen: pyro-ppl/numpyro#2193, a mean of zero gave NaN."""
    return taut.VAE(**OPTIONS).fit(cells_of(COUNTS))


@pytest.fixture(scope="module")
def scores(vae):
    scores = vae.score_samples(cells_of(COUNTS), draws=20)
    assert np.isfinite(scores).all()
    return scores


def backed(folder):
    cells_of(COUNTS).write_h5ad(folder / "cells.h5ad")
    return anndata.read_h5ad(folder / "cells.h5ad", backed="r")


def with_explicit_zeros(cells):
    dense = np.asarray(cells.X.toarray())
    rows, columns = np.indices(dense.shape)
    cells.X = sparse.csr_matrix((dense.ravel(), (rows.ravel(), columns.ravel())), shape=dense.shape)
    return cells


SAME_CELLS = {
    "SchubertLab/mvTCR#17, a view": lambda folder: cells_of(np.vstack([COUNTS, COUNTS]))[:60],
    "cellgeni/sceasy#69, by columns": lambda folder: anndata.AnnData(
        sparse.csc_matrix(COUNTS), var=cells_of(COUNTS).var
    ),
    "scverse/scvi-tools#1017, left on disk": backed,
    "scikit-learn#11495, zeros that are stored": lambda folder: with_explicit_zeros(cells_of(COUNTS)),
}


@pytest.mark.parametrize("report", SAME_CELLS)
def test_the_same_counts_have_the_same_log_p(report, vae, scores, tmp_path):
    np.testing.assert_array_equal(vae.score_samples(SAME_CELLS[report](tmp_path), draws=20), scores)


def test_genes_in_another_order_are_not_taken_for_each_other(vae):
    """scverse/scvi-tools#849."""
    with pytest.raises(ShapeError, match=r"column 0 .* is `gene 4` and was `gene 0`"):
        vae.score_samples(cells_of(COUNTS)[:, ::-1])


def test_a_cell_without_counts_is_named(vae):
    """scverse/scvi-tools#2792: divided by zero."""
    with pytest.raises(DataError, match=r"row 3 .* has no count above 0"):
        vae.score_samples(cells_of(np.where(np.arange(60)[:, None] == 3, 0.0, COUNTS)))


@pytest.mark.parametrize("change", [np.log1p, lambda counts: counts / counts.sum(axis=1, keepdims=True)])
def test_normalised_counts_are_refused(change):
    """scverse/scvi-tools#2449 and #301: a warning, or nothing, and a model of values that are no counts."""
    with pytest.raises(DataError, match="raw counts"):
        taut.VAE(**OPTIONS).fit(cells_of(change(COUNTS)))
    with pytest.raises(SupportError, match="Counts are wanted; got fractions"):
        taut.VAE(**OPTIONS, likelihood="negative-binomial").fit(change(COUNTS))


def test_whole_numbers_beyond_32_bits():
    """jax-ml/jax#18385: integers of 64 bits lost their upper half on the way to the device."""
    counts = np.random.default_rng(0).negative_binomial(5, 5 / (5 + 5e9), size=(60, 5))
    vae = taut.VAE(**OPTIONS).fit(counts)
    assert vae.outcome_.code != "diverged"
    scores = vae.score_samples(counts, draws=20)
    assert (np.abs(scores + 115) < 30).all()
    np.testing.assert_array_equal(scores, vae.score_samples(counts.astype(float), draws=20))
    assert vae.sample(50).max() > 2**31


def test_totals_of_bytes_do_not_overflow():
    """scikit-learn#28827: sums of uint8 wrapped around at 256."""
    bytes_ = np.random.default_rng(0).integers(150, 255, size=(60, 5)).astype(np.uint8)
    options = OPTIONS | {"likelihood": "poisson", "size_factor": "total"}
    small, large = (taut.VAE(**options).fit(rows) for rows in (bytes_, bytes_.astype(np.int64)))
    np.testing.assert_allclose(small.score_samples(bytes_, draws=20), large.score_samples(bytes_, draws=20), rtol=1e-5)
