"""From rows to the data set: means with their errors."""

import math

import numpy as np
from jaxtyping import Float, Num

from taut.bounds import certified_lower
from taut.record import Estimate, Evidence, Gap, Interval, Quantiles, WeightHealth
from taut.auditing.rows import RowResult
from taut.weights import khat_threshold

Values = Float[np.ndarray, "n"]


def mean_over_rows(values: Values, errors: Values, *, population: int, draws: int, condition: str | None) -> Estimate:
    """The mean of row values with two errors in one: of the draws, and of taking n rows out of a population.

    se² = Σ se_n² / n² + (1 − n/N) s²/n
    """
    n = len(values)
    from_draws = float(np.sum(np.nan_to_num(errors.astype(np.float64)) ** 2)) / n**2
    from_rows = (1.0 - n / population) * float(np.var(values, ddof=1)) / n if population > n > 1 else 0.0
    return Estimate(
        value=float(np.mean(values, dtype=np.float64)),
        std_error=math.sqrt(from_draws + from_rows),
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


def gap_of(encoder: RowResult, exact: Values | None, *, population: int, draws: int) -> Gap:
    """log p(x) − ELBO: exact where log p(x) is, else from below, since the importance value lies below log p(x)."""
    log_p = encoder.log_p if exact is None else exact
    # The importance value and the ELBO share their draws; adding their variances overstates the error, never hides it.
    shared = encoder.log_p_error**2 if exact is None else 0.0
    errors = np.sqrt(np.nan_to_num(encoder.elbo_error) ** 2 + shared)
    condition = "log p(x) exact" if exact is not None else "at least this, in expectation: log p(x) is known from below"
    gap = mean_over_rows(log_p - encoder.elbo, errors, population=population, draws=draws, condition=condition)
    return Gap(inference=Interval(lower=gap, upper=None if exact is None else gap))


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
