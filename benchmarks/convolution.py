"""Training of one convolutional autoencoder: taut beside PyTorch (eager, channels last, compiled).

    python benchmarks/convolution.py --data mnist.npz --json convolution.json

The same data (bytes, binarised afresh at every access), the same networks (two convolutions of 32 and 64 channels,
stride 2, SiLU, a linear layer to 50 latents, and back), one draw, batches of 100, Adam 1e-3 at a constant rate, fused
where PyTorch has it, the objective log p(x|z) + log p(z) − log q(z|x). A turn is one pass over `--rows` images.
Everyone is warmed up, then they take turns; every other round goes backwards. The bound of each turn is printed, so
that all can be seen to do the same work, and processor seconds, which other work on the machine moves less; threads of
PyTorch that wait for one another count as busy, so that `--threads 1` is the fair count of it. Without `--threads`
PyTorch has the quicker of one thread and all of them, tried for each of its kinds.
"""

import itertools
import math
import time
from collections.abc import Callable
from functools import partial

import jax.random as jr
import numpy as np
import results
from training import RATE, epochs_of

from taut import guides, likelihoods, models, networks

LATENTS, CHANNELS, BATCH, TRIAL_STEPS = 50, (32, 64), 100, 5
AIM = 1.0
ABOUT = (
    "Milliseconds for a step (one batch of 100), median of rounds. Beside it the median over rounds of the time of a "
    "tool over taut's in the same round, and the smallest and largest."
)
Turn = Callable[[], str]


def with_taut(train: np.ndarray, levels: float, kernel: int) -> Turn:
    """One epoch a turn, by the program that `taut.fit` runs."""
    features, side = train.shape[1], math.isqrt(train.shape[1])
    layers = {"channels": CHANNELS, "kernel": kernel}
    decoder = networks.ConvolutionalDecoder(LATENTS, (side, side, 1), **layers, key=jr.key(0))
    encoder = networks.ConvolutionalEncoder((side, side, 1), 2 * LATENTS, **layers, key=jr.key(1))
    parts = (
        models.LatentVariableModel(
            prior=models.standard_normal(LATENTS), decoder=decoder, likelihood=likelihoods.Bernoulli(features)
        ),
        guides.GaussianEncoder(features, LATENTS, network=encoder, key=jr.key(1)),
    )
    return described(epochs_of(parts, train, BATCH, levels))


def with_pytorch(
    train: np.ndarray, levels: float, kernel: int, *, last: bool, compiled: bool, threads: int | None
) -> Turn:
    """A loop such as a good user writes; the padding stands on the other side of the image than in taut."""
    import torch  # noqa: PLC0415  where it is missing the benchmark says so
    from peers.pytorch import quickest_threads  # noqa: PLC0415
    from torch import nn  # noqa: PLC0415
    from torch.nn import functional  # noqa: PLC0415

    side = math.isqrt(train.shape[1])
    (one, two), inner = CHANNELS, side // 4
    how = {"kernel_size": kernel, "stride": 2, "padding": 1}
    back = how | {"output_padding": 4 - kernel}
    encoder = nn.Sequential(
        nn.Unflatten(1, (1, side, side)), nn.Conv2d(1, one, **how), nn.SiLU(), nn.Conv2d(one, two, **how), nn.SiLU(),
        nn.Flatten(), nn.Linear(two * inner**2, 2 * LATENTS),
    )  # fmt: skip
    decoder = nn.Sequential(
        nn.Linear(LATENTS, two * inner**2), nn.SiLU(), nn.Unflatten(1, (two, inner, inner)),
        nn.ConvTranspose2d(two, one, **back), nn.SiLU(), nn.ConvTranspose2d(one, 1, **back), nn.Flatten(),
    )  # fmt: skip
    both = nn.ModuleList([encoder, decoder])
    for layer in both.modules():
        if hasattr(layer, "weight"):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    if last:
        both.to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(both.parameters(), lr=RATE, fused=True)
    data = torch.from_numpy(train)

    def negative_bound(x: torch.Tensor) -> torch.Tensor:
        mean, raw_scale = encoder(x).chunk(2, dim=1)
        scale = functional.softplus(raw_scale) + 1e-4
        noise = torch.randn_like(mean)
        z = mean + scale * noise
        reconstruction = functional.binary_cross_entropy_with_logits(decoder(z), x, reduction="none").sum(1)
        # log q(z|x) − log p(z): their constants cancel.
        return (reconstruction + (0.5 * (z**2 - noise**2) - scale.log()).sum(1)).mean()

    loss = torch.compile(negative_bound) if compiled else negative_bound

    def epoch(steps: int | None = None) -> float:
        total = 0.0
        for rows in itertools.islice(torch.randperm(len(data)).split(BATCH), steps):
            now = loss(torch.bernoulli(data[rows].float() / levels))
            optimiser.zero_grad(set_to_none=True)
            now.backward()
            optimiser.step()
            total -= now.detach() * len(rows)
        return float(total / len(data))

    chosen = threads or quickest_threads(lambda: epoch(TRIAL_STEPS))
    turn = described(epoch)

    def with_threads() -> str:
        torch.set_num_threads(chosen)
        return f"{turn()}, {chosen} threads"

    return with_threads


def described(epoch: Callable[[], float]) -> Turn:
    def turn() -> str:
        began = time.process_time()
        bound = epoch()
        return f"bound {bound:.2f}, {time.process_time() - began:.3f} processor seconds"

    return turn


def contestants(train: np.ndarray, levels: float, kernel: int, threads: int | None) -> dict[str, Callable[[], Turn]]:
    pytorch = partial(with_pytorch, train, levels, kernel, threads=threads)
    return {
        "taut": partial(with_taut, train, levels, kernel),
        "PyTorch, eager": partial(pytorch, last=False, compiled=False),
        "PyTorch, channels last": partial(pytorch, last=True, compiled=False),
        "PyTorch, compiled": partial(pytorch, last=False, compiled=True),
    }


def main() -> None:
    options = results.options(
        __doc__,
        rows={"type": int, "default": 3000},
        rounds={"type": int, "default": 5},
        threads={"type": int, "help": "threads of PyTorch; default the quicker of one and all"},
        kernel={"type": int, "choices": (3, 4), "help": "default both"},
    )
    train, _, levels = results.images(options.data)
    train = np.ascontiguousarray(train[: 200 if options.quick else options.rows])
    train = train[: len(train) // BATCH * BATCH]
    rows = []
    for kernel in (options.kernel,) if options.kernel else (3, 4):
        print(f"kernels of {kernel} × {kernel}", flush=True)
        turns, failed = results.warmed(contestants(train, levels, kernel, options.threads))
        taken = results.take_turns(turns, 2 if options.quick else options.rounds)
        milliseconds = 1e3 * BATCH / len(train)  # a step is so much of a turn
        rows += results.compared(
            f"kernel {kernel}", taken, failed, unit="ms a step", value=milliseconds.__mul__, aims={"PyTorch": AIM}
        )
        # After each kernel, so that a run that is stopped leaves what it has.
        results.write(options, "Convolutions", rows, about=ABOUT, packages=("torch",))


if __name__ == "__main__":
    main()
