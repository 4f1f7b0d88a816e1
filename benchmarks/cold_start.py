"""Fresh processes, first with an empty folder of compiled programs and then with a full one: seconds of each step.

python benchmarks/cold_start.py [--demo]

A table of 500 × 10 with holes: importing, three epochs, filling it; then `taut info` and `taut score` of 100 rows of
it, and with `--demo` all of `taut demo`. Wall seconds, and those of the processor, which other work disturbs less.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

FIT = """
import sys, time
def passed():
    return time.perf_counter(), time.process_time()
marks = [passed()]
import pyarrow.csv
import taut
frame = pyarrow.csv.read_csv(sys.argv[1])
taut.VAE
marks.append(passed())
vae = taut.VAE(max_epochs=3, random_state=0).fit(frame)
marks.append(passed())
vae.impute(frame)
marks.append(passed())
vae.save(sys.argv[2], force=True)
steps = zip(("import", "fit", "impute"), marks, marks[1:])
print("; ".join(f"{name} {end[0] - start[0]:.1f} s, {end[1] - start[1]:.1f}" for name, start, end in steps))
"""
TAUT = "from taut.cli import main; main()"


def main() -> None:
    """Print the steps with no program kept and with all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", action="store_true")
    demo = parser.parse_args().demo
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table, run = folder / "table.csv", folder / "run"
        _write(table, 500)
        _write(folder / "hundred.csv", 100)
        for what in ("no program kept", "programs kept"):
            print(what)
            print("  " + _fresh(folder, FIT, str(table), str(run))[0].strip())
            _say(folder, "info", str(run))
            _say(folder, "score", str(run), str(folder / "hundred.csv"), "--out", str(folder / "scores.csv"))
            if demo:
                _say(folder, "demo", "--force", "--out", str(folder / "demo"))


def _write(path: Path, rows: int) -> None:
    draw = np.random.default_rng(0)
    values = draw.normal(size=(rows, 2)) @ draw.normal(size=(2, 10)) + 0.5 * draw.normal(size=(rows, 10))
    holes = draw.random(values.shape) < 0.1
    lines = (
        ",".join("" if hole else f"{value:.4f}" for value, hole in zip(*pair, strict=True))
        for pair in zip(values, holes, strict=True)
    )
    path.write_text("\n".join([",".join("abcdefghij"), *lines]) + "\n")


def _say(folder: Path, *words: str) -> None:
    _, wall, busy = _fresh(folder, TAUT, *words)
    print(f"  taut {words[0]} {wall:.1f} s, {busy:.1f}")


def _fresh(folder: Path, code: str, *words: str) -> tuple[str, float, float]:
    """What a new process said, and its seconds: of the wall, and of the processor."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JAX_COMPILATION")}
    began, before = time.perf_counter(), _busy()
    ran = subprocess.run(
        [sys.executable, "-c", code, *words],
        env=kept | {"TAUT_CACHE": str(folder / "programs")},
        check=True,
        text=True,
        capture_output=True,
    )
    return ran.stdout, time.perf_counter() - began, _busy() - before


def _busy() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
