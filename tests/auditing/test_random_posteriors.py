"""No upper end below the truth is kept, whatever the posterior; where it is one Gaussian, the upper end is kept."""

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
import pytest

from taut.auditing import AuditOptions, audit_by_row, measurement
from taut.auditing.exact import CHECKED_ROWS, TOLERANCE, Exactly
from taut.auditing.search import ClimbsOfRow, MixtureOfRow
from taut.bounds import proven_integral
from taut.guides import Constant
from taut.numerics import AffineMap
from taut.weights import map_rows
from tests.bounds.posteriors import KINDS, drawn, mixture, model, plain

ROWS, SEEDS = 16, 25
MODELS = {latents: model(latents) for latents in CHECKED_ROWS}


def guide(latents):
    return Constant(dist.Normal(jnp.zeros(latents), jnp.ones(latents)).to_event(1))


def evidence(x, latents, monkeypatch):
    """What an audit of as many rows as are not exact any more says: a few of them are looked at by quadrature."""
    found = proven_integral(MODELS[latents], jnp.asarray(x), tolerance=TOLERANCE)
    known = dict.fromkeys(range(CHECKED_ROWS[latents] if found.proven else 1), found.log_value)
    monkeypatch.setattr(measurement, "evidence_by_row", lambda *_, **__: Exactly(known=known))
    rows = np.tile(x, (ROWS, 1))
    return audit_by_row(MODELS[latents], guide(latents), rows, AuditOptions(draws=100), key=jr.key(0)).ledger.evidence


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("latents", MODELS)
@pytest.mark.parametrize("kind", KINDS)
def test_no_upper_end_below_the_truth_is_kept(kind, latents, monkeypatch):
    """Three hundred posteriors in all, whose truth is zero; narrow ones in several latents only quadrature sees."""
    for seed in range(SEEDS):
        found = evidence(drawn(kind, latents, np.random.default_rng([seed, latents])), latents, monkeypatch)
        assert found.lower.value < 0.0, seed
        assert found.withdrawn if found.upper is None else found.upper.value > 0.0, seed


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("latents", MODELS)
def test_the_upper_end_of_one_gaussian_is_kept(latents, monkeypatch):
    for seed in range(SEEDS):
        found = evidence(plain(latents, np.random.default_rng([seed, latents])), latents, monkeypatch)
        assert found.withdrawn is None, seed
        assert found.upper.value > 0.0 > found.lower.value, seed


@pytest.mark.slow
def test_climbing_finds_other_peaks():
    """From a Gaussian that stands on one of two peaks, wherever the other one is."""
    places, same = np.array([-60.0, -11.0, 4.0, 37.0]), {"rows": np.arange(4)}
    rows = np.stack([mixture([[0.0], [place]], [[1.0], [0.7]], [0.3, 0.7]) for place in places])
    frames = AffineMap(jnp.zeros((4, 1)), jnp.ones((4, 1, 1)))
    found = map_rows(ClimbsOfRow(), MODELS[1], guide(1), rows, key=jr.key(0), aside=frames, **same)
    log_p = map_rows(MixtureOfRow(), MODELS[1], guide(1), rows, key=jr.key(1), aside=(frames, found.means), **same)
    assert np.asarray(log_p) == pytest.approx(np.zeros(4), abs=0.1)
    assert not np.asarray(found.heavy).any()
