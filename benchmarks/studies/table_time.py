"""Seconds and memory of a fit to 50,000 rows of 20 mixed columns with default settings.

    python benchmarks/studies/table_time.py [--rows 50000]

The table is drawn from a latent Gaussian of 5 factors: 8 numbers, 4 positive numbers, 3 counts, 3 columns of 4
categories, 2 of two values, a tenth of the cells missing.
"""

import argparse
import resource
import time

import numpy as np
import pyarrow as pa

import taut


def table(rows: int) -> pa.Table:
    draw = np.random.default_rng(0)
    z = draw.normal(size=(rows, 5))
    u = z @ draw.normal(size=(5, 20)) / 2 + draw.normal(size=(rows, 20))
    columns = {f"number_{j}": u[:, j] for j in range(8)}
    columns |= {f"amount_{j}": np.exp(u[:, 8 + j]).round(2) + 0.01 for j in range(4)}
    columns |= {f"count_{j}": draw.poisson(np.exp(0.5 * u[:, 12 + j] + 1)) for j in range(3)}
    columns |= {f"kind_{j}": np.array(["a", "b", "c", "d"])[np.digitize(u[:, 15 + j], (-1, 0, 1))] for j in range(3)}
    columns |= {f"flag_{j}": np.where(u[:, 18 + j] > 0, "yes", "no") for j in range(2)}
    return pa.table({name: pa.array(cells, mask=draw.random(rows) < 0.1) for name, cells in columns.items()})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    options = parser.parse_args()
    frame = table(options.rows)
    began = time.perf_counter()
    vae = taut.VAE(random_state=0, verbose=False).fit(frame)
    seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{options.rows} rows × 20 columns: fit in {seconds:.0f} s, at most {memory:.2f} GiB in memory")
    print(f"bound on held-out rows {vae.fitted_.held_out_bound:.3f} nats; {vae.outcome_.sentence}")


if __name__ == "__main__":
    main()
