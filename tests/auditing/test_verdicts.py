"""From numbers to sentences: a table of numbers and what must be said of them."""

import pytest

from taut.auditing.verdicts import verdicts_on
from taut.record import Estimate, Evidence, Gap, Interval, LatentUse, Quantiles, WeightHealth


def health(over=0.0, ess=90.0):
    flat = Quantiles(minimum=0.1, q25=0.2, median=0.3, q75=0.4, maximum=0.5)
    counts = Quantiles(minimum=ess, q25=ess, median=ess, q75=ess, maximum=ess)
    return WeightHealth(draws=100, khat=flat, ess=counts, threshold=0.5, over_threshold=over)


def judged(*, gap=0.1, exact=True, over=0.0, active=(True, True), prior=-12.0):
    status = "exact" if exact else "certified-lower"
    value = Estimate(value=gap, std_error=0.01)
    verdicts = verdicts_on(
        evidence=Evidence(
            lower=Estimate(value=-10.0, status=status),
            upper=Estimate(value=-10.0, status=status) if exact else None,
            importance=Estimate(value=-10.0, std_error=0.1),
            prior=Estimate(value=prior, std_error=0.5),
        ),
        gap=Gap(inference=Interval(lower=value, upper=value if exact else None)),
        latents=[LatentUse(kl=1.0, variance_of_mean=0.5, active=a) for a in active],
        weights=health(over),
        prior_weights=health(1.0, ess=2.5),
    )
    return {verdict.code: verdict for verdict in verdicts}, [verdict.severity for verdict in verdicts]


@pytest.mark.parametrize(
    ("numbers", "code", "severity"),
    [
        ({"gap": 0.49}, "gap-small", "good"),
        ({"gap": 0.49, "exact": False}, "gap-small", "note"),
        ({"gap": 0.5}, "gap-large", "warning"),
        ({"gap": 7.0, "exact": False}, "gap-large", "warning"),
        ({"gap": -0.01}, "gap-small", "good"),
        ({"over": 0.05}, "weights-good", "good"),
        ({"over": 0.06}, "weights-heavy", "note"),
        ({"over": 0.06, "exact": False}, "weights-heavy", "warning"),
        ({}, "latents-used", "good"),
        ({"active": (True, False)}, "latents-idle", "note"),
        ({"active": (False, False)}, "latents-idle", "problem"),
        ({}, "prior-estimate", "note"),
    ],
)
def test_what_is_said(numbers, code, severity):
    verdicts, _ = judged(**numbers)
    assert verdicts[code].severity == severity
    assert len(verdicts) == 4, "one verdict on each: gap, weights, latents, prior"


def test_the_worst_comes_first():
    _, severities = judged(gap=3.0, over=0.9, exact=False, active=(False,))
    assert severities == ["problem", "warning", "warning", "note"]


def test_sentences_hold_the_numbers_they_rest_on():
    verdicts, _ = judged(gap=3.456, exact=False, over=0.25, active=(True, False, False), prior=-15.5)
    assert "by at least 3.46 nats" in verdicts["gap-large"].text
    assert "For 25% of the rows" in verdicts["weights-heavy"].text
    assert "2 of 3 latents carry nothing" in verdicts["latents-idle"].text
    assert "5.50 nats less" in verdicts["prior-estimate"].text
    assert "2.5 count in the median row" in verdicts["prior-estimate"].text
    assert "by 3.46 nats" in judged(gap=3.456)[0]["gap-large"].text
    assert all(verdict.text.endswith(".") for verdict in verdicts.values())


@pytest.mark.parametrize(
    ("code", "numbers", "evidence"),
    [
        ("gap-large", {"gap": 3.0}, "gap.inference.lower = 3.000 ± 0.010"),
        ("weights-heavy", {"over": 0.25}, "weights.over_threshold = 0.250, weights.khat.median = 0.30"),
        ("latents-idle", {"active": (True, False)}, "active_units = 1 of 2"),
        ("prior-estimate", {}, "prior_weights.ess.median = 2.50, evidence.prior = -12.000 ± 0.500"),
    ],
)
def test_each_names_its_evidence(code, numbers, evidence):
    assert judged(**numbers)[0][code].evidence == evidence
