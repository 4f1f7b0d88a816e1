"""What the benchmarks share: options, data, the machine in words, turns that alternate, and results as JSON."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import statistics
import time
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

Row = dict[str, Any]
Turn = Callable[[], Any]


def options(doc: str | None, **more: dict[str, Any]) -> argparse.Namespace:
    """The options of a benchmark: `--data`, `--json`, `--quick`, and its own by name."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="mnist.npz: bytes `train` and `test`, 784 wide; default small digits")
    parser.add_argument("--json", type=Path, help="where the results go")
    parser.add_argument(
        "--quick", action="store_true", help="a small check that the code runs; its figures say nothing"
    )
    for name, how in more.items():
        parser.add_argument(f"--{name}", **how)
    return parser.parse_args()


def images(path: Path | None) -> tuple[np.ndarray, np.ndarray, float]:
    """Train and test images as bytes, and their largest grey level."""
    if path is None:
        import taut  # noqa: PLC0415  peers in processes of their own do without it

        return *taut.datasets.digits(), 16.0
    with np.load(path, allow_pickle=False) as archive:
        return archive["train"], archive["test"], 255.0


def take_turns(turns: dict[str, Turn], count: int) -> dict[str, list[float]]:
    """Seconds of each contestant in each round; every other round goes backwards. All are warm already."""
    taken: dict[str, list[float]] = {name: [] for name in turns}
    for number in range(count):
        for name in list(turns) if number % 2 == 0 else list(turns)[::-1]:
            seconds, said = timed(turns[name])
            taken[name].append(seconds)
            print(f"  round {number + 1}  {name:28} {seconds:8.3f} s  {said}", flush=True)
    return taken


def timed(turn: Turn) -> tuple[float, Any]:
    """Seconds, and what came of it."""
    began = time.perf_counter()
    said = turn()
    return time.perf_counter() - began, said


def warmed(contestants: dict[str, Callable[[], Turn]]) -> tuple[dict[str, Turn], dict[str, str]]:
    """The contestants that could be built and run once, and why the others could not."""
    ready: dict[str, Turn] = {}
    failed: dict[str, str] = {}
    for name, build in contestants.items():
        try:
            turn = build()
            print(f"  warm-up  {name:28} {timed(turn)[1]}", flush=True)
            ready[name] = turn
        except Exception as trouble:  # whatever a peer does, the others still run
            failed[name] = without_paths(f"failed: {type(trouble).__name__}: {str(trouble).partition(chr(10))[0]}")
            print(f"  warm-up  {name:28} {failed[name]}", flush=True)
    return ready, failed


def compared(
    what: str,
    taken: dict[str, list[float]],
    failed: dict[str, str],
    *,
    unit: str,
    value: Callable[[float], float],
    aims: dict[str, float],
) -> list[Row]:
    """A row for each contestant: its median figure, and the median over rounds of its seconds over those of taut.

    `aims` maps the first word of contestants to how many times as long the best of them should take.
    """
    rows: list[Row] = []
    for name, seconds in taken.items():
        row: Row = {"what": what, "tool": name, unit: significant(value(statistics.median(seconds)))}
        if name != "taut" and "taut" in taken:
            ratios = [there / here for here, there in zip(taken["taut"], seconds, strict=True)]
            row |= {"time / taut's": significant(statistics.median(ratios)),
                    "from": significant(min(ratios)), "to": significant(max(ratios))}  # fmt: skip
        rows.append(row)
    for word, aim in aims.items():
        own = [row for row in rows if row["tool"].startswith(word) and "time / taut's" in row]
        if own:
            best = min(own, key=lambda row: row["time / taut's"])
            best["aim"] = verdict(best["time / taut's"], at_least=aim)
    return rows + [{"what": what, "tool": name, "note": reason} for name, reason in failed.items()]


def verdict(figure: float, *, at_least: float | None = None, at_most: float | None = None) -> str:
    """What was wanted, and whether it came."""
    if at_least is not None:
        return f"at least {at_least:g}: {'met' if figure >= at_least else 'missed'}"
    return f"at most {at_most:g}: {'met' if at_most is not None and figure <= at_most else 'missed'}"


def without_paths(words: str) -> str:
    """The words with files by their names alone: where they lie is this machine's affair.

    >>> without_paths("No module in '/usr/lib/thing.py'")
    "No module in 'thing.py'"
    """
    return re.sub(r"(?<!\w)/(?:[\w.+-]+/)+", "", words)


def significant(figure: float, digits: int = 3) -> float:
    """The figure to so many significant digits."""
    return float(f"{figure:.{digits}g}")


def write(
    options: argparse.Namespace, title: str, rows: list[Row], *, about: str, packages: Iterable[str] = (), **more: Any
) -> None:
    """Print the rows, and write them where `--json` says, with machine, versions and date."""
    for row in rows:
        print("  ".join(f"{name} {cell}" for name, cell in row.items()), flush=True)
    if options.json is None:
        return
    found = {"title": title, "about": about, "data": "small digits" if options.data is None else options.data.name}
    found |= {"quick": options.quick, "machine": machine(), "versions": versions(packages)}
    found |= {"date": datetime.datetime.now(datetime.UTC).date().isoformat(), **more, "rows": rows}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def machine() -> dict[str, str | int | float]:
    """Processor, cores that this process may use, and memory."""
    info = Path("/proc/cpuinfo")
    named = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE) if info.exists() else None
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {"processor": named[1] if named else platform.processor() or platform.machine(), "cores": cores,
            "memory": f"{memory:.0f} GiB", "busy": f"{os.getloadavg()[0]:.1f} processes on average"}  # fmt: skip


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Of Python, taut, jax and these."""
    found = {"python": platform.python_version()}
    for name in ("taut", "jax", *packages):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
