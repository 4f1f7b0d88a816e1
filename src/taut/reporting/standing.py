"""What a number claims: its status, the assumption it rests on, and the sign that goes before it."""

from taut.record import Estimate, Interval
from taut.reporting import words


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
    return "certain" if not estimate.delta else words.level(1 - estimate.delta)


def relation(estimate: Estimate) -> str:
    """The sign between a quantity and its value: `=`, `≥`, `≤` or `≈`."""
    signs = {"exact": "=", "certified-lower": "≥", "certified-upper": "≤", "conditional-upper": "≤", "estimate": "≈"}
    return signs[estimate.status]


def relation_from_below(interval: Interval) -> str:
    """The sign before the lower end of an interval, whatever its status."""
    return "=" if interval.lower.status == "exact" else "≥"
