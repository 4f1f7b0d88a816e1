"""Bugs of bounds from walks, and of the bracket that an audit makes of them."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from taut.auditing import means
from taut.bounds import annealed
from taut.numerics import log_mean_exp
from tests.mutants.oracles import brackets, walking
from tests.mutants.planting import Mutant


def mean_over_the_living(log_w):
    alive = jnp.isfinite(log_w)
    return logsumexp(jnp.where(alive, log_w, -jnp.inf)) - jnp.log(jnp.sum(alive))


def dead(log_w, value):
    return jnp.where(jnp.isnan(log_w), value, log_w)


def each_upper(reverse, forward, mean=log_mean_exp):
    """log U_c for every reverse walk: the mean of its weight and of all forward ones but the c-th."""
    return jax.vmap(lambda c: mean(forward.at[c].set(reverse[c])))(jnp.arange(reverse.shape[0]))


def faultless(reverse, forward):
    return -log_mean_exp(-each_upper(dead(reverse, jnp.inf), dead(forward, -jnp.inf)))


def failed_reverse_walks_dropped(reverse, forward):
    return -mean_over_the_living(-each_upper(reverse, dead(forward, -jnp.inf)))


def failed_partners_dropped(reverse, forward):
    return -log_mean_exp(-each_upper(dead(reverse, jnp.inf), forward, mean_over_the_living))


def own_partner_kept(reverse, forward):
    whole = logsumexp(dead(forward, -jnp.inf)) - jnp.log(forward.shape[0])
    return -log_mean_exp(-jnp.logaddexp(whole, dead(reverse, jnp.inf) - jnp.log(forward.shape[0])))


def mean_of_the_uppers(reverse, forward):
    return log_mean_exp(each_upper(dead(reverse, jnp.inf), dead(forward, -jnp.inf)))


def mean_of_logs(reverse, forward):
    return jnp.mean(dead(reverse, jnp.inf))


def smallest(reverse, forward):
    return jnp.min(each_upper(dead(reverse, jnp.inf), dead(forward, -jnp.inf)))


def largest(forward):
    return jnp.max(dead(forward, -jnp.inf))


def appended_to_itself(forward):
    """The mean of a list that grows by its own mean: the first walks count more than the last."""
    listed = dead(forward, -jnp.inf)
    for number in range(1, forward.shape[0]):
        listed = jnp.concatenate([listed[:number], log_mean_exp(listed[:number])[None], listed[number:]])
    return log_mean_exp(listed)


def margin_forgotten(values, *, delta=0.01, draws=None):
    return CERTIFIED(values, delta=1.0, draws=draws)


def both_ends_with_all_of_delta(measured, options):
    return BRACKET(measured, dataclasses.replace(options, delta=min(2 * options.delta, 0.999)))


def larger_of_two_estimates(measured, options):
    walks = measured.rows.walks
    best = np.maximum(walks.lower, measured.encoder.log_p)
    rows = measured.rows._replace(walks=walks._replace(lower=best))
    return BRACKET(dataclasses.replace(measured, rows=rows), options)


def certified_all_the_same(measured, lower):
    return lower


BRACKET, CERTIFIED = means._bracket, annealed.certified_upper

LOWER, UPPER, OF_AUDIT = (annealed, "annealed_lower"), (annealed, "annealed_upper"), (means, "_bracket")
BY_HAND, CROOKS = brackets.annealed_bounds_of_known_weights, brackets.bounds_of_weights_whose_evidence_is_one
SHARED, FAILURES = brackets.bracket_shares_its_delta, brackets.bracket_fails_no_more_often_than_it_says
AUDITED = walking.audited_walks_are_unbiased

FAULTLESS = {UPPER: faultless}
MUTANTS = {
    "failed forward walks dropped": Mutant("listed", {LOWER: mean_over_the_living}, (BY_HAND,)),
    "failed reverse walks dropped": Mutant("listed", {UPPER: failed_reverse_walks_dropped}, (BY_HAND,)),
    "failed partners dropped": Mutant("listed", {UPPER: failed_partners_dropped}, (BY_HAND,)),
    "largest forward weight": Mutant("public AIS evaluations", {LOWER: largest}, (CROOKS, BY_HAND, AUDITED)),
    "a list appended to itself": Mutant("public AIS evaluations", {LOWER: appended_to_itself}, (BY_HAND,)),
    "smallest of the upper bounds": Mutant("public AIS evaluations", {UPPER: smallest}, (CROOKS, BY_HAND, AUDITED)),
    "mean of logs above": Mutant("common", {UPPER: mean_of_logs}, (CROOKS, BY_HAND, AUDITED)),
    "mean of U for mean of 1/U": Mutant("common", {UPPER: mean_of_the_uppers}, (CROOKS, BY_HAND, AUDITED)),
    "own partner kept": Mutant("own", {UPPER: own_partner_kept}, (CROOKS, BY_HAND, AUDITED)),
    "upper certificate without its margin": Mutant(
        "listed", {(annealed, "certified_upper"): margin_forgotten}, (brackets.margins_shrink_with_the_rows, SHARED)
    ),
    "both ends with all of δ": Mutant("listed", {OF_AUDIT: both_ends_with_all_of_delta}, (SHARED,)),
    "certified though rows were left out": Mutant(
        "listed",
        {(means, "_uncertified"): certified_all_the_same},
        (brackets.rows_set_aside_cost_the_certificate,),
    ),
    "larger of walks and importance weights": Mutant("listed", {OF_AUDIT: larger_of_two_estimates}, (FAILURES, SHARED)),
}
