"""Guides and priors that have draws and a density, but no formula for a mean: their audit runs to its end."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
import pytest
from numpyro.distributions import transforms

import taut
from taut import guides, likelihoods, models, networks
from taut.auditing.controls import gaussian_of
from taut.guides import AbstractGuide
from tests.auditing.instances import rows_of

LATENTS, FEATURES = 4, 4


class Bent(AbstractGuide):
    """A Gaussian whose first latent went through a sinh: skew, and without a formula for its moments."""

    encoder: guides.GaussianEncoder

    def __call__(self, x):

        return dist.TransformedDistribution(self.encoder(x), [Sinh()])


class Sinh(transforms.ParameterFreeTransform):
    """sinh of every entry."""

    domain = codomain = dist.constraints.real_vector

    def __call__(self, x):
        return jnp.sinh(x)

    def _inverse(self, y):
        return jnp.arcsinh(y)

    def log_abs_det_jacobian(self, x, y, intermediates=None):
        return jnp.sum(jnp.log(jnp.cosh(x)), axis=-1)


class Coupling(AbstractGuide):
    """A conditional flow of flowjax."""

    flow: eqx.Module

    def __call__(self, x):
        from flowjax.experimental.numpyro import distribution_to_numpyro

        return distribution_to_numpyro(self.flow, x)


def bent():
    return Bent(guides.GaussianEncoder(FEATURES, LATENTS, hidden=(3,), key=jr.key(1)))


def coupling():
    flows, distributions = pytest.importorskip("flowjax.flows"), pytest.importorskip("flowjax.distributions")
    base = distributions.Normal(jnp.zeros(LATENTS))
    return Coupling(
        flows.coupling_flow(
            jr.key(2), base_dist=base, cond_dim=FEATURES, flow_layers=1, nn_width=4, nn_depth=1, invert=False
        )
    )


def model(prior):
    return models.LatentVariableModel(
        prior=prior,
        decoder=networks.Perceptron(LATENTS, FEATURES, hidden=(3,), key=jr.key(0)),
        likelihood=likelihoods.Bernoulli(FEATURES),
    )


def bent_prior():
    return dist.TransformedDistribution(models.standard_normal(LATENTS), [Sinh()])


@pytest.mark.parametrize(
    ("guide", "prior"),
    [
        (bent, bent_prior),
        pytest.param(coupling, lambda: models.standard_normal(LATENTS), marks=pytest.mark.slow),
    ],
    ids=["bent guide and prior", "flowjax"],
)
def test_an_audit_needs_no_formula_for_a_mean(guide, prior):
    made, q = model(prior()), guide()
    rows = rows_of(made, 6)
    with pytest.raises(NotImplementedError):
        _ = q(jnp.asarray(rows[0], float)).mean
    ledger = taut.audit(made, q, rows, key=jr.key(3), draws=50, bracket=False)
    assert len(ledger.latents) == LATENTS
    assert all(np.isfinite([latent.kl, latent.variance_of_mean]).all() for latent in ledger.latents)
    assert np.isfinite(ledger.figures.reconstructions).all()
    assert "a Gaussian of its moments for the guide" in ledger.mutual_information.condition
    assert ledger.total_correlation is None or prior is not bent_prior
    assert taut.record.Ledger.from_json(ledger.to_json()) == ledger


def test_a_control_starts_from_the_moments_of_a_guide_that_is_no_gaussian(key):
    q = bent()(jnp.asarray(rows_of(model(models.standard_normal(LATENTS)), 1)[0], float))
    frame, draws = gaussian_of(q), np.asarray(jax.jit(jax.vmap(q.sample))(jr.split(key, 2000)), np.float64)
    assert np.all(np.abs(draws.mean(axis=0) - frame.mean) < 5 * draws.std(axis=0) * np.sqrt(2 / 2000))
    np.testing.assert_allclose(np.diag(frame.root), draws.std(axis=0), rtol=0.3)
    assert np.count_nonzero(frame.root) == LATENTS


@pytest.mark.slow
def test_a_bracket_needs_no_formula_for_a_mean():
    made = model(models.standard_normal(LATENTS))
    ledger = taut.audit(made, bent(), rows_of(made, 6), key=jr.key(3), draws=50, width=0.2)
    assert ledger.complete
    assert ledger.gap.family is None
    assert "the encoder, 1.2 times as wide" in {control.start for control in ledger.annealing.controls}
    assert ledger.calibration is not None
    assert ledger.evidence.upper is not None
