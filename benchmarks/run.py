"""All benchmarks, one after the other, each in a process of its own, with the page after each: what `make bench` runs.

    python benchmarks/run.py --data mnist.npz [--quick] [--only training,evidence]

The page is written after every script, so that a run that is stopped keeps what it has. A script that fails, or
takes longer than its limit, is named in its table and stops no other. Compiled programs and the trained model are kept
in build/bench. With `--quick` results go there too, and the page is left alone.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import results
import table

HERE = Path(__file__).parent
KEPT = HERE.parent / "build" / "bench"
# In this order, with the seconds that each may take. `fitted` trains the model that others share.
LIMITS = {
    "training": 330,
    "fitted": 180,
    "importance_weighting": 150,
    "evidence": 150,
    "convolution": 240,
    "first_result": 300,
    "cold_start": 300,
    "roofline": 120,
    "whole_audit": 450,
    "growth": 180,
    "gpu": 300,
}
# Those that share the model, and those that may end well without results.
SHARE_MODEL = ("fitted", "importance_weighting", "evidence", "whole_audit", "gpu")
MAY_SAY_NOTHING = ("fitted", "gpu")


def command(name: str, options: argparse.Namespace, into: Path) -> list[str]:
    """The script with the options that it knows: the usual ones, unless it reads its own."""
    source = (HERE / f"{name}.py").read_text(encoding="utf-8")
    given = {"json": str(into), "data": options.data and str(options.data), "quick": options.quick}
    usual = "results.options(" in source
    words = [sys.executable, str(HERE / f"{name}.py")]
    for option, value in given.items():
        if value and (usual or f'"--{option}"' in source):
            words += [f"--{option}"] if value is True else [f"--{option}", value]
    return words + (["--model", str(KEPT / ("quick" if options.quick else "model"))] if name in SHARE_MODEL else [])


def run(name: str, options: argparse.Namespace, into: Path) -> None:
    """Run one script within its limit; where it wrote no results, write what it printed, or why it failed."""
    print(f"== {name}", flush=True)
    fresh = KEPT / f"{name}.json"
    fresh.unlink(missing_ok=True)
    began = time.monotonic()
    printed, failed = ran(command(name, options, fresh), LIMITS[name] * options.patience)
    print("\n".join(f"   {line}" for line in printed))
    print(f"   {failed or 'done'} after {time.monotonic() - began:.0f} s", flush=True)
    if fresh.exists():
        found = json.loads(fresh.read_text(encoding="utf-8")) | ({"failed": failed} if failed else {})
        into.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    elif failed or name not in MAY_SAY_NOTHING:
        left = argparse.Namespace(json=into, data=None, quick=options.quick)
        more = {"failed": failed} if failed else {"printed": printed[-40:]}
        results.write(left, table.SCRIPTS.get(name, name), [], about="", data="", **more)


def ran(command: list[str], limit: float) -> tuple[list[str], str | None]:
    """The lines that a process printed, and what went wrong, if anything."""
    # An old kernel of OpenBLAS, which some machines ask for, would slow the peers that use NumPy.
    env = {word: value for word, value in os.environ.items() if not word.startswith("OPENBLAS_")}
    env |= {"TAUT_CACHE": str(KEPT / "programs"), "PYTHONUNBUFFERED": "1"}
    failed, log = None, KEPT / "printed.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(command, env=env, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            failed = f"stopped after its limit of {limit:.0f} s."
        finally:  # also where this run is stopped by hand
            # What it started, too, which would go on without it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    printed = results.without_paths(log.read_text(encoding="utf-8", errors="replace")).splitlines()
    if failed is None and process.returncode:
        failed = f"ended with {process.returncode}: {printed[-1] if printed else 'no word'}"
    return printed, failed


def main() -> None:
    """Run all, or those that are named, and write the page after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="mnist.npz; without it bundled small digits")
    parser.add_argument("--only", help="names of scripts, with commas")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--patience", type=float, default=1.0, help="by how much the limits are longer")
    options = parser.parse_args()
    names = options.only.replace(" ", "").split(",") if options.only else list(LIMITS)
    if unknown := set(names) - set(LIMITS):
        parser.error(f"--only takes {', '.join(LIMITS)}; it was given {', '.join(sorted(unknown))}.")
    into = KEPT / "quick_results" if options.quick else table.RESULTS
    into.mkdir(parents=True, exist_ok=True)
    for name in (name for name in LIMITS if name in names):
        run(name, options, into / f"{name}.json")
        if not options.quick:
            table.main()


if __name__ == "__main__":
    main()
