"""log p(x) known to 0.05 nats: taut's brackets beside importance weighting alone.

    python benchmarks/evidence.py --data mnist.npz --model RUN --json evidence.json

A bracket is asked to be 0.05 nats wide in the mean; its time is that of the rows: encoder's draws, refining, pilots,
walks. Importance weighting with the encoder lies below log p(x), by less with more draws: how much less is measured on
a few rows against a narrow bracket of them. Where it has not come within 0.05 nats at the largest number of draws, the
number that it wants is extrapolated in two ways: by a line through the logarithms of what is measured, and as if the
shortfall fell like 1/K from the last point on, which is the fastest that it can fall in the end. Importance
weighting itself is timed in turns with the brackets, by taut's program, the quickest here.
"""

from __future__ import annotations

import time

import fitted
import jax.random as jr
import numpy as np
import results

import taut
from taut.auditing import Audit
from taut.weights import LogWeightsOfRow, map_rows

WIDTH, DRAWS = 0.05, 5000
FASTER_AIM, ROWS_AIM = 20.0, 60.0
ABOUT = (
    "Rows a second until log p(x) is known to 0.05 nats in the mean over rows. Importance weighting cannot say when it "
    "has come so near; how many draws it wants was found with the bracket's help."
)


class RowClock:
    """Seconds until the last row was done."""

    def __init__(self) -> None:
        self.began = self.ended = time.perf_counter()

    def __call__(self, stage: str, done: int, everything: int) -> None:
        """Note the time where a chunk of rows is done."""
        if stage == "rows":
            self.ended = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return self.ended - self.began


def bracketed(vae: taut.VAE, x: np.ndarray, width: float) -> tuple[Audit, float]:
    """The audit, and the seconds of its rows."""
    clock = RowClock()
    return vae.audit_by_row(x, width=width, on_block=clock), clock.seconds


def shortfalls(vae: taut.VAE, x: np.ndarray, draws: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of draws K, and how far E log (1/K) Σ w lies below log p(x) in the mean over rows."""
    walks = bracketed(vae, x, 0.01)[0].measured.rows.walks
    truth = (np.asarray(walks.lower, np.float64) + np.asarray(walks.upper, np.float64)) / 2
    log_w = map_rows(LogWeightsOfRow(draws, chunk=64), vae.model_, vae.guide_, x, key=jr.key(7), block=len(x))
    log_w, counts, below = log_w.astype(np.float64), [], []
    for count in 4 ** np.arange(3, int(np.log2(draws)) // 2 + 1):
        groups = log_w[:, : draws // count * count].reshape(len(x), -1, count)
        values = np.logaddexp.reduce(groups, axis=2) - np.log(count)
        counts.append(count)
        below.append(np.mean(truth - values.mean(axis=1)))
    return np.array(counts), np.array(below)


def wanted(counts: np.ndarray, below: np.ndarray) -> dict[str, float]:
    """How many draws bring the shortfall to the width, by each way to go on from what is measured."""
    if below[-1] <= WIDTH:
        return {"measured": float(counts[np.argmax(below <= WIDTH)])}
    last = slice(-4, None)
    slope, start = np.polyfit(np.log(counts[last]), np.log(np.maximum(below[last], 1e-6)), 1)
    line = float(np.exp((np.log(WIDTH) - start) / slope)) if slope < 0 else np.inf
    return {"by a line": line, "as 1/K from the last point": float(counts[-1] * below[-1] / WIDTH)}


def verdict(figure: float, width: float, *, at_least: float | None = None, at_most: float | None = None) -> str:
    """What was wanted, and whether it came with a bracket as narrow as was asked."""
    words = results.verdict(figure, at_least=at_least, at_most=at_most)
    return words if width <= WIDTH else f"{words.partition(':')[0]}, {WIDTH:g} wide: missed, {width:.4f} wide"


def main() -> None:
    own = {"rows": {"type": int, "default": 256}, "draws": {"type": int, "default": 4**8}}
    options = results.options(__doc__, **fitted.MODEL, **own, rounds={"type": int, "default": 3})
    vae, test = fitted.autoencoder(options)
    x = test[: 32 if options.quick else options.rows]
    few, draws = test[: 8 if options.quick else 32], 1024 if options.quick else options.draws
    seconds: list[float] = []
    bracketed(vae, x, WIDTH)
    vae.score_samples(few, draws=DRAWS)
    weighing: list[float] = []
    widest = 0.0
    for number in range(2 if options.quick else options.rounds):
        audit, taken = bracketed(vae, x, WIDTH)
        seconds.append(taken / len(x))
        weighing.append(results.timed(lambda: vae.score_samples(few, draws=DRAWS))[0] / (len(few) * DRAWS))
        width, speeds = float(audit.ledger.evidence.width), (1 / seconds[-1], 1 / weighing[-1])
        widest = max(widest, width)
        print(f"round {number + 1}  bracket {speeds[0]:.1f} rows a second, {width:.4f} wide; ", end="")
        print(f"importance weighting {speeds[1]:.0f} draws a second", flush=True)
    rate = 1 / np.median(seconds)
    rows: list[results.Row] = [{
        "what": f"bracket, {len(x)} rows", "rows a second": results.significant(rate),
        "wide": round(widest, 4), "aim": verdict(rate, widest, at_least=ROWS_AIM),
    }]  # fmt: skip
    counts, below = shortfalls(vae, few, draws)
    for count, gap in zip(counts, below, strict=True):
        print(f"importance weighting with {count} draws is {gap:.4f} below, {len(few)} rows", flush=True)
    for how, count in wanted(counts, below).items():
        ratio = float(np.median(np.array(weighing) / np.array(seconds))) * count
        rows.append({
            "what": f"importance weighting, {how}", "rows a second": results.significant(rate / ratio),
            "draws a row": results.significant(count), "time / taut's": results.significant(ratio),
            "aim": verdict(ratio, widest, at_least=FASTER_AIM),
        })  # fmt: skip
    rows.append({"what": f"importance weighting at {counts[-1]} draws", "below log p(x)": round(float(below[-1]), 3)})
    results.write(options, "log p(x) known to 0.05 nats", rows, about=ABOUT)


if __name__ == "__main__":
    main()
