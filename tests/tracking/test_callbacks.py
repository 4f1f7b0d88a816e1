"""Callbacks are told how a fit is set, of each epoch, and how it ended, whatever ends it."""

from types import SimpleNamespace

import numpy as np
import pytest

import taut
from taut.errors import OptionError
from taut.tracking import following, writer_named

ROWS = np.random.default_rng(0).normal(size=(40, 2))
OPTIONS = {"hidden": (), "max_epochs": 3, "random_state": 0}


class Recorder:
    def __init__(self, until=99):
        self.until, self.settings, self.records, self.ends = until, {}, [], []

    def on_begin(self, settings):
        self.settings = dict(settings)

    def on_epoch(self, record):
        self.records.append(record)
        if record.epoch == self.until:
            raise RuntimeError("pruned")

    def on_end(self, outcome):
        self.ends.append(outcome)


def test_what_is_told_is_what_is_kept():
    told = Recorder()
    vae = taut.VAE(1, **OPTIONS).fit(ROWS, callbacks=[told])
    assert [(row.epoch, row.held_out) for row in told.records] == [(row.epoch, row.held_out) for row in vae.history_]
    assert [row.train for row in told.records] == [row.train for row in vae.history_]
    assert told.ends == [vae.outcome_]
    assert (told.settings["latent_dim"], told.settings["rows"], told.settings["random_state"]) == (1, 36, 0)


def test_what_a_callback_raises_ends_the_fit_and_all_are_told():
    pruner, other = Recorder(until=2), Recorder()
    with pytest.raises(RuntimeError, match="pruned"):
        taut.VAE(1, **OPTIONS).fit(ROWS, callbacks=[pruner, other])
    assert (pruner.ends, other.ends, len(other.records)) == ([None], [None], 1)


def test_a_callback_changes_nothing():
    plain, followed = (taut.VAE(1, **OPTIONS).fit(ROWS, callbacks=each) for each in ([], [Recorder()]))
    np.testing.assert_array_equal(plain.transform(ROWS), followed.transform(ROWS))


def test_what_is_no_callback_is_refused():
    with (
        pytest.raises(OptionError, match="on_begin, on_epoch and on_end; got one of type builtin"),
        following([print], dict),
    ):
        raise AssertionError


@pytest.mark.parametrize("words", ["", "tensorflow", "comet:here"])
def test_other_words_are_refused(words, tmp_path):
    with pytest.raises(OptionError, match="tensorboard, mlflow or wandb"):
        writer_named(words, folder=tmp_path)


@pytest.mark.parametrize("name", ["tensorboard", "mlflow", "wandb"])
def test_a_package_that_is_missing_is_named(name, tmp_path, monkeypatch):
    def missing(module):
        raise ImportError(module)

    monkeypatch.setattr("taut.tracking.writers.importlib", SimpleNamespace(import_module=missing))
    with pytest.raises(OptionError, match=f"pip install {name}`"):
        writer_named(name, folder=tmp_path)
