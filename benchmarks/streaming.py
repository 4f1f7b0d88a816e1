"""An epoch over rows that stay on disk beside one over the same rows in memory: CPU seconds and wall time, by turns.

    python benchmarks/streaming.py [--rows N] [--turns T]

Rows are 784 bytes, the network 784-200-200-8, the batch 100. Processor time is that of all threads of this process,
reading included, so that it says something on busy cores, too.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from taut import guides, likelihoods, models, networks, objectives
from taut.data import MappedRows
from taut.fitting import AbstractRows, Plan
from taut.fitting.epoch import AsFloat, Parts, run_epoch
from taut.fitting.segments import Position, run_segment, streamed_epoch
from taut.fitting.starting import program_of

WIDTH, LATENTS = 784, 8


class OnDisk(AbstractRows):
    """The rows of a .npy file."""

    def __init__(self, path: Path) -> None:
        self.stored = MappedRows(path)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and entries."""
        return len(self.stored), WIDTH

    def take(self, numbers: np.ndarray) -> np.ndarray:
        """These rows."""
        return self.stored.take(numbers)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args()
    rows = np.random.default_rng(0).integers(0, 2, (asked.rows, WIDTH), np.uint8)
    key, plan = jr.key(0), Plan(epochs=100, batch_size=100)
    model = models.LatentVariableModel(
        prior=models.standard_normal(LATENTS),
        decoder=networks.Perceptron(LATENTS, WIDTH, hidden=(200, 200), key=key),
        likelihood=likelihoods.Bernoulli(WIDTH),
    )
    guide = guides.GaussianEncoder(WIDTH, LATENTS, hidden=(200, 200), key=key)
    parts = Parts(*eqx.partition((model, guide), eqx.is_inexact_array))
    program = program_of(plan, objectives.elbo(), AsFloat(), asked.rows)
    state, bounds = program.optimiser.init(parts.trainable), jnp.zeros(program.steps(asked.rows))
    from_disk = partial(
        streamed_epoch,
        run_segment,
        position=Position(0, bounds),
        on_segment=lambda trainable, opt_state, position: None,
    )
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "rows.npy", rows)
        kinds = {
            "in memory": (run_epoch, jax.device_put(rows)),
            "on disk": (from_disk, OnDisk(Path(folder) / "rows.npy")),
        }
        taken: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
        for _ in range(asked.turns + 1):
            for kind, (epoch_of, data) in kinds.items():
                began, cpu = time.perf_counter(), time.process_time()
                jax.block_until_ready(epoch_of(program, parts, state, data, jnp.asarray(0), key))
                taken[kind].append((time.perf_counter() - began, time.process_time() - cpu))
    medians = {
        kind: [statistics.median(column) for column in zip(*times[1:], strict=True)] for kind, times in taken.items()
    }
    for kind, (wall, cpu) in medians.items():
        print(f"{kind}: {cpu:.2f} CPU seconds and {wall:.2f} seconds an epoch")
    print(
        "on disk over in memory: {:.2f} by CPU, {:.2f} by the clock".format(
            *(medians["on disk"][place] / medians["in memory"][place] for place in (1, 0))
        )
    )


if __name__ == "__main__":
    main()
