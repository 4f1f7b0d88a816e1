"""The page in a real browser: how wide its content became, what its scripts did wrong, what is hard to read."""

import pytest

from taut.reporting import render_page
from tests.browser import WIDTH
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
SHOWN = "inside => [...document.images].map(image => image.complete && image.naturalWidth > 0)"


SCREENS = ((1280, "light"), (390, "dark"))
UNFOLD = "inside => { for (const folded of document.querySelectorAll('details')) folded.open = true; }"


@pytest.mark.parametrize("name", quick("measured", "many_columns", of=CASES))
def test_nothing_scrolls_sideways_and_every_picture_shows(name, browser, tmp_path):
    _open(browser, render_page(CASES[name]), tmp_path)
    assert browser.faults == browser.requests == []
    browser.ask(UNFOLD)
    for width, scheme in SCREENS:
        browser.show_as(width, scheme)
        assert browser.ask(WIDTH) <= width
        shown = browser.ask(SHOWN)
        assert shown
        assert all(shown)


@pytest.mark.parametrize("name", quick("measured", of=CASES))
def test_everything_can_be_read(name, browser, tmp_path):
    _open(browser, render_page(CASES[name]), tmp_path)
    browser.ask(UNFOLD)
    for width, scheme in SCREENS:
        browser.show_as(width, scheme)
        assert browser.below_aa() == []


def test_the_measure_can_fail(browser, tmp_path):
    broken = '<img src="data:image/png;base64,AAAA">'
    pale = '<p style="color:#999;background:#fff">pale</p>'
    _open(
        browser,
        f'<!doctype html><div style="width:1300px">wide</div>{broken}{pale}<script>nothing()</script>',
        tmp_path,
    )
    assert browser.ask(WIDTH) == 1308
    assert browser.ask(SHOWN) == [False]
    assert {rule for rule, *_ in browser.below_aa()} >= {"color-contrast", "image-alt", "document-title"}
    assert "nothing is not defined" in browser.faults[0]


def _open(browser, page: str, folder) -> None:
    (folder / "page.html").write_text(page, "utf-8")
    browser.open((folder / "page.html").as_uri())
