"""Two factorisations at once can hang: on a processor, jaxlib 0.10 runs them on the threads that wait for them."""

import itertools
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import jax.random as jr
import pytest
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal
from numpyro import distributions as dist

from taut import guides, likelihoods, models, networks
from taut.auditing.imputation import ImputationOfRow
from taut.auditing.refinement import RefinementOfRow
from taut.auditing.search import ClimbsOfRow, MixtureOfRow
from taut.numerics import AffineMap

FACTORISATIONS = {"cholesky", "lu", "lu_pivots_to_permutation", "eigh", "qr", "svd", "householder_product", "schur"}
LATENTS, ENTRIES = 5, 4


def inner(value: object) -> Iterator[Jaxpr]:
    """The programs that a parameter of an operation holds."""
    if isinstance(value, ClosedJaxpr):
        yield value.jaxpr
    elif isinstance(value, Jaxpr):
        yield value
    elif isinstance(value, (tuple, list)):
        yield from itertools.chain.from_iterable(inner(each) for each in value)


def factorises(equation) -> bool:
    own = equation.primitive.name in FACTORISATIONS
    parts = itertools.chain.from_iterable(inner(value) for value in equation.params.values())
    return own or any(factorises(each) for part in parts for each in part.eqns)


def at_once(program: Jaxpr) -> list[tuple[str, str]]:
    """Pairs of factorisations of which neither needs the other, in a program and in what it calls."""
    pairs, before = [], {}
    done = []
    for equation in program.eqns:
        needed = set().union(*(before.get(v, set()) for v in equation.invars if not isinstance(v, Literal)))
        if factorises(equation):
            pairs += [(each.primitive.name, equation.primitive.name) for each in done if id(each) not in needed]
            done.append(equation)
            needed = needed | {id(equation)}
        before |= dict.fromkeys(equation.outvars, needed)
        for part in itertools.chain.from_iterable(inner(value) for value in equation.params.values()):
            pairs += at_once(part)
    return pairs


def parts(likelihood, prior):
    model = models.LatentVariableModel(
        prior=prior,
        decoder=networks.Perceptron(LATENTS, likelihood.outputs, hidden=(4,), key=jr.key(0)),
        likelihood=likelihood,
    )
    guide = guides.GaussianEncoder(ENTRIES, LATENTS, hidden=(4,), covariance="full", key=jr.key(1))
    return model, guide


def known():
    return parts(likelihoods.Bernoulli(ENTRIES), models.standard_normal(LATENTS))


def unknown():
    return parts(likelihoods.StudentT(ENTRIES), dist.StudentT(5.0, jnp.zeros(LATENTS), 1.0).to_event(1))


def frame():
    return AffineMap(jnp.zeros(LATENTS), jnp.eye(LATENTS))


ROWS = {
    "refinement": (RefinementOfRow(8), dict),
    "climbs": (ClimbsOfRow(), lambda: {"aside": frame()}),
    "mixture": (MixtureOfRow(), lambda: {"aside": (frame(), jnp.zeros((2, LATENTS)))}),
    "completion": (ImputationOfRow(2, (1,) * ENTRIES, 0.9), dict),
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("made", [known, unknown])
def test_no_two_factorisations_may_run_at_once(name, made):
    function, aside = ROWS[name][0], ROWS[name][1]()
    model, guide = made()

    def one(x, key):
        return function(model, guide, x, key=key, **aside)

    program = jax.make_jaxpr(one)(jnp.ones(ENTRIES), jr.key(0)).jaxpr
    assert any(factorises(each) for each in program.eqns)
    assert at_once(program) == []


def test_two_at_once_are_found():
    program = jax.make_jaxpr(lambda a: jnp.linalg.slogdet(a)[1] + jnp.linalg.cholesky(a)[0, 0])(jnp.eye(5)).jaxpr
    assert at_once(program)
