"""Seconds for an epoch of MNIST: taut's compiled epoch against a PyTorch loop written by hand.

    python benchmarks/epoch_vs_pytorch.py path/to/mnist.npz [--pairs 5] [--epochs 1] [--threads 2]

The same data (bytes, binarised afresh at every access), the same nets (784–200–200–50 and back, SiLU), one draw,
batches of 100, Adam 1e-3 at a constant rate, the loss log p(x|z) + log p(z) − log q(z|x) for both. Both are warmed up,
then take turns; the order within a pair alternates. The bound of every epoch is printed, so that both can be seen to do
the same work. PyTorch is no dependency of taut: `pip install torch` first.

On a machine that is busy, two threads of PyTorch can be slower than one by far: measure on an idle one, try
`--threads 1` too, and quote the faster.
"""

import argparse
import itertools
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from taut import Plan, guides, likelihoods, models, networks, objectives
from taut.fitting import DynamicBinarisation
from taut.fitting.epoch import Course, Parts, run_epoch

try:
    import torch
    from torch import nn
    from torch.nn import functional
except ImportError:
    raise SystemExit("This benchmark wants PyTorch, which is not installed; run `pip install torch` first.") from None

LATENTS, HIDDEN, LEVELS, BATCH, RATE = 50, (200, 200), 255.0, 100, 1e-3
Epochs = Callable[[int], float]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--pairs", type=int, default=5, help="timed turns of each")
    parser.add_argument("--epochs", type=int, default=1, help="epochs in a turn")
    parser.add_argument("--threads", type=int, default=2, help="threads of PyTorch; taut takes what XLA takes")
    parser.add_argument("--rows", type=int, help="training images, from the first; default all")
    return parser.parse_args()


def with_taut(train: np.ndarray) -> Epochs:
    """Epochs by the program that `taut.fit` runs."""
    import equinox as eqx  # noqa: PLC0415  only this side needs it

    features = train.shape[1]
    model = models.LatentVariableModel(
        prior=models.standard_normal(LATENTS),
        decoder=networks.Perceptron(LATENTS, features, hidden=HIDDEN, key=jr.key(0)),
        likelihood=likelihoods.Bernoulli(features),
    )
    guide = guides.GaussianEncoder(features, LATENTS, hidden=HIDDEN, key=jr.key(1))
    plan = Plan(epochs=10_000, batch_size=BATCH, learning_rate=RATE, schedule="constant")
    steps = -(-len(train) // BATCH)
    course = Course(objectives.elbo(), DynamicBinarisation(LEVELS), plan.optimiser(steps), BATCH, 1)
    moving, fixed = eqx.partition((model, guide), eqx.is_inexact_array)
    state = [moving, course.optimiser.init(moving), 0]
    data = jnp.asarray(train)

    def epochs(count: int) -> float:
        for _ in range(count):
            now = jnp.asarray(state[2], jnp.int32)
            moving, opt_state, info = run_epoch(course, Parts(state[0], fixed), state[1], data, now, jr.key(2))
            state[:] = [moving, opt_state, state[2] + 1]
        return float(info.bound)  # waits for the device

    return epochs


def with_pytorch(train: np.ndarray) -> Epochs:
    """Epochs by a loop such as one finds it: eager, nothing needless in it."""
    torch.manual_seed(0)
    data = torch.from_numpy(train)
    encoder, decoder = net(train.shape[1], 2 * LATENTS), net(LATENTS, train.shape[1])
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=RATE)

    def epochs(count: int) -> float:
        for _ in range(count):
            total = 0.0
            for rows in torch.randperm(len(data)).split(BATCH):
                x = torch.bernoulli(data[rows].float() / LEVELS)
                mean, raw_scale = encoder(x).chunk(2, dim=1)
                scale = functional.softplus(raw_scale) + 1e-4
                noise = torch.randn_like(mean)
                z = mean + scale * noise
                reconstruction = -functional.binary_cross_entropy_with_logits(decoder(z), x, reduction="none").sum(1)
                # log q(z|x) − log p(z): their constants cancel.
                divergence = (0.5 * (z**2 - noise**2) - scale.log()).sum(1)
                bound = (reconstruction - divergence).mean()
                optimiser.zero_grad(set_to_none=True)
                (-bound).backward()
                optimiser.step()
                total += bound.detach() * len(rows)
        return float(total / len(data))

    return epochs


def net(inputs: int, outputs: int) -> nn.Sequential:
    widths = (inputs, *HIDDEN, outputs)
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layer = nn.Linear(before, after)
        nn.init.xavier_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.SiLU()]
    return nn.Sequential(*layers[:-1])


def timed(epochs: Epochs, count: int) -> tuple[float, float]:
    began = time.perf_counter()
    bound = epochs(count)
    return (time.perf_counter() - began) / count, bound


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    with np.load(options.data, allow_pickle=False) as archive:
        train = np.ascontiguousarray(archive["train"][: options.rows])
    print(
        f"{len(train)} images; jax {jax.__version__} on {jax.devices()[0].platform}, torch {torch.__version__} on cpu"
    )
    print(f"{platform.machine()}, {torch.get_num_threads()} PyTorch threads, batches of {BATCH}")
    sides = {"taut": with_taut(train), "pytorch": with_pytorch(train)}
    for name, epochs in sides.items():
        seconds, bound = timed(epochs, 1)
        print(f"warm-up  {name:8} {seconds:7.3f} s (compilation included), bound {bound:.2f}", flush=True)
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for pair in range(options.pairs):
        for name in list(sides) if pair % 2 == 0 else list(sides)[::-1]:
            seconds, bound = timed(sides[name], options.epochs)
            taken[name].append(seconds)
            print(f"pair {pair + 1:3} {name:8} {seconds:7.3f} s an epoch, bound {bound:.2f}", flush=True)
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    ratios = [there / here for here, there in zip(taken["taut"], taken["pytorch"], strict=True)]
    print(f"median   taut {medians['taut']:.3f} s, pytorch {medians['pytorch']:.3f} s an epoch")
    ratio = statistics.median(ratios)
    print(f"ratio    pytorch / taut {ratio:.2f} (median of pairs; {min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
