"""No value leaves the range that a rule gives it: every primitive on boxes small and large, and at its edges."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from taut.bounds.enclosure import enclosed, enclosed_by_slopes
from taut.bounds.ranges import STRUCTURAL, UnknownPrimitiveError
from taut.bounds.rules import RULES
from taut.numerics import bernoulli_log_prob

MATRIX = np.array([[2.0, 0.0], [-1.0, 0.5]])
WEIGHTS = np.array([[0.3, -1.7], [2.0, 0.4], [-0.2, -0.9]])


@jax.custom_jvp
def relu(x):
    """Named like one of JAX's, and nothing like it."""
    return -x


relu.defjvp(lambda primals, tangents: (relu(*primals), -tangents[0]))


def truth(value):
    return lax.convert_element_type(value, float)


def integers(z):
    return lax.convert_element_type(z, int)


# Each with the primitive that it is there for, as functions of two latents; where a function is not defined, no value
# is compared.
CASES = {
    "add": lambda z: z[0] + z[1],
    "add_any": lambda z: jax.grad(lambda y: jnp.exp(y) * jnp.sin(y))(z[0]),
    "sub": lambda z: z[0] - z[1],
    "neg": lambda z: -z[0],
    "mul": lambda z: z[0] * z[1],
    "div": lambda z: z[0] / z[1],
    "dot_general": lambda z: jnp.sum(jnp.tanh(WEIGHTS @ z)) + z @ (MATRIX @ z),
    "triangular_solve": lambda z: lax.linalg.triangular_solve(
        jnp.asarray(MATRIX, z.dtype), z[:, None], left_side=True, lower=True
    )[1, 0],
    "integer_pow": lambda z: z[0] ** 3 + z[1] ** -3 + z[0] ** -2 + z[1] ** 5,
    "square": lambda z: lax.square(z[0]),
    "pow": lambda z: lax.pow(z[0], z[1]) + lax.pow(z[0], 1.5) + lax.pow(z[1], 2.0),
    "abs": lambda z: jnp.abs(z[0]),
    "max": lambda z: lax.max(z[0], z[1]),
    "min": lambda z: lax.min(z[0], z[1]),
    "clamp": lambda z: lax.clamp(-0.3, z[0], jnp.abs(z[1])),
    "reduce_max": lambda z: jnp.max(jnp.outer(z, z)),
    "reduce_sum": lambda z: jnp.sum(jnp.exp(z)),
    "select_n": lambda z: jnp.where(z[0] > z[1], jnp.sin(z[0]), 3.0 + z[1]),
    "exp": lambda z: jnp.exp(z[0]),
    "exp2": lambda z: lax.exp2(z[0]),
    "expm1": lambda z: jnp.expm1(z[0]),
    "log": lambda z: jnp.log(z[0]),
    "log1p": lambda z: jnp.log1p(z[0]),
    "sqrt": lambda z: jnp.sqrt(z[0]),
    "rsqrt": lambda z: lax.rsqrt(z[0]),
    "cbrt": lambda z: jnp.cbrt(z[0]),
    "tanh": lambda z: jnp.tanh(z[0]),
    "logistic": lambda z: jax.nn.sigmoid(z[0]),
    "erf": lambda z: lax.erf(z[0]),
    "erfc": lambda z: lax.erfc(z[0]),
    "erf_inv": lambda z: lax.erf_inv(z[0]),
    "sinh": lambda z: jnp.sinh(z[0]),
    "asinh": lambda z: jnp.arcsinh(z[0]),
    "cosh": lambda z: jnp.cosh(z[0]),
    "atan": lambda z: jnp.arctan(z[0]),
    "sin": lambda z: jnp.sin(z[0]),
    "cos": lambda z: jnp.cos(z[0]),
    "sign": lambda z: jnp.sign(z[0]),
    "floor": lambda z: jnp.floor(z[0]),
    "ceil": lambda z: jnp.ceil(z[0]),
    "lgamma": lambda z: lax.lgamma(z[0]),
    "digamma": lambda z: lax.digamma(z[0]),
    "lt": lambda z: truth(z[0] < z[1]) + truth(z[0] < 0.0),
    "le": lambda z: truth(z[0] <= z[1]) + truth(z[0] <= z[0]),
    "gt": lambda z: truth(z[0] > z[1]) + truth(z[0] > z[0]),
    "ge": lambda z: truth(z[0] >= z[1]) + truth(z[0] >= 1.0),
    "eq": lambda z: truth(jnp.floor(z[0]) == jnp.floor(z[1])),
    "ne": lambda z: truth(jnp.floor(z[0]) != 1.0),
    "and": lambda z: truth((z[0] > 0) & (z[1] > 0)),
    "or": lambda z: truth((z[0] > 0) | (z[1] > 0)),
    "not": lambda z: truth(~(z[0] > 0)),
    "is_finite": lambda z: truth(jnp.isfinite(jnp.sqrt(z[0]))) + truth(jnp.isfinite(1.0 / z[1])),
    "cumsum": lambda z: jnp.sum(jnp.cumsum(jnp.sin(z)) * WEIGHTS[0]),
    "cummax": lambda z: lax.cummax(jnp.stack([z[0], z[1], -z[0]]))[2],
    "cummin": lambda z: lax.cummin(jnp.stack([z[0], z[1], -z[0]]))[2],
    "sort": lambda z: jnp.sort(jnp.stack([z[0], z[1], -z[0]]))[1],
    "reduce_min": jnp.min,
    "reduce_and": lambda z: truth(jnp.all(z > 0)),
    "reduce_or": lambda z: truth(jnp.any(z > 0)),
    "gather": lambda z: jnp.sum(z[np.array([1, 1, 0])] * WEIGHTS[:, 0]),
    "dynamic_update_slice": lambda z: jnp.sum(lax.dynamic_update_slice(jnp.zeros(3), z, (1,)) * WEIGHTS[:, 0]),
    "pad": lambda z: jnp.sum(lax.pad(z, z[0], [(1, 0, 0)]) * WEIGHTS[:, 0]),
    "concatenate": lambda z: jnp.sum(jnp.concatenate([z, z[::-1]]) ** 3),
    "transpose": lambda z: (jnp.outer(z, WEIGHTS[0]).T @ z)[0],
    "convert_element_type": lambda z: truth(integers(jnp.clip(z[0], -9.0, 9.0))),
    # Where a mark for log Σ exp may be passed on wrongly.
    "a maximum beside other rows": lambda z: _sum_exp(jnp.outer(z, WEIGHTS[0]), lambda m: jnp.max(m, axis=0)[:, None]),
    "a maximum that is not there": lambda z: _sum_exp(z, lambda z: jnp.where(z[1] > 0, jnp.max(z), 5.0)),
    "a maximum with something larger": lambda z: _sum_exp(z, lambda z: jnp.maximum(jnp.max(z), 2.0)),
    "a maximum of whole numbers": lambda z: _sum_exp(z, lambda z: truth(integers(jnp.clip(jnp.max(z), -9.0, 9.0)))),
    "infinity less infinity": lambda z: jnp.exp(0.1 * (jnp.exp(z[0]) - jnp.exp(z[0] + z[1]))),
    "infinity less infinity, compared": lambda z: truth(jnp.exp(z[0]) - jnp.exp(z[1]) > 1.0),
    "a number or none": lambda z: truth(jnp.isnan(jnp.log(z[0]))) + truth(jnp.isnan(z[1])),
    "a value that is held fixed": lambda z: lax.stop_gradient(z[0]) ** 2,
    "somebody's own relu": lambda z: relu(z[0]) + z[1],
    "zeros and ones": lambda z: bernoulli_log_prob(jnp.array([0.0, 1.0, 0.3]), WEIGHTS @ z),
}
# Moved or copied only, or met under another name above.
UNTESTED = {
    "broadcast_in_dim", "reshape", "squeeze", "stop_gradient", "copy", "copy_p", "stack", "unstack", "slice", "rev",
    "expand_dims", "tile", "split", "dynamic_slice", "reduce_precision",
}  # fmt: skip


def _sum_exp(values, shift):
    return jnp.sum(jnp.exp(jnp.clip(values - shift(values), -30.0, 30.0)), axis=0).sum()


def boxes():
    """Low and high ends: of all sizes, from and to zero, of one point, across whole numbers, and without bounds."""
    rng = np.random.default_rng(0)
    centres, halves = rng.normal(size=(60, 2)) * 2, np.repeat([4.0, 0.4, 1e-3], 20)[:, None] * rng.uniform(size=(60, 2))
    low, high = centres - halves, centres + halves
    edges = [[0.0, 0.5], [-0.5, 0.0], [1.0, 1.0], [0.0, 0.0], [-1.0, 1.0], [1e-9, 1e30], [-1e30, 1e30], [800.0, 1e3]]
    pairs = np.array([[a, b] for a in edges for b in edges])
    return np.concatenate([low, pairs[:, :, 0]]), np.concatenate([high, pairs[:, :, 1]])


def test_every_rule_has_a_case(float64):
    for name in set(RULES) | (STRUCTURAL - UNTESTED):
        assert f" {name}" in str(jax.make_jaxpr(CASES[name])(jnp.ones(2)))


def contained(values, below, above):
    """Whether all values of each box lie in its range; what is no number lies anywhere."""
    least, most = (np.where(np.isnan(values), sign * np.inf, values) for sign in (1.0, -1.0))
    size = 1e-9 * (1.0 + np.where(np.isfinite(values), np.abs(values), 0.0).max(axis=1))
    return (below <= least.min(axis=1) + size) & (above >= most.max(axis=1) - size)


def within(low, high):
    """Points of each box, its corners among them."""
    shares = np.concatenate([[[0, 0], [0, 1], [1, 0], [1, 1]], np.random.default_rng(1).uniform(size=(60, 2))])
    return np.clip(low[:, None] + (high - low)[:, None] * shares, low[:, None], high[:, None])


def test_no_value_leaves_its_range(float64):
    def all_cases(z):
        return jnp.stack([case(z) for case in CASES.values()])

    low, high = boxes()
    values = np.asarray(jax.jit(jax.vmap(jax.vmap(all_cases)))(within(low, high)))
    sound = contained(values, *jax.jit(jax.vmap(lambda a, b: enclosed(all_cases, a, b)))(low, high))
    assert not [name for name, held in zip(CASES, np.asarray(sound).all(axis=0), strict=True) if not held]


@pytest.mark.parametrize(
    "name",
    ["select_n", "floor", "sign", "convert_element_type", "a value that is held fixed", "div", "pow", "zeros and ones"],
)
def test_slopes_know_where_they_say_nothing(name, float64):
    """Over a jump or a pole, or where a derivative is none, the closer bounds hold too."""
    low, high = boxes()
    values = np.asarray(jax.jit(jax.vmap(jax.vmap(CASES[name])))(within(low, high)))
    found = jax.jit(jax.vmap(lambda a, b: enclosed_by_slopes(CASES[name], a, b)[:2]))(low, high)
    assert np.all(contained(values, *found))


@pytest.mark.parametrize(
    "function",
    [
        lambda z: truth(integers(jnp.clip(z[0], -9.0, 9.0)) & 1),
        lambda z: lax.sort((z, jnp.arange(2.0)))[1][0],
        lambda z: jnp.asarray(WEIGHTS[0])[jnp.argmax(z)],
        lambda z: lax.fori_loop(0, 3, lambda _, y: y * z[0], 1.0),
        lambda z: lax.reduce(z, np.ones(()), lambda a, b: a * b + 1.0, (0,)),
        lambda z: jnp.sum(
            jax.vmap(lambda s: bernoulli_log_prob(jnp.array([1.0, 0.0, 0.0]), WEIGHTS @ (s * z)))(np.ones(3))
        ),
    ],
)
def test_what_has_no_rule_is_refused(function, float64):
    with pytest.raises(UnknownPrimitiveError):
        enclosed(function, jnp.zeros(2), jnp.ones(2))
