"""What a terminal shows of an account: one screen, whose first verdicts are those of the page."""

import dataclasses
import io

import pytest
from rich.console import Console

from taut.record import Estimate, Verdict
from taut.reporting import rich_summary
from tests.reporting import ledgers
from tests.reporting.reader import undrawn

DIGITS = ledgers.digits_ledger()
SCREEN = 22  # of 24 lines; below it stand where the page is and what is typed next


def promising(code, severity, nats, title):
    promise = Estimate(value=nats, std_error=0.12)
    what = {"code": code, "severity": severity, "title": title, "text": "A long story. " * 20, "evidence": "e"}
    return Verdict(**what, lever="guide", promise=promise, command=f"taut fit … --guide {code} RUN")


FULL = dataclasses.replace(
    ledgers.two_sided(DIGITS),
    title="a name that goes on and on " * 5,
    complete=False,
    verdicts=[
        promising("least", "warning", 0.5, "The family of q cannot follow the posterior."),
        promising("broken", "problem", 0.1, "On simulated rows the bound from above is too low."),
        promising("most", "warning", 123.456, "Some columns have heavier tails than the model."),
        promising("middle", "warning", 10.25, "The importance-weighted value is too low."),
    ],
)


def shown(ledger, width=80):
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(rich_summary(ledger, run="runs/a b"))
    return console.file.getvalue()


@pytest.mark.parametrize("ledger", [FULL, ledgers.exact(DIGITS), ledgers.bare(DIGITS)], ids=["full", "exact", "bare"])
def test_it_fits_on_a_screen(ledger):
    lines = shown(ledger).splitlines()
    assert len(lines) <= SCREEN
    assert max(map(len, lines)) <= 80


def test_the_identity_has_its_signs_and_its_marks():
    text = " ".join(shown(FULL).split())
    assert "log p(x) ≥ −102.37 certified" in text
    assert "≤ −101.02 conditional" in text
    assert "= ELBO ≈ −104.21 estimate" in text
    assert "+ KL ≥ 1.843 certified" in text


def below_zero(ledger, **changed):
    lower = dataclasses.replace(ledger.gap.inference.lower, value=-0.235, std_error=0.02, **changed)
    return dataclasses.replace(
        ledger,
        gap=dataclasses.replace(ledger.gap, inference=dataclasses.replace(ledger.gap.inference, lower=lower)),
    )


def test_a_kl_is_not_said_to_be_below_zero():
    ledger = below_zero(FULL)
    page, text = undrawn(ledger), " ".join(shown(ledger).split())
    assert "+ KL ≥ 0 as any KL" in text
    assert '<span class="value">≥ 0</span>\n<span class="mark">as any KL</span>' in page
    assert "≥ −0.235" not in text + page
    assert "measured: −0.235 ± 0.020, certified" in page  # among the numbers
    assert "+ KL ≈ 0 within its error" in " ".join(shown(below_zero(ledgers.exact(DIGITS), status="exact")).split())


def test_the_first_three_are_those_of_the_page_and_say_what_to_type():
    text, page = shown(FULL), undrawn(FULL)
    codes = ["broken", "most", "middle"]
    assert sorted(codes, key=lambda code: text.index(f"[{code}]")) == codes
    assert sorted(codes, key=lambda code: page.index(f"--guide {code}")) == codes
    assert "[least]" not in text
    assert "1 more" in text
    assert "taut fit … --guide most 'runs/a b'" in text


def test_signs_that_act_on_a_terminal_or_look_like_markup_are_text():
    verdict = Verdict(code="x", severity="note", text="[bold]loud[/bold] [/]. More.", evidence="")
    text = shown(dataclasses.replace(DIGITS, title="[link=evil]title[/link]", verdicts=[verdict]))
    assert "[link=evil]title[/link]" in text
    assert "[bold]loud[/bold] [/]." in text
