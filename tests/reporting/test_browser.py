"""The page in a real browser: a frame of the given width, asked how wide its content became."""

from pathlib import Path

import pytest

from taut.reporting import render_page
from tests.browser import answers, needs_browser
from tests.quick import quick
from tests.reporting import ledgers
from tests.reporting.columns import renamed, with_columns
from tests.reporting.measured import as_log_joint, conditional, measured, stopped

DIGITS = ledgers.digits_ledger()
LONG = "a" * 120
CASES = {
    "digits": DIGITS,
    "two_sided": ledgers.two_sided(DIGITS),
    "measured": measured(DIGITS),
    "stopped_log_joint": stopped(as_log_joint(measured(DIGITS))),
    "long_condition": conditional(measured(DIGITS), "x" * 200),
    "table": ledgers.table(DIGITS),
    "columns": with_columns(DIGITS),
    "many_columns": with_columns(DIGITS, 200),
    "long_columns": renamed(with_columns(DIGITS, 21), LONG),
    "bare": ledgers.bare(DIGITS),
    "long_labels": ledgers.with_labels(DIGITS, [LONG, "b"]),
}
WIDTHS = (1280, 390)
MEASURE = """inside => {
  const page = inside.document, images = [...page.images];
  const loaded = images.filter(image => image.complete && image.naturalWidth > 0).length;
  return [page.documentElement.scrollWidth, loaded, images.length];
}"""


@needs_browser
@pytest.mark.parametrize("name", quick("measured", "many_columns", of=CASES))
def test_nothing_scrolls_sideways_and_every_picture_shows(name, tmp_path):
    measured = _measured(render_page(CASES[name]), tmp_path)
    assert len(measured) == len(WIDTHS)
    for width, (wide, loaded, images) in zip(WIDTHS, measured, strict=True):
        assert wide <= width
        assert loaded == images > 0


@needs_browser
def test_the_measure_can_fail(tmp_path):
    page = '<!doctype html><div style="width:1300px">wide</div><img src="data:image/png;base64,AAAA" alt="broken">'
    assert _measured(page, tmp_path) == [[1308, 0, 1], [1308, 0, 1]]


def _measured(page: str, folder: Path) -> list[list[int]]:
    """For each width: how wide the content became, pictures that show, pictures."""
    return answers([(page, width) for width in WIDTHS], MEASURE, folder)
