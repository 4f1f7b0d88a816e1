"""Whether the guide is right where the truth is known: on rows simulated from the model.

The latent that made a row is an exact draw from p(z|x). If q is the posterior, nothing tells it from the guide's draws.
"""

import functools
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import scipy
from jaxtyping import Array, Bool, Float, Int

from taut.datum import as_floats, rows_in
from taut.errors import AuditError, OptionError
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import moments_of, one_draw, take
from taut.record import Calibration, Coverage
from taut.shapes import DataLike, DatumLike, RandomKey, Scalar
from taut.weights import RowFunction, draw_keys, map_rows

LEVELS = (0.5, 0.9)
# That a right guide has any bin outside the band; that it has any latent called biased.
CHANCE = 0.05
MOST_BINS = 20
FEWEST_IN_BIN = 5
# Simulated rows × draws that are decoded at once, as in an audit.
ROWS_AT_ONCE = 16
# Of histograms of uniform ranks; more where the chance asked for is so small that fewer than 20 would be beyond it.
SIMULATIONS = 20_000
MOST_SIMULATIONS = 200_000


class Ranks(NamedTuple):
    """Simulated rows: where each latent lies in its guide, and among the guide's draws.

    `z_score` is (z − E_q z)/sd_q z. `rank` counts the draws below the latent, and `joint_rank` the draws whose
    log p(x, z_k) is below log p(x, z): 0 … L, uniform where q is the posterior. The latter detects what
    no single latent shows, such as a missing correlation. `finite` is False where any of this could not be computed.
    """

    z_score: Float[np.ndarray, "n latents"]
    rank: Int[np.ndarray, "n latents"]
    joint_rank: Int[np.ndarray, "n"]
    finite: Bool[np.ndarray, "n"]


class RanksOfRow(RowFunction):
    """`Ranks` of one row that is simulated here, with its own key and the holes and conditions of the row passed."""

    draws: int = eqx.field(static=True)

    def __call__(
        self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey, **aside: Any
    ) -> Ranks:
        """Simulate, draw, and compare."""
        model_key, guide_key, tie_key = jr.split(key, 3)
        simulated, z = model.given(x).sample(key=model_key)
        x = as_floats(simulated)
        q = guide(x)
        draws = jax.vmap(lambda key: one_draw(q, key=key))(draw_keys(guide_key, self.draws))
        mean, variance, *_ = moments_of(q)
        log_joint = model.log_joint(x, z)
        log_joints = jax.vmap(lambda one: model.log_joint(x, one))(draws)
        latent_key, joint_key = jr.split(tie_key)
        z_score = (z - mean) / jnp.sqrt(variance)
        everything = jnp.concatenate([z_score, jnp.ravel(draws), log_joints, log_joint[None]])
        numbers: dict[str, Any] = {
            "z_score": z_score,
            "rank": jax.vmap(_rank, in_axes=(0, 1, 0))(z, draws, jr.split(latent_key, len(z))),
            "joint_rank": _rank(log_joint, log_joints, joint_key),
            "finite": jnp.all(jnp.isfinite(everything)),
        }
        return Ranks(**numbers)


def calibrate(
    model: AbstractModel,
    guide: AbstractGuide,
    *,
    key: RandomKey,
    rows: int = 500,
    draws: int = 99,
    like: DataLike | None = None,
) -> Calibration:
    """Compare the guide with exact posterior draws, on `rows` simulated from the model.

    Under q = p(z|x) a latent's rank among L draws is uniform on 0 … L, whatever the model.
    `draws` + 1 must be a multiple of the number of bins, at most 20: 99 gives 20 bins, and both coverages exactly.

    A latent is `biased` where the distribution function of its ranks, at the edges of the bins, leaves the band that
    holds it at all of them at once with probability 1 − 5 %/d: for a right guide over d latents the list is then empty
    with 95 %, however they depend on one another. The pooled histogram counts the d ranks of a row together, which are
    not independent. Its band is that of rows·d/D independent ranks, stretched by D: the design effect, from 1 where
    latents are independent to d where they move as one, measured from the spread between rows.

    Raises OptionError for counts that make no sense or a guide that is not amortised, AuditError where something is not
    finite.
    `like` holds rows whose holes and covariates the simulated ones take in turn, where the model knows of such.
    References: Talts et al. 2018, arXiv:1804.06788; Säilynoja, Bürkner & Vehtari 2022, arXiv:2103.10522 (band
    by simulation); Rao & Scott 1981 for the design effect.

    >>> import jax, jax.numpy as jnp
    >>> from taut.guides import KnownPosterior
    >>> from taut.models import LinearGaussian
    >>> model = LinearGaussian(weight=jnp.ones((2, 1)), offset=jnp.zeros(2), noise=jnp.ones(2))
    >>> calibrate(model, KnownPosterior(model.posterior), key=jax.random.key(1)).biased
    []
    """
    return summarise(rank_simulated(model, guide, key=key, rows=rows, draws=draws, like=like), draws=draws)


def rank_simulated(
    model: AbstractModel,
    guide: AbstractGuide,
    *,
    key: RandomKey,
    rows: int,
    draws: int,
    like: DataLike | None = None,
) -> Ranks:
    """`Ranks` of this many simulated rows; a row's key is folded in by its number.

    Raises OptionError for a guide that is not amortised or latents that are no real vectors, AuditError where something
    is not finite.
    """
    if not guide.amortised or len(model.prior().event_shape) != 1:
        raise OptionError(
            "Calibration wants an amortised guide over latents that are real vectors, since its rows are simulated; "
            "got another; calibrate the encoder that the local guides started from."
        )
    templates = np.empty((rows, 0)) if like is None else take(like, np.arange(rows) % rows_in(like))
    ranks = map_rows(RanksOfRow(draws), model, guide, templates, key=key, block=ROWS_AT_ONCE)
    bad = ~ranks.finite
    if bad.any():
        raise AuditError(
            f"Calibration wants finite latents, draws and log p(x, z); {int(bad.sum())} of {rows} simulated rows have "
            "others; look at what the model samples, and at the guide's scales there."
        )
    return ranks


def summarise(ranks: Ranks, *, draws: int) -> Calibration:
    """The account of ranks among this many draws; see `calibrate`."""
    rows, latents = ranks.rank.shape
    bins = _bins(rows, draws)
    binned = ranks.rank // ((draws + 1) // bins)
    by_row = (binned[:, :, None] == np.arange(bins)).sum(axis=1)
    by_latent = (binned[:, :, None] == np.arange(bins)).sum(axis=0)
    scores = ranks.z_score.astype(np.float64)
    p_values = _smallest_p(np.cumsum(by_latent, axis=1)[:, :-1], rows)
    return Calibration(
        rows=rows,
        draws=draws,
        z_mean=float(scores.mean()),
        z_sd=float(scores.std()),
        coverage=[_coverage(ranks.rank, draws, level) for level in LEVELS],
        ranks=by_latent.sum(axis=0).tolist(),
        band=_band(rows * latents, bins, _design_effect(by_row)),
        biased=np.flatnonzero(p_values < _threshold(rows, bins, CHANCE / latents)).tolist(),
    )


def _bins(rows: int, draws: int) -> int:
    """The largest divisor of draws + 1 that leaves enough rows in each bin."""
    most = min(MOST_BINS, rows // FEWEST_IN_BIN)
    divisors = [bins for bins in range(2, most + 1) if (draws + 1) % bins == 0]
    if not divisors:
        raise OptionError(
            f"Calibration wants at least {2 * FEWEST_IN_BIN} rows, and draws + 1 a multiple of at most {MOST_BINS} "
            f"bins; got {rows} rows and {draws} draws; 500 and 99 are usual."
        )
    return divisors[-1]


def _rank(value: Scalar, draws: Float[Array, "draws"], key: RandomKey) -> Int[Array, ""]:
    """The number of draws below, ties broken at random: otherwise a value that rounding repeats would seem biased."""
    return jnp.sum(draws < value) + jr.randint(key, (), 0, jnp.sum(draws == value) + 1)


def _coverage(rank: Int[np.ndarray, "n latents"], draws: int, level: float) -> Coverage:
    """The share of latents between two draws, of the central interval whose level is nearest to this one."""
    outside = round((1.0 - level) * (draws + 1) / 2)
    inside = (rank >= outside) & (rank <= draws - outside)
    return Coverage(level=1.0 - 2 * outside / (draws + 1), observed=float(inside.mean()))


def _design_effect(by_row: Int[np.ndarray, "n bins"]) -> float:
    """How much more the pooled counts vary than those of independent ranks, from the spread between rows."""
    latents, share = int(by_row[0].sum()), 1.0 / by_row.shape[1]
    effect = by_row.var(axis=0, ddof=1).mean() / (latents * share * (1.0 - share))
    return float(np.clip(effect, 1.0, latents))


def _band(count: int, bins: int, effect: float) -> tuple[float, float]:
    """Counts between which every bin lies at once with 95 %: of count/effect independent ranks, times the effect."""
    independent = np.random.default_rng(0).multinomial(round(count / effect), [1.0 / bins] * bins, size=SIMULATIONS)
    low = np.quantile(independent.min(axis=1), CHANCE / 2, method="lower")
    high = np.quantile(independent.max(axis=1), 1.0 - CHANCE / 2, method="higher")
    return float(low * effect), float(high * effect)


@functools.cache
def _threshold(rows: int, bins: int, chance: float) -> float:
    """The value below which `_smallest_p` of uniform ranks falls with at most this chance."""
    simulations = min(MOST_SIMULATIONS, max(SIMULATIONS, round(20 / chance)))
    uniform = np.random.default_rng(0).multinomial(rows, [1.0 / bins] * bins, size=simulations)
    return float(np.quantile(_smallest_p(np.cumsum(uniform, axis=1)[:, :-1], rows), chance, method="lower"))


def _smallest_p(below: Int[np.ndarray, "k edges"], rows: int) -> Float[np.ndarray, "k"]:
    """The smallest two-sided binomial p-value of the numbers of ranks below each edge."""
    edges = np.arange(below.shape[1])
    counts, shares = np.arange(rows + 1)[:, None], (edges + 1) / (len(edges) + 1)
    binomial = scipy.stats.binom(rows, shares)
    table = 2.0 * np.minimum(binomial.cdf(counts), binomial.sf(counts - 1))
    return table[below, edges].min(axis=1)
