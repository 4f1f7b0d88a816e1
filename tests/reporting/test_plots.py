"""The pictures of the page in axes of matplotlib."""

import dataclasses
from typing import Any
from unittest import mock

import matplotlib.figure
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.legend import Legend
from matplotlib.text import Text

from taut.errors import DataError, OptionError
from taut.reporting import FORMATS, PICTURES, LedgerPlots, picture_of
from tests.reporting import ledgers
from tests.reporting.columns import with_columns
from tests.reporting.measured import measured
from tests.reporting.reader import NASTY

DIGITS = ledgers.digits_ledger()
IMAGES = measured(DIGITS)
FULL = dataclasses.replace(with_columns(IMAGES), figures=IMAGES.figures)  # a table, and images beside it
BARE = ledgers.bare(DIGITS)


@pytest.fixture(autouse=True)
def closed():
    yield
    pyplot.close("all")


@pytest.fixture(params=list(PICTURES))
def name(request) -> str:
    return request.param


def test_each_is_a_method_that_says_what_it_shows(name):
    assert getattr(LedgerPlots, name).__doc__
    assert {method for method in vars(LedgerPlots) if not method.startswith("_")} == set(PICTURES)


def test_each_draws_into_the_axes_that_it_is_given_and_gives_them_back(name):
    figure, (mine, other) = pyplot.subplots(1, 2)
    given = getattr(FULL.plot, name)(ax=mine)
    drawn = list(np.ravel(given))
    assert pyplot.get_fignums() == [figure.number]
    assert not other.has_data()
    assert drawn == [mine] or set(drawn) == set(mine.child_axes)
    assert all(axes.has_data() for axes in drawn)


def test_each_has_the_artists_of_the_page(name):
    shown: list[matplotlib.figure.Figure] = []
    with mock.patch.object(matplotlib.figure.Figure, "savefig", autospec=True) as saved:
        saved.side_effect = lambda figure, file, **_: (shown.append(figure), file.write("<svg>"))
        assert picture_of(FULL, name).wide
    mine = list(np.ravel(getattr(FULL.plot, name)()))
    assert [artists(axes) for axes in mine] == [artists(axes) for axes in shown[0].axes]


def artists(axes: Axes) -> list[Any]:
    """What is drawn in axes, but for a legend that the page has in words."""
    kinds = [type(child).__name__ for child in axes.get_children() if not isinstance(child, Legend)]
    lines = [np.array2string(np.asarray(line.get_xydata())) for line in axes.lines]
    boxes = [np.array2string(np.asarray(patch.get_path().vertices)) for patch in axes.patches]
    return [kinds, lines, boxes, axes.get_xlabel(), axes.get_ylabel(), axes.get_title(loc="left")]


def test_a_ledger_that_lacks_a_picture_says_so_in_one_sentence(name):
    if name in ("identity", "waterfall", "rows", "latents"):
        getattr(BARE.plot, name)()
        return
    with pytest.raises(DataError, match=rf"^The picture `{name}` wants .*; there are none here; .*\.$"):
        getattr(BARE.plot, name)()


def test_panels_may_be_given_one_by_one_and_no_other_number_of_them():
    panels = pyplot.subplots(2)[1]
    assert list(FULL.plot.rows(ax=panels)) == list(panels)
    with pytest.raises(OptionError, match="one axes or 2; got 3; pass one"):
        FULL.plot.rows(ax=pyplot.subplots(3)[1])
    with pytest.raises(OptionError, match="axes of matplotlib; got str"):
        BARE.plot.identity(ax="left")


@pytest.mark.parametrize("ending", FORMATS)
def test_a_file_says_in_words_what_it_shows(ending, tmp_path):
    picture = picture_of(FULL, "calibration")
    for again in ("a", "b"):
        picture.save(tmp_path / f"{again}{ending}")
    content = (tmp_path / f"a{ending}").read_bytes()
    assert any(picture.alt.encode(code) in content for code in ("utf-8", "utf-16-be"))
    assert content == (tmp_path / f"b{ending}").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"a{ending}", f"b{ending}"]


def test_signs_of_mathematics_in_names_are_signs():
    nasty = ledgers.with_labels(DIGITS, [NASTY, "$\\frac$", "_hidden"])
    figure, axes = pyplot.subplots()
    nasty.plot.latent_map(ax=axes)
    figure.canvas.draw()
    assert "$\\frac$" in [text.get_text() for text in axes.findobj(Text)]
