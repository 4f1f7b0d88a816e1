"""Where zero lies and what the unit is moves a density by the Jacobian alone: log p(a x + b) = log p(x) − Σ log |a|."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from taut import data
from taut import likelihoods as lk
from taut.errors import DataError
from taut.estimators.fields import units_for
from taut.numerics import log_density_by_entry

EPS = np.finfo(float).eps
NORMAL = np.random.default_rng(0).normal(size=(41, 2))
# Kind, family, and rows in units of their own.
TABLES = {
    "gaussian": ("real", NORMAL),
    "student-t": ("real", NORMAL),
    "mixture": ("real", NORMAL),
    "log-normal": ("positive", np.exp(NORMAL)),
    "logit-normal": ("bounded", 1.0 / (1.0 + np.exp(-NORMAL))),
    "beta": ("bounded", 1.0 / (1.0 + np.exp(-NORMAL))),
}
MOVES = [(1.0, 1e3), (1.0, 1e12), (1e-30, 0.0), (1e30, 1e36), (1 / 3, -1.7e9), (-2.5, 1e6), (-1e30, 0.0)]


def moves(kind):
    """Those that leave a zero where a zero is, and the lower end below."""
    if kind == "real":
        return MOVES
    return [(a, b) for a, b in MOVES if a > 0 and (b == 0 or kind == "bounded")] + [(17.0, 0.0)]


def table_at(family, kind, rows, a, b):
    """Coded rows and likelihood of a table whose columns are a x + b."""
    sheet = data.as_sheet({name: a * rows[:, place] + b for place, name in enumerate("uv")})
    ends = {"low": b, "high": a + b} if kind == "bounded" else {}
    schema = data.infer_schema(sheet, {name: {"kind": kind, "family": family, **ends} for name in "uv"})
    coded = data.encode(schema, sheet).values
    return coded, lk.for_columns(schema.modelled, coded).likelihood


def block_at(name, rows, a, b):
    """The same of a block of numbers."""
    units = units_for(name, a * rows + b)
    coded = units.code(a * rows + b)
    return coded, lk.InUnits(lk.named(name, coded), jnp.log(jnp.asarray(np.array(units.units), jnp.float32)))


@jax.jit
def densities(likelihood, outputs, x):
    return log_density_by_entry(likelihood(outputs), x)


def assert_law(here, there, a, b, rows):
    """Equal coded rows and constants, and densities that differ by log |a| for each entry."""
    (coded, likelihood), (moved, other) = here, there
    sign = np.sign(a)
    # What float64 keeps of rows that far from zero, in units of their spread.
    lost = 8 * EPS * (1.0 + np.abs(a * rows + b).max() / np.abs(a * np.std(rows)))
    np.testing.assert_allclose(sign * moved, coded, rtol=1e-12, atol=lost)
    outputs = jnp.linspace(-0.4, 0.5, likelihood.outputs)
    known = densities(likelihood, outputs, jnp.asarray(coded[3], jnp.float32))
    # Mirrored data have mirrored outputs, and of a mixture mirrored shares.
    turned = outputs if a > 0 else jnp.asarray(mirrored(likelihood, outputs))
    found = densities(other, turned, jnp.asarray(moved[3], jnp.float32))
    np.testing.assert_allclose(found + np.log(abs(a)), known, atol=3e-5 + 50 * lost)


def mirrored(likelihood, outputs):
    if likelihood.outputs == likelihood.features:
        return -outputs
    return outputs.reshape(likelihood.features, -1)[:, ::-1].reshape(-1)


@pytest.mark.parametrize(("family", "a", "b"), [(name, *move) for name in TABLES for move in moves(TABLES[name][0])])
def test_of_a_table(family, a, b):
    kind, rows = TABLES[family]
    assert_law(table_at(family, kind, rows, 1.0, 0.0), table_at(family, kind, rows, a, b), a, b, rows)


@pytest.mark.parametrize("name", ["gaussian", "gaussian-shared", "gaussian-unit", "student-t"])
@pytest.mark.parametrize(("a", "b"), MOVES)
def test_of_a_block(name, a, b):
    rows = NORMAL * np.array([1.0, 3.0])
    a = 1.0 if name == "gaussian-unit" else a  # its σ is one unit of the data
    assert_law(block_at(name, rows, 1.0, 0.0), block_at(name, rows, a, b), a, b, rows)


def test_an_integer_keeps_its_last_digit():
    """Time stamps in nanoseconds differ beyond the 53 bits of a float64."""
    stamps = 1_700_000_000_000_000_000 + np.arange(0, 60, 3)
    sheet = data.as_sheet({"at": stamps})
    schema = data.infer_schema(sheet, {"at": "real"})
    coded = data.encode(schema, sheet).values
    np.testing.assert_allclose(np.diff(coded[:, 0]) * schema.column("at").unit, 3.0, rtol=1e-12)
    assert data.decode(schema, coded)["at"].to_pylist() == stamps.tolist()


def test_moments_within_a_second_are_told_apart():
    moments = np.datetime64("2024-05-01T12:00:00", "us") + np.arange(0, 4000, 100).astype("timedelta64[us]")
    sheet = data.as_sheet({"at": moments})
    schema = data.infer_schema(sheet)
    coded = data.encode(schema, sheet).values[:, 0]
    assert np.abs(coded).max() < 3
    assert data.decode(schema, coded[:, None])["at"].to_numpy().astype("datetime64[us]").tolist() == moments.tolist()


@pytest.mark.parametrize(
    ("cells", "wish"),
    [
        (np.append(np.random.default_rng(1).normal(size=60), 1e30), "real"),
        (1.7e9 + np.random.default_rng(1).exponential(size=60) * 1e-4, "positive"),
        (1.7e9 + np.random.default_rng(1).random(60), {"low": 0, "high": 1e10}),
    ],
)
def test_what_single_precision_cannot_tell_apart_is_refused_by_name(cells, wish):
    with pytest.raises(DataError, match="column `far`") as caught:
        data.infer_schema(data.as_sheet({"far": cells}), {"far": wish})
    assert "single precision" in str(caught.value)
    assert ". " not in str(caught.value)


@pytest.mark.parametrize(("dtype", "far"), [(np.float64, 1e16), (np.float32, 3e7)])
def test_digits_that_were_lost_before_are_said(dtype, far):
    rows = (far + 3 * np.random.default_rng(2).normal(size=80)).astype(dtype)
    assert "steps to a standard deviation" in data.infer_schema(data.as_sheet({"a": rows})).column("a").reason
    whole = data.infer_schema(data.as_sheet({"a": 1.7e9 + np.arange(80.0) % 7})).column("a")
    assert "steps" not in whole.reason
