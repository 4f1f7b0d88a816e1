"""Training of one autoencoder: taut beside PyTorch (eager and compiled), pythae and NumPyro.

    python benchmarks/training.py --data mnist.npz --json training.json

The same data (bytes, binarised afresh at every access), the same networks (features–200–200–50 and back, SiLU), one
draw, Adam 1e-3 at a constant rate, the objective log p(x|z) + log p(z) − log q(z|x). A turn is one pass over `--rows`
images. Everyone is warmed up, then they take turns; every other round goes backwards. The bound of each turn is
printed, so that all can be seen to do the same work. PyTorch has fused Adam and the quicker of one thread and all;
NumPyro steps by a compiled update, and by a compiled epoch. pythae's trainer sees images that were binarised once,
which is less work.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import results

from taut import Plan, guides, likelihoods, models, networks, objectives
from taut.fitting import DynamicBinarisation
from taut.fitting.epoch import EpochProgram, Parts, run_epoch

LATENTS, HIDDEN, RATE = 50, (200, 200), 1e-3
# At a batch size: how many times as long the best of PyTorch should take.
AIMS = {20: 2.0, 100: 1.4, 500: 1.1}
PYTHAE_AIM = 3.0
ABOUT = (
    "Microseconds for a step (one batch), median of rounds. Beside it the median over rounds of the time of a tool "
    "over taut's in the same round, and the smallest and largest."
)


def untrained(features: int) -> tuple[models.LatentVariableModel, guides.GaussianEncoder]:
    """Model and guide."""
    model = models.LatentVariableModel(
        prior=models.standard_normal(LATENTS),
        decoder=networks.Perceptron(LATENTS, features, hidden=HIDDEN, key=jr.key(0)),
        likelihood=likelihoods.Bernoulli(features),
    )
    return model, guides.GaussianEncoder(features, LATENTS, hidden=HIDDEN, key=jr.key(1))


def epochs_of(parts: tuple[Any, Any], train: np.ndarray, batch: int, levels: float) -> Callable[[], float]:
    """Epochs of this model and guide by the program that `taut.fit` runs: each call is one, and gives its bound."""
    plan = Plan(epochs=10_000, batch_size=batch, learning_rate=RATE, schedule="constant")
    optimiser = plan.optimiser(-(-len(train) // batch))
    program = EpochProgram(objectives.elbo(), DynamicBinarisation(levels), optimiser, batch, 1)
    trainable, fixed = eqx.partition(parts, eqx.is_inexact_array)
    state = [trainable, program.optimiser.init(trainable), 0]
    data = jnp.asarray(train)

    def epoch() -> float:
        now = jnp.asarray(state[2], jnp.int32)
        trainable, opt_state, info = run_epoch(program, Parts(state[0], fixed), state[1], data, now, jr.key(2))
        state[:] = [trainable, opt_state, state[2] + 1]
        return float(info.bound)  # waits for the device

    return epoch


def with_taut(train: np.ndarray, batch: int, levels: float) -> Callable[[], str]:
    """One epoch a turn."""
    epoch = epochs_of(untrained(train.shape[1]), train, batch, levels)
    return lambda: f"bound {epoch():.2f}"


def contestants(train: np.ndarray, batch: int, levels: float) -> dict[str, Callable[[], Callable[[], str]]]:
    """Each is imported when it is built, so that one that is missing stops only itself."""
    how = {"levels": levels, "latents": LATENTS, "hidden": HIDDEN}

    def pytorch(compiled: bool) -> Callable[[], str]:
        from peers import pytorch  # noqa: PLC0415

        return pytorch.training(train, batch, compiled=compiled, **how)

    def numpyro(scanned: bool) -> Callable[[], str]:
        from peers import numpyro  # noqa: PLC0415

        return numpyro.training(train, batch, scanned=scanned, **how)

    def pythae() -> Callable[[], str]:
        from peers import pythae  # noqa: PLC0415

        return pythae.training(train, batch, **how)

    return {
        "taut": partial(with_taut, train, batch, levels),
        "PyTorch, eager": partial(pytorch, False),
        "PyTorch, compiled": partial(pytorch, True),
        "NumPyro, compiled step": partial(numpyro, False),
        "NumPyro, compiled epoch": partial(numpyro, True),
        "pythae": pythae,
    }


def main() -> None:
    options = results.options(__doc__, rows={"type": int, "default": 20_000}, rounds={"type": int, "default": 5})
    train, _, levels = results.images(options.data)
    train = np.ascontiguousarray(train[: 1000 if options.quick else options.rows])
    rows = []
    for batch, aim in AIMS.items():
        print(f"batches of {batch}", flush=True)
        turns, failed = results.warmed(contestants(train, batch, levels))
        taken = results.take_turns(turns, 2 if options.quick else options.rounds)
        steps = len(train) // batch
        rows += results.compared(
            f"batch {batch}", taken, failed, unit="µs a step", value=lambda seconds, steps=steps: 1e6 * seconds / steps,
            aims={"PyTorch": aim, "pythae": PYTHAE_AIM},
        )  # fmt: skip
        # After each size, so that a run that is stopped leaves what it has.
        results.write(options, "Training", rows, about=ABOUT, packages=("torch", "pythae", "numpyro"))


if __name__ == "__main__":
    main()
