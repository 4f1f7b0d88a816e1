"""What a long run costs beside its training: memory that grows, programs traced again, time to write a state.

    python benchmarks/studies/long_runs.py soak --epochs 2000
    python benchmarks/studies/long_runs.py states

`soak` trains a small model for many short epochs, with held-out rows and a state each second, and measures the resident
memory after every hundred of them; the slope leaves out the first two hundred. `states` writes the state of the
autoencoder for MNIST of Burda et al. 2016 and says what share of the default interval that takes.
"""

import argparse
import tempfile
import time
from pathlib import Path

import jax.random as jr
import numpy as np

from taut import Checkpoints, Plan, fit, guides, likelihoods, models, networks
from taut.fitting import View

EVERY = 100
INTERVAL = Checkpoints(Path()).seconds


class Counting(View):
    """The row itself, counting how often a program is traced."""

    def __call__(self, row, *, key):  # noqa: D102  as of the class
        TRACES.append(row.shape)
        return row.astype(np.float32)


TRACES: list[tuple[int, ...]] = []


def parts(pixels: int, latents: int, hidden: tuple[int, ...]):
    """A model of zeros and ones, and its guide."""
    decoder = networks.Perceptron(latents, pixels, hidden=hidden, key=jr.key(0))
    model = models.LatentVariableModel(
        prior=models.standard_normal(latents), decoder=decoder, likelihood=likelihoods.Bernoulli(pixels)
    )
    return model, guides.GaussianEncoder(pixels, latents, hidden=hidden, key=jr.key(1))


def resident() -> float:
    """Resident memory in MB, as Linux says it."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def soak(epochs: int) -> None:
    """Memory and traces over many epochs."""
    rows = np.random.default_rng(0).integers(0, 2, (64, 8)).astype(np.uint8)
    sizes, traces = [], []

    def note(now) -> None:
        if now.epoch % EVERY == 0:
            sizes.append(resident())
            traces.append(len(TRACES))

    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        fit(
            *parts(8, 2, (8,)),
            rows[:48],
            held_out=rows[48:],
            key=jr.key(2),
            view=Counting(),
            plan=Plan(epochs=epochs, batch_size=16),
            on_epoch=note,
            checkpoints=Checkpoints(Path(folder), seconds=1.0),
        )
        seconds = time.monotonic() - began
    settled = np.array(sizes[2:])
    slope = np.polyfit(np.arange(len(settled)), settled, 1)[0]
    print(
        f"{epochs} epochs in {seconds:.1f} s; resident memory {sizes[0]:.1f} MB after 100, {sizes[-1]:.1f} at the end"
    )
    print(f"slope {slope:.3f} MB per 100 epochs; traces after 100 epochs {traces[0]}, at the end {traces[-1]}")


class Timed(Checkpoints):
    """Checkpoints that note how long each writing takes."""

    def save(self, state) -> None:  # noqa: D102  as of the class
        began = time.monotonic()
        super().save(state)
        SECONDS.append(time.monotonic() - began)


SECONDS: list[float] = []


def states(epochs: int) -> None:
    """Seconds to write a state, after each epoch."""
    rows = np.random.default_rng(0).integers(0, 2, (200, 784)).astype(np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(epochs=epochs, batch_size=100)
        fit(*parts(784, 50, (200, 200)), rows, key=jr.key(2), plan=plan, checkpoints=Timed(Path(folder), seconds=0.0))
        size = next(Path(folder).glob("state-*")).stat().st_size / 1e6
    middle, most = np.median(SECONDS), max(SECONDS)
    print(f"a state of {size:.1f} MB is written in {middle:.3f} s, the median of {len(SECONDS)}; at most {most:.3f} s")
    print(f"{100 * middle / INTERVAL:.2f} % of {INTERVAL:.0f} s; at most {100 * most / INTERVAL:.2f} %")


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("what", choices=("soak", "states"))
    words.add_argument("--epochs", type=int, default=None)
    asked = words.parse_args()
    if asked.what == "soak":
        soak(asked.epochs or 2000)
    else:
        states(asked.epochs or 20)
