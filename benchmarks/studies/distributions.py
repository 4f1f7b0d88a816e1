"""Distributions of our own beside numpyro's: log p in single precision where it is hard, and the time of its gradient.

    python benchmarks/studies/distributions.py

`exact` is scipy's, or a formula in double precision. The time is that of log p and its gradient for 100 rows of 784
entries, the shortest of 200 calls.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jax.nn import log_sigmoid
from scipy import special, stats

from taut.likelihoods.binary import VectorOfZerosAndOnes, ZerosAndOnes
from taut.likelihoods.categories import CategoryCodes
from taut.likelihoods.counts import CountsOutOf, OverdispersedCounts, PoissonCounts
from taut.likelihoods.transformed import BetaShares
from taut.numerics import log_diff_sigmoid

SHAPE = (100, 784)
Make = Callable[..., dist.Distribution]


class Pair(NamedTuple):
    """Both ways to one distribution, its parameters and a value where log p is hard, and what log p is."""

    name: str
    theirs: Make
    ours: Make
    at: tuple[float, ...]
    value: float
    exact: float


def cut(location: jax.Array) -> dist.Distribution:
    """Three levels in order as categories with logarithms of shares."""
    low, high = -1.0 - location, 1.0 - location
    middle = log_diff_sigmoid(high, low)
    return CategoryCodes(jnp.stack([log_sigmoid(low), middle, log_sigmoid(-high)], axis=-1))


def library_cut(location: jax.Array) -> dist.Distribution:
    """The same by numpyro."""
    cuts = jnp.broadcast_to(jnp.array([-1.0, 1.0]), (*jnp.shape(location), 2))
    return dist.OrderedLogistic(location, cuts)


PAIRS = [
    Pair("bernoulli", dist.BernoulliLogits, ZerosAndOnes, (0.0,), 1.0, np.log(0.5)),
    Pair("bernoulli", dist.BernoulliLogits, ZerosAndOnes, (np.nan,), 1.0, np.nan),
    Pair("ordered, 3 levels", library_cut, cut, (-20.0,), 1, special.log_expit(-19.0) + np.log(-np.expm1(-2.0))),
    Pair("beta", dist.Beta, BetaShares, (0.5, 0.5), 1.0, stats.beta(0.5, 0.5).logpdf(1.0 - 1e-6)),
    Pair("poisson", lambda m: dist.Poisson(jnp.exp(m)), PoissonCounts, (np.log(1e7),), 9_999_997,
         stats.poisson(1e7).logpmf(9_999_997)),
    Pair("binomial", lambda a: dist.BinomialLogits(a, 10**7), lambda a: CountsOutOf(a, 10**7), (0.0,), 5_000_000,
         stats.binom(10**7, 0.5).logpmf(5_000_000)),
    Pair("negative binomial", lambda m, r: dist.NegativeBinomial2(jnp.exp(m), r), OverdispersedCounts,
         (np.log(1e7), 500.0), 9_993_331, stats.nbinom(500, 500 / (500 + 1e7)).logpmf(9_993_331)),
]  # fmt: skip


def in_its_type(value: float) -> jax.Array:
    """A code or count as an integer, which some of numpyro's distributions want."""
    return jnp.asarray(value, jnp.int32 if isinstance(value, int) else jnp.float32)


def log_p(make: Make, at: tuple[float, ...], value: float) -> tuple[float, float]:
    """Log p and its slope in the first parameter."""
    first, *others = (jnp.float32(each) for each in at)
    found = jax.value_and_grad(lambda first: jnp.sum(make(first, *others).log_prob(in_its_type(value))))(first)
    return float(found[0]), float(found[1])


def microseconds(make: Make, at: tuple[float, ...], value: float) -> float:
    """Of log p and its gradient."""
    draw = np.random.default_rng(0)
    parameters = [jnp.asarray(each * np.exp(0.1 * draw.normal(size=SHAPE)), jnp.float32) for each in at]
    values = jnp.broadcast_to(in_its_type(value), SHAPE)
    call = jax.jit(jax.value_and_grad(lambda parameters: jnp.sum(make(*parameters).log_prob(values))))
    jax.block_until_ready(call(parameters))
    times = []
    for _ in range(200):
        start = time.perf_counter()
        jax.block_until_ready(call(parameters))
        times.append(time.perf_counter() - start)
    return 1e6 * min(times)


def main() -> None:
    """Print the table."""
    numpyro.enable_validation(False)
    print(
        "| distribution | parameters; x | numpyro: log p, slope | ours: log p, slope | exact | µs numpyro | µs ours |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, theirs, ours, at, value, exact in PAIRS:
        place = f"{', '.join(f'{each:.6g}' for each in at)}; {value:.9g}"
        shown = [f"{value:.4f}, {slope:.4g}" for value, slope in (log_p(theirs, at, value), log_p(ours, at, value))]
        speed = [f"{microseconds(make, at, value):.0f}" for make in (theirs, ours)]
        print(f"| {name} | {place} | {shown[0]} | {shown[1]} | {exact:.4f} | {speed[0]} | {speed[1]} |")
    vector = microseconds(lambda a: VectorOfZerosAndOnes(ZerosAndOnes(a), 1), (1.0,), 1.0)
    library = microseconds(lambda a: dist.BernoulliLogits(a).to_event(1), (1.0,), 1.0)
    print(f"784 zeros and ones as one vector: {vector:.0f} µs ours, {library:.0f} µs numpyro")


if __name__ == "__main__":
    main()
