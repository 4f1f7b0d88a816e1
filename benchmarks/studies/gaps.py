"""Where the gap of an MNIST autoencoder comes from, for two encoders: the pattern of Cremer et al. 2018, Table 2.

    python benchmarks/studies/gaps.py mnist.npz

Pixels are zeros and ones by a static threshold at one half. Decoder 50–200–200–784; encoders 784–200–200 and
784–500–500, diagonal Gaussians, each trained with a decoder of its own by the same plan. Audited are `--rows` training
images, as there. A larger encoder should lower the amortisation gap and leave the approximation gap where it is.
"""

import argparse
from pathlib import Path

import jax.numpy as jnp
import jax.random as jr
import numpy as np

from taut import Plan, audit, fit, guides, likelihoods, models, networks, objectives

LATENTS = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--rows", type=int, default=100)
    options = parser.parse_args()
    with np.load(options.data, allow_pickle=False) as archive:
        train = (archive["train"] > 127).astype(np.uint8)
    pixels, share = likelihoods.Bernoulli(784), train.mean(axis=0)
    start = pixels.starting_outputs(jnp.asarray(share, jnp.float32))
    spread = jnp.full(784, float(np.sqrt(np.mean(share * (1 - share)))))
    for width in (200, 500):
        decoder = networks.Perceptron(LATENTS, 784, hidden=(200, 200), starting_outputs=start, key=jr.key(0))
        model = models.LatentVariableModel(prior=models.standard_normal(LATENTS), decoder=decoder, likelihood=pixels)
        inputs = networks.Standardise(jnp.asarray(share, jnp.float32), spread)
        guide = guides.GaussianEncoder(784, LATENTS, hidden=(width, width), inputs=inputs, key=jr.key(1))
        plan = Plan(epochs=options.epochs, batch_size=100, learning_rate=1e-3)
        run = fit(model, guide, train, key=jr.key(2), objective=objectives.elbo(kl_warm_up=5), plan=plan)
        ledger = audit(run.model, run.guide, train, key=jr.key(3), rows=options.rows, width=0.05)
        gap, evidence = ledger.gap, ledger.evidence
        print(f"encoder {width}–{width}: ELBO {ledger.elbo}; log p(x) in [{evidence.lower}, {evidence.upper}]")
        print(f"  amortisation ≥ {gap.amortisation}; approximation ≤ {gap.approximation}; "
              f"a full covariance wins {gap.full_covariance}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
