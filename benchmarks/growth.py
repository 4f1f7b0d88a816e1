"""How time and memory grow: one size is doubled, everything else stays.

    python benchmarks/growth.py --json growth.json

An exponent is the slope of log processor seconds (the median of some runs, warm) on log size, over the larger sizes:
1 is in proportion, less where a fixed part remains. Memory is the peak of fresh processes that score or audit more and
more rows of the same kind.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import results

import taut
from taut import Plan, guides, likelihoods, models, networks, objectives
from taut.annealing import Path, Schedule, forward_walk
from taut.auditing import account_for_rows
from taut.fitting import AsFloat
from taut.fitting.epoch import EpochProgram, Parts, run_epoch
from taut.numerics import AffineMap

Pair = tuple[models.LatentVariableModel, guides.GaussianEncoder]
AIM, HIDDEN, BATCH, WALKERS = 1.1, (64, 64), 100, 64
ABOUT = (
    "Exponents of processor seconds in one size, by a line through their logarithms over the three largest sizes: 1 is "
    "in proportion. Memory is the peak of a fresh process, in MiB, and what it grows by for each row more."
)


def untrained(features: int, latents: int) -> Pair:
    """Model and guide for zeros and ones."""
    model = models.LatentVariableModel(
        prior=models.standard_normal(latents),
        decoder=networks.Perceptron(latents, features, hidden=HIDDEN, key=jr.key(0)),
        likelihood=likelihoods.Bernoulli(features),
    )
    return model, guides.GaussianEncoder(features, latents, hidden=HIDDEN, key=jr.key(1))


def rows_of(count: int, features: int) -> np.ndarray:
    """Zeros and ones."""
    return np.random.default_rng(0).integers(0, 2, (count, features), dtype=np.uint8)


def epoch(rows: int = 5000, features: int = 256, latents: int = 16) -> Callable[[], object]:
    """One epoch of training."""
    plan = Plan(epochs=100, batch_size=BATCH)
    program = EpochProgram(objectives.elbo(), AsFloat(), plan.optimiser(rows // BATCH), BATCH, 1)
    trainable, fixed = eqx.partition(untrained(features, latents), eqx.is_inexact_array)
    data, opt_state = jnp.asarray(rows_of(rows, features)), program.optimiser.init(trainable)
    return lambda: jax.block_until_ready(
        run_epoch(program, Parts(trainable, fixed), opt_state, data, jnp.asarray(0), jr.key(2))[2].bound
    )


def account(rows: int = 64, draws: int = 1000, latents: int = 16) -> Callable[[], object]:
    """Importance-weighted log p(x), ELBO and their health."""
    pair, data = untrained(64, latents), rows_of(rows, 64)
    return lambda: account_for_rows(*pair, data, draws=draws, key=jr.key(3))


def walk(temperatures: int = 64, latents: int = 16) -> Callable[[], object]:
    """Walks of many chains from the prior."""
    model, _ = untrained(64, latents)
    path = Path(model, jnp.asarray(rows_of(1, 64)[0], jnp.float32), AffineMap(jnp.zeros(latents), jnp.ones(latents)))
    betas = jnp.arange(1, temperatures + 1) / temperatures
    schedule = Schedule(betas, jnp.full(temperatures, 1 / temperatures), jnp.full(temperatures, 0.1))

    @jax.jit
    def ends(keys: jax.Array) -> jax.Array:
        walked = jax.vmap(lambda key: forward_walk(path, schedule, temperatures, leapfrogs=3, key=key).log_weight)
        return walked(keys)

    keys = jr.split(jr.key(4), WALKERS)
    return lambda: jax.block_until_ready(ends(keys))


# What is doubled, from where, in what.
STUDIES: dict[str, tuple[Callable[..., Callable[[], object]], str, int]] = {
    "training, rows": (epoch, "rows", 2000),
    "training, columns": (epoch, "features", 128),
    "training, latents": (epoch, "latents", 8),
    "scoring, rows": (account, "rows", 64),
    "scoring, draws": (account, "draws", 500),
    "scoring, latents": (account, "latents", 8),
    "walking, temperatures": (walk, "temperatures", 64),
    "walking, latents": (walk, "latents", 8),
}


def busy(work: Callable[[], object], repeats: int) -> float:
    """Median processor seconds of a run, of several after a first one."""
    work()
    taken = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return statistics.median(taken)


def exponent(build: Callable[..., Callable[[], object]], size: str, first: int, *, quick: bool) -> results.Row:
    """The seconds at doubled sizes, and the slope."""
    sizes = first * 2 ** np.arange(2 if quick else 4)
    seconds = [busy(build(**{size: int(each)}), 1 if quick else 5) for each in sizes]
    slope = float(np.polyfit(np.log(sizes[-3:]), np.log(seconds[-3:]), 1)[0])
    told = ", ".join(f"{1000 * each:.0f}" for each in seconds)
    return {"sizes": f"{sizes[0]} to {sizes[-1]}", "ms of the processor": told, "exponent": round(slope, 2),
            "aim": results.verdict(slope, at_most=AIM)}  # fmt: skip


def worker(what: str, rows: int) -> None:
    """Score or audit so many rows in this process, and print its peak of memory in bytes."""
    pair, data = untrained(64, 8), rows_of(rows, 64)
    if what == "scoring":
        account_for_rows(*pair, data, draws=100, key=jr.key(3))
    else:
        taut.audit(*pair, data, key=jr.key(3), draws=50, width=5.0)
    print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))


def memory(what: str, sizes: tuple[int, ...]) -> results.Row:
    """Peaks of fresh processes, the first one thrown away: it compiles."""
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for size in (sizes[0], *sizes):
            command = [sys.executable, __file__, "--worker", what, "--rows", str(size)]
            env = os.environ | {"TAUT_CACHE": folder}
            done = subprocess.run(command, env=env, check=True, text=True, capture_output=True)
            peaks.append(json.loads(done.stdout.splitlines()[-1]))
    told = ", ".join(f"{peak / 2**20:.0f}" for peak in peaks[1:])
    grown = (peaks[-1] - peaks[1]) / (sizes[-1] - sizes[0])
    return {"what": f"{what}, memory", "sizes": ", ".join(map(str, sizes)), "MiB at most": told,
            "bytes for a row more": round(grown)}  # fmt: skip


def main() -> None:
    own = {"worker": {"choices": ("scoring", "auditing")}, "rows": {"type": int}}
    options = results.options(__doc__, **own)
    if options.worker:
        worker(options.worker, options.rows)
        return
    rows = []
    for name, (build, size, first) in STUDIES.items():
        rows.append({"what": name} | exponent(build, size, first, quick=options.quick))
        print(rows[-1], flush=True)
    if not options.quick:
        rows += [memory("scoring", (2000, 8000, 32_000)), memory("auditing", (64, 256, 1024))]
    results.write(options, "Growth", rows, about=ABOUT, data="drawn")


if __name__ == "__main__":
    main()
