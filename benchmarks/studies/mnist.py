"""The figure on MNIST: test log p(x) of the one-layer autoencoder of Burda et al. 2016, dynamic binarisation, K = 1.

    python benchmarks/studies/mnist.py path/to/mnist.npz             (arrays `train` and `test`, bytes, 784 wide)
    python benchmarks/studies/mnist.py path/to/mnist.npz --epochs 2 --rows 100 --draws 500

784–200–200–50 and back, path derivative, one draw, batches of 100; Adam at 3e-3 after one epoch of rising, with a
cosine; the weight of the divergence rises over 15 epochs. `--held-out` training images, chosen by the seed, pick the
best epoch. Each test image is binarised once, with a seed of its own; log p(x) is importance-weighted over `--draws`
draws of the encoder, below the truth in expectation. The test images are scored once, at the end.
"""

import argparse
import time
from pathlib import Path

import jax.numpy as jnp
import jax.random as jr
import numpy as np

from taut import Plan, fit, guides, likelihoods, models, networks, objectives
from taut.auditing import account_for_rows
from taut.auditing.means import mean_over_rows
from taut.data import binarise_fixed, digest, split
from taut.fitting import DynamicBinarisation, Progress
from taut.weights import khat_threshold

LATENTS, HIDDEN, LEVELS = 50, (200, 200), 255.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--held-out", type=int, default=400, help="training images held out")
    parser.add_argument("--rows", type=int, help="test images to score, from the first; default all")
    parser.add_argument("--draws", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--binarise-seed", type=int, default=1)
    return parser.parse_args()


def untrained(train: np.ndarray, seed: int) -> tuple[models.LatentVariableModel, guides.GaussianEncoder]:
    decoder_key, encoder_key = jr.split(jr.key(seed))
    pixels = likelihoods.Bernoulli(train.shape[1])
    start = pixels.starting_outputs(jnp.asarray(train.mean(axis=0) / LEVELS, jnp.float32))
    decoder = networks.Perceptron(LATENTS, pixels.outputs, hidden=HIDDEN, starting_outputs=start, key=decoder_key)
    model = models.LatentVariableModel(prior=models.standard_normal(LATENTS), decoder=decoder, likelihood=pixels)
    share = train.mean(axis=0) / LEVELS
    # Of binarised pixels: their mean, and one spread for all, since some are almost never lit.
    spread = np.full(train.shape[1], np.sqrt(np.mean(share * (1 - share))))
    inputs = networks.Standardise(jnp.asarray(share, jnp.float32), jnp.asarray(spread, jnp.float32))
    return model, guides.GaussianEncoder(train.shape[1], LATENTS, hidden=HIDDEN, inputs=inputs, key=encoder_key)


def say(now: Progress) -> None:
    if now.epoch == 1 or now.epoch % 10 == 0 or now.epoch == now.epochs:
        print(
            f"epoch {now.epoch}/{now.epochs}: held-out bound {now.bound:.2f}, {now.seconds_left:.0f} s left", flush=True
        )


def main() -> None:
    options = arguments()
    with np.load(options.data, allow_pickle=False) as archive:
        train, test = archive["train"], archive["test"]
    chosen, held_out = split(len(train), options.held_out / len(train), options.seed)
    test = binarise_fixed(test, LEVELS, options.binarise_seed)
    print(
        f"train {len(chosen)}, held out {len(held_out)}; test {len(test)} binarised with seed {options.binarise_seed}:"
    )
    print(f"digest {digest(test)}")
    model, guide = untrained(train[chosen], options.seed)
    began = time.perf_counter()
    run = fit(
        model,
        guide,
        train[chosen],
        held_out=train[held_out],
        key=jr.key(options.seed + 1),
        objective=objectives.sticking_the_landing(kl_warm_up=15),
        plan=Plan(epochs=options.epochs, batch_size=100, learning_rate=3e-3, warm_up=1),
        view=DynamicBinarisation(LEVELS),
        on_epoch=say,
    )
    seconds = time.perf_counter() - began
    print(
        f"{run.outcome.sentence}\ntrained in {seconds:.1f} s, {seconds / len(run.history):.3f} s an epoch", flush=True
    )
    scored = test[: options.rows]
    began = time.perf_counter()
    rows = account_for_rows(run.model, run.guide, scored, draws=options.draws, key=jr.key(options.seed + 2))
    seconds = time.perf_counter() - began
    # The test images are a sample too: s/√n over them, which holds the noise of the draws as well.
    over_rows = rows.log_p.std(ddof=1) / np.sqrt(len(scored))
    evidence, elbo, rate = (
        mean_over_rows(values, errors, population=len(scored), draws=options.draws, condition=None)
        for values, errors in (
            (rows.log_p, rows.log_p_error),
            (rows.elbo, rows.elbo_error),
            (rows.rate, rows.rate_error),
        )
    )
    print(f"scored {len(scored)} test images with {options.draws} draws each in {seconds:.1f} s")
    print(f"failed draws {rows.failed.sum()}")
    print(f"−log p(x)  {-evidence.value:.3f} ± {evidence.std_error:.3f} from draws, ± {over_rows:.3f} over images")
    print(f"−ELBO      {-elbo.value:.3f} ± {elbo.std_error:.3f} from draws; rate {rate.value:.3f}")
    threshold = khat_threshold(options.draws)
    share, median = np.mean(rows.khat > threshold), np.median(rows.khat)
    print(f"k̂ above {threshold:.2f} for {share:.1%} of the images, median {median:.2f}")


if __name__ == "__main__":
    main()
