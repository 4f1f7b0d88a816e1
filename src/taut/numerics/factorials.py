"""Log-probabilities of counts without differences of large log-factorials.

In float32, log Γ(10⁷) = 1.5 · 10⁸ is known to about 8, so that a difference of three such numbers is noise. What is
left of them after n log n − n is small, and what was taken out comes back as a deviance, which is small as well.
"""

import math

import jax
import jax.numpy as jnp
from jax.scipy.special import gammaln, xlogy
from jaxtyping import Array, Float

# Below, log Γ itself is small enough; above, four terms of Stirling's series are exact to 10⁻¹⁴.
FEW = 16.0


# Programs within a program: traced and lowered once, however often a log-density asks for them.
@jax.jit
def stirling_rest(n: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """log Γ(n + 1) − (n log n − n), for n of at least zero: of order log n where log Γ is of order n log n.

    >>> import jax.numpy as jnp
    >>> [round(float(stirling_rest(jnp.array(n))), 4) for n in (0.0, 1.0, 1e9)]
    [0.0, 1.0, 11.2806]

    References: Loader 2000, Fast and accurate computation of binomial probabilities.
    """
    few = jnp.where(n < FEW, n, 1.0)
    many = jnp.where(n < FEW, FEW, n)
    # log Γ(1) is 5 · 10⁻⁷ in float32, which adds up over entries that are zero; log Γ(2) is 0.
    direct = gammaln(few + 2.0) - jnp.log1p(few) - xlogy(few, few) + few
    inverse, square = 1.0 / many, 1.0 / many**2
    series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
    return jnp.where(n < FEW, direct, 0.5 * (math.log(2 * math.pi) + jnp.log(many)) + series)


@jax.jit
def count_deviance(x: Float[Array, "*shape"], log_mean: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """x log(x/μ) + μ − x, half the deviance of a count (or of any x ≥ 0) from a mean μ; zero where they are equal.

    Written as x (exp d − 1 − d) with d = log(μ/x), whose terms are no larger than what they add up to by more than 1/d.

    >>> import jax.numpy as jnp
    >>> float(count_deviance(jnp.array(0.0), jnp.log(3.0)))
    3.0
    """
    there = jnp.where(x > 0, x, 1.0)
    ratio = log_mean - jnp.log(there)
    return jnp.where(x > 0, there * (jnp.expm1(ratio) - ratio), jnp.exp(log_mean))
