"""Two models on the same rows: by one value for each row, or by a bracket for each row."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from taut.auditing.rows import RowResult
from taut.errors import AuditError, OptionError
from taut.record import standard_error

PerRow = Float[np.ndarray, "n"]
# Its length is checked below, with a sentence for the user.
Side = Float[np.ndarray, "_"]
# Two-sided 95 % of a normal distribution.
NORMAL_95 = 1.96


class Difference(NamedTuple):
    """Mean of log p_first(x) − log p_second(x) over the rows, in nats.

    `std_error` covers the rows as a sample and the draws; `wins` is the fraction of rows that the first explains
    better. Both sides are importance-weighted values, each below its log p(x) in expectation, so that the difference
    has no direction.
    """

    mean: float
    std_error: float
    wins: float
    rows: int


class Comparison(NamedTuple):
    """Mean of log p_first(x) − log p_second(x) over the rows, in nats, from a bracket of each.

    `mean` is of the middles of the brackets, `std_error` its error with the rows as a sample. The mean over these rows
    lies between `lower` and `upper` with probability 1 − `delta` (for certain where that is None) if every upper bound
    holds; `population_lower` and `population_upper` are 1.96 standard errors wider, for rows like these. `decided` and
    `decided_for_population`: zero lies outside. `decisive_rows` is the smallest number of rows without which the mean
    of the others no longer favours the same model; where it is small, those few rows are what was compared.
    """

    mean: float
    std_error: float
    lower: float
    upper: float
    delta: float | None
    population_lower: float
    population_upper: float
    decided: bool
    decided_for_population: bool
    decisive_rows: int
    rows: int
    verdict: str


def paired_difference(first: RowResult, second: RowResult) -> Difference:
    """The paired difference of two accounts of the same rows.

    The spread of the row differences contains the noise of the draws already, so that s²/n counts both.
    Raises AuditError where the accounts have different rows, or one row only.
    """
    _check_rows(first.log_p, second.log_p)
    differences: PerRow = first.log_p.astype(np.float64) - second.log_p
    return Difference(
        mean=float(differences.mean()),
        std_error=float(standard_error(differences)),
        wins=float(np.mean(differences > 0)),
        rows=len(differences),
    )


def compare_brackets(
    lower_a: Side, upper_a: Side, lower_b: Side, upper_b: Side, *, delta: float | None = 0.01
) -> Comparison:
    """Compare model a with model b by brackets of log p(x) on the same rows, in nats.

        mean(lower_a − upper_b) − m  ≤  mean(log p_a − log p_b)  ≤  mean(upper_a − lower_b) + m,   m = 2 ln(2/δ) / N

    Each `lower` is the log of an unbiased estimate of p(x), or a mean of such logs, independent between rows; each
    `upper` the same of 1/p(x), with its sign turned: before any margin. Then U = exp Σ_n (lower_a − log p_a) and
    V = exp Σ_n (log p_b − upper_b) have E U ≤ 1 and E V ≤ 1, so that E √(UV) ≤ 1 by Cauchy and Schwarz, *however the
    two audits depend on one another* (one seed for both makes them), and P(log UV ≥ 2 ln(2/δ)) ≤ δ/2 by Markov. The
    other end has the other δ/2. Four one-sided statements at δ/4 each would cost 2 ln(4/δ)/N an end; audits that are
    known to be independent could do with ln(2/δ)/N. `delta` None says that all brackets hold for certain: no margin.

    Raises AuditError where the rows differ, are fewer than two or have a bound that is not finite, or where a model's
    lower bounds lie above its upper ones by more than the margin; OptionError for a `delta` that is no probability.

    >>> import numpy as np
    >>> a, b = np.array([-1.0, -2.0, -3.0]), np.array([-3.0, -3.0, -2.5])
    >>> found = compare_brackets(a, a + 0.1, b, b + 0.1, delta=None)
    >>> round(found.mean, 3), round(found.lower, 3), round(found.upper, 3), found.decided, found.decisive_rows
    (0.833, 0.733, 0.933, True, 2)
    """
    sides = [side.astype(np.float64) for side in (lower_a, upper_a, lower_b, upper_b)]
    margin = _margin(delta, len(lower_a))
    _check_brackets(*sides, margin=margin)
    lower_a, upper_a, lower_b, upper_b = sides
    middles = 0.5 * (lower_a + upper_a) - 0.5 * (lower_b + upper_b)
    error = float(standard_error(middles))
    lower, upper = float(np.mean(lower_a - upper_b)) - margin, float(np.mean(upper_a - lower_b)) + margin
    wide = lower - NORMAL_95 * error, upper + NORMAL_95 * error
    comparison = Comparison(
        mean=float(middles.mean()),
        std_error=error,
        lower=lower,
        upper=upper,
        delta=delta,
        population_lower=wide[0],
        population_upper=wide[1],
        decided=_excludes_zero(lower, upper),
        decided_for_population=_excludes_zero(*wide),
        decisive_rows=_decisive_rows(middles),
        rows=len(middles),
        verdict="",
    )
    return comparison._replace(verdict=_verdict(comparison))


def _verdict(found: Comparison) -> str:
    """One sentence: the better model, by how much, and what limits the conclusion."""
    between = f"between {found.lower:+.3f} and {found.upper:+.3f} nats a row, first minus second"
    if not found.decided:
        return (
            f"The brackets do not say which model explains these {found.rows} rows better: the difference lies "
            f"{between}; narrower brackets are needed first, or the models are as good."
        )
    better = "first" if found.lower > 0 else "second"
    alike = found.decisive_rows == found.rows
    turned = "every row says so" if alike else f"leaving out {found.decisive_rows} of them would turn it"
    if found.decided_for_population:
        return (
            f"The {better} model explains rows like these better: on these {found.rows} the difference lies {between}, "
            f"the standard error over rows is {found.std_error:.3f}, and {turned}."
        )
    return (
        f"The {better} model explains these {found.rows} rows better, {between}, but they do not speak for others: "
        f"the standard error over rows is {found.std_error:.3f}, and {turned}."
    )


def _decisive_rows(differences: PerRow) -> int:
    """How many rows must go, those most in favour first, until the sum of the others is zero or of the other sign."""
    total = float(differences.mean())
    if total == 0.0:
        return 0
    # Adding up from the row least in favour: the sum of what is left when all after it have gone.
    left = np.cumsum(np.sort(np.sign(total) * differences))
    return len(differences) - int(np.max(np.flatnonzero(left <= 0.0), initial=-1)) - 1


def _margin(delta: float | None, rows: int) -> float:
    if delta is None:
        return 0.0
    if not 0 < delta < 1:
        raise OptionError(f"`delta` wants a probability between 0 and 1; got {delta}; 0.01 is usual.")
    return 2.0 * math.log(2.0 / delta) / max(rows, 1)


def _check_rows(*sides: np.ndarray) -> None:
    lengths = [len(side) for side in sides]
    if len(set(lengths)) > 1 or lengths[0] < 2:
        raise AuditError(
            f"A comparison wants the same rows for both, at least two; got {' and '.join(map(str, lengths))}; "
            "score both models on one data set."
        )


def _check_brackets(lower_a: Side, upper_a: Side, lower_b: Side, upper_b: Side, *, margin: float) -> None:
    _check_rows(lower_a, upper_a, lower_b, upper_b)
    for name, lower, upper in (("first", lower_a, upper_a), ("second", lower_b, upper_b)):
        bad = int((~np.isfinite(lower + upper)).sum())
        if bad:
            raise AuditError(
                f"A comparison wants finite bounds for every row; {bad} of the {name} model's {len(lower)} rows have "
                "others; compare on rows that both could be audited on."
            )
        crossed = float(np.mean(lower - upper)) - margin
        if crossed > 0:
            raise AuditError(
                f"A comparison wants lower bounds below upper ones; the {name} model's cross by {crossed:.3f} nats a "
                "row more than chance allows, so its upper bounds do not hold; anneal it from better starts."
            )


def _excludes_zero(lower: float, upper: float) -> bool:
    return lower > 0.0 or upper < 0.0
