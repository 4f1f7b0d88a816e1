"""Twelve models that need one lever each: whether `taut improve` pulls that one first, and what it won of the promise.

    python benchmarks/studies/levers.py [--only NAME] [--out levers.json]

Decoders are held at the truth where the lever is the encoder, the guide or the prior, so that nothing else is wrong.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pyarrow as pa

import taut
from taut.estimators.improvement import splits_of
from taut.estimators.improvement.levers import OF_THE_BOUND, Best, changed, pulls
from taut.estimators.improvement.trials import Bench, held_against, of_the_guide

# Seconds: of a diagnosis, and of the training of a candidate.
UNLIMITED, TRAINING = 1e4, 60.0
ROWS = 400
LOADINGS = np.array([[3.0, 1.5, -3.0, 2.4], [0.5, 2.0, 1.0, -2.0]])


class Held(eqx.Module):
    """A decoder without parameters."""

    function: Callable[[jax.Array], jax.Array] = eqx.field(static=True)

    def __call__(self, z: jax.Array) -> jax.Array:
        """Its outputs."""
        return self.function(z)


def _linear(z: jax.Array) -> jax.Array:
    return z @ jnp.asarray(LOADINGS[: z.shape[0]], z.dtype)


def _spiral(z: jax.Array) -> jax.Array:
    return 4.0 * jnp.concatenate([jnp.sin(2.0 * z), jnp.cos(2.0 * z), z])


def _squares(z: jax.Array) -> jax.Array:
    return jnp.concatenate([2.0 * z**2, -(z**2)])


def _shallow(z: jax.Array) -> jax.Array:
    return 0.5 * z


def _rows_of(decoder: Callable[[jax.Array], jax.Array], z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    means = np.asarray(jax.vmap(decoder)(jnp.asarray(z, jnp.float32)))
    return (means + rng.normal(size=means.shape)).astype(np.float32)


def _held(decoder: Callable[[jax.Array], jax.Array], **options: Any) -> dict[str, Any]:
    given = {"decoder": Held(decoder), "likelihood": "gaussian-unit", "hidden": (32,), "max_epochs": 60}
    return given | {"learning_rate": 5e-3} | options


def _columns(values: np.ndarray) -> pa.Table:
    return pa.table({f"c{number}": column for number, column in enumerate(values.T)})


def _cases() -> dict[str, tuple[Any, dict[str, Any], str]]:
    """Rows, options, and the lever that they need."""
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=(ROWS, 1)), rng.normal(size=(ROWS, 2))
    clusters = np.where(rng.random((ROWS, 1)) < 0.5, -2.0, 2.0) + 0.2 * one
    correlation = np.array([[1.0, 0.95], [0.95, 1.0]])
    together = two @ np.linalg.cholesky(correlation).T
    prior = dist.MultivariateNormal(jnp.zeros(2), jnp.asarray(correlation, jnp.float32))
    factor = one @ np.array([[1.0, -1.0, 0.7, 0.5]])
    tails = factor + 0.3 * rng.standard_t(1.5, size=(ROWS, 4))
    counts = rng.poisson(np.exp(1.5 + 0.4 * factor) * rng.gamma(0.7, 1 / 0.7, size=(ROWS, 4)))
    apart = np.hstack([factor[:, :2], 2.0 * two[:, :1] @ np.array([[1.0, -1.0]])]) + 0.2 * rng.normal(size=(ROWS, 4))
    names = [f"c{number}" for number in range(4)]
    table = {"hidden": (16,), "max_epochs": 80, "learning_rate": 3e-3}
    gaussian = {name: {"kind": "real", "family": "gaussian"} for name in names}
    poisson = {name: {"kind": "count", "family": "poisson"} for name in names}
    deep = {"likelihood": "gaussian", "hidden": (32,)}
    return {
        "encoder that is linear": (_rows_of(_spiral, one, rng), _held(_spiral, encoder="linear"), "encoder"),
        "encoder that stopped early": (_rows_of(_spiral, one, rng), _held(_spiral, max_epochs=2), "encoder"),
        "posterior that is correlated": (
            _rows_of(_shallow, together, rng), _held(_shallow, prior=prior, latent_dim=2), "guide",
        ),
        "posterior with mirrored modes": (_rows_of(_squares, one, rng), _held(_squares), "guide"),
        "latents in two clusters": (_rows_of(_linear, clusters, rng), _held(_linear), "prior"),
        "latents off centre": (_rows_of(_linear, 2.0 + 0.3 * one, rng), _held(_linear), "prior"),
        "heavy tails": (_columns(tails), table | {"schema": gaussian}, "likelihood"),
        "counts that are overdispersed": (_columns(counts), table | {"schema": poisson}, "likelihood"),
        "few rows and wide networks": (
            rng.normal(size=(80, 30)).astype(np.float32),
            {"likelihood": "gaussian", "hidden": (200,), "latent_dim": 8, "max_epochs": 100},
            "decoder",
        ),
        "one latent for two factors": (_columns(apart), table, "latents"),
        "three epochs": (_rows_of(_linear, 2.0 * two, rng), deep | {"latent_dim": 2, "max_epochs": 4}, "training"),
        "steps that are small": (
            _rows_of(_linear, 2.0 * two, rng),
            deep | {"latent_dim": 2, "max_epochs": 30, "learning_rate": 1e-4},
            "training",
        ),
    }  # fmt: skip


def _outcome(rows: Any, options: dict[str, Any], lever: str) -> dict[str, Any]:
    """The first lever, and what the changes that pull it won on the rows that choose, until one was kept."""
    vae = taut.VAE(**{"latent_dim": 1, "validation_fraction": 0.4, "random_state": 0} | options).fit(rows)
    splits = splits_of(vae.fitted_, rows, seed=0)
    bench = Bench.of(vae.config, vae.fitted_, rows, splits, seed=0, on_stage=lambda stage: None)
    old = bench.measure(vae.fitted_, splits.selection, checks=True, seconds=UNLIMITED)
    best = Best(vae.config, vae.fitted_, old.ledger)
    first, *others = pulls(best)
    found: dict[str, Any] = {
        "lever": first.lever,
        "verdict": first.verdict.code if first.verdict else None,
        "tried": {},
    }
    promise = first.verdict.promise if first.verdict is not None else None
    if first.lever != lever:
        promised = {verdict.code: verdict.promise and verdict.promise.value for verdict in old.ledger.verdicts}
        return found | {"verdicts": promised}
    for pull in (first, *(other for other in others if other.verdict == first.verdict)):
        fitted = bench.train(changed(vae.config, pull.change), vae.fitted_, moved=pull.change.moved, seconds=TRAINING)
        if pull.change.of_the_guide:
            outcome = of_the_guide(bench.elbo(fitted, splits.selection), old.side)
        else:
            new = bench.measure(fitted, splits.selection, checks=False, seconds=UNLIMITED)
            outcome = held_against(new, old, rows=len(splits.selection))
        won = outcome.elbo if pull.lever in OF_THE_BOUND else outcome.middle
        found["tried"][pull.change.said] = won.value
        if outcome.kept:
            found |= {"won": won.value, "error": won.std_error}
            return found | ({} if promise is None else {"promised": promise.value, "ratio": won.value / promise.value})
    return found


def main() -> None:
    """Run the models and say how many pulled their lever first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[""])
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    results: dict[str, Any] = {}
    for name, (rows, options, lever) in _cases().items():
        if not any(word in name for word in asked.only):
            continue
        began, used = time.monotonic(), time.process_time()
        try:
            found = _outcome(rows, options, lever)
        except taut.TautError as error:
            found = {"ended": str(error)}
        found |= {"wanted": lever, "seconds": time.monotonic() - began, "cpu": time.process_time() - used}
        results[name] = found
        print(f"{name}: wanted {lever}, pulled {found.get('lever')}, {found}", flush=True)
        if asked.out is not None:
            asked.out.write_text(json.dumps(results, indent=1))
    right = sum(found.get("lever") == found["wanted"] for found in results.values())
    ratios = [found["ratio"] for found in results.values() if "ratio" in found]
    middle = f"{statistics.median(ratios):.2f}" if ratios else "unknown"
    print(f"{right} of {len(results)} pulled their lever first; won ÷ promised {middle} in the median of {len(ratios)}")


if __name__ == "__main__":
    main()
