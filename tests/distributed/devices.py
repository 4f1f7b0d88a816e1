"""What is computed on however many devices there are: run as a program it prints it, with the number of devices."""

import json
import sys

import jax
import jax.random as jr
import numpy as np

from taut import Plan, fitting, guides, likelihoods, models, networks
from taut.objectives import beta_tc, elbo
from taut.weights import LogWeightsOfRow, map_rows

ROWS = np.random.default_rng(0).integers(0, 2, (37, 6)).astype(np.uint8)
NAMES = (
    "in memory",
    "in uneven batches",
    "streamed",
    "with a penalty on the batch",
    "scores",
    "scores by a local guide",
)
HELD_OUT = np.random.default_rng(1).integers(0, 2, (11, 6)).astype(np.uint8)


class Streamed(fitting.AbstractRows):
    """The rows as if they were elsewhere."""

    @property
    def shape(self):
        return ROWS.shape

    def take(self, numbers):
        return ROWS[numbers]


def parts():
    decoder = networks.Perceptron(2, 6, hidden=(5,), key=jr.key(0))
    model = models.LatentVariableModel(
        prior=models.standard_normal(2), decoder=decoder, likelihood=likelihoods.Bernoulli(6)
    )
    return model, guides.GaussianEncoder(6, 2, hidden=(5,), key=jr.key(1))


def losses(rows, objective, batch=8):
    plan = Plan(epochs=2, batch_size=batch, learning_rate=0.01)
    result = fitting.fit(*parts(), rows, key=jr.key(2), plan=plan, objective=objective, held_out=HELD_OUT)
    return [[row.train, row.held_out] for row in result.history], result


def scores(model, guide):
    return map_rows(LogWeightsOfRow(3), model, guide, ROWS, key=jr.key(3), block=8).tolist()


def results():
    in_memory, result = losses(ROWS, elbo())
    return {
        "in memory": in_memory,
        "in uneven batches": losses(ROWS, elbo(), batch=10)[0],
        "streamed": losses(Streamed(), elbo())[0],
        "with a penalty on the batch": losses(ROWS, beta_tc(2.0))[0],
        "scores": scores(result.model, result.guide),
        "scores by a local guide": scores(result.model, guides.free_gaussians(result.guide, ROWS)),
    }


if __name__ == "__main__":
    jax.config.update("jax_numpy_rank_promotion", "raise")
    json.dump({"devices": jax.device_count(), "results": results()}, sys.stdout)
