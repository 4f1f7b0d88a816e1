"""Grey levels, and one draw of black and white from them."""

import numpy as np
import pytest

from taut import data
from taut.errors import DataError, OptionError, SupportError
from tests.data.sentences import refused


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        (np.array([[0, 250]], np.uint8), 255),
        (np.array([[0, 16]], np.uint8), 16),
        (np.array([[0, 1]], np.uint8), 1),
        (np.array([[0, 0]], np.uint8), 1),
        (np.array([[0, 999]], np.int32), 999),
        (np.array([[0.0, 16.0]]), 16),
        (np.array([[0.0, 0.3]], np.float32), 1),
        (np.array([[False, True]]), 1),
    ],
)
def test_what_stands_for_white(values, levels):
    assert data.grey_levels(values) == levels


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([[0, 1], [2, -3]], ["-3", "row 1, column 1"]),
        ([[0.5, 1.5]], ["0.5", "row 0, column 0"]),
        ([[0.5, -0.5]], ["-0.5", "row 0, column 1"]),
        ([[0.5, np.nan]], ["nan", "row 0, column 1"]),
    ],
)
def test_what_is_no_grey_level(values, words):
    with refused(SupportError, *words):
        data.grey_levels(np.array(values))


def test_no_greys_at_all():
    with refused(DataError, "0 sample(s)"):
        data.grey_levels(np.empty((0, 3)))


def test_the_draw_has_the_chance_of_its_grey():
    rows = 40_000
    levels = np.array([0, 1, 4, 8, 15, 16], np.uint8)
    binary = data.binarise_fixed(np.tile(levels, (rows, 1)), 16, seed=0)
    chance = levels / 16
    std_error = np.sqrt(chance * (1 - chance) / rows)
    assert binary.dtype == np.uint8
    assert set(np.unique(binary)) == {0, 1}
    assert (np.abs(binary.mean(axis=0) - chance) <= 5 * std_error).all()


def test_a_draw_is_fixed_by_its_seed_and_chunks_do_not_show(monkeypatch):
    values = np.full((50, 7), 0.5)
    whole = data.binarise_fixed(values, 1, seed=3)
    assert not np.array_equal(whole, data.binarise_fixed(values, 1, seed=4))
    monkeypatch.setattr("taut.data.binarisation._CHUNK", 20)
    np.testing.assert_array_equal(data.binarise_fixed(values, 1, seed=3), whole)


def test_black_and_white_stay_so():
    values = np.random.default_rng(0).integers(0, 2, (100, 9), np.uint8)
    np.testing.assert_array_equal(data.binarise_fixed(values * np.uint8(255), 255, seed=0), values)


def test_values_outside_the_levels():
    with refused(SupportError, "from 0 to 16", "17", "row 0, column 1"):
        data.binarise_fixed(np.array([[3, 17]]), 16, seed=0)
    with refused(SupportError, "-1"):
        data.binarise_fixed(np.array([[-1]]), 16, seed=0)


@pytest.mark.parametrize("levels", [0, -1, float("nan"), float("inf")])
def test_levels_that_make_no_sense(levels):
    with refused(OptionError, str(levels)):
        data.binarise_fixed(np.array([[1]]), levels, seed=0)
