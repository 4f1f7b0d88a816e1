"""The autoencoder in NumPyro: SVI as in its own example, by a compiled step and by a compiled epoch."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro
import numpyro.distributions as dist
from jax import lax
from jax.example_libraries import stax
from numpyro.infer import SVI, Trace_ELBO

RATE = 1e-3
SILU = stax.elementwise(jax.nn.silu)


def hidden_layers(hidden: tuple[int, ...]) -> list:
    """Linear layers, each with SiLU behind it."""
    return [layer for width in hidden for layer in (stax.Dense(width), SILU)]


def svi(features: int, latents: int, hidden: tuple[int, ...]) -> SVI:
    """Model, guide, Adam and the ELBO of one draw."""
    decoder = stax.serial(*hidden_layers(hidden), stax.Dense(features))
    scale = stax.serial(stax.Dense(latents), stax.Softplus, stax.elementwise(lambda scale: scale + 1e-4))
    encoder = stax.serial(*hidden_layers(hidden), stax.FanOut(2), stax.parallel(stax.Dense(latents), scale))

    def model(x: jax.Array) -> None:
        decode = numpyro.module("decoder", decoder, (x.shape[0], latents))
        with numpyro.plate("rows", x.shape[0]):
            z = numpyro.sample("z", dist.Normal(0, 1).expand([latents]).to_event(1))
            numpyro.sample("x", dist.Bernoulli(logits=decode(z)).to_event(1), obs=x)

    def guide(x: jax.Array) -> None:
        encode = numpyro.module("encoder", encoder, x.shape)
        mean, scale = encode(x)
        with numpyro.plate("rows", x.shape[0]):
            numpyro.sample("z", dist.Normal(mean, scale).to_event(1))

    return SVI(model, guide, numpyro.optim.Adam(RATE), Trace_ELBO())


def training(
    train: np.ndarray, batch: int, *, levels: float, latents: int, hidden: tuple[int, ...], scanned: bool
) -> Callable[[], str]:
    """One pass over the rows in batches; images are binarised afresh at every access."""
    data, steps = jnp.asarray(train), len(train) // batch
    machine = svi(train.shape[1], latents, hidden)
    start = machine.init(jr.key(0), jnp.zeros((batch, train.shape[1])))

    def step(state, key, rows):
        x = jr.bernoulli(key, data[rows] / levels).astype(jnp.float32)
        return machine.update(state, x)

    @jax.jit
    def order(key):
        return jr.permutation(key, len(data))[: steps * batch].reshape(steps, batch)

    @jax.jit
    def epoch(state, key):
        keys = jr.split(key, steps + 1)
        state, losses = lax.scan(lambda state, now: step(state, *now), state, (keys[1:], order(keys[0])))
        return state, losses.sum()

    one_step = jax.jit(step)

    def by_steps(state, key):
        keys = jr.split(key, steps + 1)
        losses = []
        for now in zip(keys[1:], order(keys[0]), strict=True):
            state, loss = one_step(state, *now)
            losses.append(loss)
        return state, jnp.stack(losses).sum()

    run, kept = epoch if scanned else by_steps, [start, jr.key(1)]

    def turn() -> str:
        kept[1], key = jr.split(kept[1])
        kept[0], loss = run(kept[0], key)
        return f"bound {-float(loss) / (steps * batch):.2f}"

    return turn
