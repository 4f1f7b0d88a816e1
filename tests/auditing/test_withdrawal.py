"""What withdraws an upper end, and what does not: from numbers made by hand, and on a posterior of two peaks."""

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
import pytest

from taut.auditing import AuditOptions, audit_by_row
from taut.auditing.controls import Controlled
from taut.auditing.model_checks import reason_to_withdraw
from taut.auditing.refinement import Refinement
from taut.auditing.walks import Walks
from taut.guides import Constant
from taut.models import LogJoint
from taut.record import Control, Estimate

NOISE = np.random.default_rng(0).normal(size=64)


def found(above=-0.5, error=0.1, moved=0.0, heavy=0.0, rows=32):
    number = Estimate(value=above, std_error=error)
    control = Control(start="the prior", rows=rows, excess=number, above=number)
    return Controlled([control], [], Estimate(value=moved, std_error=0.01), heavy)


def doubt(controlled=None, width=0.1, khat=0.3):
    rows = {name: np.zeros(64) for name in Walks._fields}
    walks = Walks(**rows | {"upper": width + 0.01 * NOISE})
    refined = Refinement(**{name: np.full(64, khat) for name in Refinement._fields})
    return reason_to_withdraw(walks, refined, found() if controlled is None else controlled)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"controlled": found(above=0.35)}, "On 32 rows a lower bound from the prior lies 0.35 nats a row above"),
        ({"controlled": found(above=0.02, error=0.0)}, "lies 0.02 nats"),
        ({"controlled": found(above=0.8, error=None)}, "lies 0.80 nats"),
        ({"controlled": found(above=0.2, error=0.15)}, "lies 0.20 nats"),  # 6.4 nats in all
        ({"controlled": found(moved=0.04)}, "move the upper bound by 0.04 nats"),
        ({"controlled": found(heavy=0.25)}, "In 25% of the rows"),
        ({"width": -0.05}, "own lower bounds lie 0.05 nats"),
        ({"khat": 0.75}, "tail index of 0.75"),
    ],
)
def test_what_withdraws(given, words):
    assert words in doubt(**given)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"controlled": found(above=0.12)},  # within three standard errors, and 3.8 nats in all
        {"controlled": found(above=0.005, error=0.0)},  # rounding
        {"controlled": found(above=0.5, error=None, rows=1)},
        {"controlled": found(moved=0.02)},
        {"controlled": found(moved=-1.0)},
        {"width": 0.0},
        {"khat": 0.65},
    ],
)
def test_what_does_not(given):
    assert doubt(**given) is None


@pytest.mark.slow
@pytest.mark.parametrize("apart", [0.0, 3.0])
def test_an_upper_end_that_misses_a_peak_is_withdrawn_with_all_that_rests_on_it(apart):
    """One peak, or two of the same mass about zero of which the guide sees one; the truth is zero."""
    latents, rows = 8, np.zeros((32, 1), np.float32)

    def log_joint(x, z):
        one, other = (dist.Normal(sign * apart, 1.0).log_prob(z).sum() for sign in (1.0, -1.0))
        return jnp.logaddexp(one, other) - jnp.log(2.0) + 0.0 * x.sum()

    guide = Constant(dist.Normal(jnp.full(latents, apart), jnp.ones(latents)).to_event(1))
    audited = audit_by_row(LogJoint(log_joint, latents=latents), guide, rows, AuditOptions(draws=100), key=jr.key(0))
    ledger = audited.ledger
    evidence, codes = ledger.evidence, {verdict.code: verdict.severity for verdict in ledger.verdicts}
    assert evidence.lower.value < 0.0
    if apart:
        assert evidence.upper is evidence.bridge is evidence.width is ledger.gap.inference.upper is None
        assert ledger.gap.approximation is None
        assert "upper" not in audited.columns()
        assert codes["upper-withdrawn"] == "warning"
        assert "good" not in {codes[code] for code in ("gap-small", "weights-good") if code in codes}
        assert "since a check contradicts the bound that was measured" in str(ledger).replace("\n", " ")
    else:
        assert evidence.upper.value > 0.0
        assert evidence.withdrawn is None
        assert codes["bracket-tight"] == "good"
