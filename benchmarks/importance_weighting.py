"""Importance-weighted log p(x) with 5,000 draws a row: taut beside PyTorch and pythae, with the same weights.

    python benchmarks/importance_weighting.py --data mnist.npz --model RUN --json importance_weighting.json

One trained autoencoder for all, test images that were binarised once. The mean of log p(x) over the rows is printed
for each, so that all can be seen to compute the same. Each of PyTorch and pythae takes so many draws at once as go
quickest.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import fitted
import numpy as np
import results

import taut

if TYPE_CHECKING:
    from peers.pytorch import Autoencoder

PYTORCH_AIM, PYTHAE_AIM = 1.5, 4.0
ABOUT = (
    "Rows a second, median of rounds. Beside it the median over rounds of the time of a tool over taut's in the same "
    "round, and the smallest and largest. The peers carry taut's trained weights."
)


def in_pytorch(vae: taut.VAE) -> Autoencoder:
    """The same networks; the standardising of inputs becomes part of the first layer."""
    import torch  # noqa: PLC0415  only the peers need it
    from peers.pytorch import Autoencoder  # noqa: PLC0415

    encoder, decoder, inputs = vae.guide_.network.layers, vae.model_.decoder.layers, vae.guide_.inputs
    hidden = tuple(layer.out_features for layer in encoder[:-1])
    own = Autoencoder(encoder[0].in_features, decoder[0].in_features, hidden)
    first = np.asarray(encoder[0].weight, np.float64) / np.asarray(inputs.spread)
    folded = (first, np.asarray(encoder[0].bias, np.float64) - first @ np.asarray(inputs.centre))
    pairs = [folded, *((layer.weight, layer.bias) for layer in (*encoder[1:], *decoder))]
    linear = [layer for part in (own.encoder, own.decoder) for layer in part if isinstance(layer, torch.nn.Linear)]
    for layer, (weight, bias) in zip(linear, pairs, strict=True):
        layer.weight.data = torch.tensor(np.asarray(weight), dtype=torch.float32)
        layer.bias.data = torch.tensor(np.asarray(bias), dtype=torch.float32)
    return own.eval()


def contestants(vae: taut.VAE, x: np.ndarray, draws: int) -> dict[str, Callable[[], Callable[[], str]]]:
    """Each is imported when it is built, so that one that is missing stops only itself."""

    def own() -> Callable[[], str]:
        return lambda: f"mean log p(x) {vae.score_samples(x, draws=draws).mean():.3f}"

    def pytorch(compiled: bool) -> Callable[[], str]:
        from peers import pytorch  # noqa: PLC0415

        return pytorch.importance(in_pytorch(vae), x, draws, compiled=compiled)

    def pythae() -> Callable[[], str]:
        from peers import pythae  # noqa: PLC0415

        return pythae.importance(in_pytorch(vae), x, draws, vae.latent_dim)

    return {
        "taut": own, "PyTorch, eager": partial(pytorch, False), "PyTorch, compiled": partial(pytorch, True),
        "pythae": pythae,
    }  # fmt: skip


def main() -> None:
    own = {"rows": {"type": int, "default": 64}, "draws": {"type": int, "default": 5000}}
    options = results.options(__doc__, **fitted.MODEL, **own, rounds={"type": int, "default": 5})
    vae, test = fitted.autoencoder(options)
    x, draws = test[: 8 if options.quick else options.rows], 500 if options.quick else options.draws
    turns, failed = results.warmed(contestants(vae, x, draws))
    taken = results.take_turns(turns, 2 if options.quick else options.rounds)
    rows = results.compared(
        f"{draws} draws", taken, failed, unit="rows a second", value=lambda seconds: len(x) / seconds,
        aims={"PyTorch": PYTORCH_AIM, "pythae": PYTHAE_AIM},
    )  # fmt: skip
    results.write(options, "Importance-weighted log p(x)", rows, about=ABOUT, packages=("torch", "pythae"))


if __name__ == "__main__":
    main()
