"""A table column by column: against quadrature, against rows of the model itself, and one small fit from end to end."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy import stats

import taut
from taut.auditing.columns.decomposition import independent_baseline, meaning_of
from taut.auditing.columns.leave_one_out import leave_one_out
from taut.auditing.columns.marginals import cramers_v, dependence_of, marginal_of, pairs_of
from taut.auditing.columns.masked_cells import calibration_of, masks_of_cells, shape_of
from taut.bounds import log_evidence
from taut.data import Column, as_sheet
from taut.fitting import refined_gaussian
from taut.guides import Constant
from taut.likelihoods import for_columns
from taut.models import LatentVariableModel, standard_normal
from taut.networks import Perceptron
from taut.record import Ledger, Part

COLUMNS = (
    Column(name="length", kind="real", family="gaussian", resolution=0.01),
    Column(name="class", kind="categorical", family="categorical", categories=["a", "b", "c"]),
    Column(name="visits", kind="count", family="poisson"),
    Column(name="yes", kind="binary", family="bernoulli", categories=[False, True]),
)


def small_model(key):
    """Two latents, a column of each sort, a decoder with random weights: nothing is fitted."""
    start = for_columns(COLUMNS, np.array([[-1.0, 0, 1, 0], [1.0, 1, 3, 1], [0.5, 2, 2, 1]]))
    size = start.likelihood.outputs
    decoder = Perceptron(2, size, hidden=(8,), starting_outputs=start.outputs, key=key)
    fill_value = jnp.array([0.0, 0.0, 2.0, 0.0])
    return LatentVariableModel(
        prior=standard_normal(2), decoder=decoder, likelihood=start.likelihood, fill_value=fill_value
    )


def sampled(model, count, key):
    rows = jax.jit(jax.vmap(lambda key: model.given(jnp.zeros(4)).sample(key=key)[0].values))(jr.split(key, count))
    return np.array(rows, np.float64)


def given_others(model, rows, key):
    starts = jnp.zeros((1, 2))
    refine = jax.jit(jax.vmap(lambda x: refined_gaussian(model, x, starts, key=key).mean))
    return leave_one_out(
        model,
        Constant(model.prior()),
        rows,
        middles=np.asarray(refine(jnp.asarray(rows, jnp.float32))),
        resolutions=np.array([column.resolution or 0.0 for column in COLUMNS]),
        key=key,
        rows=np.arange(len(rows)),
    )


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 3])
def test_a_cell_given_the_others_is_a_ratio_of_evidences(count, key):
    model = small_model(jr.key(3))
    rows = sampled(model, count, key)
    rows[0, 1] = np.nan
    found = given_others(model, rows, key)
    for row, x in enumerate(rows):
        whole = log_evidence(model, jnp.asarray(x, jnp.float32), tolerance=1e-4).value
        for place in np.flatnonzero(~np.isnan(x)):
            rest = jnp.asarray(x, jnp.float32).at[place].set(jnp.nan)
            truth = whole - log_evidence(model, rest, tolerance=1e-4).value
            error = 5.0 / np.sqrt(found.ess[row, place])
            assert abs(found.log_p[row, place] - truth) < error, (row, place)


@pytest.mark.slow
def test_rows_of_the_model_itself_are_placed_uniformly(key):
    model = small_model(jr.key(3))
    rows = sampled(model, 400, key)
    rows[::7, 0] = np.nan
    found = given_others(model, rows, jr.fold_in(key, 1))
    for place in range(len(COLUMNS)):
        there = ~np.isnan(rows[:, place])
        assert stats.kstest(found.place[there, place], "uniform").pvalue > 1e-4
        assert calibration_of(found.place[there, place].astype(float), columns=4).shape == "right"


def under_a_gaussian(cells, scale=1.0):
    return stats.norm.cdf(cells, scale=scale)


@pytest.mark.parametrize(
    ("places", "shape"),
    [
        (lambda draw: draw.uniform(size=400), "right"),
        (lambda draw: under_a_gaussian(draw.standard_t(2, size=400), 2.0), "heavy tails"),
        (lambda draw: under_a_gaussian(draw.normal(size=400), 0.6), "too narrow"),
        (lambda draw: under_a_gaussian(draw.normal(size=400), 1.8), "too wide"),
        (lambda draw: under_a_gaussian(draw.exponential(size=400) - 1.0), "long tail above"),
        (lambda draw: under_a_gaussian(1.0 - draw.exponential(size=400)), "long tail below"),
        (lambda draw: under_a_gaussian(draw.normal(loc=0.4, size=400)), "shifted up"),
        (lambda draw: under_a_gaussian(draw.normal(loc=-0.4, size=400)), "shifted down"),
    ],
)
def test_the_shape_is_named(places, shape):
    named = [shape_of(places(np.random.default_rng(seed)), chance=0.01) for seed in range(5)]
    assert named.count(shape) >= 4, named


def test_very_few_cells_have_no_shape():
    assert calibration_of(np.linspace(0, 1, 29), columns=1) is None


def test_a_column_alone_has_the_likelihood_of_its_best_fit():
    draw = np.random.default_rng(0)
    cells = np.stack([draw.normal(3.0, 2.0, 300), draw.integers(3, size=300), draw.poisson(2.5, 300)], axis=1)
    cells[::5, 0] = np.nan
    found = independent_baseline(COLUMNS[:3], cells)
    normal = cells[~np.isnan(cells[:, 0]), 0]
    assert np.isnan(found[::5, 0]).all()
    assert np.nanmean(found[:, 0]) == pytest.approx(
        stats.norm.logpdf(normal, normal.mean(), normal.std()).mean(), abs=1e-3
    )
    shares = np.bincount(cells[:, 1].astype(int)) / 300
    assert found[:, 1].mean() == pytest.approx(np.sum(shares * np.log(shares)), abs=1e-3)
    assert found[:, 2].mean() == pytest.approx(stats.poisson.logpmf(cells[:, 2], cells[:, 2].mean()).mean(), abs=1e-3)


def test_a_column_without_cells_does_no_harm():
    cells = np.stack([np.full(9, np.nan), np.arange(9) % 3], axis=1)
    found = independent_baseline(COLUMNS[:2], cells)
    assert np.isnan(found[:, 0]).all()
    assert np.isfinite(found[:, 1]).all()


def test_hidden_cells_are_there_and_hidden_once():
    cells = np.where(np.random.default_rng(0).random((57, 4)) < 0.3, np.nan, 1.0)
    masks = masks_of_cells(cells, passes=10, seed=1)
    assert np.array_equal(np.sum(masks, axis=0) == 1, ~np.isnan(cells))
    sizes = [mask.sum(axis=0) for mask in masks]
    assert np.ptp(sizes, axis=0).max() <= 1


def test_marginals_of_numbers_dates_and_many_categories():
    draw = np.random.default_rng(0)
    same = marginal_of(COLUMNS[0], draw.normal(size=500), draw.normal(size=800))
    apart = marginal_of(COLUMNS[0], draw.normal(size=500), draw.normal(1.0, size=800))
    assert same.p_value > 1e-3 > apart.p_value
    assert sum(same.real) == pytest.approx(1.0, abs=1e-4)
    day = Column(name="day", kind="date", family="gaussian", offset=18_000.0)
    assert marginal_of(day, draw.normal(size=99), draw.normal(size=99)).ends[0].startswith("2019-04-1")
    many = Column(name="m", kind="categorical", family="categorical", categories=[f"c{i}" for i in range(30)])
    found = marginal_of(many, draw.integers(30, size=500) * 1.0, draw.integers(30, size=500) * 1.0)
    assert (len(found.labels), found.labels[-1]) == (12, "19 others")
    assert marginal_of(day, np.full(3, np.nan), np.zeros(3)) is None


def test_dependence_has_signs_holes_and_categories():
    draw = np.random.default_rng(0)
    x = draw.normal(size=400)
    real = np.stack([x, (x > 0) + 0.0, -x + draw.normal(size=400)], axis=1)
    real[::6, 2] = np.nan
    columns = [COLUMNS[0], COLUMNS[1], Column(name="other", kind="real", family="gaussian")]
    synthetic = draw.permuted(real, axis=0)
    pairs = pairs_of(columns, real, synthetic)
    there = ~np.isnan(real[:, 2])
    assert pairs.real[0, 2] == pytest.approx(stats.spearmanr(x[there], real[there, 2]).statistic, abs=0.02)
    assert pairs.real[0, 1] > 0.9
    assert np.abs(pairs.synthetic).max() < 0.2
    found = dependence_of(columns, pairs)
    assert (found.largest[0].first, found.largest[0].second) == ("length", "class")
    assert dependence_of(columns[:1], pairs) is None
    assert cramers_v(np.eye(2)[[0, 1]], np.eye(2)[[0, 1]]) == 0.0  # of two rows nothing is known


def test_what_log_p_is_of_is_said():
    density = Part(kind="real", measure="density", columns=1, cells=9, distortion=1.0)
    probability = Part(kind="count", measure="probability", columns=1, cells=9, distortion=1.0)
    assert "the log of a density, which depends on the units" in meaning_of([density], missing=False)
    assert "the log of a probability: of" in meaning_of([probability], missing=False)
    assert "densities, which depend on the units of their columns, and of prob" in meaning_of(
        [density, probability], missing=False
    )
    assert "missing at random (MAR)" in meaning_of([density], missing=True)
    assert "missing" not in meaning_of([density], missing=False)
    assert "and of which cells are missing" in meaning_of([density], missing=True, missingness=True)
    assert "and of which cells are missing" in meaning_of([density], missing=True, missingness=True)


@pytest.fixture(scope="module")
def sheet():
    """Three columns that go together, one that goes with none, and heavy tails as a Gaussian and as a Student-t."""
    draw = np.random.default_rng(1)
    x = draw.normal(size=300)
    columns = {
        "size": x + 0.3 * draw.normal(size=300),
        "weight": np.exp(x + 0.3 * draw.normal(size=300)),
        "class": np.where(x > 0.5, "large", np.where(x > -0.5, "middle", "small")),
        "alone": draw.integers(2, size=300),
        "heavy": draw.standard_t(2, size=300),
        "student": draw.standard_t(5, size=300),
        "name": [f"row <{i}>" for i in range(300)],
    }
    holes = draw.random(300) < 0.2
    columns["size"] = [None if hole else float(value) for hole, value in zip(holes, columns["size"], strict=True)]
    return as_sheet(columns)


@pytest.fixture(scope="module")
def audited(sheet):
    families = {"heavy": {"kind": "real", "family": "gaussian"}, "student": {"kind": "real", "family": "student-t"}}
    vae = taut.VAE(latent_dim=1, hidden=(16,), max_epochs=15, schema=families, random_state=0, verbose=False).fit(sheet)
    return vae, vae.audit(sheet, draws=50, width=2.0)


def by_name(ledger):
    return {column.name: column for column in ledger.columns}


@pytest.mark.slow
def test_a_table_with_holes_is_audited_from_end_to_end(audited):
    _, ledger = audited
    assert ledger.complete
    assert not ledger.discrete
    assert ledger.bits_per_dim is None
    assert Ledger.from_json(ledger.to_json()) == ledger
    assert sum(column.distortion.value for column in ledger.columns) == pytest.approx(ledger.distortion.value, abs=1e-4)
    assert sum(part.distortion for part in ledger.table.parts) == pytest.approx(ledger.distortion.value, abs=1e-4)
    assert ledger.table.densities + ledger.table.probabilities == pytest.approx(ledger.distortion.value, abs=1e-4)
    assert (
        ledger.table.missing
        == sum(300 - column.cells for column in ledger.columns)
        == 300 - by_name(ledger)["size"].cells
    )
    assert [column.name for column in ledger.table.left_out] == ["name"]
    assert ledger.figures.table.originals[0][2] in {"large", "middle", "small"}
    assert None in {cell for row in ledger.figures.table.originals for cell in row} or ledger.table.missing
    assert "Cells missing" in str(ledger)
    assert ledger.predictive == []


@pytest.mark.slow
def test_what_goes_together_gains_and_what_does_not_does_not(audited):
    columns = by_name(audited[1])
    for name in ("size", "weight", "class"):
        assert columns[name].gain.value > 0.3
        assert columns[name].association > 0.6
    for name in ("alone", "heavy", "student"):
        assert abs(columns[name].gain.value) < 0.1


@pytest.mark.slow
def test_heavy_tails_are_seen_where_the_likelihood_has_none(audited):
    _, ledger = audited
    columns = by_name(ledger)
    assert columns["heavy"].calibration.shape == "heavy tails"
    assert columns["student"].calibration.shape == "right"
    verdicts = {verdict.code: verdict for verdict in ledger.verdicts}
    assert "`heavy`" in verdicts["heavy-tails"].text
    assert "`student`" not in verdicts["heavy-tails"].text
    assert "`alone`" in verdicts["column-apart"].text
    assert "column-ignored" not in verdicts


@pytest.mark.slow
def test_hidden_cells_come_back_better_than_the_mean(audited):
    columns = by_name(audited[1])
    hidden = columns["size"].masked
    assert hidden.covered.agrees_with(hidden.said, z=4.0)
    assert hidden.value < 0.7 * hidden.baseline
    assert columns["class"].masked.value > columns["class"].masked.baseline + 0.2


@pytest.mark.slow
def test_without_a_bracket_only_the_encoder_speaks(audited, sheet):
    vae, whole = audited
    ledger = vae.audit(sheet, draws=50, bracket=False)
    assert ledger.columns[0].distortion == whole.columns[0].distortion
    assert all(column.gain is None and column.marginal is None for column in ledger.columns)
    assert (ledger.table.looked_at, ledger.table.simulated) == (0, 0)
