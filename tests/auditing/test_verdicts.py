"""From numbers to sentences: each rule at its threshold, and what every sentence must be."""

import dataclasses
import math
import re

import numpy as np
import pytest

from taut.auditing.verdicts import ORDER, RULES, verdicts_on
from taut.cli.app import command
from taut.guides import GUIDES
from taut.models import PRIORS
from taut.record import HistoryRow, Interval
from tests.auditing.ledgers import (
    base,
    bracketed,
    but,
    calibrated,
    causes,
    column,
    generalising,
    health,
    known,
    near,
    outlying,
    predicting,
    split,
    tabled,
    using,
)

COMMAND = command()
CODES = [code for rule in RULES for code in rule.codes]


def gap(value, ledger=base, **more):
    upper = None if ledger is base else near(value)
    return but(ledger(), {"gap.inference": Interval(lower=near(value, **more), upper=upper)})


def control(value, error=0.01, width=0.04):
    ledger = bracketed(width)
    first, second = ledger.annealing.controls
    return but(ledger, {"annealing.controls": [first, dataclasses.replace(second, excess=near(value, error))]})


def allowance(value, error=0.01, width=0.04):
    return but(bracketed(width), {"simulated.allowance": near(value, error)})


def asked(asked, width):
    return but(bracketed(width), {"annealing.asked": asked})


def above(value, error=0.01):
    """The control finds much more than the main lower bound, and this much more than the upper one."""
    ledger = control(2.0)
    first, second = ledger.annealing.controls
    return but(ledger, {"annealing.controls": [first, dataclasses.replace(second, above=near(value, error))]})


def withdrawn(ledger=bracketed):
    """No upper end, since a check contradicts the one that was measured."""
    gone = {"evidence.upper": None, "evidence.bridge": None, "evidence.width": None, "gap.inference.upper": None}
    return but(ledger(), {**gone, "evidence.withdrawn": "Something was found."})


def unchecked():
    return but(bracketed(), {"annealing.controls": []})


def importance(value, ledger, over=0.0):
    return but(ledger, {"evidence.importance": near(value), "weights": health(over)})


def gains(value, error=0.01, **more):
    return but(base(), {"prior_gain": near(value, error), **more})


def naive(value):
    return but(base(), {"evidence.prior": near(value, 0.5), "prior_weights": health(1.0, ess=2.5)})


def set_to(**settings):
    return but(base(), {"settings": settings})


def surgery_of(rows, information):
    condition = f"about these {rows} rows; at most log {rows} = {math.log(rows):.2f}"
    stated = near(information, condition=condition)
    return split(information, 1.5, mutual_information=stated, settings={"rows_in_data": 10**6})


def trained(*held_out):
    rows = [HistoryRow(epoch=n, train=0.0, held_out=bound, seconds=1.0) for n, bound in enumerate(held_out, 1)]
    return but(base(), {"figures.history": rows})


POISSON = {"kind": "count", "family": "poisson", "measure": "probability", "unit": None}

TRIGGERED = [
    (gap(0.1), "gap-small", "note"),
    (gap(-0.01, known), "gap-small", "good"),
    (gap(0.47, known), "gap-small", "good"),
    (gap(0.49, known), "gap-small", "note"),  # within two standard errors of the threshold
    (bracketed(), "gap-small", "good"),
    (bracketed(0.45), "gap-small", "note"),  # the upper end says up to 0.55
    (gap(0.5), "gap-large", "warning"),
    (gap(0.5, known), "gap-large", "warning"),
    (gap(1.5, error=0.8), "gap-large", "note"),
    (gap(1.5, error=None), "gap-large", "note"),
    (causes(0.4, 0.4), "gap-large", "warning"),  # neither stands out
    (causes(0.53, 0.2), "encoder-weak", "warning"),
    (causes(3.0, 2.0), "encoder-weak", "warning"),
    (but(causes(3.0, 2.0), {"gap.approximation": None}), "encoder-weak", "warning"),
    (causes(0.2, 0.6), "family-narrow", "warning"),
    (causes(2.0, 2.02), "encoder-weak", "warning"),  # equal within their errors: both
    (causes(2.0, 2.02), "family-narrow", "warning"),
    (control(0.14), "mode-missed", "problem"),
    (above(0.05), "mode-missed", "problem"),
    (withdrawn(), "upper-withdrawn", "warning"),
    (withdrawn(), "gap-small", "note"),
    (withdrawn(), "weights-good", "note"),
    (unchecked(), "gap-small", "note"),  # what nobody looked for from elsewhere is not known to be small
    (unchecked(), "bracket-tight", "note"),
    (unchecked(), "weights-good", "note"),
    (asked(None, 0.5), "bracket-tight", "good"),
    (asked(None, 0.51), "bracket-wide", "warning"),
    (asked(0.1, 0.15), "bracket-tight", "good"),
    (asked(0.1, 0.16), "bracket-wide", "warning"),
    (control(0.14), "bracket-tight", "note"),  # tight is not right
    (allowance(0.07), "bracket-tight", "note"),
    (allowance(0.07), "starts-biased", "warning"),
    (but(bracketed(), {"simulated.comparable": 0.44}), "not-comparable", "note"),
    (but(bracketed(), {"evidence.lower.value": -9.95}), "contradiction", "problem"),
    (but(base(), {"weights": health(0.05)}), "weights-good", "note"),
    (but(known(), {"weights": health(0.05)}), "weights-good", "good"),
    (but(bracketed(), {"weights": health(0.05)}), "weights-good", "good"),
    (but(base(), {"weights": health(0.06)}), "weights-heavy", "warning"),
    (but(known(), {"weights": health(0.06)}), "weights-heavy", "note"),
    (importance(-10.13, bracketed()), "weights-short", "warning"),
    (importance(-10.13, known()), "weights-short", "note"),
    (importance(-10.13, bracketed(), over=0.06), "weights-heavy", "warning"),
    (base(), "latents-used", "good"),
    (using(True, False), "latents-idle", "note"),
    (using(False, "model"), "latents-idle", "problem"),
    (using(True, "amortisation"), "latents-collapse-amortisation", "warning"),
    (using("amortisation", "amortisation"), "latents-collapse-amortisation", "problem"),
    (using("model", "amortisation"), "latents-idle", "note"),
    (using("model", "amortisation"), "latents-collapse-amortisation", "warning"),
    (gains(0.53), "prior-mismatch", "warning"),
    (split(5.0, 1.03), "prior-mismatch", "warning"),
    (split(5.5, 1.03), "prior-unclear", "note"),
    (split(5.5, 1.03, settings={"rows_in_data": 1000}), "prior-mismatch", "warning"),
    (surgery_of(1000, 5.0), "prior-mismatch", "warning"),
    (surgery_of(1000, 6.5), "prior-unclear", "note"),
    (naive(-12.0), "prior-estimate", "note"),
    (calibrated(z_sd=1.29), "guide-miscalibrated", "warning"),
    (calibrated(z_sd=0.74), "guide-miscalibrated", "warning"),
    (calibrated(covered=0.76), "guide-miscalibrated", "warning"),
    (calibrated(biased=[0, 1]), "guide-miscalibrated", "warning"),
    (calibrated(biased=[0], latent=1), "guide-miscalibrated", "warning"),
    (calibrated(biased=[0, 3, 4], latent=12), "guide-miscalibrated", "warning"),
    (trained(-9.0, -8.0, -7.6, -7.4), "training-short", "warning"),
    (generalising(evidence=0.71), "overfitting-model", "warning"),
    (generalising(encoder=0.71), "overfitting-encoder", "warning"),
    (outlying(improbable=0.1), "out-of-distribution", "warning"),
    (outlying(regretful=0.1), "out-of-distribution", "warning"),
    (predicting("kurtosis", 0.18, 0.125), "likelihood-misfit", "warning"),
    (predicting("spread", 1.25, 1.0), "likelihood-misfit", "warning"),
    (predicting("row totals", 0.8, 1.0), "likelihood-misfit", "warning"),
    (predicting("zeros", 0.34, 0.25), "likelihood-misfit", "warning"),
    (predicting("zeros", 0.1, 0.0), "likelihood-misfit", "warning"),
    (predicting("another", 1.25, 1.0), "likelihood-misfit", "warning"),
    (tabled(column("age", shape="heavy tails")), "heavy-tails", "warning"),
    (tabled(column("age", shape="too narrow")), "column-misfit", "warning"),
    (tabled(column("visits", shape="heavy tails", **POISSON)), "column-misfit", "warning"),
    (tabled(column("age", covered=0.79)), "coverage-off", "warning"),
    (tabled(column("age", said=0.5, covered=0.61)), "coverage-off", "note"),
    (tabled(column("age", gain=0.009)), "column-ignored", "warning"),
    (tabled(column("age", gain=0.009, association=0.29)), "column-apart", "note"),
    (but(base(), {"complete": False}), "audit-incomplete", "warning"),
    (set_to(rows_seen_in_training=20), "rows-seen", "note"),
    (set_to(rows_seen_in_training=21), "rows-seen", "problem"),
    (set_to(rows_seen_in_training=40, rows_in_data=1000), "rows-seen", "note"),
    (set_to(rows_set_aside=1), "rows-set-aside", "problem"),
]

QUIET = [
    (gap(0.49), "gap-large"),
    (gap(0.5), "gap-small"),
    (causes(3.0, 0.2), "gap-large"),  # its cause speaks for it
    (base(), "encoder-weak"),
    (base(), "family-narrow"),
    (causes(0.51, 0.2), "encoder-weak"),  # less than two standard errors over
    (causes(0.9, 0.1, error=0.3), "encoder-weak"),
    (causes(0.9, 0.1, error=None), "encoder-weak"),
    (causes(2.0, 2.1), "encoder-weak"),
    (causes(2.1, 2.0), "family-narrow"),
    (causes(0.2, 0.55), "family-narrow"),  # the bracket is 0.04 wide, and the errors are 0.01
    (bracketed(), "mode-missed"),
    (control(0.12), "mode-missed"),
    (control(5.0, error=None), "mode-missed"),
    (control(0.3, width=0.4), "mode-missed"),  # the main lower bound may be that loose
    (above(0.02), "mode-missed"),
    (above(-0.5), "mode-missed"),
    (bracketed(), "upper-withdrawn"),
    (withdrawn(), "bracket-tight"),
    (known(), "bracket-tight"),
    (base(), "bracket-tight"),
    (but(bracketed(), {"evidence.lower.value": -9.95}), "bracket-tight"),
    (bracketed(), "starts-biased"),
    (allowance(0.05), "starts-biased"),
    (allowance(-1.0), "starts-biased"),
    (but(bracketed(), {"evidence.width": None}), "starts-biased"),
    (bracketed(), "not-comparable"),
    (but(bracketed(), {"simulated.comparable": 0.48}), "not-comparable"),  # of 400 rows
    (bracketed(), "contradiction"),
    (known(), "contradiction"),
    (importance(-10.11, bracketed()), "weights-short"),
    (importance(-10.13, base()), "weights-short"),  # its own lower bound is no other evidence
    (but(base(), {"latents": []}), "latents-used"),
    (using("amortisation", True), "latents-idle"),
    (using("model", False), "latents-collapse-amortisation"),
    (gains(0.51), "prior-mismatch"),
    (gains(0.53, settings={"rows_in_data": 20}), "prior-mismatch"),  # 2 numbers of 20 rows: 0.1 by chance
    (gains(5.0, error=None), "prior-mismatch"),
    (split(5.0, 1.01), "prior-mismatch"),
    (split(5.0, 1.01), "prior-unclear"),
    (split(5.48, 1.5), "prior-mismatch"),
    (but(split(5.0, 1.5), {"mutual_information": None}), "prior-mismatch"),
    (base(), "prior-estimate"),
    (but(naive(-12.0), {"prior_weights": None}), "prior-estimate"),
    (but(naive(-12.0), {"evidence.prior": None}), "prior-estimate"),
    (calibrated(z_sd=1.22), "guide-miscalibrated"),
    (calibrated(z_sd=0.78), "guide-miscalibrated"),
    (calibrated(z_sd=1.29, rows=50), "guide-miscalibrated"),
    (calibrated(covered=0.78), "guide-miscalibrated"),
    (calibrated(biased=[0]), "guide-miscalibrated"),
    (calibrated(biased=[0, 3], latent=12), "guide-miscalibrated"),
    (trained(-9.0, -8.0, -7.8, -7.6), "training-short"),
    (trained(*np.linspace(-30.0, -10.0, 20), *[-12.0] * 10), "training-short"),  # it had turned before the end
    (trained(-9.0, -7.0), "training-short"),
    (generalising(evidence=0.69), "overfitting-model"),
    (generalising(encoder=0.69), "overfitting-encoder"),
    (generalising(evidence=-5.0, encoder=-5.0), "overfitting-encoder"),
    (outlying(), "out-of-distribution"),
    (outlying(improbable=0.07, regretful=0.07), "out-of-distribution"),
    (outlying(regretful=0.1, rows=50), "out-of-distribution"),
    (predicting("kurtosis", 0.17, 0.125), "likelihood-misfit"),
    (predicting("kurtosis", 0.18, 0.125, half=0.1), "likelihood-misfit"),
    (predicting("spread", 1.15, 1.0), "likelihood-misfit"),
    (predicting("row totals", 0.85, 1.0), "likelihood-misfit"),
    (predicting("zeros", 0.32, 0.25), "likelihood-misfit"),
    (predicting("zeros", 0.005, 0.0, half=0.0), "likelihood-misfit"),
    (tabled(), "heavy-tails"),
    (tabled(column("visits", shape="heavy tails", **POISSON)), "heavy-tails"),
    (tabled(column("age", shape="heavy tails")), "column-misfit"),
    (tabled(), "column-misfit"),
    (tabled(column("age", covered=0.81)), "coverage-off"),
    (tabled(column("visits", said=0.8, covered=0.95, **POISSON)), "coverage-off"),  # whole numbers
    (tabled(column("age", gain=0.011)), "column-ignored"),  # within two standard errors
    (tabled(column("age", gain=0.0, association=0.1)), "column-ignored"),
    (tabled(column("age", gain=0.0, association=0.5)), "column-apart"),
    (tabled(), "column-apart"),
    (base(), "audit-incomplete"),
    (base(), "rows-seen"),
    (set_to(rows_seen_in_training=0), "rows-seen"),
    (base(), "rows-set-aside"),
    (set_to(rows_set_aside=0), "rows-set-aside"),
]


def judged(ledger):
    return {verdict.code: verdict for verdict in verdicts_on(ledger)}


@pytest.mark.parametrize(("ledger", "code", "severity"), TRIGGERED, ids=[case[1] for case in TRIGGERED])
def test_what_is_said(ledger, code, severity):
    assert judged(ledger)[code].severity == severity


@pytest.mark.parametrize(("ledger", "code"), QUIET, ids=[case[1] for case in QUIET])
def test_what_is_not_said(ledger, code):
    assert code not in judged(ledger)


def test_every_code_has_a_case_of_each_kind():
    assert len(CODES) == len(set(CODES))
    assert {code for _, code, _ in TRIGGERED} == set(CODES)
    always = {"gap-small", "weights-good", "weights-heavy", "latents-used", "latents-idle", "bracket-wide"}
    assert {code for _, code in QUIET} | always >= set(CODES)


@pytest.mark.parametrize("ledger", [case[0] for case in (*TRIGGERED, *QUIET)])
def test_each_rule_keeps_to_its_codes_and_each_sentence_to_its_form(ledger):
    for rule in RULES:
        verdict = rule.verdict(ledger)
        if verdict is None:
            continue
        assert verdict.code in rule.codes
        assert verdict.text.endswith(".")
        assert len(re.findall(r"[.?!](?=\s|$)", verdict.text)) <= 2, verdict.text
        assert " = " in verdict.evidence
        if verdict.severity in {"warning", "problem"} and not verdict.code.startswith("latents-idle"):
            assert "lever is" in verdict.text
            assert verdict.lever is not None
        if verdict.promise is not None:
            assert verdict.lever is not None
    severities = [ORDER.index(verdict.severity) for verdict in verdicts_on(ledger)]
    assert severities == sorted(severities)


@pytest.mark.parametrize(("ledger", "code", "severity"), TRIGGERED, ids=[case[1] for case in TRIGGERED])
def test_each_has_a_title_and_of_a_run_a_command_that_can_be_typed(ledger, code, severity):
    of_a_run = dataclasses.replace(ledger, settings={**ledger.settings, "training_data": "digits"})
    verdict = judged(of_a_run)[code]
    assert judged(ledger)[code].command is None
    assert verdict.title.endswith(".")
    assert len(verdict.title.split()) <= 10
    if verdict.command is None:
        assert severity in {"note", "good"} or code == "rows-set-aside"
        return
    _, name, *words = verdict.command.replace("…", "digits --out NEW").replace("DATA", "digits").split()
    typed = COMMAND.commands[name].make_context(name, words)
    for kind, parts in {"guide": GUIDES, "prior": PRIORS}.items():
        part = typed.params.get(kind)
        assert part is None or part.partition(":")[0] in parts.named


@pytest.mark.parametrize(
    ("ledger", "code", "lever", "promise"),
    [
        (causes(3.0, 2.0), "encoder-weak", "encoder", 3.0),
        (causes(0.2, 0.6), "family-narrow", "guide", 0.6),
        (split(5.0, 1.03), "prior-mismatch", "prior", 1.03),
        (generalising(evidence=0.71), "overfitting-model", "decoder", 0.71),
        (importance(-10.13, bracketed()), "weights-short", "guide", None),
    ],
)
def test_what_a_lever_promises(ledger, code, lever, promise):
    verdict = judged(ledger)[code]
    assert verdict.lever == lever
    assert (verdict.promise and verdict.promise.value) == promise


def test_a_misfit_promises_the_divergence_of_its_transform_from_the_uniform():
    flat = column("age", shape="another shape")
    cells, bins = 10_000, [1.6, 0.4]
    calibration = dataclasses.replace(flat.calibration, cells=cells, pit=[int(cells * u / 2) for u in bins])
    promise = judged(tabled(dataclasses.replace(flat, observed=0.5, calibration=calibration)))["column-misfit"].promise
    expected = 0.5 * (sum(u / 2 * math.log(u) for u in bins) - 1 / (2 * cells))
    assert promise.value == pytest.approx(expected, rel=1e-9)


def test_what_was_not_measured_is_not_judged():
    assert set(judged(base())) == {"gap-small", "weights-good", "latents-used"}
    assert set(judged(naive(-12.0))) == {"gap-small", "weights-good", "latents-used", "prior-estimate"}
    assert set(judged(known())) == {"gap-small", "weights-good", "latents-used"}
    assert set(judged(bracketed())) == {"gap-small", "weights-good", "latents-used", "bracket-tight"}


def test_numbers_that_are_not_numbers_are_no_finding():
    nothing = {verdict.code for verdict in verdicts_on(causes(math.nan, math.nan))} - {"gap-large"}
    assert nothing == {"weights-good", "latents-used", "bracket-tight"}


@pytest.mark.parametrize(
    ("ledger", "code", "words"),
    [
        (gap(3.456), "gap-large", "by at least 3.46 nats a row"),
        (gap(3.456), "gap-large", "not measured here"),
        (gap(3.456, known), "gap-large", "by 3.46 nats a row"),
        (causes(0.4, 0.4), "gap-large", "neither cause stands out"),
        (gap(0.3), "gap-small", "0.30 nats a row below log p(x), as far as importance weights can see"),
        (bracketed(), "gap-small", "0.12 nats a row below log p(x), at most 0.14 if the assumption of the upper bound"),
        (causes(2.31, 0.5), "encoder-weak", "at least 2.31 nats"),
        (causes(0.1, 1.5, full=1.0), "family-narrow", 'guide="full", whose best Gaussian wins back 1.00'),
        (causes(0.1, 1.5, full=0.7), "family-narrow", 'guide="flow", since a full covariance wins back only 0.70'),
        (causes(0.1, 1.5, full=1.0, error=0.6), "gap-large", "the guide"),
        (causes(0.1, 1.5, family="full"), "family-narrow", 'such as guide="mixture:4" or guide="flow".'),
        (causes(0.1, 1.5, family="flow"), "family-narrow", "more components or layers"),
        (but(causes(0.1, 1.5), {"gap.full_covariance": None}), "family-narrow", 'guide="full", or a richer one'),
        (causes(0.1, 1.5), "family-narrow", "at most 1.50 nats a row remain"),
        (withdrawn(), "upper-withdrawn", "Something was found: the upper end is withdrawn. The lever is the guide"),
        (unchecked(), "weights-good", "if the guide leaves no mode out, which is not checked"),
        (control(2.0), "mode-missed", "started from the prior find 2.00 nats"),
        (asked(0.1, 0.2), "bracket-wide", "0.20 nats a row, where 0.1 were asked"),
        (but(base(), {"weights": health(0.25)}), "weights-heavy", "For 25% of the rows"),
        (but(base(), {"weights": health(0.25)}), "weights-heavy", "by an unknown distance"),
        (importance(-10.5, bracketed(), over=0.25), "weights-heavy", "0.50 nats a row below the lower bound from ann"),
        (importance(-10.5, known(), over=0.25), "weights-heavy", "0.50 nats a row below the exact one"),
        (importance(-10.0, bracketed(), over=0.25), "weights-heavy", "though not seen to be below the lower bound"),
        (using(True, False, False), "latents-idle", "2 of 3 latents carry nothing (1, 2). A smaller"),
        (using(True, False, "model"), "latents-idle", "carry nothing (1, 2). A smaller"),  # of one it was not measured
        (using(True, "model"), "latents-idle", "it is the decoder that ignores them"),
        (
            using(*[True] * 3, *["amortisation"] * 12),
            "latents-collapse-amortisation",
            "(3, 4, 5, 6, 7, 8, 9, 10, 11, 12",
        ),
        (using(*["amortisation"] * 12), "latents-collapse-amortisation", "9 and 2 more)"),
        (gains(2.0), "prior-mismatch", "would add 2.00 nats a row"),
        (split(3.0, 2.0), "prior-mismatch", "2.00 nats away from the prior"),
        (naive(-15.5), "prior-estimate", "5.50 nats less"),
        (naive(-15.5), "prior-estimate", "2.5 count in the median row"),
        (calibrated(z_sd=1.5), "guide-miscalibrated", "narrower than the posterior"),
        (calibrated(covered=0.6), "guide-miscalibrated", "narrower than the posterior"),
        (calibrated(z_sd=0.5), "guide-miscalibrated", "wider than the posterior"),
        (calibrated(biased=[0, 1]), "guide-miscalibrated", "off the posterior's centre in 2 of 2 latents"),
        (
            outlying(regretful=0.3),
            "out-of-distribution",
            "30% of the rows are outliers beside simulated rows, where 1%",
        ),
        (outlying(regretful=0.3), "out-of-distribution", "rows 7, 3"),
        (
            predicting("kurtosis", 0.3, 0.1),
            "likelihood-misfit",
            "in kurtosis. The lever is the likelihood: heavier tails",
        ),
        (predicting("zeros", 0.6, 0.1), "likelihood-misfit", "more zeros"),
        (tabled(column("age", shape="heavy tails")), "heavy-tails", "Cells of `age` lie in the middle and far out"),
        (tabled(column("age", shape="heavy tails")), "heavy-tails", "the family student-t"),
        (
            tabled(column("age", shape="long tail above")),
            "column-misfit",
            "`age`, which has a longer tail above, the kind",
        ),
        (tabled(column("n", shape="too narrow", **POISSON)), "column-misfit", "the family negative-binomial"),
        (tabled(column("age", covered=0.5)), "coverage-off", "`age`, 50% of 100 where 90% was stated"),
        (tabled(column("age", gain=0.0)), "column-ignored", "`age` and `other` are associated by 0.50"),
        (tabled(*(column(n, gain=0.0, association=0.0) for n in "abcdefg")), "column-apart", "`e` and 2 more"),
    ],
)
def test_sentences_hold_the_numbers_they_rest_on(ledger, code, words):
    assert words in judged(ledger)[code].text


@pytest.mark.parametrize(
    ("ledger", "code", "evidence"),
    [
        (gap(3.0), "gap-large", "gap.inference.lower = 3.000 ± 0.010"),
        (bracketed(), "gap-small", "evidence.bridge = -9.980 ± 0.010"),
        (causes(2.0, 0.5), "encoder-weak", "gap.amortisation = 2.000 ± 0.010, gap.approximation = 0.500 ± 0.010"),
        (causes(0.1, 1.5, full=1.0), "family-narrow", "gap.full_covariance = 1.000 ± 0.010"),
        (
            but(base(), {"weights": health(0.25)}),
            "weights-heavy",
            "weights.over_threshold = 0.250, weights.khat.median",
        ),
        (importance(-10.5, bracketed()), "weights-short", "evidence.importance = -10.500 ± 0.010"),
        (using(True, False), "latents-idle", "active_units = 1 of 2, latents.active = false for 1"),
        (using(True, "model"), "latents-idle", "latents.collapse = model"),
        (split(5.5, 1.5), "prior-unclear", "marginal_kl = 1.500 ± 0.010, mutual_information = 5.500"),
        (naive(-12.0), "prior-estimate", "prior_weights.ess.median = 2.50, evidence.prior = -12.000 ± 0.500"),
        (asked(None, 0.6), "bracket-wide", "evidence.width = 0.600, annealing.asked = nothing"),
        (outlying(improbable=0.2), "out-of-distribution", "outliers.improbable = 0.200, outliers.reference = 256"),
        (predicting("zeros", 0.6, 0.1), "likelihood-misfit", "zeros = 0.6 (98 % range 0.09 to 0.11)"),
    ],
)
def test_each_names_its_evidence(ledger, code, evidence):
    assert evidence in judged(ledger)[code].evidence
