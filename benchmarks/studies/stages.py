"""Processor seconds that each part of a row's bracket takes.

    taskset -c 0 python benchmarks/studies/stages.py RUN mnist.npz

RUN is a model fitted to `train`; the rows are training images, binarised once. On one core, so that no thread waits for
another; each part is measured after a first turn that compiles, and the quickest of `--turns` counts.
"""

import argparse
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax.random as jr
import numpy as np

import taut
from taut.auditing.origins import Origins
from taut.auditing.refinement import RefinementOfRow
from taut.auditing.rows import account_for_rows, account_from_the_prior
from taut.auditing.rowwise import REFINED_DRAWS
from taut.auditing.walks import ROWS_AT_ONCE, Effort, pilots, sound_jeffreys, walks
from taut.data import binarise_fixed
from taut.weights import map_rows

DRAWS, WIDTH = 1000, 0.05


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def part(name: str, function: Callable[[], Any], options: argparse.Namespace) -> Any:
    """What the part gives; its cost is printed."""
    found, taken = function(), []
    for _ in range(options.turns):
        began = processor_seconds()
        function()
        taken.append(processor_seconds() - began)
    print(f"{name:22} {1000 * min(taken) / options.rows:7.2f} ms a row", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rows", type=int, default=128)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    with np.load(options.data, allow_pickle=False) as archive:
        x = binarise_fixed(archive["train"][: options.rows], 255.0, 1)
    vae = taut.load(options.run)
    model, guide, rows = vae.model_, vae.guide_, np.arange(len(x))
    account_key, prior_key, refine_key, pilot_key, walk_key, mode_key = jr.split(jr.key(0), 6)

    def refine() -> Any:
        function = RefinementOfRow(REFINED_DRAWS)
        return map_rows(function, model, guide, x, key=refine_key, rows=rows, block=ROWS_AT_ONCE)

    part("encoder's draws", lambda: account_for_rows(model, guide, x, draws=DRAWS, key=account_key), options)
    part("prior's draws", lambda: account_from_the_prior(model, x, draws=DRAWS, key=prior_key), options)
    frames = part("refining", refine, options).frame
    origins = part("origins", lambda: Origins().of(model, guide, x, frames, key=mode_key, rows=rows), options)
    found = part("pilots", lambda: pilots(model, guide, x, origins, key=pilot_key, rows=rows), options)
    jeffreys = sound_jeffreys(np.mean(np.asarray(found.variance), axis=1))
    lengths = Effort(rows=len(x), width=WIDTH, seconds=None).lengths(jeffreys)

    def walk() -> Any:
        return walks(model, guide, x, origins, found, lengths.copy(), key=walk_key, rows=rows)

    ends = part("walks", walk, options)
    print(f"{lengths.mean():.1f} temperatures, {np.mean(ends.upper - ends.lower):.4f} nats wide")


if __name__ == "__main__":
    main()
