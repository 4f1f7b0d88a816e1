"""A PyTorch model audited by taut has the ELBO and the log joint that PyTorch computes."""

import importlib.util
import math
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from taut import datasets, models, weights

torch = pytest.importorskip("torch")
EXAMPLE = Path(__file__).parents[2] / "examples" / "audit_a_pytorch_vae.py"


@pytest.fixture(scope="module")
def audited():
    spec = importlib.util.spec_from_file_location("audit_a_pytorch_vae", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main(epochs=3, rows=6, draws=50)


def held_out():
    return datasets.digits()[1].astype(np.float32)


def test_the_log_joint_is_that_of_pytorch(audited):
    x, z = held_out()[:20], np.random.default_rng(1).normal(size=(20, 8)).astype(np.float32)
    with torch.no_grad():
        pixels = torch.distributions.Binomial(16, logits=audited.theirs.decoder(torch.from_numpy(z)))
        expected = pixels.log_prob(torch.from_numpy(x)).sum(1).numpy() - 0.5 * (z**2 + math.log(2 * math.pi)).sum(1)
    ours = jax.vmap(audited.log_joint)(jnp.asarray(x), jnp.asarray(z))
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-3)


def test_the_mean_log_weight_is_the_elbo_of_pytorch(audited, key):
    """All held-out rows, each side with draws of its own."""
    data, draws = held_out(), 100
    model = models.LogJoint(audited.log_joint, latents=8)
    ours = weights.map_rows(weights.LogWeightsOfRow(draws), model, audited.guide, data, key=key).mean(axis=1)
    torch.manual_seed(1)
    with torch.no_grad():
        theirs = np.mean([audited.theirs.elbo(torch.from_numpy(data)).numpy() for _ in range(draws)], axis=0)
    differences = (ours - theirs).astype(np.float64)
    assert abs(differences.mean()) < 5 * differences.std(ddof=1) / math.sqrt(len(data))
    assert differences.std() < 0.1 * ours.std()


def test_the_ledger_is_about_this_model(audited):
    ledger = audited.ledger
    assert ledger.rows == 6
    assert ledger.latent == 8
    assert ledger.elbo.value < ledger.evidence.lower.value
    assert math.isclose(ledger.elbo.value, -ledger.distortion.value - ledger.rate.value, rel_tol=1e-5)
