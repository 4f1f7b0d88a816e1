import base64
import dataclasses
import functools
import io
import json
import math
import re

import numpy as np
import pytest
from PIL import Image

from taut.record import Estimate, Ledger, Verdict
from taut.reporting import render_page
from taut.reporting.pictures import pair_tiles
from tests.quick import quick
from tests.reporting import ledgers
from tests.reporting.columns import renamed, with_columns
from tests.reporting.measured import as_log_joint, measured, stopped
from tests.reporting.reader import NASTY, Reader, read, undrawn, words_of

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?: %)?")
# years of papers, and the levels that the format fixes
SAID_ANYWAY = {"1976", "1999", "2020", "1 %", "95 %", "98 %", "99 %"}
DIGITS = ledgers.digits_ledger()
CASES = {
    "digits": DIGITS,
    "two_sided": ledgers.two_sided(DIGITS),
    "exact": ledgers.exact(DIGITS),
    "measured": measured(DIGITS),
    "stopped_log_joint": stopped(as_log_joint(measured(DIGITS))),
    "table": ledgers.table(DIGITS),
    "columns": with_columns(measured(DIGITS)),
    "bare": ledgers.bare(DIGITS),
    "no_labels": ledgers.with_labels(DIGITS, None),
    "many_labels": ledgers.with_labels(DIGITS, [f"label {place} 日本" for place in range(40)]),
}


MANY = [f"{i}" for i in range(200)]


@functools.cache
def page_of(name: str) -> str:
    return render_page(CASES[name])


@pytest.fixture(params=quick("digits", "measured", "columns", "table", of=CASES))
def name(request) -> str:
    return request.param


def test_page_is_complete_and_asks_for_nothing(name):
    page = page_of(name)
    reader = Reader(page)
    assert page.startswith("<!doctype html>")
    assert '<html lang="en">' in page
    assert 'name="viewport"' in page
    assert {"title", "main", "h1"} <= set(reader.tags)
    assert "script" not in reader.tags
    assert all(address.startswith("data:") for address in reader.addresses)
    assert all(image["alt"].strip() for image in reader.images)
    assert "url(" not in page
    assert "@import" not in page
    assert len(page) < 2_000_000


@pytest.mark.parametrize("name", quick("table", of=CASES))
def test_same_ledger_from_json_gives_the_same_bytes(name):
    assert render_page(Ledger.from_json(CASES[name].to_json())) == page_of(name)


def test_every_number_on_the_page_is_in_the_file(name):
    ledger = CASES[name]
    content = json.loads(ledger.to_json())
    known, texts = [], []
    _collect(content, known, texts)
    known += [1 - delta for delta in _deltas(content)]
    spoken = set(NUMBER.findall(" ".join(texts))) | SAID_ANYWAY
    reader = Reader(page_of(name))
    page = " ".join([reader.text, *(image["alt"] for image in reader.images)]).replace("\N{MINUS SIGN}", "-")
    page = page.replace("\N{NO-BREAK SPACE}", " ")
    head = ledger.created[:16].replace("T", " ")  # the same moment, written for people
    page = page.replace(head, "")
    for digest in (ledger.data_digest, ledger.model_digest):
        page = page.replace(digest.partition(":")[2][:12], "")
    tokens = NUMBER.findall(page)
    assert len(tokens) > 30
    assert [token for token in tokens if not _stands_in(token, known) and token not in spoken] == []


def _collect(content, numbers: list[float], texts: list[str]) -> None:
    if isinstance(content, dict):
        texts.extend(content)
        content = list(content.values())
    if isinstance(content, list):
        for item in content:
            _collect(item, numbers, texts)
    elif isinstance(content, str):
        texts.append(content.replace("\N{MINUS SIGN}", "-"))
    elif isinstance(content, int | float):
        numbers.append(content)


def _deltas(content) -> list[float]:
    """Every δ of the file: that a statement holds with probability 1 − δ is the same figure."""
    if isinstance(content, list):
        return [delta for item in content for delta in _deltas(item)]
    if not isinstance(content, dict):
        return []
    own = [content["delta"]] if isinstance(content.get("delta"), float) else []
    return own + _deltas(list(content.values()))


def _stands_in(token: str, numbers: list[float]) -> bool:
    """Whether a number of the file, rounded as the token is, gives the token."""
    scale = 100 if token.endswith("%") else 1
    text = token.removesuffix(" %")
    if "e" in text:
        return any(f"{number:.4g}" == text for number in numbers)
    decimals = len(text.partition(".")[2])
    return any(f"{scale * number:.{decimals}f}" == text for number in numbers)


def test_the_check_of_numbers_can_fail():
    assert not _stands_in("-101.81", [-101.804])
    assert _stands_in("-101.80", [-101.804])


def test_what_users_wrote_is_escaped():
    nasty = dataclasses.replace(
        ledgers.with_labels(DIGITS, [NASTY, "$\\frac$", "_hidden", "&amp;"]),
        title=NASTY,
        likelihood=NASTY,
        notes=[NASTY],
        settings={NASTY: NASTY},
        verdicts=[Verdict(code="x", severity="problem", text=NASTY, evidence=NASTY)],
    )
    _assert_harmless(render_page(nasty), NASTY, "$\\frac$", "_hidden", "&amp;")
    named = ledgers.table(DIGITS)
    figures = dataclasses.replace(named.figures, feature_names=[NASTY, "$", "{{ 7 * 7 }}", "a", "b"])
    _assert_harmless(render_page(dataclasses.replace(named, figures=figures)), NASTY, "{{ 7 * 7 }}")


def test_names_and_reasons_of_columns_are_escaped():
    page = render_page(renamed(with_columns(DIGITS), NASTY))
    _assert_harmless(page, NASTY)
    assert Reader(page).text.count(NASTY) > 6


def test_a_table_says_what_its_log_p_is_of_and_what_is_missing():
    text = Reader(page_of("columns")).text
    for said in (
        "of the observed cells of a row",
        "41 of 1782 cells are missing, in 38 rows.",
        "identifier: text, all 297 values distinct; ignored",
        "What each column was taken for",
        "Is each likelihood right?",
        "Cells that were hidden",
        "New rows from the model",
        "Spearman",
    ):
        assert said in text
    assert "Only the first columns" not in text
    assert "The table, column by column" not in Reader(page_of("measured")).text


def test_of_two_hundred_columns_the_first_are_shown():
    text = words_of(with_columns(DIGITS, 200))
    assert "Only the first columns are shown; ledger.json has them all." in text
    assert "The least flat columns are drawn." in text
    assert text.count("column_number_150") <= 2


def test_axes_of_the_map_may_have_any_characters():
    latent_map = dataclasses.replace(DIGITS.figures.latent_map, axes=(NASTY, "$\\frac{ 日本"))
    figures = dataclasses.replace(DIGITS.figures, latent_map=latent_map)
    _assert_harmless(render_page(dataclasses.replace(DIGITS, figures=figures)), NASTY)


def _assert_harmless(page: str, *expected: str) -> None:
    reader = Reader(page)
    assert "script" not in reader.tags
    assert all(text in reader.text for text in expected)


def test_the_page_opens_with_the_identity_and_the_three_verdicts_of_most_nats():
    reader = read(CASES["measured"])
    first, _, later = " ".join(" ".join(reader.at_first).split()).partition("What is known of log p(x)")
    order = (
        "The identity",
        "No encoder moves it.",
        "below log p(x) by the KL.",
        "is from the posterior.",
        "The latents do not follow the prior. Promises 10.56 ± 0.11 nats a row. taut fit … --prior mixture:20",
        "A q fitted to each row does better. Promises 2.305 ± 0.051 nats a row. taut improve RUN --seconds 600",
        "Latent 1 is idle in the model",
        "1 more",
    )
    places = [first.index(words) for words in order]
    assert places == sorted(places)
    assert len(re.findall(r"\S*[^\W\d_]\S*", first)) <= 130  # what has no letter is a number or a sign
    assert "log p(x) is bracketed" not in first
    assert "log p(x) is bracketed" in reader.text
    assert later.index("The bracket of every row") < later.index("The numbers") < later.index("How it was measured")


def test_problems_come_before_what_promises_nats():
    worst = Verdict(code="x", severity="problem", text="The bounds are at odds.", evidence="")
    ledger = dataclasses.replace(CASES["measured"], verdicts=[*CASES["measured"].verdicts, worst])
    text = words_of(ledger)
    assert text.index("The bounds are at odds.") < text.index("The latents do not follow the prior.")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("digits", "bounded from below only"),
        ("two_sided", "enclosed between two bounds"),
        ("exact", "known exactly"),
    ],
)
def test_page_says_which_way_the_kl_may_err(name, sentence):
    assert sentence in words_of(CASES[name])


def test_missing_parts_leave_no_heading():
    text = words_of(CASES["bare"])
    for heading in ("Training", "Originals", "Samples from", "Map of"):
        assert heading not in text
    assert "no verdict" in text
    assert "not measured" in text


@pytest.mark.parametrize("labels", quick(MANY, of=[None, ["only"], [str(place) for place in range(20)], MANY]))
def test_any_number_of_labels(labels):
    text = Reader(render_page(ledgers.with_labels(DIGITS, labels))).text
    assert ("all others" in text) == (labels is not None and len(labels) > 20)


@pytest.mark.parametrize("lower", quick(math.inf, of=[-104.213, -150.0, math.nan, math.inf]))
def test_a_lower_bound_that_says_nothing_still_draws(lower):
    estimate = Estimate(value=lower, status="certified-lower", delta=0.01)
    gap = dataclasses.replace(DIGITS.gap.inference, lower=dataclasses.replace(estimate, value=lower + 104.213))
    ledger = dataclasses.replace(
        DIGITS,
        evidence=dataclasses.replace(DIGITS.evidence, lower=estimate),
        gap=dataclasses.replace(DIGITS.gap, inference=gap),
    )
    assert "The identity" in render_page(ledger)


@pytest.mark.parametrize("colours", [(), (3,)])
def test_a_tile_has_the_levels_of_its_images(colours):
    shape = (2, 4, *colours)
    first, second = (np.linspace(start, 1.0, math.prod(shape)) for start in (0.0, 0.5))
    figures = dataclasses.replace(
        DIGITS.figures, image_shape=shape, originals=[first.tolist()], reconstructions=[second.tolist()]
    )
    (tile,) = pair_tiles(figures)
    drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(tile.partition(",")[2]))).convert("RGB"))
    for image, rows in ((first, drawn[:2]), (second, drawn[-2:])):
        levels = np.broadcast_to(np.round(255 * image).reshape(2, 4, -1), (2, 4, 3))
        np.testing.assert_array_equal(rows, levels)


def long_audit():
    figures, old = DIGITS.figures, DIGITS.figures.latent_map
    many = dataclasses.replace(
        figures,
        rows=figures.rows * 50,
        history=figures.history * 50,
        image_shape=(128, 128),
        originals=[[place % 251 / 251 for place in range(128 * 128)]] * 40,
        reconstructions=[[place % 13 / 13 for place in range(128 * 128)]] * 40,
        latent_map=dataclasses.replace(old, x=old.x * 50, y=old.y * 50, labels=old.labels * 50),
    )
    return dataclasses.replace(DIGITS, figures=many, latents=DIGITS.latents * 40)


def test_of_a_long_audit_some_rows_are_drawn_and_it_is_said():
    assert undrawn(long_audit()).count("even choice") == 2


@pytest.mark.slow
@pytest.mark.parametrize("ledger", [long_audit, lambda: with_columns(DIGITS, 200)], ids=["rows", "columns"])
def test_pages_of_much_stay_small(ledger):
    assert len(render_page(ledger())) < 2_000_000
