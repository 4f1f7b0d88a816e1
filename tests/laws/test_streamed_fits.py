"""A fit whose rows are taken a few at a time is the fit of the same rows in memory, to the bit."""

import dataclasses

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut import fitting, guides, likelihoods, models, networks, objectives
from taut.datum import Datum
from taut.errors import OptionError
from taut.fitting import DynamicBinarisation, Plan, segments

RNG = np.random.default_rng(0)
GREYS = RNG.integers(0, 256, (101, 6), np.uint8)
BITS = (GREYS > 127).astype(np.uint8)
REALS = RNG.normal(size=(103, 6)).astype(np.float32)
HOLED = Datum.of(np.where(RNG.random((97, 6)) < 0.2, np.nan, REALS[:97]))


class HostRows(fitting.AbstractRows):
    def __init__(self, rows):
        self.rows, self.taken = rows, []

    @property
    def shape(self):
        return (len(self.rows), 6)

    def take(self, numbers):
        self.taken.append(len(numbers))
        return self.rows.take(numbers) if isinstance(self.rows, Datum) else self.rows[numbers]


@dataclasses.dataclass
class Case:
    rows: object
    likelihood: object
    options: dict = dataclasses.field(default_factory=dict)
    weights: np.ndarray | None = None


CASES = {
    "bits": Case(BITS, likelihoods.Bernoulli(6)),
    "weighted": Case(BITS, likelihoods.Bernoulli(6), weights=RNG.random(101) + 0.5),
    "greys drawn anew": Case(GREYS, likelihoods.Bernoulli(6), {"view": DynamicBinarisation(255.0)}),
    "several passes": Case(REALS, likelihoods.Gaussian(6), {"plan": Plan(epochs=3, batch_size=8, repeats=3)}),
    "importance weighted": Case(BITS, likelihoods.Bernoulli(6), {"objective": objectives.iwae(3)}),
    "holes": Case(HOLED, likelihoods.Gaussian(6)),
}


def fitted(case, rows):
    key = jr.key(1)
    model = models.LatentVariableModel(
        prior=models.standard_normal(2),
        decoder=networks.Perceptron(2, case.likelihood.outputs, hidden=(5,), key=key),
        likelihood=case.likelihood,
        fill_value=jnp.zeros(6),
    )
    guide = guides.GaussianEncoder(6, 2, hidden=(5,), key=key)
    options = {"plan": Plan(epochs=3, batch_size=8)} | case.options
    return fitting.fit(
        model, guide, rows, key=key, held_out=HostRows(case.rows).take(np.arange(9)), weights=case.weights, **options
    )


# For every change; the others less often.
OFTEN = ("bits", "holes", "several passes")


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=name, marks=[] if name in OFTEN else pytest.mark.slow) for name, case in CASES.items()],
)
def test_streamed_equals_in_memory_to_the_bit(case, monkeypatch):
    monkeypatch.setattr(segments, "BYTES", 5 * 8 * segments._bytes_of_row(HostRows(case.rows)))
    source = HostRows(case.rows)
    whole, streamed = fitted(case, case.rows), fitted(case, source)
    assert max(source.taken) == 5 * 8
    assert eqx.tree_equal(*(eqx.filter((run.model, run.guide), eqx.is_array) for run in (whole, streamed)))
    assert [(row.train, row.held_out) for row in whole.history] == [
        (row.train, row.held_out) for row in streamed.history
    ]


def test_a_fit_of_many_segments_is_one_program(monkeypatch):
    monkeypatch.setattr(segments, "BYTES", 8 * 6 * 3)
    before = segments.run_segment._cached._cache_size()
    monkeypatch.setattr(fitting.loop, "LITTLE", 0)
    fitted(CASES["bits"], HostRows(BITS))
    assert segments.run_segment._cached._cache_size() == before + 1


def test_a_step_out_of_the_numbers_is_found_where_it_was(monkeypatch):
    rows = REALS.copy()
    rows[50] = np.nan
    case = dataclasses.replace(CASES["several passes"], rows=rows)
    monkeypatch.setattr(segments, "BYTES", 8 * 24 * 3)
    whole, streamed = fitted(case, rows), fitted(case, HostRows(rows))
    assert streamed.outcome == whole.outcome
    assert streamed.outcome.code == "diverged"


def test_a_fit_interrupted_within_an_epoch_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    class Interrupted(HostRows):
        def take(self, numbers):
            if len(self.taken) == 12:
                raise KeyboardInterrupt
            return super().take(numbers)

    case = CASES["bits"]
    monkeypatch.setattr(segments, "BYTES", 2 * 8 * 6)
    whole = fitted(case, HostRows(BITS))
    checkpointed = dataclasses.replace(case, options={"checkpoints": tmp_path})
    assert fitted(checkpointed, Interrupted(BITS)).outcome.code == "interrupted"
    newest = max(tmp_path.glob("state-*"))
    assert not newest.stem.endswith("-000000000")
    resumed = dataclasses.replace(case, options={"checkpoints": tmp_path, "resume": True})
    with pytest.raises(OptionError, match="stream them"):
        fitted(resumed, BITS)
    assert eqx.tree_equal(
        *(eqx.filter((run.model, run.guide), eqx.is_array) for run in (whole, fitted(resumed, HostRows(BITS))))
    )
