"""The autoencoder that the benchmarks of log p(x) share: trained once, kept as a run folder.

python benchmarks/fitted.py --data mnist.npz --model RUN
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import results

import taut
from taut.data import binarise_fixed

LATENTS, HIDDEN, EPOCHS = 50, (200, 200), 40
MODEL = {"model": {"type": Path, "help": "folder of the trained model; made there where it is missing"}}


def autoencoder(options: argparse.Namespace) -> tuple[taut.VAE, np.ndarray]:
    """A trained model, and test images that were binarised once."""
    train, test, levels = results.images(options.data)
    test = binarise_fixed(test, levels, 1)
    if options.model is not None and options.model.exists():
        return taut.load(options.model), test
    small = options.quick or options.data is None
    vae = taut.VAE(
        latent_dim=8 if small else LATENTS, hidden=(32, 32) if small else HIDDEN, likelihood="bernoulli",
        binarise="dynamic", objective="sticking-the-landing", max_epochs=3 if options.quick else EPOCHS,
        kl_warm_up=1 if options.quick else 15, learning_rate=2e-3, validation_fraction=0.01, random_state=0,
        verbose=False,
    ).fit(train[: 1000 if options.quick else None])  # fmt: skip
    if options.model is not None:
        # Under another name first: a run that was stopped while it wrote leaves no half of a model.
        options.model.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=options.model.parent) as folder:
            vae.save(Path(folder) / "run")
            (Path(folder) / "run").rename(options.model)
    return vae, test


def main() -> None:
    options = results.options(__doc__, **MODEL)
    vae, test = autoencoder(options)
    print(f"{vae.outcome_.sentence} log p(x) of 100 test images {vae.score_samples(test[:100], draws=100).mean():.2f}")


if __name__ == "__main__":
    main()
