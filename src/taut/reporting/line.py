"""One line of the table of numbers."""

import dataclasses

from taut.record import Estimate, Ledger
from taut.reporting import standing, words


@dataclasses.dataclass(frozen=True, kw_only=True)
class Line:
    """A number in words: its name, its value, its direction, and one sentence."""

    name: str
    value: str
    status: str
    meaning: str


def line_of(name: str, estimate: Estimate | None, meaning: str, least: int = 0) -> Line:
    """A line for a number with at least so many decimals; "not measured" where there is none."""
    status = "" if estimate is None else standing.status(estimate)
    return Line(name=name, value=words.number(estimate, least), status=status, meaning=meaning)


def is_exact(ledger: Ledger) -> bool:
    """Whether log p(x) was computed rather than bounded."""
    upper = ledger.evidence.upper
    return ledger.evidence.lower.status == "exact" and upper is not None and upper.status == "exact"
