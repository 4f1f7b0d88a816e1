"""What a trained prior wins on the bundled digits: with the model from the start, and for a model that was trained.

    python benchmarks/studies/priors.py together normal gaussian mixture:50 vamp:50 flow:2
    python benchmarks/studies/priors.py after gaussian mixture:20 mixture:100 flow:4

Nats a row. A model of its own is told by the ELBO on rows by which its epoch was chosen, and by log p(x), importance
weighted, on rows that it never saw. A prior fitted afterwards by ELBO, log p(x) by 1,000 draws, and marginal KL, there.
"""

import argparse
import time

import jax.random as jr
import numpy as np

import taut
from taut.auditing.usage import moments_of_rows, rate_decomposition_of
from taut.weights import LogWeightsOfRow, map_rows

EPOCHS, WIDTH, LATENTS, DRAWS = 100, 100, 8, 1000


def line(name: str, seconds: float, model: taut.models.AbstractModel, guide: taut.guides.AbstractGuide) -> str:
    """The numbers of one model."""
    rows = np.asarray(taut.datasets.digits()[1]).reshape(-1, 64)
    log_w = np.asarray(map_rows(LogWeightsOfRow(DRAWS), model, guide, rows, key=jr.key(1)), np.float64)
    importance = np.logaddexp.reduce(log_w, axis=1) - np.log(DRAWS)
    places = moments_of_rows(model, guide, rows, key=jr.key(2))
    split = rate_decomposition_of(model, places, gaussian=True, key=jr.key(3))
    assert split is not None
    return (
        f"{name:12} {seconds:6.1f} s   ELBO {log_w.mean():8.2f}   log p(x) {importance.mean():8.2f}   "
        f"marginal KL {split.marginal_kl.value:6.2f}"
    )


def fitted(prior: str) -> taut.VAE:
    """A model with this prior, trained as a whole."""
    train = taut.datasets.digits()[0]
    return taut.VAE(LATENTS, prior=prior, hidden=(WIDTH,), max_epochs=EPOCHS, random_state=0).fit(train)


def together(priors: list[str]) -> None:
    """Each prior with a model of its own."""
    held = taut.datasets.digits()[1]
    for prior in priors:
        began = time.process_time()
        vae = fitted(prior)
        seconds = time.process_time() - began
        bound, log_p = vae.fitted_.held_out_bound, vae.score(held)
        print(f"{prior:12} {seconds:6.1f} s   ELBO {bound:8.2f}   log p(x) {log_p:8.2f}", flush=True)


def after(priors: list[str]) -> None:
    """Each prior for the model that was trained with N(0, I)."""
    vae = fitted("normal")
    rows = np.asarray(taut.datasets.digits()[0]).reshape(-1, 64)
    for prior in priors:
        began = time.process_time()
        plan = taut.Plan(epochs=30, learning_rate=1e-2)
        found = taut.fit_prior(vae.model_, vae.guide_, rows, prior, key=jr.key(4), plan=plan)
        print(line(prior, time.process_time() - began, found.model, vae.guide_), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("when", choices=("together", "after"))
    parser.add_argument("priors", nargs="+")
    chosen = parser.parse_args()
    {"together": together, "after": after}[chosen.when](chosen.priors)
