"""Brackets of posteriors of several modes, bent ones and heavy tails, whose log p(x) is known.

    python benchmarks/studies/modes.py [--seeds 10] [--first 0] [NAME ...]

Each guide stands on one mode. A line for each posterior: how often an end lies on the wrong side, how often the upper
end is withdrawn, and the ends and widths of what is kept, as medians over seeds.
"""

import argparse
import collections
import statistics
import time

import jax.random as jr

from taut.auditing import AuditOptions, audit_by_row
from taut.record import Evidence
from tests.auditing.posteriors import ORACLES, Oracle


def measured(oracle: Oracle, seed: int) -> Evidence:
    """The evidence of one audit."""
    options = AuditOptions(draws=100)
    return audit_by_row(oracle.model, oracle.guide, oracle.data, options, key=jr.key(seed)).ledger.evidence


def line(name: str, seeds: range) -> str:
    """A row of the table of `docs/measured.md`."""
    oracle, began = ORACLES[name](), time.process_time()
    found = [measured(oracle, seed) for seed in seeds]
    kept = [(each.lower.value, each.upper.value, each.width) for each in found if each.upper and each.width is not None]
    false = sum(each.lower.value > oracle.truth for each in found) + sum(upper < oracle.truth for _, upper, _ in kept)
    low = statistics.median(each.lower.value for each in found) - oracle.truth
    ends = f"[{low:.3f}, –]"
    widths = "–"
    if kept:
        ends = f"[{low:.3f}, {statistics.median(upper for _, upper, _ in kept) - oracle.truth:.3f}]"
        widths = f"{statistics.median(width for *_, width in kept):.3f}"
    reasons = collections.Counter(each.withdrawn.split(",")[0][:60] for each in found if each.withdrawn)
    seconds = (time.process_time() - began) / len(found)
    cells = [name, len(found), false, len(found) - len(kept), ends, widths, f"{seconds:.0f}", dict(reasons)]
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=list(ORACLES), metavar="NAME")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    for name in given.names:
        print(line(name, range(given.first, given.first + given.seeds)), flush=True)
