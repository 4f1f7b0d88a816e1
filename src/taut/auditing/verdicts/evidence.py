"""What a rule may lean on: numbers beyond their errors, and how they are named."""

import math
from collections.abc import Sequence

from taut.record import Account, Estimate

# A difference of fewer standard errors is not a finding.
SURE = 2.0
MOST_NAMED = 10


def error_of(estimate: Estimate | None) -> float:
    """The standard error; 0 for what is exact or certified, infinite where none is known."""
    if estimate is None:
        return math.inf
    if estimate.std_error is None:
        return 0.0 if estimate.status in {"exact", "certified-lower", "certified-upper"} else math.inf
    return estimate.std_error


def surely_above(estimate: Estimate | None, threshold: float, *, errors: float = SURE) -> bool:
    """Whether the value reaches the threshold even when so many standard errors are taken from it.

    >>> surely_above(Estimate(value=0.8, std_error=0.1), 0.5), surely_above(Estimate(value=0.8), 0.5)
    (True, False)
    """
    return estimate is not None and estimate.value - errors * error_of(estimate) >= threshold


def surely_below(estimate: Estimate | None, threshold: float) -> bool:
    """Whether the value stays below the threshold even when two standard errors are added to it."""
    return estimate is not None and estimate.value + SURE * error_of(estimate) < threshold


def share_error(share: float, rows: int) -> float:
    """Binomial standard error of a share of so many rows, as if one more were in and one more out: never zero.

    >>> share_error(0.0, 8), round(share_error(0.5, 98), 3)
    (0.09, 0.05)
    """
    corrected = (share * rows + 1.0) / (rows + 2.0)
    return math.sqrt(corrected * (1.0 - corrected) / (rows + 2.0))


def is_exact(ledger: Account) -> bool:
    """Whether log p(x) is known exactly."""
    return ledger.evidence.lower.status == "exact"


def is_checked(ledger: Account) -> bool:
    """Whether log p(x) is exact, or has an upper end that was looked for modes from elsewhere and not contradicted.

    Without it, the draws and walks of the guide may agree and yet cover one mode of several.
    """
    looked = ledger.annealing is not None and bool(ledger.annealing.controls)
    return is_exact(ledger) or (looked and ledger.evidence.upper is not None)


def named(places: Sequence[int]) -> str:
    """Numbers of latents or rows, the first ten by name.

    >>> named([1, 5])
    '1, 5'
    """
    more = len(places) - MOST_NAMED
    return ", ".join(str(place) for place in places[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
