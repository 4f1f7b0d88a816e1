"""Windows that slide over an image: which pixels each of them sees."""

import functools
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int


class Windows(NamedTuple):
    """Square windows of `kernel` pixels a side, `stride` apart, on an image whose edges are padded with zeros ('same').

    There are ⌈height / stride⌉ × ⌈width / stride⌉ of them. Pixels and windows are numbered row by row.

    >>> windows = Windows(height=5, width=4, kernel=3, stride=2)
    >>> windows.grid, windows.seen[0].tolist()
    ((3, 2), [-1, -1, -1, 0, 1, 2, 4, 5, 6])
    """

    height: int
    width: int
    kernel: int
    stride: int

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of windows."""
        return -(-self.height // self.stride), -(-self.width // self.stride)

    @property
    def pixels(self) -> int:
        """Pixels of the image."""
        return self.height * self.width

    @property
    def number(self) -> int:
        """How many windows there are."""
        return self.grid[0] * self.grid[1]

    @property
    def seen(self) -> Int[np.ndarray, "windows taps"]:
        """The pixel under each tap of each window; −1 outside the image."""
        return _seen(self)

    @property
    def seen_by(self) -> Int[np.ndarray, "pixels most"]:
        """For each pixel the places in `seen` (flat) that hold it; −1 where there are fewer than the most."""
        return _seen_by(self)


def patches(x: Float[Array, "*batch pixels channels"], windows: Windows) -> Float[Array, "*batch windows inputs"]:
    """What each window sees, tap after tap, the channels of a pixel side by side."""
    taken = _rows(x, windows.seen.reshape(-1))
    return taken.reshape(*x.shape[:-2], windows.number, -1)


def overlaid(y: Float[Array, "*batch windows inputs"], windows: Windows) -> Float[Array, "*batch pixels channels"]:
    """The transpose of `patches`: what the windows say of each pixel, summed.

    A sum of gathers: the transpose that JAX derives, a scatter, is a slow loop on a CPU.
    """
    taps = y.reshape(*y.shape[:-2], windows.seen.size, -1)
    return sum((_rows(taps, places) for places in windows.seen_by.T[1:]), _rows(taps, windows.seen_by[:, 0]))


def _rows(x: Float[Array, "*batch rows channels"], numbers: Int[np.ndarray, "n"]) -> Float[Array, "*batch n channels"]:
    """Rows by number; zeros for −1."""
    inside = (numbers >= 0).reshape(*(1 for _ in x.shape[:-2]), -1, 1)
    return jnp.where(inside, jnp.take(x, np.maximum(numbers, 0), axis=-2, mode="clip"), jnp.zeros((), x.dtype))


@functools.cache
def _seen(windows: Windows) -> Int[np.ndarray, "windows taps"]:
    rows, columns = (
        _along(size, windows.kernel, windows.stride) for size in (windows.height, windows.width)
    )  # each (windows along the side, taps along the side)
    row, column = rows[:, None, :, None], columns[None, :, None, :]
    inside = (row >= 0) & (row < windows.height) & (column >= 0) & (column < windows.width)
    pixel = np.where(inside, row * windows.width + column, -1)
    return pixel.reshape(windows.number, windows.kernel**2).astype(np.int32)


def _along(size: int, kernel: int, stride: int) -> Int[np.ndarray, "windows taps"]:
    count = -(-size // stride)
    before = max((count - 1) * stride + kernel - size, 0) // 2
    return (np.arange(count) * stride - before)[:, None] + np.arange(kernel)


@functools.cache
def _seen_by(windows: Windows) -> Int[np.ndarray, "pixels most"]:
    seen = windows.seen.reshape(-1)
    places = np.flatnonzero(seen >= 0)
    places = places[np.argsort(seen[places], kind="stable")]
    pixels = seen[places]
    counts = np.bincount(pixels, minlength=windows.pixels)
    table = np.full((windows.pixels, max(counts.max(), 1)), -1, np.int32)
    table[pixels, np.arange(len(pixels)) - (np.cumsum(counts) - counts)[pixels]] = places
    return table
