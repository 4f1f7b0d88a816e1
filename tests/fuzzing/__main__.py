"""`python -m tests.fuzzing --mutants N`: N mutants over all readers, or of `--reader NAME`; failures by kind.

Each reader has a process of its own, with a limit of memory; one that a mutant kills is named.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzzing.harness import limit_memory, mentioned, tried
from tests.fuzzing.readers import READERS

BATCH, MOST_SECONDS = 500, 600


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--mutants", type=int, default=1000)
    words.add_argument("--first", type=int, default=0, help="number of the first mutant of each reader")
    words.add_argument("--reader", choices=[*READERS], action="append")
    words.add_argument("--here", action="store_true", help="in this process, without a limit of memory")
    said = words.parse_args()
    names = said.reader or [*READERS]
    if said.here:
        return _here(names[0], range(said.first, said.first + said.mutants))
    whole = sum(READERS[name].share for name in names)
    counts = {name: math.ceil(said.mutants * READERS[name].share / whole) for name in names}
    return max(_apart(name, range(said.first, said.first + count)) for name, count in counts.items())


def _apart(name: str, numbers: range) -> int:
    """The mutants of one reader in child processes, one for each batch."""
    worst = 0
    for start in range(numbers.start, numbers.stop, BATCH):
        batch = min(BATCH, numbers.stop - start)
        command = [sys.executable, "-m", "tests.fuzzing", "--here", "--reader", name]
        try:
            code = subprocess.run(
                [*command, "--first", str(start), "--mutants", str(batch)], check=False, timeout=MOST_SECONDS
            ).returncode
        except subprocess.TimeoutExpired:
            code = -1
        if code < 0:
            print(f"{name}: a mutant from {start} to {start + batch - 1} stopped or killed the process ({code})")
        worst = max(worst, abs(code))
    return worst


def _here(name: str, numbers: range) -> int:
    reader, began = READERS[name], time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        seeds = reader.seeds(Path(folder))
        for seed in seeds:
            reader.read(seed)
        limit_memory()
        refused, failures = tried(name, reader, seeds, numbers)
    seconds = time.monotonic() - began
    print(f"{name}: {len(numbers)} mutants, {refused} refused, {len(failures)} failures, {seconds:.1f} s")
    if failures:
        print(mentioned(failures), flush=True)
    return bool(failures)


if __name__ == "__main__":
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    sys.exit(main())
