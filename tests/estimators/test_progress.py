"""Bars in a notebook, where nothing but IPython is there."""

import sys
import types
from unittest import mock

import pytest

from taut.data import Column, Schema
from taut.estimators import audit_bar, fit_bar
from taut.estimators.progress import say_data
from taut.fitting import Progress
from taut.record import HistoryRow

NOTE = "Column `{}` has cells that say nothing of the others, as far as its " + 40 * "long " + "name goes."
COLUMNS = [Column(name=f"c{n}", kind="count", family="poisson", reason="whole numbers from 0 up") for n in range(40)]


@pytest.mark.parametrize("notes", [0, 1, 30])
def test_what_is_said_of_the_data_fits_on_a_screen(notes, capsys):
    said = [NOTE.format(n) for n in range(notes)]
    say_data(said, Schema(columns=tuple(COLUMNS)), shown=True)
    text = capsys.readouterr().err
    assert sum(-(-len(line) // 80) for line in text.splitlines()) <= 13  # of 24
    assert said[:1] == [line for line in text.splitlines() if line in said]
    assert ("… and 29 more notes; `taut info RUN`" in text) == (notes == 30)
    assert "more columns; `taut info RUN`" in text


def test_a_notebook_shows_the_columns_as_one_text_and_nothing_as_an_error(capsys):
    shown = []
    ipython = types.SimpleNamespace(display=lambda bundle, *, raw: shown.append(bundle["text/plain"]))
    with (
        mock.patch.dict(sys.modules, {"IPython": ipython, "IPython.display": ipython}),
        mock.patch("rich.console._is_jupyter", return_value=True),
    ):
        say_data(["One note."], Schema(columns=tuple(COLUMNS[:2])), shown=True)
    assert shown[0] == "One note."
    assert [line.split()[0] for line in shown[1].splitlines()] == ["column", "c0", "c1"]
    assert len(shown) == 2
    assert capsys.readouterr() == ("", "")


RECORD = HistoryRow(epoch=1, train=-12.0, held_out=-12.5, seconds=3.0)
FIRST = Progress(epoch=1, epochs=2, bound=-12.5, seconds_left=3.0, record=RECORD)


class Output:
    """What Jupyter gives back for an output that can be changed."""

    def __init__(self):
        self.texts = []

    def update(self, bundle, *, raw):
        assert raw
        self.texts.append(bundle["text/plain"])


def test_a_notebook_shows_bars_as_text_and_nothing_when_they_are_done():
    outputs = []

    def display(bundle, *, raw, display_id):
        assert raw
        assert display_id
        assert bundle == {"text/plain": ""}
        outputs.append(Output())
        return outputs[-1]

    ipython = types.SimpleNamespace(display=types.SimpleNamespace(display=display))
    modules = {"IPython": ipython, "IPython.display": ipython.display}
    with (
        mock.patch.dict(sys.modules, modules),
        mock.patch("rich.console._is_jupyter", return_value=True),
        mock.patch("taut.estimators.notebook_progress.PAUSE", 0.0),
    ):
        with fit_bar(2) as on_epoch:
            on_epoch(FIRST)
        with audit_bar() as on_block:
            on_block("walks", 3, 4)
        with fit_bar(2, shown=False) as on_epoch:
            on_epoch(FIRST)
    of_fit, of_audit = (output.texts for output in outputs)
    assert all(said in of_fit[-2] for said in ("epoch 1/2", "50%", "bound -12.50 nats", "3 s left"))
    assert all(said in of_audit[-2] for said in ("walks", "75%"))
    assert of_fit[-1] == of_audit[-1] == ""
    assert not any("\x1b" in text for text in of_fit + of_audit)
