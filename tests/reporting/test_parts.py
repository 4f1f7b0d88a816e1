"""Each part of a measured ledger has its place on the page, and leaves no trace there when it was not measured."""

import dataclasses
import math

import pytest

from taut.record import Control, Ledger
from taut.reporting import pictures, render_page
from tests.reporting import ledgers
from tests.reporting.measured import as_log_joint, conditional, measured
from tests.reporting.reader import NASTY, Reader, words_of

DIGITS = ledgers.digits_ledger()
FULL = measured(DIGITS)
PICTURES = {
    "brackets": pictures.brackets_picture,
    "crooks": pictures.crooks_picture,
    "ranks": pictures.ranks_picture,
    "trade_off": pictures.trade_off_picture,
}


def changed(**parts) -> Ledger:
    return dataclasses.replace(FULL, **parts)


def evidence(**parts) -> Ledger:
    return changed(evidence=dataclasses.replace(FULL.evidence, **parts))


def gap(**parts) -> Ledger:
    return changed(gap=dataclasses.replace(FULL.gap, **parts))


def rows(**parts) -> Ledger:
    few = [dataclasses.replace(row, **parts) for row in FULL.figures.rows]
    return changed(figures=dataclasses.replace(FULL.figures, rows=few))


def latents(**parts) -> Ledger:
    return changed(latents=[dataclasses.replace(latent, **parts) for latent in FULL.latents])


WITHOUT = {
    "The bracket of every row": rows(lower=None, upper=None),
    "is at least lost to amortisation": rows(amortisation=None),
    "Width of the bracket": evidence(width=None),
    "forward and reverse walks together": evidence(bridge=None),
    "refined Gaussians": evidence(refined=None),
    "4096 prior draws": evidence(prior=None),
    "diagonal Gaussian": gap(family=None),
    "Gap from amortisation": gap(amortisation=None),
    "Gap from the family of q": gap(approximation=None),
    "Gain of a full covariance": gap(full_covariance=None),
    "Generalisation of the encoder": gap(generalisation=None),
    "Mutual information": changed(mutual_information=None),
    "Marginal KL": changed(marginal_kl=None),
    "Total correlation": changed(total_correlation=None),
    "On rows whose latents are known": changed(simulated=None),
    "From another start": changed(annealing=dataclasses.replace(FULL.annealing, controls=[])),
    "Forward and reverse walks": changed(crooks=None),
    "against exact posterior draws": changed(calibration=None),
    "Gain of a fitted prior": changed(prior_gain=None),
    "The furthest: rows 17, 203 and 88": changed(outliers=None),
    "1.031, outside": changed(predictive=[]),
    "The rows against what the model makes": changed(outliers=None, predictive=[]),
    "Rate against distortion": changed(trade_off=[]),
    "refined KL": latents(marginal_kl=None, refined_kl=None),
    "Collapsed in the model: latent 1": latents(collapse=None),
    "Collapsed by amortisation (▲): latent 5": latents(collapse=None),
    "chains per row": changed(annealing=None),
    "width asked": changed(annealing=dataclasses.replace(FULL.annealing, asked=None)),
    "R̂ of starts": changed(annealing=dataclasses.replace(FULL.annealing, rhat=None)),
    "of 4096 from the prior": changed(prior_weights=None),
}


@pytest.fixture(scope="module")
def full_text() -> str:
    return words_of(FULL)


@pytest.mark.parametrize("words", list(WITHOUT))
def test_a_part_is_named_when_it_is_there_and_only_then(words, full_text):
    assert words in full_text
    assert words not in words_of(WITHOUT[words])


def test_a_ledger_of_before_has_none_of_the_new_parts(full_text):
    old = words_of(DIGITS)
    new = set(WITHOUT) - {"4096 prior draws", "of 4096 from the prior"}
    assert [words for words in new if words in old] == []


@pytest.mark.parametrize("name", list(PICTURES))
def test_a_picture_is_drawn_in_both_widths_or_not_at_all(name):
    drawn = PICTURES[name](FULL)
    assert drawn is not None
    assert drawn.wide.startswith("data:image/svg+xml")
    assert drawn.narrow != drawn.wide
    assert PICTURES[name](DIGITS) is None


def test_every_picture_of_the_full_account_is_on_the_page():
    page = render_page(FULL)
    drawn = [draw(FULL) for draw in PICTURES.values()]
    drawn += [pictures.waterfall_picture(FULL), pictures.rows_picture(FULL), pictures.latents_picture(FULL)]
    assert all(picture is not None and picture.wide in page and picture.narrow in page for picture in drawn)


def test_brackets_are_drawn_for_one_row_and_for_many():
    for some in (FULL.figures.rows[:1], FULL.figures.rows[:30], FULL.figures.rows * 5):
        ledger = changed(figures=dataclasses.replace(FULL.figures, rows=some))
        picture = pictures.brackets_picture(ledger)
        assert picture is not None
        assert len(picture.wide) < 250_000


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_is_left_out_of_the_pictures(value):
    row = dataclasses.replace(FULL.figures.rows[0], lower=value)
    assert pictures.brackets_picture(changed(figures=dataclasses.replace(FULL.figures, rows=[row]))) is None
    crooks = dataclasses.replace(FULL.crooks, edges=[value] * len(FULL.crooks.edges))
    assert pictures.crooks_picture(changed(crooks=crooks)) is None
    point = dataclasses.replace(FULL.trade_off[0], rate=value)
    assert pictures.trade_off_picture(changed(trade_off=[point])) is None
    assert pictures.latents_picture(latents(refined_kl=value, marginal_kl=value)) is not None


@pytest.mark.parametrize(
    "ledger",
    [
        gap(amortisation=None),
        gap(approximation=None),
        gap(amortisation=None, approximation=None),
        evidence(upper=None),
        ledgers.exact(FULL),
        as_log_joint(FULL),
        changed(rate=None),
    ],
)
def test_the_waterfall_is_drawn_with_whatever_was_measured(ledger):
    picture = pictures.waterfall_picture(ledger)
    assert picture is not None
    assert ("rate" in picture.alt) == (ledger.rate is not None)


def test_new_texts_are_escaped():
    control = Control(start=NASTY, rows=3, excess=FULL.annealing.controls[0].excess)
    nasty = dataclasses.replace(
        conditional(FULL, NASTY),
        gap=dataclasses.replace(FULL.gap, family=NASTY),
        annealing=dataclasses.replace(FULL.annealing, start=NASTY, controls=[control]),
    )
    page = render_page(nasty)
    reader = Reader(page)
    assert "script" not in reader.tags
    assert NASTY not in page
    for place in (f"if {NASTY}", f"q ({NASTY})", f"start of the walks {NASTY}", f"Started from {NASTY}, on 3 rows"):
        assert place in reader.text


def test_the_measured_ledger_is_coherent():
    """The other tests read from it, so its own sums must hold."""
    assert math.isclose(FULL.elbo.value, -FULL.distortion.value - FULL.rate.value, abs_tol=1e-9)
    assert math.isclose(FULL.evidence.lower.value, FULL.elbo.value + FULL.gap.inference.lower.value, abs_tol=1e-9)
    assert math.isclose(FULL.evidence.upper.value, FULL.elbo.value + FULL.gap.inference.upper.value, abs_tol=1e-9)
    assert math.isclose(FULL.rate.value, FULL.mutual_information.value + FULL.marginal_kl.value, abs_tol=1e-9)
    parts = sum(latent.marginal_kl for latent in FULL.latents) + FULL.total_correlation.value
    assert math.isclose(FULL.marginal_kl.value, parts, abs_tol=1e-9)
    causes = FULL.gap.amortisation.value + FULL.gap.approximation.value
    assert math.isclose(FULL.gap.inference.upper.value, causes, abs_tol=1e-9)
