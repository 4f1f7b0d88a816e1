"""What taut has written it reads for ever: runs of each format give the numbers that they gave, ledgers draw a page."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import taut
from taut import data
from taut.errors import DataError, RunFolderError
from taut.estimators import describe
from taut.record import Ledger
from tests.archive.make import numbers_of
from tests.quick import quick

RUNS = sorted(Path(__file__).parent.glob("format-*/*/model.json"))
# Single precision, and sums in another order on another machine.
LIKE = {"rtol": 1e-5, "atol": 1e-5}


def ids(paths):
    return [f"{path.parent.parent.name}-{path.parent.name}" for path in paths]


QUICK = [path for path in RUNS if path.parent.name in ("block", "table")]


@pytest.mark.parametrize("manifest", quick(*QUICK, of=RUNS), ids=ids(RUNS))
def test_a_run_gives_the_numbers_that_it_gave(manifest):
    run = manifest.parent
    rows = data.read(next(run.parent.glob(f"{run.name}.[cn]*")))
    stored = json.loads((run.parent / f"{run.name}.json").read_text())
    np.testing.assert_allclose(numbers_of(taut.load(run), rows), stored, **LIKE)


@pytest.mark.parametrize("manifest", RUNS, ids=ids(RUNS))
def test_a_run_loads(manifest):
    assert f"format-{describe(manifest.parent)['format']}" == manifest.parent.parent.name
    assert repr(taut.load(manifest.parent))


LEDGERS = [manifest.parent / "ledger.json" for manifest in RUNS if (manifest.parent / "ledger.json").exists()]


@pytest.mark.parametrize("ledger", LEDGERS, ids=ids(LEDGERS))
def test_a_ledger_draws_a_page(ledger, tmp_path):
    account = Ledger.from_json(ledger)
    account.to_html(tmp_path / "report.html")
    assert account.title in (tmp_path / "report.html").read_text("utf-8")


def test_a_run_of_a_later_format_is_refused(tmp_path):
    run = Path(shutil.copytree(RUNS[-1].parent, tmp_path / "run"))
    (run / "model.json").write_text('{"format": 1000, "shape of things": "to come"}')
    for read in (taut.load, describe):
        with pytest.raises(RunFolderError, match=r"has format 1000; .*newer"):
            read(run)


def test_a_ledger_of_a_later_format_is_refused():
    with pytest.raises(DataError, match=r"format 1000.*newer"):
        Ledger.from_json('{"format": 1000, "shape of things": "to come"}')
