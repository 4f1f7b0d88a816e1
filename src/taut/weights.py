"""Log-weights: the only place where a model meets a guide."""

import itertools
import math
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
from jax.sharding import Mesh
from jaxtyping import Array, Float, Int, Key, Num

from taut.compiling import compiled_sooner, keep_compiled_programs, numbers_in
from taut.datum import as_floats, bare, rows_in
from taut.distributed import by_device, on_all_devices, row_mesh, rows_on_devices
from taut.guides import AbstractGuide
from taut.kept_parts import KeptParts, blocks_of_next_call
from taut.models import AbstractModel
from taut.numerics import draw_with_density, log_density, take
from taut.shapes import DataLike, DatumLike, Latent, LogWeights, RandomKey, Scalar
from taut.waiting import arrived

__all__ = [
    "LARGEST_KHAT",
    "Draw",
    "LogWeightsOfRow",
    "RowFunction",
    "draw",
    "draw_keys",
    "effective_sample_size",
    "khat_threshold",
    "log_weights",
    "map_rows",
    "pareto_khat",
    "size_for",
    "weigh",
    "weigh_known",
]


class Draw(NamedTuple):
    """One latent drawn from a guide, and the two halves of its log-weight.

    `reconstruction` is log p(x|z) and `divergence` is log q(z|x) − log p(z): its mean is the rate.
    """

    latent: Latent
    reconstruction: Scalar
    divergence: Scalar

    @property
    def log_weight(self) -> Scalar:
        """log p(x,z) − log q(z|x)."""
        return self.reconstruction - self.divergence


def weigh(model: AbstractModel, q: dist.Distribution, x: DatumLike, z: Latent) -> Draw:
    """Both halves of the log-weight of z, for any distribution q that it was drawn from."""
    return weigh_known(model, x, z, log_density(q, z))


def weigh_known(model: AbstractModel, x: DatumLike, z: Latent, log_q: Scalar) -> Draw:
    """`weigh`, where log q(z|x) is known already."""
    return Draw(z, model.log_likelihood(x, z), log_q - log_density(model.prior(), z))


def draw(model: AbstractModel, q: dist.Distribution, x: DatumLike, *, key: RandomKey) -> Draw:
    """Draw one z from q and weigh it."""
    return weigh_known(model, x, *draw_with_density(q, key=key))


def draw_keys(key: RandomKey, draws: int) -> Key[Array, "draws"]:
    """A key for each draw by its number, so that splitting the draws into chunks changes none of them."""
    return jax.vmap(lambda number: jr.fold_in(key, number))(jnp.arange(draws))


def log_weights(
    model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, draws: int, key: RandomKey, chunk: int | None = None
) -> LogWeights:
    """log w_k = log p(x,z_k) − log q(z_k|x) for z_1 … z_K ~ q(·|x): one datum, in nats.

        E w = p(x) and E log w = ELBO, for every guide that covers the posterior

    At most `chunk` draws are held in memory at once; the result does not depend on it.

    >>> import jax, jax.numpy as jnp
    >>> from taut.guides import KnownPosterior
    >>> from taut.models import LinearGaussian
    >>> model = LinearGaussian(weight=jnp.ones((2, 1)), offset=jnp.zeros(2), noise=jnp.ones(2))
    >>> log_w = log_weights(model, KnownPosterior(model.posterior), jnp.zeros(2), draws=3, key=jax.random.key(0))
    >>> [round(float(value), 3) for value in log_w]
    [-2.387, -2.387, -2.387]
    """
    q = guide(x)
    keys = draw_keys(key, draws)

    def one(key: RandomKey) -> Float[Array, ""]:
        return draw(model, q, x, key=key).log_weight

    return jax.vmap(one)(keys) if chunk is None else jax.lax.map(one, keys, batch_size=min(chunk, draws))


# About this many float32 numbers of one activation are held at once: 64 MB, a few of which fit any machine.
NUMBERS_AT_ONCE = 16_000_000
# Weights of the model × passes through it for one row, from which on good code is worth the time to compile it. The
# number of rows does not count: the numbers of a row would depend on it.
MUCH = 50_000_000


class RowFunction(eqx.Module):
    """A function of one datum that `map_rows` can apply to all: its settings are static, its result any pytree."""

    @property
    def passes(self) -> int:
        """How often a row goes through the model, where nothing else takes time."""
        return 1

    @abstractmethod
    def __call__(self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey) -> Any:
        """The result for one datum. What `map_rows` is given as `aside` is passed on, a row's part to each."""


class LogWeightsOfRow(RowFunction):
    """`log_weights` as a row function."""

    draws: int = eqx.field(static=True)
    chunk: int | None = eqx.field(static=True, default=None)

    @property
    def passes(self) -> int:
        """One for each draw."""
        return self.draws

    def __call__(self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey) -> LogWeights:
        """The log-weights of one datum."""
        return log_weights(model, guide, x, draws=self.draws, key=key, chunk=self.chunk)


def map_rows(
    function: RowFunction,
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    *,
    key: RandomKey,
    rows: np.ndarray | None = None,
    block: int = 256,
    on_block: Callable[[int], None] | None = None,
    aside: Any = None,
) -> Any:
    """`function` of every row, as NumPy arrays with a leading axis over rows.

    `aside` is a pytree of arrays with a leading axis over rows; where given, the function receives each row's part of
    it by that name.

    The key of a row is folded in by its number in `rows` (by default its position), so that block size, order
    and the other rows change nothing. The last block is padded and cut, which keeps one compilation. `on_block`
    receives the number of rows done. Where there are several devices, in whatever processes, each takes a share of the
    rows of a block, and every process has the results of all.
    """
    keep_compiled_programs()
    count, data, mesh = rows_in(data), bare(data), row_mesh()
    numbers = np.arange(count) if rows is None else np.asarray(rows)
    devices = 1 if mesh is None else mesh.size
    block = min(block, size_for(math.ceil(count / devices))) * devices
    kept = blocks_of_next_call(function, (model, guide, data, key, numbers, aside, block))
    function, model, key = on_all_devices((function, model, key), mesh)
    guide = on_all_devices(guide, mesh) if guide.amortised else guide
    program = _block if numbers_in(model) * function.passes >= MUCH else compiled_sooner(_block)

    def of_block(taken: np.ndarray) -> tuple[Any, ...]:
        # As floats here, and not in the program, which would be another one for each type that rows are stored in.
        own = None if guide.amortised else take(guide, taken)
        floats = as_floats(take(data, taken))
        own, floats, places, beside = rows_on_devices((own, floats, numbers[taken], take(aside, taken)), mesh)
        return function, model, guide if own is None else own, floats, key, places, beside, mesh

    parts = _kept_before(kept.parts, lambda: of_block(next(_blocks(count, block))))
    done = sum(rows_in(part) for part in parts) // block
    # TF32, the default on recent GPUs, would move log p(x) of an image by tenths of a nat.
    with jax.default_matmul_precision("highest"):
        for number, taken in enumerate(itertools.islice(_blocks(count, block), done, None), done + 1):
            result = arrived(program(*of_block(taken)))
            parts.append(jax.tree.map(np.asarray, result))
            kept.add(jax.tree.leaves(parts[-1]))
            if on_block is not None:
                on_block(min(number * block, count))
    return jax.tree.map(lambda *leaves: np.concatenate(leaves)[:count], *parts)


def _kept_before(kept: KeptParts, first: Callable[[], tuple[Any, ...]]) -> list[Any]:
    """The results that an interrupted call has kept, in the form of those of the `first` block."""
    found = kept.load()
    if not found:
        return []
    structure = jax.tree.structure(eqx.filter_eval_shape(_block, *first()))
    return [jax.tree.unflatten(structure, leaves) for leaves in found]


def size_for(n: int) -> int:
    """The next power of two: few sizes, so that one compiled program serves many numbers of rows.

    >>> size_for(1), size_for(20), size_for(32)
    (1, 32, 32)
    """
    return 1 << max(n - 1, 0).bit_length()


def _blocks(n: int, block: int) -> Iterator[np.ndarray]:
    for start in range(0, n, block):
        yield np.minimum(np.arange(start, start + block), n - 1)


@eqx.filter_jit
def _block(
    function: RowFunction,
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    key: RandomKey,
    numbers: Num[Array, "n"],
    aside: Any,
    mesh: Mesh | None,
) -> Any:
    def some(whole: Any, rows: Any) -> Any:
        function, model, guide, key = whole
        own, data, numbers, aside = rows
        keys: Key[Array, "k"] = jax.vmap(lambda number: jr.fold_in(key, number))(numbers)

        def one(guide: AbstractGuide, x: DatumLike, key: RandomKey, aside: Any) -> Any:
            return function(model, guide, x, key=key, **({} if aside is None else {"aside": aside}))

        guide, each = (own, 0) if guide is None else (guide, None)
        return eqx.filter_vmap(one, in_axes=(each, 0, 0, 0))(guide, data, keys, aside)

    shared, own = (guide, None) if guide.amortised else (None, guide)
    return by_device(some, (function, model, shared, key), (own, data, numbers, aside), mesh)


LARGEST_KHAT = 0.7
"""The k̂ past which no number of draws helps (Vehtari et al. 2024, arXiv:1507.02646)."""
# A log-weight is a sum of many terms, each rounded; it is known to about this many steps of its precision.
ROUNDING_STEPS = 16


def effective_sample_size(log_w: LogWeights) -> Scalar:
    """1 / Σ_k w̃_k², between 1 and the number of draws, or 0 where every weight is zero (Kong 1992).

    >>> import jax.numpy as jnp
    >>> float(effective_sample_size(jnp.zeros(8)))
    8.0
    """
    nothing = jnp.all(jnp.isneginf(log_w))
    return jnp.where(nothing, 0.0, 1.0 / jnp.sum(jax.nn.softmax(jnp.where(nothing, 0.0, log_w)) ** 2))


def khat_threshold(draws: int) -> float:
    """The k̂ above which this many draws are too few: min(1 − 1/log₁₀ K, 0.7) (Vehtari et al. 2024, §3.2.3).

    >>> round(khat_threshold(100), 2), round(khat_threshold(5000), 2)
    (0.5, 0.7)
    """
    return min(1.0 - 1.0 / math.log10(draws), LARGEST_KHAT) if draws > 10 else 0.0


def pareto_khat(log_w: LogWeights) -> Scalar:
    """Tail index k̂ of the weights: 1/k̂ is the number of moments that they seem to have.

    A generalised Pareto distribution is fitted to the M = ⌈min(0.2 K, 3 √K)⌉ largest weights by the
    posterior-mean estimator of Zhang & Stephens 2009, then drawn to ½ with the weight of ten observations. Weights
    that differ by no more than the rounding of their logarithms have no tail, and get 0. The result is infinite where
    the tail cannot be judged: fewer than five weights in it, no weight above zero, or a weight that is not a number.

    References: Vehtari et al. 2024, Pareto smoothed importance sampling, JMLR 25(72), appendix C.

    >>> import jax.numpy as jnp
    >>> float(pareto_khat(jnp.zeros(1000)))
    0.0
    """
    draws = log_w.shape[0]
    tail = math.ceil(min(0.2 * draws, 3.0 * math.sqrt(draws)))
    if tail < 5:
        return jnp.asarray(jnp.inf, log_w.dtype)
    ordered = jnp.sort(log_w)  # what is not a number goes last
    top, cut = ordered[-1], ordered[-tail - 1]
    weights = jnp.exp(ordered - top)
    exceedances = weights[-tail:] - weights[-tail - 1]
    # Where a quarter of the tail ties with the cut the estimator has no scale to start from; then the ties are left
    # out.
    tied = exceedances[_quartile(tail)] <= 0
    held = jnp.where(tied, jnp.sum(exceedances > 0), tail)
    fitted = jnp.isfinite(top) & (held >= 5)
    usable = jnp.where(fitted, exceedances, jnp.arange(1.0, tail + 1, dtype=log_w.dtype))
    shape = _fit_generalised_pareto(usable, jnp.where(fitted, held, tail))
    khat = jnp.where(fitted, (held * shape + 5.0) / (held + 10.0), jnp.inf)
    # Under the exact posterior all weights are equal but for rounding, whose tail would be fitted as if it meant
    # something.
    rounding = ROUNDING_STEPS * jnp.finfo(log_w.dtype).eps * jnp.maximum(jnp.abs(top), 1.0)
    return jnp.where(jnp.isfinite(top) & (top - cut <= rounding), 0.0, khat)


def _fit_generalised_pareto(x: Float[Array, "tail"], n: Int[Array, ""]) -> Scalar:
    """Shape of the generalised Pareto distribution for the last n of ascending x ≥ 0 (Zhang & Stephens 2009, eqs 3–6).

    What comes before them must be zero, so that it adds nothing to the sums.
    """
    tail = x.shape[0]
    grid = 30 + math.isqrt(tail)
    candidates = 1.0 - jnp.sqrt(grid / (jnp.arange(1, grid + 1, dtype=x.dtype) - 0.5))
    b = candidates / (3.0 * x[tail - n + _quartile(n)]) + 1.0 / x[-1]
    shapes = jnp.sum(jnp.log1p(-jnp.outer(b, x)), axis=1) / n
    log_likelihood = n * (jnp.log(-b / shapes) - shapes - 1.0)
    return jnp.sum(jnp.log1p(-jnp.sum(b * jax.nn.softmax(log_likelihood)) * x)) / n


def _quartile(n: Int[Array, ""] | int) -> Int[Array, ""] | int:
    """Index of the lower quartile of n ascending values: ⌊n/4 + ½⌋, counted from one."""
    return (n + 2) // 4 - 1
