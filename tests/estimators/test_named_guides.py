"""Every guide that has a name does all that a fit is asked for."""

import numpy as np
import pytest

import taut
from taut import guides
from taut.errors import OptionError

NAMES = ["low-rank:1", "mixture:2", "flow:1", "spline:1", "refined:2"]


def bits(n=48):
    """Two groups of rows with six bits."""
    rng = np.random.default_rng(0)
    return (rng.random((n, 6)) < np.where(np.arange(n)[:, None] % 2, 0.8, 0.2)).astype(np.uint8)


def fitted(name, rows):
    vae = taut.VAE(2, guide=name, hidden=(8,), likelihood="bernoulli", max_epochs=2, random_state=0, verbose=False)
    return vae.fit(rows)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_fit_score_audit_fill_and_load(name, tmp_path):
    rows = bits()
    vae = fitted(name, rows)
    scores, latents = vae.score_samples(rows, draws=100), vae.transform(rows)
    assert np.isfinite(scores).all()
    vae.save(tmp_path / "run")
    again = taut.load(tmp_path / "run")
    np.testing.assert_array_equal(again.score_samples(rows, draws=100), scores)
    np.testing.assert_array_equal(again.transform(rows), latents)
    holes = np.where(np.arange(6) == 2, np.nan, rows[:4].astype(float))
    filled = vae.impute(holes)
    np.testing.assert_array_equal(np.delete(filled, 2, axis=1), np.delete(rows[:4], 2, axis=1))
    ledger = vae.audit(rows[:8])
    assert ledger.evidence.lower.value <= 0
    assert ledger.calibration is not None


def test_a_flow_of_one_latent_is_refused():
    for name in ("flow", "spline:2"):
        with pytest.raises(OptionError, match=r"`(flow|spline)` wants at least 2 latents"):
            taut.VAE(1, guide=name, likelihood="bernoulli", max_epochs=1, verbose=False).fit(bits())


@pytest.mark.parametrize(("name", "said"), [("mixture:0", "number of components"), ("refined:1,2", "number of steps")])
def test_numbers_that_make_no_guide(name, said):
    with pytest.raises(OptionError, match=said):
        guides.GUIDES.parse(name)
