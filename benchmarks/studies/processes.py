"""Fits by 1, 2 and 4 processes on this machine: losses, throughput, and the bytes that a step exchanges.

    python benchmarks/studies/processes.py [--rows 2048] [--epochs 3]

Each fit is a command of its own processes, on zeros and ones. Throughput is that of the epochs after the first, which
is mostly compilation. Bytes are those of the operands of all exchanges in the compiled step, for some sizes of model.
"""

import argparse
import csv
import json
import math
import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

COUNTS, WIDTHS, FEATURES, BATCH = (1, 2, 4), (16, 64, 256), 256, 256
MAIN = "from taut.cli import main; main()"
EXCHANGE = re.compile(r"= (.*?) (?:all-reduce|all-gather|all-to-all|collective-permute|reduce-scatter)(?:-start)?\(")
ARRAY = re.compile(r"([a-z]+)(\d+)\[([\d,]*)\]")


def fitted(processes: int, rows: Path, out: Path, epochs: int) -> list[dict[str, float]]:
    """The epochs of a fit by so many processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = ["--coordinator", f"127.0.0.1:{free.getsockname()[1]}", "--processes", str(processes)]
    words = ["fit", str(rows), "--out", str(out), "--latent-dim", "8", "--hidden", "128", "--max-epochs", str(epochs)]
    words += ["--batch-size", str(BATCH), "--likelihood", "bernoulli", "--quiet"]
    numbered = [["--process", str(number)] for number in range(processes)]
    started = [
        subprocess.Popen([sys.executable, "-c", MAIN, *words, *(place + own if processes > 1 else [])])
        for own in numbered
    ]
    codes = [process.wait() for process in started]
    if any(codes):
        raise SystemExit(f"a fit by {processes} processes did not end well")
    with (out / "history.csv").open() as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def exchanged(width: int) -> tuple[int, int, int]:
    """Numbers that have a gradient, exchanges of a compiled step, and the bytes of their operands."""
    import equinox as eqx  # noqa: PLC0415  the parent must not start JAX
    import jax  # noqa: PLC0415
    import jax.random as jr  # noqa: PLC0415

    from taut import Plan, guides, likelihoods, models, networks  # noqa: PLC0415
    from taut.distributed import on_all_devices  # noqa: PLC0415
    from taut.fitting.epoch import AsFloat, Parts, run_epoch  # noqa: PLC0415
    from taut.fitting.starting import program_of  # noqa: PLC0415
    from taut.objectives import elbo  # noqa: PLC0415

    model = models.LatentVariableModel(
        prior=models.standard_normal(8),
        decoder=networks.Perceptron(8, FEATURES, hidden=(width,), key=jr.key(0)),
        likelihood=likelihoods.Bernoulli(FEATURES),
    )
    guide = guides.GaussianEncoder(FEATURES, 8, hidden=(width,), key=jr.key(1))
    moving, fixed = eqx.partition((model, guide), eqx.is_inexact_array)
    program = program_of(Plan(batch_size=64), elbo(), AsFloat(), 256)
    given = Parts(moving, fixed), program.optimiser.init(moving), np.zeros((256, FEATURES), np.uint8), np.int32(0)
    compiled = run_epoch.lower(program, *on_all_devices((*given, jr.key(2)), program.mesh)).compile()
    kinds = [line[1] for line in map(EXCHANGE.search, compiled.compiled.as_text().splitlines()) if line]
    arrays = [array for kind in kinds for array in ARRAY.findall(kind)]
    sent = sum(int(bits) // 8 * math.prod(map(int, filter(None, shape.split(",")))) for _, bits, shape in arrays)
    taught = eqx.filter((model.decoder, guide), eqx.is_inexact_array)  # the standard normal prior is not
    return sum(leaf.size for leaf in jax.tree.leaves(taught)), len(kinds), sent


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2048)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--bytes", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bytes:
        print(json.dumps([exchanged(width) for width in WIDTHS]))
        return
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=4"
    child = [sys.executable, __file__, "--bytes"]
    said = subprocess.run(child, env=os.environ | {"XLA_FLAGS": flags}, check=True, capture_output=True, text=True)
    print("numbers with a gradient | exchanges in a step | bytes of their operands | 4 × (numbers + 1)")
    for numbers, exchanges, sent in json.loads(said.stdout):
        print(f"{numbers} | {exchanges} | {sent} | {4 * (numbers + 1)}")
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.npy"
        np.save(rows, np.random.default_rng(0).integers(0, 2, (options.rows, FEATURES), dtype=np.uint8))
        found = {count: fitted(count, rows, Path(folder) / str(count), options.epochs) for count in COUNTS}
    print("processes | last bound on held-out rows | largest relative difference of a loss | seconds of an epoch")
    for count, epochs in found.items():
        pairs = [
            (now[name], one[name]) for now, one in zip(epochs, found[1], strict=True) for name in ("train", "held_out")
        ]
        apart = max(abs(now / one - 1) for now, one in pairs)
        seconds = sum(epoch["seconds"] for epoch in epochs[1:]) / (len(epochs) - 1)
        print(f"{count} | {epochs[-1]['held_out']:.6f} | {apart:.1e} | {seconds:.2f}")


if __name__ == "__main__":
    main()
