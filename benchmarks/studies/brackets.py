r"""Brackets on log p(x) of MNIST test images: how wide, how fast, and what brute force says.

    taut fit mnist.npz:train --out RUN --latent-dim 50 --hidden 200,200 --likelihood bernoulli --binarise dynamic \
        --objective sticking-the-landing --kl-warm-up 15 --epochs 120 --learning-rate 2e-3 --held-out 0.01
    python benchmarks/studies/brackets.py RUN mnist.npz widths 100 test rows: width against seconds
    python benchmarks/studies/brackets.py RUN mnist.npz brute  20 test rows: T = 10,000 from the prior, 64 chains
    python benchmarks/studies/brackets.py RUN mnist.npz all    all test rows, by adaptive effort

Programs are compiled by a first audit that is thrown away. Times are of the rows: encoder's draws, refining, pilots and
walks; the checks on simulated rows come after them.
"""

import argparse
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

import taut
from taut.annealing import Schedule, steps_between
from taut.auditing import Audit
from taut.auditing.controls import PRIOR_PILOT, PriorPilot, PriorTrace
from taut.auditing.walks import CHAINS as CHAINS_OF_A_ROW
from taut.bounds import annealed_lower
from taut.weights import map_rows

TEMPERATURES, CHAINS = 10_000, 64


class RowClock:
    """Seconds until the last row was done."""

    def __init__(self) -> None:
        self.began = self.ended = time.perf_counter()

    def __call__(self, stage: str, done: int, everything: int) -> None:
        """Note the time where a chunk of rows is done."""
        if stage == "rows":
            self.ended = time.perf_counter()
            if done % 2560 == 0 or done == everything:
                print(f"  {done} of {everything} rows after {self.seconds:.1f} s", flush=True)

    @property
    def seconds(self) -> float:
        """Since the start."""
        return self.ended - self.began


def measured(vae: taut.VAE, rows: np.ndarray, **options: object) -> tuple[Audit, RowClock]:
    clock = RowClock()
    return vae.audit_by_row(rows, on_block=clock, **options), clock


def report(name: str, audited: Audit, clock: RowClock) -> None:
    evidence, walks = audited.ledger.evidence, audited.measured.rows.walks
    lower, upper = (np.mean(np.asarray(side, np.float64)) for side in (walks.lower, walks.upper))
    mean, ledger = audited.measured.rows.temperatures.mean(), audited.ledger
    print(f"{name}: {len(walks.lower)} rows in {clock.seconds:.1f} s, {mean:.0f} temperatures")
    print(f"  [{lower:.4f}, {upper:.4f}], {evidence.width:.4f} wide, "
          f"with margins [{evidence.lower.value:.4f}, {evidence.upper.value:.4f}]")  # fmt: skip
    usual = f"{evidence.importance.value:.3f} with {ledger.settings['draws']} draws"
    print(f"  ELBO {ledger.elbo.value:.3f}, importance {usual}, refined {evidence.refined.value:.3f}")
    print(f"  the usual value misses {evidence.shortfall}", flush=True)


def widths(vae: taut.VAE, test: np.ndarray, count: int) -> None:
    measured(vae, test[:count], width=0.05)
    for width in (0.05, 0.02, 0.01):
        report(f"width {width:g}", *measured(vae, test[:count], width=width))
    for seconds in (15.0, 60.0):
        report(f"seconds {seconds:g}", *measured(vae, test[:count], seconds=seconds))


def whole(vae: taut.VAE, test: np.ndarray, count: int) -> None:
    measured(vae, test[:64], width=0.05)
    audited, clock = measured(vae, test[:count], width=0.05)
    report("all", audited, clock)
    print(audited.ledger)


def brute(vae: taut.VAE, test: np.ndarray, count: int) -> None:
    audited, clock = measured(vae, test[:count], width=0.002)
    report("bracket", audited, clock)
    model, guide, x = vae.model_, vae.guide_, audited.measured.data
    found = map_rows(PriorPilot(), model, guide, x, key=jr.key(1))
    betas = (np.arange(1, TEMPERATURES + 1) / TEMPERATURES) ** 3
    steps = np.stack([steps_between(PRIOR_PILOT, row, betas) for row in np.asarray(found.step_sizes)])
    parts = (np.broadcast_to(betas, steps.shape), np.broadcast_to(np.diff(betas, prepend=0.0), steps.shape), steps)
    schedule = Schedule(*(jnp.asarray(part, jnp.float32) for part in parts))
    began = time.perf_counter()
    each = [map_rows(PriorTrace(), model, guide, x, key=jr.key(2 + k), aside=schedule) for k in range(CHAINS // 8)]
    log_w = jnp.concatenate([jnp.asarray(trace.log_weight[:, :, -1]) for trace in each], axis=1)
    value = np.asarray(jax.vmap(annealed_lower)(log_w), np.float64)
    walks = audited.measured.rows.walks
    spread = np.std(np.asarray(log_w, np.float64), axis=1)
    evidence = audited.ledger.evidence
    seconds = time.perf_counter() - began
    print(f"brute force: mean {value.mean():.4f} in {seconds:.0f} s; sd of log-weights {spread.mean():.3f}")
    # Both have errors: brute force from its chains, a row's bracket of width s² from its own, of variance s² each.
    error = np.hypot(spread / np.sqrt(log_w.shape[1]), np.sqrt(np.abs(walks.upper - walks.lower) / CHAINS_OF_A_ROW))
    inside = (walks.lower - 2 * error < value) & (value < walks.upper + 2 * error)
    print(f"rows whose bracket, ± 2 errors of both, holds it: {inside.sum()} of {len(inside)}")
    print(f"brute force − lower {np.mean(value - walks.lower):.4f}, − upper {np.mean(value - walks.upper):.4f}, "
          f"± {np.sqrt(np.sum(error**2)) / len(error):.4f}")  # fmt: skip
    print(f"bracket with margins [{evidence.lower.value:.4f}, {evidence.upper.value:.4f}] holds the mean: "
          f"{bool(evidence.lower.value <= value.mean() <= evidence.upper.value)}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("what", choices=("widths", "brute", "all"))
    parser.add_argument("--rows", type=int)
    options = parser.parse_args()
    with np.load(options.data, allow_pickle=False) as archive:
        test = archive["test"]
    vae = taut.load(options.run)
    study, rows = {"widths": (widths, 100), "brute": (brute, 20), "all": (whole, len(test))}[options.what]
    study(vae, test, options.rows or rows)


if __name__ == "__main__":
    main()
