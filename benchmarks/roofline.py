"""How near training, importance weighting and walks come to what this machine can do, and what holds them back.

    python benchmarks/roofline.py --data mnist.npz --json roofline.json

The peak is the best of a few large float32 matrix products; the bandwidth that of adding large arrays. For each piece
of work are counted: operations of its matrix products, and the bytes that must pass between memory and the processor
at least once if nothing of a step stays in the cache. Networks are untrained: their numbers change no time.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import results

from taut import Plan, guides, likelihoods, models, networks, objectives
from taut.auditing.origins import Origin
from taut.auditing.rows import account_for_rows
from taut.auditing.walks import CHAINS, LEAPFROGS, PILOT, pilots, walks
from taut.data import binarise_fixed
from taut.fitting import DynamicBinarisation
from taut.fitting.epoch import EpochProgram, Parts, run_epoch
from taut.numerics import AffineMap

LATENTS, HIDDEN, DRAWS, LENGTH = 50, (200, 200), 1000, 64
SIDE, TERMS, FLOAT = 2048, 50_000_000, 4
ABOUT = (
    "Shares are of the time that the counted operations take at the peak, or the counted bytes at the bandwidth, in "
    "the time measured. Beside matrix products there are exponentials, logarithms, random numbers and the start of "
    "each operation. A share of the bandwidth above 100 % says that caches hold most of the numbers."
)


def quickest(turn: Callable[[], Any], times: int = 5) -> float:
    """Seconds of the quickest of some turns, after one that compiles."""
    jax.block_until_ready(turn())
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        jax.block_until_ready(turn())
        taken.append(time.perf_counter() - began)
    return min(taken)


def peak() -> float:
    """Operations a second of a large matrix product."""
    square = jr.normal(jr.key(0), (SIDE, SIDE))
    product = jax.jit(jnp.matmul)
    return 2 * SIDE**3 / quickest(lambda: product(square, square))


def bandwidth() -> float:
    """Bytes a second of adding one, in place, to numbers too many for the cache."""
    numbers = [jnp.zeros(TERMS)]
    add = jax.jit(lambda numbers: numbers + 1.0, donate_argnums=0)

    def turn() -> jax.Array:
        numbers[0] = add(numbers[0])
        return numbers[0]

    return 2 * FLOAT * TERMS / quickest(turn)


def untrained(features: int) -> tuple[models.LatentVariableModel, guides.GaussianEncoder]:
    """Networks 784–200–200–50 and back, or for other images."""
    decoder = networks.Perceptron(LATENTS, features, hidden=HIDDEN, key=jr.key(0))
    pixels = likelihoods.Bernoulli(features)
    model = models.LatentVariableModel(prior=models.standard_normal(LATENTS), decoder=decoder, likelihood=pixels)
    return model, guides.GaussianEncoder(features, LATENTS, hidden=HIDDEN, key=jr.key(1))


def weights_of(*widths: int) -> int:
    """Weights of the layers between these widths: two operations each, for one input."""
    return sum(one * other for one, other in itertools.pairwise(widths))


def training(train: np.ndarray, levels: float, batch: int) -> tuple[str, float, float, float]:
    """A step: forward, then gradients of weights and of inputs, except the inputs of the first layer; then Adam."""
    features = train.shape[1]
    plan = Plan(epochs=1000, batch_size=batch, learning_rate=1e-3, schedule="constant")
    steps = -(-len(train) // batch)
    program = EpochProgram(objectives.elbo(), DynamicBinarisation(levels), plan.optimiser(steps), batch, 1)
    trainable, fixed = eqx.partition(untrained(features), eqx.is_inexact_array)
    state, data = program.optimiser.init(trainable), jnp.asarray(train)
    now = jnp.zeros((), jnp.int32)
    seconds = quickest(lambda: run_epoch(program, Parts(trainable, fixed), state, data, now, jr.key(2)), 3) / steps
    encoder, decoder = weights_of(features, *HIDDEN, 2 * LATENTS), weights_of(LATENTS, *HIDDEN, features)
    operations = 2 * batch * (3 * (encoder + decoder) - features * HIDDEN[0])
    # Weights forward and backward; gradients written; Adam reads these, two moments and weights, and writes three.
    numbers = 10 * (encoder + decoder) + 6 * batch * (features + 2 * sum(HIDDEN))
    return f"training step, batch {batch}", seconds, operations, FLOAT * numbers


def weighting(x: np.ndarray) -> tuple[str, float, float, float]:
    """A draw: forward through the decoder."""
    features = x.shape[1]
    model, guide = untrained(features)
    seconds = quickest(lambda: account_for_rows(model, guide, x, draws=DRAWS, key=jr.key(3)), 3)
    draws, decoder = len(x) * DRAWS, weights_of(LATENTS, *HIDDEN, features)
    # A block of outputs is written once and read once.
    return "importance weight", seconds / draws, 2 * decoder, FLOAT * 2 * (features + 2 * sum(HIDDEN))


def walking(x: np.ndarray) -> tuple[str, float, float, float]:
    """A temperature of a chain: `LEAPFROGS` gradients by the latent, each forward and back through the decoder."""
    features = x.shape[1]
    model, guide = untrained(features)
    rows = np.arange(len(x))
    frames = AffineMap(
        np.zeros((len(x), LATENTS), np.float32), np.tile(np.eye(LATENTS, dtype=np.float32), (len(x), 1, 1))
    )
    origins = Origin(frames)
    found = pilots(model, guide, x, origins, key=jr.key(4), rows=rows)
    assert found.step_sizes.shape[1] == len(PILOT)
    lengths = np.full(len(x), LENGTH)
    seconds = quickest(lambda: walks(model, guide, x, origins, found, lengths.copy(), key=jr.key(5), rows=rows), 3)
    steps, decoder = 2 * CHAINS * LENGTH * len(x), weights_of(LATENTS, *HIDDEN, features)
    numbers = LEAPFROGS * 4 * (features + 2 * sum(HIDDEN))
    return "temperature of a chain", seconds / steps, LEAPFROGS * 4 * decoder, FLOAT * numbers


def limit(by_operations: float, by_bytes: float) -> str:
    """What most of the time goes to, in words."""
    # Bytes that would have taken longer than the whole came out of a cache.
    shares = {"matrix products": by_operations, "memory": by_bytes if by_bytes <= 1 else 0.0}
    most = max(shares, key=lambda name: shares[name])
    if shares[most] < 0.5:
        return "neither: small operations one after another, each with its start"
    return most if shares[most] > 0.75 else f"{most}, then functions of single numbers"


def main() -> None:
    options = results.options(__doc__)
    train, test, levels = results.images(options.data)
    x = binarise_fixed(test[: 32 if options.quick else 128], levels, 1)
    top, stream = peak(), bandwidth()
    rows: list[results.Row] = [
        {"what": "large matrix product", "Gflop/s": results.significant(top / 1e9)},
        {"what": "large arrays added", "GB/s": results.significant(stream / 1e9)},
    ]
    found = [
        *(training(train[: 1000 if options.quick else 20_000], levels, batch) for batch in (20, 100, 500)),
        weighting(x),
        walking(x),
    ]
    for what, seconds, operations, moved in found:
        by_operations, by_bytes = operations / top / seconds, moved / stream / seconds
        rows.append({
            "what": what, "microseconds": results.significant(1e6 * seconds),
            "Mflop": results.significant(operations / 1e6), "MB": results.significant(moved / 1e6),
            "Gflop/s": results.significant(operations / seconds / 1e9),
            "share of the peak": f"{by_operations:.0%}", "share of the bandwidth": f"{by_bytes:.0%}",
            "limited by": limit(by_operations, by_bytes),
        })  # fmt: skip
    results.write(options, "Nearness to the machine's limits", rows, about=ABOUT)


if __name__ == "__main__":
    main()
