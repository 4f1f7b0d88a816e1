"""How numbers, statuses and severities read. Rounds what the ledger holds and computes nothing else."""

import datetime
import math

from taut.record import Estimate, Interval, Severity, Verdict

NOT_MEASURED = "not measured"
SEVERITIES: dict[Severity, str] = {"problem": "Problem", "warning": "Warning", "note": "Note", "good": "Good"}
_MINUS = "\N{MINUS SIGN}"
_SMALLEST_ERROR = 1e-6


def fixed(value: float | None, decimals: int) -> str:
    """`value` with a fixed number of decimals and a true minus sign; words where it is missing or not finite.

    >>> fixed(-1.5, 2)
    '−1.50'
    """
    if value is None:
        return NOT_MEASURED
    if not math.isfinite(value):
        return "not finite"
    text = f"{value:.{decimals}f}"
    is_zero = not any(digit in "123456789" for digit in text)
    return (text.lstrip("-") if is_zero else text).replace("-", _MINUS)


def decimals_for(estimate: Estimate) -> int:
    """As many decimals as the error has two digits for, at most a thousandth of a nat; without one, three or two."""
    error = estimate.std_error
    if error is None or not math.isfinite(error) or error < _SMALLEST_ERROR:
        return 2 if abs(estimate.value) >= 10 else 3
    return min(max(1 - math.floor(math.log10(error)), 1), 3 if abs(estimate.value) >= 1 else 6)


def value_of(estimate: Estimate | None) -> str:
    """The value alone, rounded as its error allows."""
    return NOT_MEASURED if estimate is None else fixed(estimate.value, decimals_for(estimate))


def number(estimate: Estimate | None) -> str:
    """Value ± standard error.

    >>> number(Estimate(value=-104.21, std_error=0.351))
    '−104.21 ± 0.35'
    """
    if estimate is None or estimate.std_error is None or estimate.std_error < _SMALLEST_ERROR:
        return value_of(estimate)
    return f"{value_of(estimate)} ± {fixed(estimate.std_error, decimals_for(estimate))}"


def general(value: float | None) -> str:
    """About four significant digits, whole numbers whole: for data in units that are not ours.

    >>> general(23000.5), general(0.12345), general(-3e-9)
    ('23000', '0.1235', '−3e-09')
    """
    if value is None or math.isnan(value):
        return "missing"
    if not math.isfinite(value):
        return "not finite"
    is_whole = 1e3 <= abs(value) < 1e7
    text = f"{value:.0f}" if is_whole else f"{value:.4g}"
    return _MINUS + text[1:] if text.startswith("-") else text


def percent(fraction: float) -> str:
    """A fraction as a percentage."""
    return f"{fixed(100 * fraction, 1)} %"


def setting(value: str | int | float | bool | None) -> str:
    """One value of `ledger.settings`."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def moment(created: str) -> str:
    """A time in ISO form as people write it; any other text as it is."""
    try:
        return f"{datetime.datetime.fromisoformat(created):%Y-%m-%d %H:%M %Z}".strip()
    except ValueError:
        return created


def short(digest: str) -> str:
    """The head of a digest, without the name of its algorithm."""
    return digest.rpartition(":")[2][:12]


def by_urgency(verdicts: list[Verdict]) -> list[Verdict]:
    """The worst first, in the order of the audit among equals."""
    return sorted(verdicts, key=lambda verdict: list(SEVERITIES).index(verdict.severity))


def status(estimate: Estimate) -> str:
    """The direction of a number and what it rests on, in words."""
    risk = "" if estimate.delta is None else f", δ\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{estimate.delta:g}"
    # Only a conditional bound stands or falls with its condition; elsewhere the same field says what the number is
    # about.
    provided = f"; {estimate.condition}" if estimate.condition else ""
    words = {
        "exact": "exact",
        "certified-lower": f"certified from below{risk}",
        "certified-upper": f"certified from above{risk}",
        "conditional-upper": f"from above if {estimate.condition}" if estimate.condition else "from above, conditional",
        "estimate": "estimate",
    }[estimate.status]
    return words if estimate.status == "conditional-upper" else words + provided


def relation(estimate: Estimate) -> str:
    """The sign between a quantity and its value: `=`, `≥`, `≤` or `≈`."""
    signs = {"exact": "=", "certified-lower": "≥", "certified-upper": "≤", "conditional-upper": "≤", "estimate": "≈"}
    return signs[estimate.status]


def relation_from_below(interval: Interval) -> str:
    """The sign before the lower end of an interval: `≥` where nothing is known from above, whatever its status."""
    return "≥" if interval.upper is None else relation(interval.lower)
