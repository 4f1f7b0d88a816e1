"""The autoencoder in pythae: its trainer and its `get_nll`, with networks of the same sizes."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable

import numpy as np
import torch
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from torch import Tensor, nn

from peers.pytorch import RATE, Autoencoder, mean_and_scale, quickest_size, quickest_threads


class Encoder(BaseEncoder):
    """Means and logarithms of variances."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> ModelOutput:
        """Of a batch of rows."""
        mean, scale = mean_and_scale(self.network(x))
        return ModelOutput(embedding=mean, log_covariance=2 * scale.log())


class Decoder(BaseDecoder):
    """Probabilities of pixels."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, z: Tensor) -> ModelOutput:
        """Of a batch of latents."""
        return ModelOutput(reconstruction=torch.sigmoid(self.network(z)))


def wrapped(own: Autoencoder, features: int, latents: int) -> VAE:
    """An autoencoder of PyTorch as one of pythae."""
    config = VAEConfig(input_dim=(features,), latent_dim=latents, reconstruction_loss="bce")
    return VAE(config, encoder=Encoder(own.encoder), decoder=Decoder(own.decoder))


def training(
    train: np.ndarray, batch: int, *, levels: float, latents: int, hidden: tuple[int, ...]
) -> Callable[[], str]:
    """One pass over images that were binarised once, by pythae's trainer without its files and bars."""
    torch.manual_seed(0)
    x = torch.bernoulli(torch.from_numpy(train).float() / levels)
    model = wrapped(Autoencoder(train.shape[1], latents, hidden), train.shape[1], latents)
    logging.disable(logging.INFO)  # each of its modules sets a level of its own
    with tempfile.TemporaryDirectory() as folder:
        config = BaseTrainerConfig(
            output_dir=folder, num_epochs=1, per_device_train_batch_size=batch, learning_rate=RATE, no_cuda=True,
            optimizer_cls="Adam", optimizer_params={"fused": True},
        )  # fmt: skip
        trainer = BaseTrainer(model, BaseDataset(x, torch.ones(len(x))), training_config=config, callbacks=[])
        trainer.prepare_training()
    trainer.callback_handler.callbacks = []
    threads = quickest_threads(lambda: trainer.train_step(1), repeats=1)

    def turn() -> str:
        torch.set_num_threads(threads)
        return f"bound {-trainer.train_step(1):.2f}, {threads} threads"

    return turn


def importance(own: Autoencoder, rows: np.ndarray, draws: int, latents: int) -> Callable[[], str]:
    """Importance-weighted log p(x) by `get_nll`, which goes over the rows one by one."""
    model, x = wrapped(own, rows.shape[1], latents), torch.from_numpy(rows).float()
    best = quickest_size(lambda size: log_p(model, x[:1], draws, size), (100, draws))

    def turn() -> str:
        return f"mean log p(x) {log_p(model, x, draws, best):.3f}, {best} draws at once"

    return turn


@torch.no_grad()
def log_p(model: VAE, x: Tensor, draws: int, size: int) -> float:
    """Its mean over rows: `get_nll` returns log p, not minus it."""
    return float(model.get_nll(x, n_samples=draws, batch_size=size))
