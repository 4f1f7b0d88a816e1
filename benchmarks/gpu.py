"""The same on a graphics processor: epochs a second, and rows bracketed a second, with PyTorch beside them.

    python benchmarks/gpu.py --data mnist.npz --json gpu.json
    python benchmarks/gpu.py --small                                 a check of the code, on any device

Wants builds of jax and PyTorch for the device: `pip install "jax[cuda13]"`, and `torch`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import evidence
import fitted
import jax
import numpy as np
import results
import training

BATCHES = (20, 100, 1000, 10_000)
ABOUT = (
    "Milliseconds for a pass over the training images, median of rounds, and rows a second until log p(x) is known to "
    "0.05 nats. Beside it the median over rounds of the time of a tool over taut's in the same round."
)


def contestants(train: np.ndarray, batch: int, levels: float, device: str) -> dict[str, Callable]:
    """taut, and both kinds of PyTorch, on one device."""

    def pytorch(compiled: bool) -> Callable[[], str]:
        from peers import pytorch  # noqa: PLC0415  one that is missing stops only itself

        how = {"levels": levels, "latents": training.LATENTS, "hidden": training.HIDDEN}
        return pytorch.training(train, batch, compiled=compiled, device=device, **how)

    return {
        "taut": partial(training.with_taut, train, batch, levels),
        "PyTorch, eager": partial(pytorch, False),
        "PyTorch, compiled": partial(pytorch, True),
    }


def main() -> None:
    own = {"rounds": {"type": int, "default": 5}, "small": {"action": "store_true"}}
    options = results.options(__doc__, **fitted.MODEL, **own)
    options.quick |= options.small
    here = jax.devices()[0]
    if here.platform == "cpu" and not options.small:
        print("No graphics processor here: nothing measured. `--small` checks the code on any device.")
        return
    train, _, levels = results.images(options.data)
    train, rows = np.ascontiguousarray(train[: 1000 if options.small else 60_000]), []
    for batch in BATCHES[1:2] if options.small else BATCHES:
        device = "cpu" if here.platform == "cpu" else "cuda"
        turns, failed = results.warmed(contestants(train, batch, levels, device))
        taken = results.take_turns(turns, 2 if options.small else options.rounds)
        rows += results.compared(
            f"batch {batch}", taken, failed, unit="ms an epoch", value=lambda seconds: 1000 * seconds, aims={}
        )
    vae, test = fitted.autoencoder(options)
    x = test[: 32 if options.small else 2048]
    evidence.bracketed(vae, x, evidence.WIDTH)
    audit, seconds = evidence.bracketed(vae, x, evidence.WIDTH)
    rows.append({
        "what": f"bracket, {len(x)} rows", "tool": "taut", "rows a second": results.significant(len(x) / seconds),
        "wide": round(float(audit.ledger.evidence.width), 4),
    })  # fmt: skip
    results.write(options, "Graphics processor", rows, about=ABOUT, packages=("torch",), device=here.device_kind)


if __name__ == "__main__":
    main()
