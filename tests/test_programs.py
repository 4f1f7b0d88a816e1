"""How many programs are compiled for small work: each costs a beginner a tenth of a second or more."""

import jax
import numpy as np
import pyarrow as pa
import pytest

from taut import VAE, Ledger

ROWS = np.random.default_rng(0).normal(size=(120, 2))
BLOCK = ROWS.astype(np.float32)
TABLE = pa.table({"a": ROWS[:, 0], "b": ROWS[:, 1], "kind": np.where(ROWS[:, 0] > 0, "x", "y")})
OPTIONS = {"latent_dim": 3, "hidden": (4,), "max_epochs": 2, "random_state": 0}


@pytest.fixture
def compiled(monkeypatch):
    """The names of the programs compiled so far."""
    jax.clear_caches()
    names = []
    own = jax._src.compiler.compile_or_get_cached

    def counted(backend, module, *args, **options):
        names.append(module.operation.attributes["sym_name"].value)
        return own(backend, module, *args, **options)

    monkeypatch.setattr("jax._src.compiler.compile_or_get_cached", counted)
    return names


def _is_coherent(ledger):
    """The one whole audit of a table in the quick suite: its parts add up, and the file holds it all."""
    assert ledger.complete
    assert Ledger.from_json(ledger.to_json()) == ledger
    _the_identity_holds(ledger)
    _the_bracket_agrees_with_its_checks(ledger)
    if ledger.columns:
        by_column = sum(column.distortion.value for column in ledger.columns)
        by_part = sum(part.distortion for part in ledger.table.parts)
        assert (by_column, by_part) == pytest.approx((ledger.distortion.value,) * 2, abs=1e-4)


def _the_identity_holds(ledger):
    gap, elbo = ledger.gap, ledger.elbo
    for end, distance in (
        (ledger.evidence.lower, gap.inference.lower),
        (ledger.evidence.upper, gap.inference.upper),
    ):
        assert end.value == pytest.approx(elbo.value + distance.value, abs=1e-6)
    assert elbo.value == pytest.approx(-ledger.distortion.value - ledger.rate.value, abs=1e-4)
    # upper = ELBO(q̂) + approximation, and ELBO(q̂) = ELBO + amortisation but for the draws of the two ELBOs.
    total = elbo.value + gap.amortisation.value + gap.approximation.value
    assert abs(total - ledger.evidence.upper.value) < 5 * np.hypot(gap.amortisation.std_error, elbo.std_error)
    assert ledger.rate.value == pytest.approx(
        ledger.mutual_information.value + ledger.marginal_kl.value,
        abs=5 * np.hypot(ledger.rate.std_error, ledger.marginal_kl.std_error) + 0.05,
    )


def _the_bracket_agrees_with_its_checks(ledger):
    """At β = 1 the rate and the distortion of the posterior add up to −log p(x)."""
    assert ledger.annealing.heavy == 0.0
    assert len(ledger.annealing.controls) == 3
    for control in ledger.annealing.controls:
        assert control.excess.value < 5 * control.excess.std_error + 0.02
    lower, upper = ledger.simulated.lower, ledger.simulated.upper
    assert (lower.status, upper.status) == ("certified-lower", "certified-upper")
    assert lower.value < upper.value
    assert abs(ledger.simulated.allowance.value) < 5 * ledger.simulated.allowance.std_error + 0.01
    first, last = ledger.trade_off[0], ledger.trade_off[-1]
    assert (last.beta, first.distortion > last.distortion) == (1.0, True)
    middle = (ledger.evidence.lower.value + ledger.evidence.upper.value) / 2
    assert last.rate + last.distortion == pytest.approx(-middle, abs=0.05)


@pytest.mark.parametrize(
    ("data", "most"),
    [pytest.param(BLOCK, 40, id="block", marks=pytest.mark.slow), pytest.param(TABLE, 60, id="table")],
)
def test_few_programs_serve_a_fit_and_an_audit(data, most, compiled):
    vae = VAE(**OPTIONS, likelihood="gaussian" if data is BLOCK else "auto").fit(data)
    assert len(compiled) <= 12, compiled
    compiled.clear()
    vae.score_samples(data[:7])
    vae.score_samples(data[:30])
    assert len(compiled) <= 3, compiled
    compiled.clear()
    ledger = vae.audit(data[:20], draws=20)
    assert len(compiled) <= most, compiled
    _is_coherent(ledger)
    compiled.clear()
    vae.audit(data[:24], draws=20)
    assert "jit__block" not in compiled, "what is measured of each row serves another number of rows"
