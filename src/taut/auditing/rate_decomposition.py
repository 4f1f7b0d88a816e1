"""What the rate is made of, for the rows at hand.

    rate  =  mutual information  +  marginal KL
    N⁻¹ Σ_n KL(q(z|x_n) ‖ p(z))  =  I_q(n; z) + KL(q(z) ‖ p(z)),         q(z) = N⁻¹ Σ_n q(z|x_n)

    marginal KL  =  total correlation  +  what each latent has by itself
    KL(q(z) ‖ p(z))  =  KL(q(z) ‖ Π_j q(z_j)) + Σ_j KL(q(z_j) ‖ p(z_j)),  where the prior's latents are independent

q(z) is the mixture over all N rows, the row that made the draw among them. Both lines are then identities about these N
rows, not about the distribution that they came from: log N is the most that the mutual information can be, and where it
comes near, more rows would move part of the marginal KL and of the total correlation over to it.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import equinox as eqx
import jax
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
import scipy
from jaxtyping import Array, Float, Int

from taut.errors import AuditError, OptionError
from taut.numerics import floats_on_device, log_density, mean_and_cholesky
from taut.record import Estimate
from taut.shapes import RandomKey

# Numbers of one temporary, 1 MB: a few of them fit a core's own cache.
NUMBERS_AT_ONCE = 2**17
# Exponentials for the marginals, rows × draws × latents: about ten seconds on one core; beyond it they get fewer draws.
MOST_EXPONENTIALS = 3_000_000_000
FEWEST_DRAWS = 100
LOG_2_PI = math.log(2.0 * math.pi)

Draws = Float[np.ndarray, "draws"]
Latents = Float[np.ndarray, "draws latents"]
Means = Float[np.ndarray, "n latents"]
Spreads = Float[np.ndarray, "n latents"] | Float[np.ndarray, "n latents latents"]


class RateDecomposition(NamedTuple):
    """What the rate is made of, in nats, about the rows that it was measured on.

    `rate` = `mutual_information` + `marginal_kl` to rounding, from one set of draws. `total_correlation`, and `latents`
    with KL(q(z_j) ‖ p(z_j)) for each, are None where the prior is not a Gaussian with independent latents.
    """

    rate: Estimate
    mutual_information: Estimate
    marginal_kl: Estimate
    total_correlation: Estimate | None
    latents: list[Estimate] | None


def decompose_rate(
    means: Means,
    spreads: Spreads,
    prior: dist.Distribution,
    *,
    key: RandomKey,
    most: int = 2000,
    exactly: bool = True,
) -> RateDecomposition:
    """Split the rate of a Gaussian guide into mutual information and marginal KL, over all N rows.

        rate = mean_s [log q(z_s|x_s) − log p(z_s)]
             = mean_s [log q(z_s|x_s) − log q(z_s)] + mean_s [log q(z_s) − log p(z_s)],      z_s ~ q(z|x_s)

    `means` and `spreads` are those of q(z|x_n): standard deviations (N, d), or lower Cholesky roots (N, d, d). `most`
    latents are drawn: equally many from each row where there are fewer rows, else from rows chosen without replacement.
    Errors are of the draws, and as if rows were chosen with replacement, which overstates them. Where N is so large
    that the marginals get fewer draws, the condition of what rests on them says how many; where means and spreads are
    moments of a guide that is no Gaussian, so not `exactly` it, every condition says that.

    Raises OptionError for fewer than two draws, AuditError where there are no rows or something is not finite.
    References: Hoffman & Johnson 2016, ELBO surgery; Chen et al. 2018, arXiv:1802.04942, eq. 2.

    >>> import jax, numpy as np
    >>> from taut.models import standard_normal
    >>> two = decompose_rate(np.array([[-9.0], [9.0]]), np.ones((2, 1)), standard_normal(1), key=jax.random.key(0))
    >>> round(two.mutual_information.value, 4)  # which of the two rows it was: log 2
    0.6931
    """
    _check(means, spreads, most)
    means = means.astype(np.float64)
    rows, z, own = _draw(means, spreads, key=key, most=most)
    mixture, under_prior = _log_mixture(z, means, spreads), _log_prior(prior, z)
    _check_prior(under_prior)
    about = f"about these {len(means)} rows" + ("" if exactly else ", with a Gaussian of its moments for the guide")
    at_most = f"at most log {len(means)} = {math.log(len(means)):.2f}"
    total_correlation, latents = _marginals(rows, z, mixture, means, _deviations(spreads), prior, about)
    return RateDecomposition(
        rate=Estimate.of_mean(own - under_prior, about),
        mutual_information=Estimate.of_mean(own - mixture, f"{about}; {at_most}"),
        marginal_kl=Estimate.of_mean(mixture - under_prior, about),
        total_correlation=total_correlation,
        latents=latents,
    )


def _draw(
    means: Means, spreads: Spreads, *, key: RandomKey, most: int
) -> tuple[Int[np.ndarray, "draws"], Latents, Draws]:
    """Rows in random order, a latent from the guide at each, and its log density there."""
    row_key, noise_key = jr.split(key)
    n, d = means.shape
    draws = most if n >= most else most - most % n
    rows = np.resize(np.asarray(jr.permutation(row_key, n)), draws)
    noise = np.asarray(jr.normal(noise_key, (draws, d)), np.float64)
    if spreads.ndim == 2:
        moved = spreads[rows] * noise
    else:
        blocks = _blocks(draws, d * d)
        moved = np.concatenate([np.einsum("sij,sj->si", spreads[rows[block]], noise[block]) for block in blocks])
    log_volume = np.log(_diagonals(spreads)[rows].astype(np.float64)).sum(axis=1)
    return rows, means[rows] + moved, -0.5 * (noise**2).sum(axis=1) - log_volume - 0.5 * d * LOG_2_PI


def _log_mixture(z: Latents, means: Means, spreads: Spreads) -> Draws:
    """log q(z_s) = log N⁻¹ Σ_n q(z_s|x_n), a block of rows at a time.

    In float64: as matrix products, |z − m|²/s² is a small difference of large numbers.
    """
    centre = means.mean(axis=0)
    z, means = z - centre, means - centre
    quadratic = _diagonal if spreads.ndim == 2 else _full
    total = np.full(len(z), -np.inf)
    for block in _blocks(len(means), len(z)):
        log_q = quadratic(z, means[block], spreads[block].astype(np.float64))
        top = log_q.max(axis=1)
        np.exp(np.subtract(log_q, top[:, None], out=log_q), out=log_q)
        total = np.logaddexp(total, top + np.log(log_q.sum(axis=1)))
    return total - math.log(len(means)) - 0.5 * z.shape[1] * LOG_2_PI


def _diagonal(z: Latents, means: Means, deviations: Means) -> Float[np.ndarray, "draws n"]:
    """−½ |(z − m)/s|² − Σ log s of every draw under every row, as two matrix products."""
    precisions = deviations**-2
    constant = 0.5 * (means**2 * precisions).sum(axis=1) + np.log(deviations).sum(axis=1)
    return z @ (means * precisions).T - 0.5 * (z**2 @ precisions.T) - constant


def _full(z: Latents, means: Means, roots: Float[np.ndarray, "n d d"]) -> Float[np.ndarray, "draws n"]:
    """−½ |L⁻¹(z − m)|² − log |L| of every draw under every row, by one triangular solve for each row."""
    log_q = np.empty((len(z), len(means)))
    for n, (mean, root) in enumerate(zip(means, roots, strict=True)):
        scaled = scipy.linalg.solve_triangular(root, (z - mean).T, lower=True, overwrite_b=True, check_finite=False)
        log_q[:, n] = -0.5 * (scaled**2).sum(axis=0) - np.log(np.diagonal(root)).sum()
    return log_q


def _log_prior(prior: dist.Distribution, z: Latents) -> Draws:
    with jax.default_matmul_precision("highest"):
        return np.asarray(_densities(prior, floats_on_device(z)), np.float64)


@eqx.filter_jit
def _densities(prior: dist.Distribution, z: Float[Array, "draws d"]) -> Float[Array, "draws"]:
    return jax.vmap(lambda one: log_density(prior, one))(z)


def _marginals(
    rows: Int[np.ndarray, "draws"],
    z: Latents,
    mixture: Draws,
    means: Means,
    deviations: Means,
    prior: dist.Distribution,
    about: str,
) -> tuple[Estimate | None, list[Estimate] | None]:
    """Total correlation, and the KL of each latent's marginal: None unless the prior's latents are independent."""
    independent = _independent(prior)
    if independent is None:
        return None, None
    n, d = means.shape
    draws = min(len(z), max(FEWEST_DRAWS, MOST_EXPONENTIALS // (n * d)))
    marginals = np.stack(
        [_log_marginal(rows[:draws], z[:draws, j], means[:, j], deviations[:, j]) for j in range(d)], 1
    )
    centre, scale = independent
    priors = -0.5 * ((z[:draws] - centre) / scale) ** 2 - np.log(scale) - 0.5 * LOG_2_PI
    if draws < len(z):
        about = f"{about}; from {draws} of {len(z)} draws"
    total_correlation = Estimate.of_mean(mixture[:draws] - marginals.sum(axis=1), about)
    return total_correlation, [Estimate.of_mean(latent, about) for latent in (marginals - priors).T]


def _log_marginal(
    rows: Int[np.ndarray, "draws"],
    z: Draws,
    means: Float[np.ndarray, "n"],
    deviations: Float[np.ndarray, "n"],
) -> Draws:
    """log q(z_j) of one latent. No maximum is looked for: the row that made a draw gives it enough density."""
    own = -0.5 * ((z - means[rows]) / deviations[rows]) ** 2 - np.log(deviations[rows])
    log_deviations = np.log(deviations)
    total = np.empty(len(z))
    for block in _blocks(len(z), len(means)):
        terms = np.subtract.outer(z[block], means)
        terms /= deviations
        terms *= terms
        terms *= -0.5
        terms -= log_deviations
        terms -= own[block, None]
        total[block] = np.exp(terms, out=terms).sum(axis=1)
    return own + np.log(total / len(means)) - 0.5 * LOG_2_PI


def _independent(prior: dist.Distribution) -> tuple[Float[np.ndarray, "d"], Float[np.ndarray, "d"]] | None:
    """Means and standard deviations of a Gaussian prior's latents, or None where they are not independent."""
    try:
        mean, root = (np.asarray(part, np.float64) for part in eqx.filter_jit(mean_and_cholesky)(prior))
    except NotImplementedError:
        return None
    scale = np.diagonal(root)
    return (mean, scale) if np.array_equal(root, np.diag(scale)) else None


def _diagonals(spreads: Spreads) -> Means:
    return spreads if spreads.ndim == 2 else np.diagonal(spreads, axis1=1, axis2=2)


def _deviations(spreads: Spreads) -> Means:
    """Each latent's own standard deviation; the sum is in float64 without a copy of all roots in it."""
    if spreads.ndim == 2:
        return spreads.astype(np.float64)
    return np.sqrt(np.einsum("nij,nij->ni", spreads, spreads, dtype=np.float64))


def _blocks(length: int, width: int) -> Iterator[slice]:
    """Slices of so many of `length` that, `width` numbers each, they are about as many numbers as are held at once."""
    step = max(1, NUMBERS_AT_ONCE // width)
    return (slice(start, start + step) for start in range(0, length, step))


def _check(means: Means, spreads: Spreads, most: int) -> None:
    if most < 2:
        raise OptionError(
            f"A split of the rate wants at least 2 draws, to measure its own error; got {most}; take more."
        )
    if len(means) == 0:
        raise AuditError("A split of the rate wants at least one row; got none; audit more.")
    bad = ~np.isfinite(means).all(axis=1) | ~(_diagonals(spreads) > 0).all(axis=1)
    bad |= ~np.isfinite(spreads).reshape(len(means), -1).all(axis=1)
    if np.any(bad):
        raise AuditError(
            "A split of the rate wants finite means and positive scales for every row; "
            f"{np.sum(bad)} of {len(means)} have others, "
            f"first row {np.argmax(bad)}; check the guide on these rows."
        )


def _check_prior(under_prior: Draws) -> None:
    bad = int((~np.isfinite(under_prior)).sum())
    if bad:
        raise AuditError(
            "A split of the rate wants a prior that reaches wherever the guide does; "
            f"{bad} of {len(under_prior)} draws have no finite density under it; "
            "the rate is infinite there, so choose another prior or guide."
        )
