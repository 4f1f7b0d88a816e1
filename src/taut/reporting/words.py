"""How numbers and severities read. Rounds what the ledger holds and computes nothing else."""

import dataclasses
import datetime
import math

from taut.record import Estimate, Interval, Ledger, Severity, Verdict

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


def decimals_between(lower: Estimate, upper: Estimate | None) -> int:
    """As many decimals as tell two ends apart, however large the error that they share.

    >>> decimals_between(Estimate(value=-101.437), Estimate(value=-101.334))
    2
    """
    apart = 0.0 if upper is None else abs(upper.value - lower.value)
    return 0 if not 0 < apart < math.inf else min(max(1 - math.floor(math.log10(apart)), 0), 4)


def value_of(estimate: Estimate | None, least: int = 0) -> str:
    """The value alone, rounded as its error allows, with at least so many decimals."""
    return NOT_MEASURED if estimate is None else fixed(estimate.value, max(decimals_for(estimate), least))


def number(estimate: Estimate | None, least: int = 0) -> str:
    """Value ± standard error.

    >>> number(Estimate(value=-104.21, std_error=0.351))
    '−104.21 ± 0.35'
    """
    if estimate is None or estimate.std_error is None or estimate.std_error < _SMALLEST_ERROR:
        return value_of(estimate, least)
    return f"{value_of(estimate, least)} ± {fixed(estimate.std_error, max(decimals_for(estimate), least))}"


def between(lower: Estimate, upper: Estimate | None) -> str:
    """A value known from below, and from above where that was measured, each end with the sign that it deserves.

    >>> between(Estimate(value=-101.44, status="certified-lower"), None)
    '≥ −101.44'
    """
    fine = decimals_between(lower, upper)
    below = f"{relation(lower)} {value_of(lower, fine)}"
    if upper is None or lower.status == upper.status == "exact":
        return below
    return f"{below}   {relation(upper)} {value_of(upper, fine)}"


def plain(value: float | None) -> str:
    """A number that has no error of its own: three decimals, two where it is large.

    >>> plain(0.0471), plain(-104.213)
    ('0.047', '−104.21')
    """
    return fixed(value, 2 if value is not None and abs(value) >= 10 else 3)


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


def level(fraction: float) -> str:
    """A fraction that someone chose, as a percentage without empty digits.

    >>> level(0.9), level(0.995)
    ('90 %', '99.5 %')
    """
    return f"{100 * fraction:.4g} %"


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


def promise(verdict: Verdict) -> str:
    """The lever of a verdict and what it can win; empty where there is no lever, or its nats are not known."""
    if verdict.promise is None or verdict.lever is None:
        return ""
    return f"The {verdict.lever} promises {number(verdict.promise)} nats a row, with everything else held."


def listed(names: list[str], most: int = 12) -> str:
    """Names in a row of words, of very many only the first.

    >>> listed(["a", "b", "c"]), listed(["a", "b", "c"], most=2)
    ('a, b and c', 'a, b and others')
    """
    shown = names[:most] if len(names) <= most else [*names[:most], "others"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "none"


def status(estimate: Estimate) -> str:
    """The direction of a number and what it rests on, in words."""
    # Only a conditional bound stands or falls with its condition; elsewhere the same field says what the number is
    # about.
    about = estimate.condition and estimate.status != "conditional-upper"
    return f"{claim(estimate)}; {estimate.condition}" if about else claim(estimate)


def claim(estimate: Estimate) -> str:
    """The direction of a number alone, with its condition where it has no direction without one."""
    risk = "" if estimate.delta is None else f", δ\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{estimate.delta:g}"
    return {
        "exact": "exact",
        "certified-lower": f"certified from below{risk}",
        "certified-upper": f"certified from above{risk}",
        "conditional-upper": f"from above if {assumption(estimate)}{risk}",
        "estimate": "estimate",
    }[estimate.status]


def assumption(estimate: Estimate) -> str:
    """What a conditional bound assumes, to stand after an "if".

    >>> assumption(Estimate(value=0.0, status="conditional-upper", condition="if the chains mix"))
    'the chains mix'
    """
    return (estimate.condition or "an assumption holds").removeprefix("if ")


def mark(estimate: Estimate) -> str:
    """The status in one word, for where a number stands without its condition."""
    marks = {
        "exact": "exact",
        "certified-lower": "certified",
        "certified-upper": "certified",
        "conditional-upper": "conditional",
        "estimate": "estimate",
    }
    return marks[estimate.status]


def confidence(estimate: Estimate) -> str:
    """The probability with which a certificate holds, 1 − δ: the same number read from the other end.

    >>> confidence(Estimate(value=0.0, status="certified-lower", delta=0.01))
    '99 %'
    """
    return "certain" if not estimate.delta else level(1 - estimate.delta)


def relation(estimate: Estimate) -> str:
    """The sign between a quantity and its value: `=`, `≥`, `≤` or `≈`."""
    signs = {"exact": "=", "certified-lower": "≥", "certified-upper": "≤", "conditional-upper": "≤", "estimate": "≈"}
    return signs[estimate.status]


def kl_from_below(gap: Interval) -> tuple[str, str, str]:
    """Sign, value and status of the lower end of a KL; below zero it is no more than what holds of any KL.

    >>> kl_from_below(Interval(lower=Estimate(value=-0.235, status="certified-lower"), upper=None))
    ('≥', '0', 'as any KL')
    """
    lower = gap.lower
    if lower.status == "exact":  # but for the draws of the ELBO
        return ("≈", "0", "within its error") if lower.value < 0 else ("=", value_of(lower), mark(lower))
    return ("≥", "0", "as any KL") if lower.value < 0 else ("≥", value_of(lower), mark(lower))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Line:
    """A number in words: its name, its value, its direction, and one sentence."""

    name: str
    value: str
    status: str
    meaning: str


def line_of(name: str, estimate: Estimate | None, meaning: str, least: int = 0) -> Line:
    """A line for a number with at least so many decimals; "not measured" where there is none."""
    said = "" if estimate is None else status(estimate)
    return Line(name=name, value=number(estimate, least), status=said, meaning=meaning)


def is_exact(ledger: Ledger) -> bool:
    """Whether log p(x) was computed rather than bounded."""
    upper = ledger.evidence.upper
    return ledger.evidence.lower.status == "exact" and upper is not None and upper.status == "exact"
