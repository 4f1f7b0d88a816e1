"""Audits of models whose prior is no Gaussian: brackets hold the truth, and what is not measured is said."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import taut
from taut import guides, likelihoods, models, networks

LATENTS, FEATURES = 4, 4


def linear(prior):
    return models.LatentVariableModel(
        prior=prior,
        decoder=networks.Perceptron(LATENTS, FEATURES, hidden=(), key=jr.key(3)),
        likelihood=likelihoods.Gaussian(FEATURES, scale="unit"),
    )


def evidence(model, mixture, rows):
    """Mean log p(x) of a mixture of Gaussians before a linear decoder, by scipy: each component a Gaussian over x."""
    weight, bias = (
        np.asarray(part, np.float64) for part in (model.decoder.layers[0].weight, model.decoder.layers[0].bias)
    )
    logits, means, scales = (np.asarray(part, np.float64) for part in (mixture.logits, mixture.means, mixture.scales))
    terms = [
        stats.multivariate_normal(weight @ m + bias, (weight * s**2) @ weight.T + np.eye(FEATURES)).logpdf(rows)
        for m, s in zip(means, scales, strict=True)
    ]
    return special.logsumexp(special.log_softmax(logits)[:, None] + np.stack(terms), axis=0).mean()


@pytest.mark.slow
def test_a_bracket_holds_the_evidence_under_a_mixture_prior():
    means = 2.0 * jr.normal(jr.key(4), (3, LATENTS))
    prior = models.MixturePrior(means, jnp.full((3, LATENTS), 0.5))
    model = linear(prior)
    rows = np.asarray(jax.jit(jax.vmap(lambda key: model.sample(key=key)[0]))(jr.split(jr.key(0), 6)))
    guide = guides.GaussianEncoder(FEATURES, LATENTS, hidden=(4,), key=jr.key(1))
    ledger = taut.audit(model, guide, rows, key=jr.key(2), draws=200, checks=False)
    assert ledger.evidence.lower.value < evidence(model, prior(), rows) < ledger.evidence.upper.value
    assert any("no Gaussian with independent latents" in note for note in ledger.notes)
    assert ledger.total_correlation is None


@pytest.mark.slow
@pytest.mark.parametrize("prior", ["gaussian", "mixture:3", "vamp:5", "flow:1"])
def test_a_table_has_its_whole_account_with_every_prior(prior, tmp_path):
    rng = np.random.default_rng(0)
    common = rng.normal(size=200)
    frame = pd.DataFrame({"a": common + 0.3 * rng.normal(size=200), "b": rng.poisson(np.exp(common)), "c": common > 0})
    frame.loc[rng.random(200) < 0.2, "a"] = np.nan
    vae = taut.VAE(LATENTS, prior=prior, hidden=(8,), max_epochs=3, random_state=0).fit(frame)
    vae.save(tmp_path / "run")
    vae = taut.load(tmp_path / "run")
    ledger = vae.audit(frame[:40])
    assert ledger.complete
    assert ledger.evidence.lower.value < ledger.evidence.upper.value
    assert all(column.conditional is not None for column in ledger.columns)
    assert ledger.calibration is not None
    start = "the prior" if prior == "gaussian" else "a Gaussian of the prior's moments"
    assert start in [control.start for control in ledger.annealing.controls]
    assert len(vae.sample(5)) == 5
    assert not vae.impute(frame[:10]).isna().any().any()
    assert eqx.is_array(vae.fitted_.model.sample(key=jr.key(0))[1])
