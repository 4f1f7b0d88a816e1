"""From rows to the data set: means with their errors."""

import dataclasses
import math

import numpy as np
from jaxtyping import Float, Num

from taut.auditing.ends import lower_end, upper_end
from taut.auditing.measurement import Measured
from taut.auditing.options import AuditOptions
from taut.auditing.rows import RowResult
from taut.auditing.rowwise import REFINED_DRAWS
from taut.bounds import certified_lower
from taut.record import Estimate, Evidence, Gap, Generalisation, Interval, Quantiles, WeightHealth, standard_error
from taut.weights import khat_threshold

Values = Float[np.ndarray, "n"]


def mean_over_rows(
    values: Values,
    errors: Values,
    *,
    population: int,
    draws: int | None,
    condition: str | None,
    shared_draws: bool = False,
) -> Estimate:
    """The mean of row values with two errors in one: of the draws, and of taking n rows out of a population.

    se² = Σ se_n² / n² + (1 − n/N) s²/n

    With draws that all rows share the first term is at most (Σ se_n / n)², which is taken.
    One row out of many gives no estimate of the spread over rows, and no error.
    """
    n = len(values)
    known = np.nan_to_num(errors.astype(np.float64))
    from_draws = float(np.sum(known) ** 2 if shared_draws else np.sum(known**2)) / n**2
    from_rows = (1.0 - n / population) * float(np.var(values, ddof=1)) / n if population > n > 1 else 0.0
    return Estimate(
        value=float(np.mean(values, dtype=np.float64)),
        std_error=None if population > n == 1 else math.sqrt(from_draws + from_rows),
        condition=condition,
        draws=draws,
    )


def evidence_of(measured: Measured, options: AuditOptions) -> Evidence:
    """Mean log p(x) from both sides as far as it was measured, and the usual estimates."""
    rows, population = measured.rows, measured.population
    below = "below the mean of log p(x) in expectation"

    def mean(values: Values, errors: Values, condition: str, draws: int | None = None, **more: bool) -> Estimate:
        return mean_over_rows(values, errors, population=population, draws=draws, condition=condition, **more)

    lower, upper = _bracket(measured, options)
    prior, refined, walks = rows.prior, rows.refined, rows.walks
    holds = walks is not None and measured.checks.withdrawn is None
    halves = None if walks is None else 0.5 * np.abs(walks.upper - walks.lower)
    return Evidence(
        lower=lower,
        upper=upper,
        importance=mean(rows.encoder.log_p, rows.encoder.log_p_error, below, options.draws),
        prior=None if prior is None else mean(prior.log_p, prior.log_p_error, below, options.draws, shared_draws=True),
        refined=None if refined is None else mean(refined.log_p, refined.log_p_error, below, REFINED_DRAWS),
        bridge=None
        if walks is None or halves is None or not holds
        else mean(walks.bridge, halves, "forward and reverse walks together; half of each row's bracket as its error"),
        width=None if walks is None or not holds else float(np.mean(walks.upper.astype(np.float64) - walks.lower)),
        shortfall=None
        if walks is None or halves is None
        else mean(
            walks.lower.astype(np.float64) - rows.encoder.log_p,
            np.hypot(halves, rows.encoder.log_p_error),
            "paired by row: the lower bound before its margin − the importance-weighted value",
        ),
        withdrawn=measured.checks.withdrawn,
    )


def _bracket(measured: Measured, options: AuditOptions) -> tuple[Estimate, Estimate | None]:
    """The two ends: exact, from walks, or from importance weights below and nothing above.

    Two statements share δ. Where the rows are some of many, the standard error is of having taken these.
    """
    walks, rows = measured.rows.walks, len(measured.numbers)
    zeros = np.zeros(rows)
    if measured.exact is not None:
        about = "about the mean over the audited rows"
        exact = mean_over_rows(measured.exact, zeros, population=measured.population, draws=None, condition=about)
        exact = dataclasses.replace(exact, status="exact")
        return exact, exact
    values = measured.encoder.log_p if walks is None else walks.lower
    spread = mean_over_rows(values, zeros, population=measured.population, draws=None, condition=None).std_error
    choice = spread if measured.population > rows else None
    if walks is None:
        lower = certified_lower(values, delta=options.delta, draws=options.draws)
        return _uncertified(measured, dataclasses.replace(lower, std_error=choice)), None
    controlled = measured.checks.controlled
    elsewhere = () if controlled is None else controlled.elsewhere
    lower = lower_end(walks, measured.numbers, elsewhere, delta=options.delta / 2)
    if measured.checks.withdrawn is not None:
        return _uncertified(measured, dataclasses.replace(lower, std_error=choice)), None
    upper = upper_end(walks, delta=options.delta / 2)
    # The logarithm of a probability is never above zero, whatever the walks and the margin say.
    value = min(upper.value, 0.0) if measured.discrete else upper.value
    upper = dataclasses.replace(upper, value=value, std_error=choice)
    return _uncertified(measured, dataclasses.replace(lower, std_error=choice)), upper


def _uncertified(measured: Measured, lower: Estimate) -> Estimate:
    """No certificate where rows were set aside: leaving out those that failed conditions on the draws of the others."""
    if not measured.set_aside:
        return lower
    why = f"{lower.condition}; no certificate, since rows without finite bounds were left out"
    return dataclasses.replace(lower, status="estimate", delta=None, condition=why)


def gap_of(measured: Measured, evidence: Evidence) -> Gap:
    """log p(x) − ELBO and its causes, paired by row, so that evidence.lower = ELBO + gap.lower, and so above."""
    encoder, refined = measured.encoder, measured.rows.refined
    low, high = _row_ends(measured)
    lower = _less(measured, low, encoder.elbo, encoder.elbo_error, end=evidence.lower)
    upper = None
    if high is not None and evidence.upper is not None:
        upper = _less(measured, high, encoder.elbo, encoder.elbo_error, end=evidence.upper)
    inference = Interval(lower=lower, upper=upper)
    if refined is None:
        return Gap(inference=inference)

    def mean(values: Values, errors: Values, condition: str) -> Estimate:
        return mean_over_rows(values, errors, population=measured.population, draws=REFINED_DRAWS, condition=condition)

    own = measured.family is not None
    best = (
        f"the best {measured.family or 'diagonal'} Gaussian found for each row"
        if measured.family in (None, "diagonal", "full")
        else "the better of the guide and the best diagonal Gaussian of each row"
    )
    approximation = None
    if own and high is not None and evidence.upper is not None:
        approximation = _less(measured, high, refined.elbo_family, refined.elbo_family_error, end=evidence.upper)
    return Gap(
        inference=inference,
        family=measured.family,
        amortisation=mean(refined.amortisation, refined.amortisation_error, f"at least this: {best}, less the guide")
        if own
        else None,
        approximation=approximation,
        full_covariance=mean(refined.full_gain, refined.full_gain_error, f"a full covariance, less {best}"),
        generalisation=_generalisation(measured),
    )


def _row_ends(measured: Measured) -> tuple[Values, Values | None]:
    """What bounds log p(x) of each row from below and from above, before any margin."""
    return (measured.encoder.log_p, None) if measured.ends is None else measured.ends


def _less(measured: Measured, row_ends: Values, values: Values, errors: Values, *, end: Estimate) -> Estimate:
    """The paired mean of row_ends − values, moved by the margin that the certified `end` has.

    A mean of log-weights has no certificate, so that the difference is no certificate either; an assumption stays.
    """
    ends = row_ends.astype(np.float64)
    raw = mean_over_rows(ends - values, errors, population=measured.population, draws=None, condition=None)
    conditional = end.status == "conditional-upper"
    below = "at least this, with the margin of the lower bound; error by the central limit"
    return dataclasses.replace(
        raw,
        value=raw.value + end.value - float(ends.mean()),
        status=end.status if conditional else "estimate",
        delta=end.delta if conditional else None,
        condition=f"{end.condition}; the other side by the central limit"
        if conditional
        else ("log p(x) is exact" if end.status == "exact" else below),
    )


def _generalisation(measured: Measured) -> Generalisation | None:
    """Training rows minus these: of log p(x), and of the distance of the encoder's ELBO below it."""
    train, rows = measured.train, measured.rows
    if train is None or train.refined is None or rows.refined is None:
        return None

    def difference(seen: Float[np.ndarray, "m"], fresh: Float[np.ndarray, "k"], what: str) -> Estimate:
        seen, fresh = seen.astype(np.float64), fresh.astype(np.float64)
        few = min(len(seen), len(fresh)) < 2
        error = None if few else math.hypot(standard_error(seen), standard_error(fresh))
        return Estimate(value=float(seen.mean() - fresh.mean()), std_error=error, condition=what)

    return Generalisation(
        rows=len(train.numbers),
        evidence=difference(train.refined.log_p, rows.refined.log_p, "log p(x), training rows − these rows"),
        encoder=difference(
            rows.refined.log_p - rows.encoder.elbo,
            train.refined.log_p - train.encoder.elbo,
            "log p(x) − ELBO, these rows − training rows",
        ),
    )


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
