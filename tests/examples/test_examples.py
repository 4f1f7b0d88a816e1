"""The examples run, and what they print is what they claim."""

import importlib.util
import math
from pathlib import Path
from types import ModuleType

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut import datasets, log_weights
from taut.bounds import log_mean_weight

EXAMPLES = Path(__file__).parents[2] / "examples"
EPOCHS = 3


@pytest.fixture(scope="module")
def one_page_vae() -> ModuleType:
    spec = importlib.util.spec_from_file_location("one_page_vae", EXAMPLES / "one_page_vae.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def fitted(one_page_vae):
    return one_page_vae.main(epochs=EPOCHS, draws=50)


def test_the_page_is_one_page():
    assert len((EXAMPLES / "one_page_vae.py").read_text(encoding="utf-8").splitlines()) < 120


@pytest.mark.slow
def test_the_bound_rises_from_epoch_to_epoch(fitted):
    assert len(fitted.history) == EPOCHS
    assert all(after > before + 5 for before, after in zip(fitted.history, fitted.history[1:], strict=False))


@pytest.mark.slow
def test_the_elbo_is_minus_distortion_minus_rate(fitted):
    ledger = fitted.ledger
    assert math.isclose(ledger.elbo.value, -ledger.distortion.value - ledger.rate.value, rel_tol=1e-5)


@pytest.mark.slow
def test_the_lower_bound_is_the_elbo_and_the_gap_together(fitted):
    ledger = fitted.ledger
    assert math.isclose(ledger.evidence.lower.value, ledger.elbo.value + ledger.gap.inference.lower.value, rel_tol=1e-9)
    evidence = ledger.evidence
    assert ledger.elbo.value < evidence.importance.value < evidence.lower.value < evidence.upper.value


@pytest.mark.slow
def test_the_audited_elbo_is_that_of_fresh_log_weights(fitted, key):
    # Drawn by another road: the mean over rows and draws, with keys of its own.
    _, held_out = datasets.digits()
    rows = jnp.asarray(held_out[:20], jnp.float32)
    values = [
        float(log_weights(fitted.model, fitted.guide, row, draws=50, key=own).mean())
        for row, own in zip(rows, jr.split(key, 20), strict=True)
    ]
    audited = {row.row: row.elbo for row in fitted.ledger.figures.rows}
    errors = [value - audited[number] for number, value in enumerate(values)]
    assert abs(np.mean(errors)) < 5 * np.std(errors, ddof=1) / math.sqrt(len(errors)) + 1e-6


@pytest.mark.slow
def test_the_ledger_is_printed(one_page_vae, capsys):
    one_page_vae.main(epochs=1, draws=20)
    printed = capsys.readouterr().out
    assert "ELBO" in printed
    assert "Distortion" in printed


@pytest.mark.slow
def test_more_draws_do_not_lower_the_bound_of_a_row(fitted, key):
    _, held_out = datasets.digits()
    log_w = log_weights(fitted.model, fitted.guide, jnp.asarray(held_out[0], jnp.float32), draws=64, key=key)
    groups = [float(jnp.mean(jax.vmap(log_mean_weight)(log_w.reshape(-1, size)))) for size in (1, 8, 64)]
    assert groups[0] < groups[1] < groups[2]
