import math

import pytest

from taut.record import Estimate
from taut.reporting import words


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (-104.213, 0.351, "−104.21 ± 0.35"),
        (-104.213, 34.0, "−104.2 ± 34.0"),
        (0.41, 0.0021, "0.4100 ± 0.0021"),
        (-0.0001, 0.02, "0.000 ± 0.020"),
        (-104.213, None, "−104.21"),
        (1.25, 0.0, "1.250"),
        (math.nan, None, "not finite"),
        (-math.inf, math.nan, "not finite ± not finite"),
    ],
)
def test_a_number_is_rounded_as_its_error_allows(value, error, text):
    assert words.number(Estimate(value=value, std_error=error)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (51.0, "51"),
        (23000.5, "23000"),
        (-0.12345, "−0.1235"),
        (3e-9, "3e-09"),
        (None, "missing"),
        (math.nan, "missing"),
    ],
)
def test_data_keep_four_digits(value, text):
    assert words.general(value) == text


def test_every_status_has_words():
    assert words.status(Estimate(value=0.0, status="exact")) == "exact"
    upper = Estimate(value=0.0, status="conditional-upper", condition="the chains mix")
    assert words.status(upper) == "from above if the chains mix"
    assert words.status(Estimate(value=0.0, status="certified-upper")) == "certified from above"


def test_moments_and_digests():
    assert words.moment("2025-03-02T10:11:12+00:00") == "2025-03-02 10:11 UTC"
    assert words.moment("yesterday") == "yesterday"
    assert words.short("sha256:0123456789abcdef") == "0123456789ab"
    assert words.short("0123") == "0123"
