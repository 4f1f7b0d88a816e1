"""Many rows: the same function of one datum, a block of rows at a time, compiled once."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import equinox as eqx
import jax
import jax.random as jr
import numpy as np
from jaxtyping import Array, Key, Num

from taut.compilation_cache import keep_compiled_programs
from taut.compiling import compiled_sooner, numbers_in
from taut.datum import as_floats, bare, rows_in
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import take
from taut.shapes import DataLike, DatumLike, LogWeights, RandomKey
from taut.weights.drawing import log_weights

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
    receives the number of rows done.
    """
    keep_compiled_programs()
    count, data = rows_in(data), bare(data)
    numbers = np.arange(count) if rows is None else np.asarray(rows)
    block = min(block, size_for(count))
    program = _block if numbers_in(model) * function.passes >= MUCH else compiled_sooner(_block)
    parts = []
    # TF32, the default on recent GPUs, would move log p(x) of an image by tenths of a nat.
    with jax.default_matmul_precision("highest"):
        for taken in _blocks(count, block):
            own = guide if guide.amortised else _on_device(guide, taken)
            # As floats here, and not in the program, which would be another one for each type that rows are stored in.
            floats = jax.device_put(as_floats(take(data, taken)))
            result = program(function, model, own, floats, key, _on_device(numbers, taken), _on_device(aside, taken))
            parts.append(jax.tree.map(np.asarray, result))
            if on_block is not None:
                on_block(min(len(parts) * block, count))
    return jax.tree.map(lambda *leaves: np.concatenate(leaves)[:count], *parts)


def size_for(n: int) -> int:
    """The next power of two: few sizes, so that one compiled program serves many numbers of rows.

    >>> size_for(1), size_for(20), size_for(32)
    (1, 32, 32)
    """
    return 1 << max(n - 1, 0).bit_length()


def _on_device(tree: Any, rows: np.ndarray) -> Any:
    """These rows of every array, put on the device: computed there, each shape would be a compiled program."""
    return jax.device_put(take(tree, rows))


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
) -> Any:
    keys: Key[Array, "n"] = jax.vmap(lambda number: jr.fold_in(key, number))(numbers)

    def one(guide: AbstractGuide, x: DatumLike, key: RandomKey, aside: Any) -> Any:
        return function(model, guide, x, key=key, **({} if aside is None else {"aside": aside}))

    return eqx.filter_vmap(one, in_axes=(None if guide.amortised else 0, 0, 0, 0))(guide, data, keys, aside)
