"""A variational autoencoder trained with PyTorch, audited by taut.

What the audit wants is a log density, a guide and data. The weights cross over as safetensors, both networks are
written again in JAX, and an assertion shows that they are the same networks.

    pip install -r examples/requirements-pytorch.txt
    python examples/audit_a_pytorch_vae.py
"""

import tempfile
from pathlib import Path
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import safetensors.numpy
import safetensors.torch
import torch
from torch import nn

import taut
from taut import auditing, datasets, guides, likelihoods, models

PIXELS, LATENTS, HIDDEN, BATCH, TOTAL = 64, 8, 200, 100, 16

# ── the PyTorch side ─────────────────────────────────────────────────────────────────────────────────────────────────


class TorchVAE(nn.Module):
    """z ~ N(0, I); each pixel a count out of 16 with logits from the decoder; q(z|x) a diagonal Gaussian."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(PIXELS, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, 2 * LATENTS))
        self.decoder = nn.Sequential(nn.Linear(LATENTS, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, PIXELS))

    def elbo(self, x: torch.Tensor) -> torch.Tensor:
        """One draw's log p(x, z) − log q(z|x) for each row, in nats; the binomial coefficient is included."""
        mean, log_scale = self.encoder(x / TOTAL).chunk(2, dim=1)
        q = torch.distributions.Normal(mean, log_scale.exp())
        z = q.rsample()
        prior = torch.distributions.Normal(torch.zeros(()), torch.ones(()))
        pixels = torch.distributions.Binomial(TOTAL, logits=self.decoder(z))
        return pixels.log_prob(x).sum(1) + prior.log_prob(z).sum(1) - q.log_prob(z).sum(1)


def train(rows: np.ndarray, *, epochs: int, seed: int) -> TorchVAE:
    """Adam on the ELBO, as anyone would write it."""
    torch.manual_seed(seed)
    vae, data = TorchVAE(), torch.from_numpy(rows.astype(np.float32))
    optimiser = torch.optim.Adam(vae.parameters(), lr=2e-3)
    for epoch in range(epochs):
        bounds = []
        for batch in torch.randperm(len(data)).split(BATCH):
            bound = vae.elbo(data[batch]).mean()
            optimiser.zero_grad()
            (-bound).backward()
            optimiser.step()
            bounds.append(bound.item())
        print(f"epoch {epoch + 1:3d}   bound on the training rows as they passed {np.mean(bounds):9.3f} nats")
    return vae.eval()


# ── the JAX side ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Network(eqx.Module):
    """Two linear layers with SiLU between; both libraries keep a weight as (outputs, inputs)."""

    first: tuple[jax.Array, jax.Array]
    last: tuple[jax.Array, jax.Array]

    def __call__(self, h: jax.Array) -> jax.Array:
        """The outputs for one vector."""
        (first, first_bias), (last, last_bias) = self.first, self.last
        return last @ jax.nn.silu(first @ h + first_bias) + last_bias

    @classmethod
    def read(cls, tensors: dict[str, np.ndarray], name: str) -> "Network":
        """The `nn.Sequential` of this name: its layers are numbered, and the activation is number 1."""
        first, last = ((tensors[f"{name}.{n}.weight"], tensors[f"{name}.{n}.bias"]) for n in (0, 2))
        return cls(jax.tree.map(jnp.asarray, first), jax.tree.map(jnp.asarray, last))


class LogDensity(eqx.Module):
    """log p(x, z) in nats, constants included: all that an audit has to know of a model."""

    decoder: Network

    def __call__(self, x: jax.Array, z: jax.Array) -> jax.Array:
        """One number for one datum and one latent."""
        pixels = likelihoods.Binomial(PIXELS, total=TOTAL)(self.decoder(z))
        return models.standard_normal(LATENTS).log_prob(z) + pixels.log_prob(x)


class Encoder(guides.AbstractGuide):
    """q(z|x), as the PyTorch encoder meant its outputs."""

    network: Network

    def __call__(self, x: jax.Array) -> dist.Distribution:
        """A diagonal Gaussian over z."""
        mean, log_scale = jnp.split(self.network(x / TOTAL), 2)
        return dist.Normal(mean, jnp.exp(log_scale)).to_event(1)


class Audited(NamedTuple):
    """What `main` returns: the model on either side, the guide, and the account."""

    theirs: TorchVAE
    log_joint: LogDensity
    guide: Encoder
    ledger: taut.Ledger


def same_networks(theirs: TorchVAE, log_joint: LogDensity, guide: Encoder, rows: np.ndarray) -> None:
    """The same numbers from both libraries; a transposed weight or another activation stops here."""
    z = np.random.default_rng(0).normal(size=(20, LATENTS)).astype(np.float32)
    shares = rows[:20].astype(np.float32) / TOTAL
    with torch.no_grad(), jax.default_matmul_precision("highest"):
        for torchs, ours, inputs in ((theirs.decoder, log_joint.decoder, z), (theirs.encoder, guide.network, shares)):
            expected = torchs(torch.from_numpy(inputs)).numpy()
            np.testing.assert_allclose(jax.vmap(ours)(jnp.asarray(inputs)), expected, rtol=1e-4, atol=1e-4)


def main(epochs: int = 20, *, rows: int = 100, draws: int = 1000, seed: int = 0) -> Audited:
    """Train with PyTorch, carry the weights over, audit on held-out rows, print the ledger."""
    training, held_out = datasets.digits()
    theirs = train(training, epochs=epochs, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "vae.safetensors"
        safetensors.torch.save_file(theirs.state_dict(), file)
        tensors = safetensors.numpy.load_file(file)

    log_joint, guide = LogDensity(Network.read(tensors, "decoder")), Encoder(Network.read(tensors, "encoder"))
    same_networks(theirs, log_joint, guide, held_out)
    # The prior is the one inside the log density; it splits the ELBO into rate and distortion.
    model = models.LogJoint(log_joint, latents=LATENTS, prior=models.standard_normal(LATENTS))
    context = auditing.Context(
        title="digits, held out", likelihood="binomial, from PyTorch", image_shape=(8, 8), high=16.0
    )
    ledger = taut.audit(model, guide, held_out, rows=rows, draws=draws, key=jax.random.key(seed), context=context)
    print(ledger)
    return Audited(theirs, log_joint, guide, ledger)


if __name__ == "__main__":
    main()
