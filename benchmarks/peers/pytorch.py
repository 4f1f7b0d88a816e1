"""The autoencoder in PyTorch: training with the usual extras, and importance-weighted log p(x)."""

from __future__ import annotations

import itertools
import math
import os
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

RATE = 1e-3


def perceptron(inputs: int, outputs: int, hidden: tuple[int, ...]) -> nn.Sequential:
    """Linear layers with SiLU between them."""
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise((inputs, *hidden, outputs)):
        layer = nn.Linear(before, after)
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.SiLU()]
    return nn.Sequential(*layers[:-1])


def mean_and_scale(outputs: Tensor) -> tuple[Tensor, Tensor]:
    """What the outputs of an encoder stand for."""
    mean, raw_scale = outputs.chunk(2, dim=-1)
    return mean, functional.softplus(raw_scale) + 1e-4


class Autoencoder(nn.Module):
    """p(z) = N(0, I), Bernoulli pixels, a diagonal Gaussian encoder."""

    def __init__(self, features: int, latents: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.encoder = perceptron(features, 2 * latents, hidden)
        self.decoder = perceptron(latents, features, hidden)

    def bound(self, x: Tensor) -> Tensor:
        """The mean over rows of log p(x|z) + log p(z) − log q(z|x), one draw each."""
        mean, scale = self.posterior(x)
        noise = torch.randn_like(mean)
        z = mean + scale * noise
        reconstruction = -functional.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="none").sum(1)
        # The constants of log q and log p(z) cancel.
        return (reconstruction - (0.5 * (z**2 - noise**2) - scale.log()).sum(1)).mean()

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Means and standard deviations."""
        return mean_and_scale(self.encoder(x))

    def log_weights(self, x: Tensor, draws: int) -> Tensor:
        """log w of so many draws for each row of x: rows × draws."""
        mean, scale = self.posterior(x)
        noise = torch.randn(len(x), draws, mean.shape[1], device=x.device)
        z = mean[:, None] + scale[:, None] * noise
        logits = self.decoder(z)
        # Σ_j x_j η_j − softplus(η_j): the products are one batched matrix product.
        likelihood = torch.einsum("nkd,nd->nk", logits, x) - functional.softplus(logits).sum(-1)
        return likelihood - (0.5 * (z**2 - noise**2).sum(-1) - scale.log().sum(-1, keepdim=True))


def training(
    train: np.ndarray, batch: int, *, levels: float, latents: int, hidden: tuple[int, ...], compiled: bool,
    device: str = "cpu",
) -> Callable[[], str]:  # fmt: skip
    """One pass over the rows in batches, with fused Adam; images are binarised afresh at every access."""
    torch.manual_seed(0)
    data = torch.from_numpy(train).to(device)
    model = Autoencoder(train.shape[1], latents, hidden).to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)

    def loss_of(rows: Tensor) -> Tensor:
        return -model.bound(torch.bernoulli(data[rows].float() / levels))

    loss = torch.compile(loss_of, dynamic=False) if compiled else loss_of

    def epoch(steps: int | None = None) -> str:
        total = torch.zeros((), device=device)
        for rows in itertools.islice(torch.randperm(len(data), device=device).split(batch), steps):
            value = loss(rows)
            optimiser.zero_grad(set_to_none=True)
            value.backward()
            optimiser.step()
            total -= value.detach() * len(rows)
        return f"bound {float(total) / len(data):.2f}"

    threads = quickest_threads(lambda: epoch(100)) if device == "cpu" else torch.get_num_threads()

    def turn() -> str:
        torch.set_num_threads(threads)
        return f"{epoch()}, {threads} threads"

    return turn


def quickest_threads(trial: Callable[[], object], repeats: int = 3) -> int:
    """One thread or all: small batches can be quicker with one."""
    taken: dict[int, float] = {}
    for threads in {1, len(os.sched_getaffinity(0))}:
        torch.set_num_threads(threads)
        trial()
        seconds = []
        for _ in range(repeats):
            began = time.perf_counter()
            trial()
            seconds.append(time.perf_counter() - began)
        taken[threads] = min(seconds)
    return min(taken, key=lambda threads: taken[threads])


def importance(model: Autoencoder, rows: np.ndarray, draws: int, *, compiled: bool) -> Callable[[], str]:
    """Importance-weighted log p(x) of every row; so many draws at once as go quickest."""
    x = torch.from_numpy(rows).float()
    log_weights = torch.compile(model.log_weights, dynamic=False) if compiled else model.log_weights

    @torch.inference_mode()
    def log_p(x: Tensor, size: int) -> Tensor:
        parts = []
        for row in x.split(1):
            log_w = torch.cat([log_weights(row, size) for _ in range(draws // size)], dim=1)
            parts.append(torch.logsumexp(log_w, dim=1) - math.log(log_w.shape[1]))
        return torch.cat(parts)

    best = quickest_size(lambda size: log_p(x[:2], size), (100, 500, draws))

    def turn() -> str:
        return f"mean log p(x) {float(log_p(x, best).mean()):.3f}, {best} draws at once"

    return turn


def quickest_size(trial: Callable[[int], object], sizes: tuple[int, ...]) -> int:
    """The size that takes the fewest seconds, the second time."""
    taken = {}
    for size in sizes:
        trial(size)
        began = time.perf_counter()
        trial(size)
        taken[size] = time.perf_counter() - began
    return min(taken, key=lambda size: taken[size])
