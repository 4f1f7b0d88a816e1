"""What the record of every family says is true, and a family and a kind of column can be added from outside."""

import dataclasses
import re

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pandas as pd
import pyarrow as pa
import pytest

import taut
from taut import data, likelihoods
from taut.errors import OptionError
from taut.likelihoods.holes import nodes_of
from taut.numerics import mean_of

RNG = np.random.default_rng(0)
N = 400
# Numbers that a column of each kind may hold, coded.
VALUES = {
    "real": RNG.normal(1.0, 2.0, (N, 1)),
    "date": RNG.normal(0.0, 1.0, (N, 1)),
    "positive": RNG.lognormal(0.0, 0.5, (N, 1)),
    "bounded": RNG.beta(3.0, 2.0, (N, 1)),
    "count": RNG.poisson(3.0, (N, 1)).astype(float),
    "binary": (RNG.random((N, 1)) < 0.3).astype(float),
    "categorical": RNG.choice(3, p=[0.2, 0.5, 0.3], size=(N, 1)).astype(float),
    "ordinal": RNG.choice(3, p=[0.2, 0.5, 0.3], size=(N, 1)).astype(float),
}
OF_ARRAYS = {"continuous-bernoulli": VALUES["bounded"], "discretised-logistic": 20.0 * VALUES["count"]}
OF_ARRAYS["logistic-mixture"] = OF_ARRAYS["discretised-logistic"]
BUILTIN = likelihoods.all_families()
NAMES = [family.name for family in BUILTIN]


def sample_of(family):
    values = VALUES[family.kinds[0]] if family.kinds else OF_ARRAYS.get(family.name, VALUES["count"])
    return likelihoods.Sample(values, levels=int(values.max()) + 1, rounding=np.zeros(1))


@pytest.mark.parametrize("family", BUILTIN, ids=NAMES)
def test_a_record_tells_of_its_likelihood_what_is_true(family):
    sample = sample_of(family)
    likelihood = family.build(sample)
    assert likelihood.features == 1
    assert likelihood.discrete == family.discrete
    assert bool(likelihood.log_means.any()) == family.log_means
    assert family.complaint(sample.values) == ""
    for kind in family.kinds:
        assert family.name in data.kind_named(kind).families
        assert data.kind_named(kind).discrete == family.discrete


@pytest.mark.parametrize("family", BUILTIN, ids=NAMES)
def test_starting_outputs_give_the_mean_or_the_shares(family):
    sample = sample_of(family)
    likelihood = family.build(sample)
    outputs = family.starting_outputs(likelihood, sample)
    assert outputs.shape == (likelihood.outputs,)
    q = likelihood(outputs)
    if data.kind_named((*family.kinds, "real")[0]).coded:
        codes = np.arange(sample.levels)
        shares = np.array([float(jnp.exp(q.log_prob(jnp.array([float(code)])))) for code in codes])
        np.testing.assert_allclose(shares, np.mean(sample.values == codes, axis=0), atol=2e-3)
    elif family.name != "continuous-bernoulli":  # whose mean has no inverse in closed form
        assert abs(float(mean_of(q)[0]) - sample.values.mean()) < 0.2 * sample.values.std()


@pytest.mark.parametrize("family", [family for family in BUILTIN if family.nodes is not None], ids=lambda f: f.name)
def test_nodes_have_the_mass_and_the_mean_of_the_distribution(family):
    sample = sample_of(family)
    likelihood = family.build(sample)
    q = likelihood(family.starting_outputs(likelihood, sample))
    points, log_weights = (np.asarray(part, np.float64)[0] for part in nodes_of(q))
    assert np.exp(log_weights).sum() == pytest.approx(1.0, rel=1e-5)
    if family.discrete:
        p = [float(q.log_prob(jnp.array([point]))) for point in points]
        np.testing.assert_allclose(log_weights, p, atol=1e-5)
    else:
        assert (np.exp(log_weights) * points).sum() == pytest.approx(float(mean_of(q)[0]), rel=1e-3)


def test_kinds_and_families_know_one_another():
    known = {family.name: family for family in BUILTIN}
    for kind in data.all_kinds():
        for name in kind.families:
            assert kind.name in known[name].kinds


def test_an_alias_is_as_good_as_the_name():
    for family in BUILTIN:
        for name in (family.name, *family.aliases):
            assert likelihoods.family(name) is family
    assert likelihoods.named("zinb", np.array([[0], [4]])).features == 1


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(OptionError, match="`nb` is taken"):
        likelihoods.register(dataclasses.replace(BUILTIN[0], name="new", aliases=("nb",)))
    with pytest.raises(OptionError, match="`count` is taken"):
        data.register_kind(data.kind_named("count"))


# ── a family and a kind from outside ─────────────────────────────────────────────────────────────────────────────────


class Laplace(likelihoods.AbstractLikelihood):
    """Independent entries around the outputs, with tails that fall as exp(−|x|)."""

    features: int
    scale: jax.Array

    def __call__(self, outputs):
        return dist.Laplace(outputs, jnp.exp(self.scale), validate_args=False).to_event(1)

    def whitened(self, outputs, tangent):
        return tangent * jnp.exp(-self.scale)


LAPLACE = likelihoods.Family(
    name="laplace",
    build=lambda sample: Laplace(sample.features, jnp.zeros(sample.features)),
    starting_outputs=lambda likelihood, sample: sample.mean,
    kinds=("real", "clock"),
)


def _is_clock(cells):
    return cells.came == "string" and all(re.fullmatch(r"\d+:\d\d", cell) for cell in cells.observed)


def _seconds(cells):
    """`m:ss` as seconds."""
    texts = [cell if there else "0:00" for cell, there in zip(cells.values, cells.present, strict=True)]
    parts = np.array([text.split(":") for text in texts], np.float64)
    return dataclasses.replace(cells, came="float", values=60.0 * parts[:, 0] + parts[:, 1])


def _as_clock(column, coded, as_cells):
    seconds = np.rint(np.maximum(coded * column.unit + column.offset, 0.0))
    return pa.array([None if np.isnan(s) else f"{int(s) // 60}:{int(s) % 60:02d}" for s in seconds])


CLOCK = data.Kind(
    name="clock",
    infer=lambda cells: (
        data.Column(name=cells.name, kind="clock", family="gaussian", reason="minutes and seconds")
        if _is_clock(cells)
        else None
    ),
    families=("gaussian",),
    parse=_seconds,
    scale=lambda cells, column: data.scale_of(cells.observed),
    decode=_as_clock,
)


@pytest.fixture
def registered(monkeypatch):
    """Both, for one test."""
    from taut.data import kinds
    from taut.likelihoods import families

    monkeypatch.setattr(kinds, "_KINDS", dict(kinds._KINDS))
    monkeypatch.setattr(families, "_FAMILIES", dict(families._FAMILIES))
    data.register_kind(CLOCK)
    likelihoods.register(LAPLACE)


@pytest.fixture
def runs():
    """Some times of runners, and another number, with holes."""
    seconds = RNG.normal(300.0, 40.0, 60).round().astype(int)
    frame = pd.DataFrame(
        {"time": [f"{s // 60}:{s % 60:02d}" for s in seconds], "level": (seconds - 300) / 40 + RNG.laplace(size=60)}
    )
    frame.loc[::7, "time"] = None
    frame.loc[3::9, "level"] = None
    return frame


def test_a_kind_from_outside_is_inferred_coded_and_given_back(registered, runs):
    sheet = data.as_sheet(runs)
    schema = data.infer_schema(sheet, {"level": {"family": "laplace"}, "time": {"family": "laplace"}})
    assert [(column.kind, column.family) for column in schema.columns] == [("clock", "laplace"), ("real", "laplace")]
    table = data.encode(schema, sheet)
    assert np.isnan(table.values[:, 0]).sum() == runs["time"].isna().sum()
    pd.testing.assert_series_equal(data.decode(schema, table.values, like=runs)["time"], runs["time"])
    filled = data.fill(schema, sheet, np.zeros((60, 2)))["time"]
    assert filled.notna().all()
    assert (filled[runs["time"].notna()] == runs["time"].dropna()).all()
    start = likelihoods.for_columns(schema.modelled, table.values)
    q = start.likelihood(start.outputs)
    expected = dist.Laplace(start.outputs, 1.0).log_prob(jnp.zeros(2)).sum() - np.log(schema.columns[0].unit)
    expected -= np.log(schema.columns[1].unit)
    assert float(q.log_prob(jnp.zeros(2))) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.slow
def test_a_family_and_a_kind_from_outside_go_all_the_way(registered, runs, tmp_path):
    options = {"latent_dim": 1, "hidden": (4,), "max_epochs": 2, "random_state": 0, "verbose": False}
    vae = taut.VAE(**options, schema={"level": {"family": "laplace"}}).fit(runs)
    assert [(c.kind, c.family) for c in vae.schema_.columns] == [("clock", "gaussian"), ("real", "laplace")]
    assert vae.impute(runs)["time"].str.fullmatch(r"\d+:\d\d").all()
    assert vae.sample(5)["time"].str.fullmatch(r"\d+:\d\d").all()
    ledger = vae.audit(runs.head(12), seconds=60)
    assert [column.family for column in ledger.columns] == ["gaussian", "laplace"]
    vae.save(tmp_path / "run")
    again = taut.load(tmp_path / "run")
    np.testing.assert_array_equal(again.score_samples(runs), vae.score_samples(runs))
