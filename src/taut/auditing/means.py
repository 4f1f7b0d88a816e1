"""From rows to the data set: means with their errors."""

import dataclasses
import math

import numpy as np
from jaxtyping import Float, Num

from taut.auditing.rows import RowResult
from taut.bounds import certified_lower
from taut.record import Estimate, Evidence, Gap, Interval, Quantiles, WeightHealth
from taut.weights import khat_threshold

Values = Float[np.ndarray, "n"]


def mean_over_rows(values: Values, errors: Values, *, population: int, draws: int, condition: str | None) -> Estimate:
    """The mean of row values with two errors in one: of the draws, and of taking n rows out of a population.

    se² = Σ se_n² / n² + (1 − n/N) s²/n

    One row out of many says nothing of the spread over rows: no error is given then.
    """
    n = len(values)
    from_draws = float(np.sum(np.nan_to_num(errors.astype(np.float64)) ** 2)) / n**2
    from_rows = (1.0 - n / population) * float(np.var(values, ddof=1)) / n if population > n > 1 else 0.0
    return Estimate(
        value=float(np.mean(values, dtype=np.float64)),
        std_error=None if population > n == 1 else math.sqrt(from_draws + from_rows),
        condition=condition,
        draws=draws,
    )


def evidence_of(
    encoder: RowResult, prior: RowResult, exact: Values | None, *, population: int, delta: float, draws: int
) -> Evidence:
    """Mean log p(x) from below, from above where it is known, and the two usual estimates."""
    below = "below the mean of log p(x) in expectation"
    if exact is None:
        lower, upper = certified_lower(encoder.log_p, delta=delta, draws=draws), None
    else:
        lower = upper = Estimate(
            value=float(np.mean(exact)), std_error=0.0, status="exact", condition="about the mean over the audited rows"
        )
    return Evidence(
        lower=lower,
        upper=upper,
        importance=mean_over_rows(
            encoder.log_p, encoder.log_p_error, population=population, draws=draws, condition=below
        ),
        prior=mean_over_rows(prior.log_p, prior.log_p_error, population=population, draws=draws, condition=below),
    )


def gap_of(encoder: RowResult, exact: Values | None, evidence: Evidence, *, population: int, draws: int) -> Gap:
    """log p(x) − ELBO: exact where log p(x) is, else from below, and so that evidence.lower = ELBO + gap.lower."""
    known = exact is not None
    # The importance value and the ELBO share their draws; adding their variances overstates the error, never hides it.
    errors = np.sqrt(np.nan_to_num(encoder.elbo_error) ** 2 + (0.0 if known else encoder.log_p_error**2))
    raw = mean_over_rows(
        (exact if known else encoder.log_p) - encoder.elbo,
        errors,
        population=population,
        draws=draws,
        condition="log p(x) is exact"
        if known
        else "at least this: log p(x) is known from below; error by the central limit",
    )
    margin = 0.0 if known else evidence.importance.value - evidence.lower.value
    gap = dataclasses.replace(raw, value=raw.value - margin)
    return Gap(inference=Interval(lower=gap, upper=gap if known else None))


def health_of(result: RowResult, draws: int) -> WeightHealth:
    """How far the importance weights of the rows can be trusted."""
    threshold = khat_threshold(draws)
    return WeightHealth(
        draws=draws,
        khat=quantiles(result.khat),
        ess=quantiles(result.ess),
        threshold=threshold,
        over_threshold=float(np.mean(result.khat > threshold)),
    )


def quantiles(values: Num[np.ndarray, "n"]) -> Quantiles:
    """Five quantiles over rows; an infinite k̂ (too few draws to fit a tail) counts as a large number."""
    finite = np.minimum(values.astype(np.float64), 1e6)
    minimum, q25, median, q75, maximum = (float(v) for v in np.quantile(finite, [0, 0.25, 0.5, 0.75, 1]))
    return Quantiles(minimum=minimum, q25=q25, median=median, q75=q75, maximum=maximum)
