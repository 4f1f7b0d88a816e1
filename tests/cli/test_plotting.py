"""`taut plot`: pictures of a run, of rows and of an account as files."""

import json

import pytest

from tests.cli.commands import done, refused
from tests.reporting import ledgers
from tests.reporting.measured import measured


def test_a_run_draws_its_training_and_rows_that_it_is_given(finished, shelf, tmp_path):
    ended = done("plot", finished, "training", "--out", tmp_path / "training.svg")
    assert "It shows: The bound against the epoch" in ended.err
    words = ("latent-map", shelf / "unseen.npy", "--labels", shelf / "labels.csv", "--json")
    found = json.loads(done("plot", finished, *words, "--out", tmp_path / "map.png").out)
    assert found["out"] == str(tmp_path / "map.png")
    assert "coloured by label" in found["shows"]
    assert {path.name for path in tmp_path.iterdir()} == {"training.svg", "map.png"}


def test_an_account_draws_the_pictures_of_its_page(tmp_path):
    account = tmp_path / "ledger.json"
    measured(ledgers.digits_ledger()).to_json(account)
    for source, what in ((account, "rate-distortion"), (tmp_path, "rows"), (account, "samples")):
        done("plot", source, what, "--out", tmp_path / f"{what}.pdf")
        assert (tmp_path / f"{what}.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("what", "out", "sentence"),
    [
        ("rows", "a.png", "Wanted `ledger.json` in"),
        ("pie", "a.png", "Wanted a picture that is one of identity, waterfall"),
        ("identity digits", "a.png", "Only latent-map and reconstructions of a run take DATA; got `digits`"),
        ("training", "a.jpg", "Wanted a file ending in .pdf, .png, .svg"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_anything_is_written(finished, tmp_path, what, out, sentence):
    assert sentence in refused("plot", finished, *what.split(), "--out", tmp_path / out)
    assert not any(tmp_path.iterdir())
