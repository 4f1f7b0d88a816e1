"""The first result on a small table with holes, each in a fresh process: fit, and fill the holes.

    python benchmarks/first_result.py --json first_result.json

500 rows of 10 numbers from 3 factors, a fifth of the cells missing. taut as `VAE().fit` and `impute` with default
settings, and after 3 epochs; scikit-learn's IterativeImputer with BayesianRidge; hyperimpute's MIWAE plugin with its
defaults. Processes take turns, after one of each that is thrown away and leaves taut its compiled programs. The error
is the root mean squared one of the hidden cells, in units of a column's spread.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import results

ROWS, COLUMNS, FACTORS, MISSING = 500, 10, 3, 0.2
TOOLS = ("taut", "taut, 3 epochs", "IterativeImputer", "hyperimpute MIWAE")
LIMIT = 240.0
ABOUT = (
    "Seconds from the start of a process to the filled table, with interpreter, imports, fit and imputation: median of "
    "rounds. Programs compiled before are kept. The error is the root mean square over hidden cells, in spreads."
)


def table() -> tuple[np.ndarray, np.ndarray]:
    """The rows, whole and with holes."""
    draw = np.random.default_rng(0)
    whole = draw.normal(size=(ROWS, FACTORS)) @ draw.normal(size=(FACTORS, COLUMNS))
    whole = whole + 0.5 * draw.normal(size=whole.shape)
    whole = (whole - whole.mean(axis=0)) / whole.std(axis=0)
    return whole, np.where(draw.random(whole.shape) < MISSING, np.nan, whole)


def filled(tool: str, holes: np.ndarray) -> np.ndarray:
    """The table without holes. What a tool needs is imported here, since that is part of the wait."""
    if tool.startswith("taut"):
        import pyarrow as pa  # noqa: PLC0415

        import taut  # noqa: PLC0415

        frame = pa.table({f"x{place}": pa.array(cells, from_pandas=True) for place, cells in enumerate(holes.T)})
        epochs = None if tool == "taut" else 3
        return _array(taut.VAE(max_epochs=epochs, random_state=0, verbose=False).fit(frame).impute(frame))
    if tool == "IterativeImputer":
        from sklearn.experimental import enable_iterative_imputer  # noqa: F401, PLC0415  the import is what enables it
        from sklearn.impute import IterativeImputer  # noqa: PLC0415
        from sklearn.linear_model import BayesianRidge  # noqa: PLC0415

        return IterativeImputer(BayesianRidge(), random_state=0).fit_transform(holes)
    import pandas as pd  # noqa: PLC0415
    from hyperimpute.plugins.imputers import Imputers  # noqa: PLC0415

    return Imputers().get("miwae").fit_transform(pd.DataFrame(holes)).to_numpy()


def _array(frame: object) -> np.ndarray:
    return np.column_stack([np.asarray(cells) for cells in frame.columns])


def worker(tool: str) -> None:
    """Fill the table in this process, and print the error and the processor seconds."""
    whole, holes = table()
    found = filled(tool, holes)
    hidden = np.isnan(holes)
    error = float(np.sqrt(np.mean((found[hidden] - whole[hidden]) ** 2)))
    print(json.dumps({"error": round(error, 3), "busy": round(time.process_time(), 2)}))


def ran(tool: str, env: dict[str, str]) -> dict[str, float]:
    """One fresh process. Raises RuntimeError with the last line that it said where it failed."""
    began = time.perf_counter()
    command = [sys.executable, __file__, "--worker", tool]
    try:
        done = subprocess.run(command, env=env, text=True, capture_output=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"not done after {LIMIT:.0f} s") from None
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no word"])[-1])
    return json.loads(done.stdout.splitlines()[-1]) | {"seconds": time.perf_counter() - began}


def main() -> None:
    own = {"rounds": {"type": int, "default": 2}, "worker": {"choices": TOOLS}}
    options = results.options(__doc__, **own)
    if options.worker:
        worker(options.worker)
        return
    said: dict[str, list[dict[str, float]]] = {tool: [] for tool in TOOLS}
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"TAUT_CACHE": folder}

        def turn(tool: str) -> dict[str, float]:
            said[tool].append(ran(tool, env))
            return said[tool][-1]

        ready, failed = results.warmed({tool: lambda tool=tool: lambda: turn(tool) for tool in TOOLS})
        taken = results.take_turns(ready, 1 if options.quick else options.rounds)
    rows = results.compared(
        f"{ROWS} × {COLUMNS}", taken, failed, unit="seconds", value=lambda seconds: seconds, aims={}
    )
    for row in rows:
        runs = said[row["tool"]][1:]
        if runs:
            row["of the processor"] = statistics.median(run["busy"] for run in runs)
            row["error"] = runs[-1]["error"]
    packages = ("scikit-learn", "hyperimpute", "torch")
    options.data = None
    results.write(options, "First result on a table with holes", rows, about=ABOUT, packages=packages, data="drawn")


if __name__ == "__main__":
    main()
