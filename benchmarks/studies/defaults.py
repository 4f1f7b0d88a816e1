"""Choosing defaults: brackets on held-out rows of fits that differ in their options.

    python benchmarks/studies/defaults.py digits:train --common latent-dim=8 --fits objective=elbo objective=annealed:2
    python benchmarks/studies/defaults.py penguins --rows 60 --fits objective=elbo "objective=dreg:8;guide=full"

`--common` are options of `taut.VAE` that all fits have, and each of `--fits` those of one, with semicolons between. A
fifth of the rows, by seed 0, is held out of every fit and audited: the bracket on log p(x), the ELBO, the share of rows
whose k̂ is above its threshold, and the paired difference of the middle of the bracket from the first.
"""

import argparse
import time
from typing import Any

import numpy as np

import taut
from taut.data import split
from taut.datasets import load


def options_of(words: list[str]) -> dict[str, Any]:
    named = dict(word.split("=", 1) for word in words)
    return {name.replace("-", "_"): int(value) if value.isdecimal() else value for name, value in named.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--rows", type=int, default=200, help="held-out rows to audit")
    parser.add_argument("--common", nargs="*", default=[])
    parser.add_argument("--fits", nargs="+", required=True)
    given = parser.parse_args()
    table = load(given.data)
    chosen, held_out = split(len(table), 0.2, 0)
    first: np.ndarray | None = None
    for fit in given.fits:
        began = time.process_time()
        options = options_of([*given.common, *fit.split(";")])
        vae = taut.VAE(**{"random_state": 0, **options}).fit(table.take(chosen))
        seconds = time.process_time() - began
        audited = vae.audit_by_row(table.take(held_out[: given.rows]), seed=1)
        walks, ledger = audited.measured.rows.walks, audited.ledger
        assert walks is not None
        lower, upper = (np.asarray(side, np.float64) for side in (walks.lower, walks.upper))
        middle = 0.5 * (lower + upper)
        first = middle if first is None else first
        apart = middle - first
        error = apart.std(ddof=1) / len(apart) ** 0.5
        gap, above = middle.mean() - ledger.elbo.value, ledger.weights.over_threshold
        print(f"{fit}: {vae.outcome_.code}, {seconds:.0f} processor seconds; log p [{lower.mean():.3f}, "
              f"{upper.mean():.3f}], ELBO {ledger.elbo.value:.3f}, gap {gap:.2f}; k̂ above its threshold {above:.0%}; "
              f"from the first {apart.mean():+.3f} ± {error:.3f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
