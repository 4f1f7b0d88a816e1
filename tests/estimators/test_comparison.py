"""Several fits on the same rows, from Python."""

import copy
import dataclasses

import pytest

import taut
from taut.errors import DataError, OptionError


def test_runs_are_compared_and_unlike_ones_refused_as_on_the_command_line(vae, digits):
    found = taut.compare([vae, vae], digits[1], bracket=False, draws=20, rows=12)
    (pair,) = found.pairs
    assert (found.first, pair.run, pair.difference.mean, pair.difference.rows) == ("run 1", "run 2", 0.0, 12)
    assert found.rows_seen == {"run 1": 0, "run 2": 0}

    other = copy.copy(vae)
    architecture = dataclasses.replace(vae.fitted_.architecture, missing="informative")
    other.fitted_ = dataclasses.replace(vae.fitted_, architecture=architecture)
    with pytest.raises(DataError, match=r"^A comparison wants densities of the same; holes are random in `a` and"):
        taut.compare({"a": vae, "b": other}, digits[1])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rows": 1}, "from 2 rows to all 297"),
        ({"bracket": False, "width": 0.1}, "for brackets only"),
        ({"chains": 3}, "chains"),
    ],
)
def test_comparisons_that_make_no_sense(options, said, vae, digits):
    with pytest.raises(OptionError, match=said):
        taut.compare([vae, vae], digits[1], **options)
    with pytest.raises(OptionError, match="two or more"):
        taut.compare([vae], digits[1])
