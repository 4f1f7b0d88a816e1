"""Brackets of posteriors that no one Gaussian holds, from a guide on one mode: none false, most of them kept."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut.auditing import AuditOptions, audit_by_row
from taut.auditing.origins import FoundOfRow
from taut.numerics import AffineMap
from taut.weights import map_rows
from tests.auditing.posteriors import KEPT, ORACLES, of_modes

SEEDS = 10


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("name", ORACLES)
def test_the_truth_is_within_the_bracket(name):
    oracle = ORACLES[name]()
    for seed in range(SEEDS):
        audited = audit_by_row(oracle.model, oracle.guide, oracle.data, AuditOptions(draws=100), key=jr.key(seed))
        found = audited.ledger.evidence
        assert found.lower.value < oracle.truth, seed
        assert found.withdrawn if found.upper is None else found.upper.value > oracle.truth, seed
        if name in KEPT:
            assert found.withdrawn is None, seed
            assert found.width < 0.1, seed


@pytest.mark.slow
def test_the_mixture_about_one_mode_finds_the_other():
    """Weights of its draws are those of the posterior, nearly: both modes have a component, of about equal share."""
    oracle = of_modes(np.array([[3.0, 3.0], [-3.0, -3.0]], np.float32), 1.0)
    frame = AffineMap(jnp.full((1, 2), 3.0), jnp.eye(2)[None])
    found = map_rows(
        FoundOfRow(few=True), oracle.model, oracle.guide, oracle.data[:1], key=jr.key(0), aside=frame
    )  # fmt: skip
    base = jax.tree.map(lambda leaf: jnp.asarray(leaf[0]), found.base)
    assert float(found.coverage.beyond[0]) == pytest.approx(0.5, abs=0.1)
    assert not found.coverage.heavy[0]
    u = base.draws(jnp.zeros(2), 2000, key=jr.key(1))
    log_w = jax.jit(jax.vmap(lambda u: oracle.model.log_joint(jnp.zeros(1), u + 3.0) - base.log_density(u)))(u)
    w = np.exp(np.asarray(log_w, np.float64))
    assert abs(w.mean() - 1.0) < 5 * w.std() / np.sqrt(len(w))
    assert w.std() < 1.0
