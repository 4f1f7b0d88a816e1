import dataclasses
import io
import re

import pytest
from rich.console import Console

from taut.record import Verdict
from taut.reporting import render_text, rich_table
from tests.reporting import ledgers
from tests.reporting.columns import with_columns

DIGITS = ledgers.digits_ledger()


def test_text_has_numbers_statuses_and_verdicts():
    text = render_text(DIGITS)
    assert "digits, held out" in text
    assert re.search(r"ELBO +-104\.21 ± 0\.91 +estimate", text)
    assert re.search(r"from below +-102\.37 ± 0\.91 +certified from below, δ\s=\s0\.01", text)
    assert re.search(r"from above +not measured", text)
    assert "Warning: The encoder loses" in text


def test_text_of_a_table_says_what_log_p_is_of_and_which_columns_need_a_look():
    text = render_text(with_columns(DIGITS))
    assert "densities and probabilities" in text
    assert "41 of 1782" in text
    first = text[text.index("Gain of") :].splitlines()[0]
    assert "age" in first
    assert "too narrow" in first
    assert "Gain of" not in render_text(DIGITS)


def test_text_is_plain_and_at_most_a_hundred_wide(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    for ledger in (DIGITS, ledgers.two_sided(DIGITS), ledgers.exact(DIGITS), ledgers.bare(DIGITS)):
        text = render_text(ledger)
        assert "\x1b" not in text
        assert max(map(len, text.splitlines())) <= 100
        assert str(ledger) == text


def test_brackets_are_text_and_not_markup():
    verdict = Verdict(code="x", severity="note", text="[bold]loud[/bold] [/]", evidence="[red]")
    text = render_text(dataclasses.replace(DIGITS, title="[link=evil]title[/link]", verdicts=[verdict]))
    assert "[link=evil]title[/link]" in text
    assert "[bold]loud[/bold] [/]" in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_terminal_table_fits_any_width(width):
    stream = io.StringIO()
    Console(file=stream, width=width, force_terminal=True, color_system="truecolor").print(rich_table(DIGITS))
    assert "\x1b[" in stream.getvalue()
    assert "ELBO" in stream.getvalue()
