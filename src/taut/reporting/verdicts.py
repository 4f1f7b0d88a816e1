"""Which verdicts are read first, and what each may win."""

from taut.record import Verdict, glossary
from taut.reporting.words import SEVERITIES, number

FIRST = 3


def by_nats(verdicts: list[Verdict]) -> list[Verdict]:
    """Problems, then what promises nats, the most first, then the rest by severity; what is only a note comes later.

    >>> from taut.record import Estimate
    >>> def said(code, severity, nats=None):
    ...     promise = None if nats is None else Estimate(value=nats)
    ...     return Verdict(code=code, severity=severity, text="", evidence="", promise=promise)
    >>> found = [said("a", "good"), said("b", "warning"), said("c", "note", 9.0), said("d", "warning", 2.0)]
    >>> [verdict.code for verdict in by_nats(found)]
    ['d', 'c', 'b', 'a']
    """
    return sorted(verdicts, key=_urgency)


def _urgency(verdict: Verdict) -> tuple[bool, bool, int, float]:
    promise = verdict.promise
    severity = list(SEVERITIES).index(verdict.severity)
    return verdict.severity != "problem", promise is None, severity, 0.0 if promise is None else -promise.value


def worth(verdict: Verdict) -> str:
    """What pulling the lever may win, in a few words; empty where that is not known."""
    if verdict.promise is None or verdict.lever is None:
        return ""
    return f"{'May promise' if verdict.severity == 'note' else 'Promises'} {number(verdict.promise)} nats a row."


def title(verdict: Verdict) -> str:
    """The conclusion in a few words; of a ledger that has none, the first sentence."""
    return verdict.title or verdict.text.partition(". ")[0].removesuffix(".") + "."


def meaning(verdict: Verdict) -> str:
    """What the glossary says about the verdict; empty of a code that it does not have."""
    entry = glossary()["verdict"].get(verdict.code)
    return "" if entry is None else entry.means
