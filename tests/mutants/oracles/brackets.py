"""Oracles of brackets: by hand, on weights whose evidence is one, and through the means of an audit."""

import math

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from scipy import stats

from taut import bounds
from taut.auditing import AuditOptions, means, measurement, rowwise
from taut.auditing.model_checks import Checks
from taut.auditing.rows import RowResult
from taut.auditing.walks import Effort, Walks
from taut.guides import Constant
from taut.kept_parts import KeptParts
from tests.bounds import test_annealed
from tests.laws.checks import mean_is, near
from tests.laws.instances import linear_gaussian
from tests.mutants.oracles.suite import of_suite

DEAD, ONE = math.nan, 0.0
margins_shrink_with_the_rows = of_suite(test_annealed.test_margins_shrink_with_the_rows)


def annealed_bounds_of_known_weights() -> None:
    """Weights 1 and 3, one of which may have failed: every number by hand."""
    three = math.log(3)
    for forward, lower in (([ONE, three], 2.0), ([ONE, DEAD], 0.5), ([DEAD, DEAD], 0.0), ([three], 3.0)):
        with np.errstate(divide="ignore"):
            near(np.exp(float(bounds.annealed_lower(jnp.array(forward)))), lower, 1e-5)
    for reverse, forward, upper in (
        ([ONE, ONE], [ONE, three], 1 / np.mean([1 / 2, 1 / 1])),
        ([ONE, three], [ONE, ONE], 1 / np.mean([1 / 1, 1 / 2])),
        ([ONE, DEAD], [ONE, ONE], 1 / np.mean([1 / 1, 0])),
        ([ONE, ONE], [DEAD, ONE], 1 / np.mean([1 / 1, 1 / 0.5])),
        ([three], [ONE], 3.0),
    ):
        near(np.exp(float(bounds.annealed_upper(jnp.array(reverse), jnp.array(forward)))), upper, 1e-5)
    assert float(bounds.annealed_upper(jnp.array([DEAD, DEAD]), jnp.zeros(2))) == math.inf


def bounds_of_weights_whose_evidence_is_one() -> None:
    """Log-weights N(∓s²/2, s²), which satisfy Crooks' relation: E exp(lower) = 1 and E exp(−upper) = 1."""
    rng, spread = np.random.default_rng(0), 0.8
    forward, reverse = (jnp.asarray(rng.normal(sign * spread**2 / 2, spread, (20_000, 4))) for sign in (-1, 1))
    lower = jax.jit(jax.vmap(bounds.annealed_lower))(forward)
    upper = jax.jit(jax.vmap(bounds.annealed_upper))(reverse, forward)
    mean_is(np.exp(np.asarray(lower, np.float64)), 1.0)
    mean_is(np.exp(-np.asarray(upper, np.float64)), 1.0)


def _nothing(kind, **parts):
    return kind(**dict.fromkeys(kind._fields) | parts)


def _measured(lower, upper, importance, *, forward=None, reverse=None, set_aside=()) -> measurement.Measured:
    """What an audit has of rows whose bounds are these; walks alone say nothing unless given."""
    rows = len(lower)
    failed = np.full((rows, 4), DEAD)
    forward, reverse = (failed if side is None else side for side in (forward, reverse))
    walks = _nothing(Walks, forward=forward, reverse=reverse, lower=lower, upper=upper, bridge=0.5 * (lower + upper))
    encoder = _nothing(RowResult, log_p=importance, log_p_error=np.full(rows, 0.1))
    measures = _nothing(rowwise.RowMeasures, numbers=np.arange(rows), encoder=encoder, walks=walks)
    return measurement.Measured(
        data=np.zeros((rows, 1)),
        population=rows,
        rows=measures,
        ended="all rows",
        discrete=False,
        set_aside=list(set_aside),
        exact=None,
        guide_moments=None,
        rate_decomposition=None,
        family=None,
        train=None,
        checks=Checks(),
        notes=[],
    )


def bracket_shares_its_delta() -> None:
    """Two ends with half of δ each, of which all walks of a row and each alone have two fifths, by hand."""
    lower, upper, importance = np.array([-3.0, -2.0]), np.array([-2.5, -1.9]), np.array([-2.9, -2.2])
    evidence = means.evidence_of(_measured(lower, upper, importance), AuditOptions(delta=0.04))
    near(evidence.lower.value, -2.5 - math.log(125) / 2, 1e-9)
    near(evidence.upper.value, -2.2 + math.log(125) / 2, 1e-9)
    assert evidence.lower.delta + evidence.upper.delta <= 0.04 + 1e-12
    alone = {"forward": np.tile([-3.5, -2.9, -3.0, -3.2], (2, 1)), "reverse": np.tile([-2.9, -2.8, -2.7, -2.6], (2, 1))}
    evidence = means.evidence_of(_measured(lower, upper, importance, **alone), AuditOptions(delta=0.04))
    near(evidence.lower.value, -3.15 - math.log(125) / 8, 1e-9)
    pairs = np.log((np.exp(alone["forward"]) + np.exp(alone["reverse"])) / 2)
    near(evidence.upper.value, pairs.mean() + math.log(125) / 8, 1e-6)


def rows_set_aside_cost_the_certificate() -> None:
    """Leaving out the rows that failed conditions on the draws of the others: an estimate, of no δ."""
    lower, upper = np.array([-3.0, -2.0]), np.array([-2.5, -1.9])
    for set_aside, status in (((), "certified-lower"), ((7,), "estimate")):
        evidence = means.evidence_of(_measured(lower, upper, lower, set_aside=set_aside), AuditOptions())
        assert evidence.lower.status == status, f"{evidence.lower.status} with {len(set_aside)} rows set aside"
        assert (evidence.lower.delta is None) == bool(set_aside)


def bracket_fails_no_more_often_than_it_says() -> None:
    """200 data sets of 50 rows with log p(x) = 0, by walks and importance weights that are each unbiased."""
    rng, sets, delta, spread = np.random.default_rng(1), 200, 0.2, 0.8
    forward, reverse = (rng.normal(sign * spread**2 / 2, spread, (sets, 50, 2)) for sign in (-1, 1))
    lower, upper = forward[..., 0], reverse[..., 0]
    importance = rng.normal(-(spread**2) / 2, spread, (sets, 50))
    brackets = [
        means.evidence_of(_measured(*rows, forward=there, reverse=back), AuditOptions(delta=delta))
        for *rows, there, back in zip(lower, upper, importance, forward, reverse, strict=True)
    ]
    failures = sum(one.lower.value > 0 or one.upper.value < 0 for one in brackets)
    chance = stats.binomtest(failures, sets, delta, alternative="greater").pvalue
    assert chance > 1e-6, f"{failures} of {sets} brackets fail, at {delta}"


class _Finished(KeptParts):
    """Parts of an audit that were finished before: all of them."""

    def __init__(self, parts):
        super().__init__(None, {})
        self.parts = [jax.tree.leaves(part) for part in parts]

    def load(self):
        return self.parts


def finished_rows_are_all_rows() -> None:
    """What an audit returns of sixty rows is all sixty, ascending, wide brackets and narrow ones."""
    model, rng = linear_gaussian(), np.random.default_rng(2)
    order, widths = rng.permutation(60), np.where(np.arange(60) % 2, 3.0, 0.1)
    wanted, parts = rowwise.Wanted(draws=2, prior=False, refined=True, walks=True), []
    for numbers in (order[:32], order[32:]):
        column = np.zeros(len(numbers))
        zeros = jax.tree.map(lambda _, column=column: column, rowwise.template(wanted))
        parts.append(zeros._replace(numbers=numbers, walks=zeros.walks._replace(upper=widths[numbers])))
    rows, ended = rowwise.measure_rows(
        model,
        Constant(model.prior()),
        np.zeros((60, 5)),
        order,
        key=jr.key(0),
        wanted=wanted,
        effort=Effort(60, 0.5, None),
        partial=_Finished(parts),
        on_block=None,
    )
    assert ended == "all rows"
    np.testing.assert_array_equal(rows.numbers, np.arange(60))
    np.testing.assert_array_equal(rows.walks.upper, widths)
