"""A variational autoencoder on one page: data, model, guide, objective, loop, audit.

    log p(x) = ELBO + KL( q(z|x) ‖ p(z|x) )

The parts are the library's; the loop, which `taut.fit` otherwise is, stands here in full.

    python examples/one_page_vae.py
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax
from jax import lax

import taut
from taut import auditing, datasets, guides, likelihoods, models, networks, objectives

LATENTS, HIDDEN, BATCH = 8, (200,), 100


class Fitted(NamedTuple):
    """What `main` returns: both sides, the mean bound of each epoch in nats, and the account."""

    model: models.AbstractModel
    guide: guides.AbstractGuide
    history: list[float]
    ledger: taut.Ledger


def build(rows: jax.Array, key: jax.Array) -> tuple[models.AbstractModel, guides.AbstractGuide]:
    """The two sides, before training. Each works on one datum."""
    features = rows.shape[1]
    decoder_key, encoder_key = jr.split(key)
    # p(z) p(x|z): the counts 0 … 16 of a pixel are binomial, so that log p(x) is the log of a probability.
    likelihood = likelihoods.Binomial(features, total=16)
    decoder = networks.Perceptron(
        LATENTS,
        likelihood.outputs,
        hidden=HIDDEN,
        starting_outputs=likelihood.starting_outputs(rows.mean(axis=0)),
        key=decoder_key,
    )
    model = models.LatentVariableModel(prior=models.standard_normal(LATENTS), decoder=decoder, likelihood=likelihood)
    # q(z|x): what the encoder sees is centred and scaled, which touches no density.
    inputs = networks.Standardise(rows.mean(axis=0), jnp.full(features, rows.std()))
    guide = guides.GaussianEncoder(features, LATENTS, hidden=HIDDEN, inputs=inputs, key=encoder_key)
    return model, guide


def loss(trainable: Any, fixed: Any, batch: jax.Array, key: jax.Array) -> jax.Array:
    """Minus the mean bound over a batch: the one place where a sign turns."""
    model, guide = eqx.combine(trainable, fixed)
    objective = objectives.elbo()  # draws=1; objectives.dreg(16) would climb the importance-weighted bound
    bounds = jax.vmap(lambda x, key: objective(model, guide, x, key=key))(batch, jr.split(key, len(batch)))
    return -jnp.mean(bounds)


def main(epochs: int = 30, *, draws: int = 1000, seed: int = 0) -> Fitted:
    """Train, audit on held-out rows, print the ledger."""
    train, held_out = datasets.digits()
    rows = jnp.asarray(train, jnp.float32)
    build_key, train_key, audit_key = jr.split(jr.key(seed), 3)

    # Arrays that a gradient moves, and the rest.
    trainable, fixed = eqx.partition(build(rows, build_key), eqx.is_inexact_array)
    steps = len(rows) // BATCH
    optimiser = optax.adam(optax.cosine_decay_schedule(3e-3, epochs * steps, alpha=0.01))
    opt_state = optimiser.init(trainable)

    def step(carry: Any, now: Any) -> Any:
        trainable, opt_state = carry
        batch, key = now
        value, gradient = eqx.filter_value_and_grad(loss)(trainable, fixed, rows[batch], key)
        updates, opt_state = optimiser.update(gradient, opt_state, trainable)
        return (eqx.apply_updates(trainable, updates), opt_state), -value

    @jax.jit
    def run_epoch(carry: Any, key: jax.Array) -> Any:
        order_key, step_key = jr.split(key)
        batches = jr.permutation(order_key, len(rows))[: steps * BATCH].reshape(steps, BATCH)
        carry, bounds = lax.scan(step, carry, (batches, jr.split(step_key, steps)))
        return carry, jnp.mean(bounds)

    history = []
    for epoch in range(epochs):
        (trainable, opt_state), bound = run_epoch((trainable, opt_state), jr.fold_in(train_key, epoch))
        history.append(float(bound))
        print(f"epoch {epoch + 1:3d}   bound on the training rows as they passed {history[-1]:9.3f} nats")

    model, guide = eqx.combine(trainable, fixed)
    context = auditing.Context(title="digits, held out", likelihood="binomial", image_shape=(8, 8), high=16.0)
    ledger = taut.audit(model, guide, held_out, draws=draws, key=audit_key, context=context)
    print(ledger)
    return Fitted(model, guide, history, ledger)


if __name__ == "__main__":
    main()
