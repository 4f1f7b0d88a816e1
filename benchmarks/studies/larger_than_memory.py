"""Rows that do not fit: each command on a file of them, in a process whose memory is limited.

    python benchmarks/studies/larger_than_memory.py reals --rows 2000000 --limit 2
    python benchmarks/studies/larger_than_memory.py mixed --rows 1000000
    python benchmarks/studies/larger_than_memory.py counts --rows 100000

`reals` are 1,024 columns of a `.npy` file, every thousandth row of which loses a cell before all are imputed; `mixed`
are 20 columns of three kinds in Parquet, half of them with holes; `counts` are 20,000 columns of a sparse `.npz`, three
in a hundred of which are not zero. A limit, in GiB, is that of a control group of Linux, which counts cached pages of
files, too; it wants the rights to make one. The peak is of resident memory (`ru_maxrss`), mapped pages among it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

GROUPS = Path("/sys/fs/cgroup")
BLOCK = 20_000
MAIN = "from taut.cli import main; main()"
OPTIONS = {
    "reals": ("--hidden", "16", "--latent-dim", "4", "--batch-size", "1000"),
    "mixed": ("--latent-dim", "8", "--batch-size", "500"),
    "counts": ("--likelihood", "poisson", "--latent-dim", "4", "--hidden", "16", "--batch-size", "100"),
}


def write_reals(path: Path, rows: int) -> None:
    """Four latents and noise, block by block."""
    rng = np.random.default_rng(0)
    loadings = rng.normal(size=(4, 1024)).astype(np.float32)
    # Written, not mapped: a process starts with the peak of the one that starts it.
    with path.open("wb") as file:
        about = {"descr": "<f4", "fortran_order": False, "shape": (rows, 1024)}
        np.lib.format.write_array_header_1_0(file, about)
        for start in range(0, rows, BLOCK):
            noise = rng.standard_normal((min(BLOCK, rows - start), 1024), np.float32)
            file.write((rng.standard_normal((len(noise), 4), np.float32) @ loadings + noise).data)


def lose_cells(path: Path) -> None:
    """Every thousandth row of an array loses a cell."""
    with path.open("r+b") as file:
        np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        start = file.tell()
        for row in range(0, shape[0], 1000):
            file.seek(start + dtype.itemsize * (row * shape[1] + row // 1000 % shape[1]))
            file.write(np.array(np.nan, dtype).tobytes())


def write_mixed(path: Path, rows: int) -> None:
    """Ten columns of reals, five of labels and five of counts; every second column has holes."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    rng = np.random.default_rng(0)

    def block(count: int) -> pa.Table:
        common = rng.normal(size=count)
        columns = [rng.normal(common) for _ in range(10)]
        columns += [np.array(list("abcd"))[np.clip(rng.normal(common + 1.5), 0, 3).astype(int)] for _ in range(5)]
        columns += [rng.poisson(np.exp(common / 2)) for _ in range(5)]
        holes = [rng.random(count) < 0.1 if number % 2 else None for number in range(20)]
        pairs = enumerate(zip(columns, holes, strict=True))
        return pa.table({f"x{number}": pa.array(column, mask=hole) for number, (column, hole) in pairs})

    first = block(min(BLOCK, rows))
    with parquet.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for start in range(BLOCK, rows, BLOCK):
            writer.write_table(block(min(BLOCK, rows - start)))


def write_counts(path: Path, rows: int) -> None:
    """About 600 counts in each row of 20,000."""
    from scipy import sparse  # noqa: PLC0415

    rng = np.random.default_rng(0)
    each, width = 600, 20_000
    columns = np.sort(rng.integers(0, width // each, (rows, each)) + np.arange(each) * (width // each)).astype(np.int32)
    values = rng.geometric(0.5, rows * each).astype(np.int16)
    pointers = np.arange(rows + 1, dtype=np.int64) * each
    sparse.save_npz(path, sparse.csr_array((values, columns.ravel(), pointers), (rows, width)), compressed=False)


KINDS = {"reals": (write_reals, ".npy"), "mixed": (write_mixed, ".parquet"), "counts": (write_counts, ".npz")}


@contextmanager
def limited(gib: float | None):
    """A control group of so much memory, as the file that its processes write their numbers to."""
    if gib is None:
        yield None
        return
    old = (GROUPS / "memory").is_dir()
    group = (GROUPS / "memory" if old else GROUPS) / f"taut-{os.getpid()}"
    group.mkdir()
    try:
        (group / ("memory.limit_in_bytes" if old else "memory.max")).write_text(str(int(gib * 2**30)))
        yield group / "cgroup.procs"
    finally:
        group.rmdir()


def run(words: list[str], group: Path | None) -> tuple[float, float, float]:
    """Seconds by the clock, seconds of the processors and the peak of resident memory, in GB."""

    def enter() -> None:
        if group is not None:
            group.write_text(str(os.getpid()))

    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", MAIN, *words, "--stream", "--quiet"], preexec_fn=enter)  # noqa: PLW1509
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"taut {words[0]} ended with status {status}")
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e9


def main() -> None:
    """Print a line for each command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--limit", type=float, help="GiB of memory, cached pages included")
    parser.add_argument(
        "--only", nargs="*", help="of fit, score, embed, impute and audit, those to run; fit always runs"
    )
    parser.add_argument("--folder", help="where files are written; a temporary folder unless given")
    asked = parser.parse_args()
    write, ending = KINDS[asked.kind]
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder, limited(asked.limit) as group:
        data, out = str(Path(folder) / f"rows{ending}"), Path(folder) / "run"
        write(Path(data), asked.rows)
        print(f"{asked.rows:,} rows, {Path(data).stat().st_size / 1e9:.2f} GB on the disk")
        commands = {
            "fit": ["fit", data, "--out", str(out), "--max-epochs", "1", *OPTIONS[asked.kind]],
            "score": ["score", str(out), data, "--draws", "2", "--out", f"{folder}/scores.parquet"],
            "embed": ["embed", str(out), data, "--out", f"{folder}/latents.parquet"],
            "audit": ["audit", str(out), data, "--out", f"{folder}/audit", "--rows", "200", "--seconds", "60"],
            "impute": ["impute", str(out), data, "--out", f"{folder}/filled.parquet"],
        }
        print("command | seconds | processor seconds | rows a second | peak GB", flush=True)
        for name, words in commands.items():
            if name == "fit" or not asked.only or name in asked.only:
                if name == "impute" and asked.kind == "reals":
                    lose_cells(Path(data))
                seconds, cpu, peak = run(words, group)
                print(f"{name} | {seconds:.0f} | {cpu:.0f} | {asked.rows / seconds:,.0f} | {peak:.2f}", flush=True)


if __name__ == "__main__":
    main()
