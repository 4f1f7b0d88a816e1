"""An audit from both sides: what refined posteriors, walks and simulated rows add to the ledger."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

import taut
from taut.auditing import AuditOptions, audit_by_row
from taut.auditing.controls import SEARCH
from taut.auditing.ends import ALONE
from taut.auditing.walks import CHAINS, Effort
from taut.bounds import annealed_upper_of_each
from taut.models import LogJoint
from taut.record import Ledger
from tests.auditing.instances import linear, neural
from tests.quick import quick


@pytest.fixture(scope="module")
def many():
    """Four latents, forty rows: nothing exact is known, everything is measured."""
    model, guide, data = neural(latents=4, n=40)
    return model, guide, data, audit_by_row(model, guide, data, AuditOptions(draws=400, train=data[:20]), key=jr.key(0))


@pytest.fixture(scope="module")
def known():
    """The linear-Gaussian model, where the truth is known and no walk is needed."""
    model, guide, data = linear()
    return model, guide, data, audit_by_row(model, guide, data, AuditOptions(draws=400), key=jr.key(0))


def brute_force(model, data, draws=400_000):
    """log p(x) by averaging p(x|z) over draws of the prior that serve all rows."""
    latents = jr.normal(jr.key(99), (draws, 4))
    log_likelihoods = jax.jit(jax.vmap(lambda z, x: model.likelihood(z).log_prob(x), in_axes=(0, None)))
    values = [np.asarray(log_likelihoods(latents, x), np.float64) for x in jnp.asarray(data, float)]
    return np.array([np.logaddexp.reduce(v) - np.log(draws) for v in values])


@pytest.mark.slow
def test_the_bracket_holds_what_brute_force_finds(many):
    model, _, data, audited = many
    truth, walks = brute_force(model, data).mean(), audited.measured.rows.walks
    evidence = audited.ledger.evidence
    assert evidence.lower.value < truth < evidence.upper.value
    assert walks.lower.mean() - 0.02 < truth < walks.upper.mean() + 0.02
    assert evidence.width < 0.05
    assert evidence.lower.status == "certified-lower"
    assert (evidence.upper.status, evidence.upper.condition) == (
        "conditional-upper",
        "the reverse walks start from independent draws of the posterior",
    )
    assert walks.forward.shape == (40, 3 * CHAINS), "few rows are walked more often"
    margin = np.log(2 / (ALONE * 0.01)) / walks.forward.size
    apart = jax.vmap(annealed_upper_of_each)(jnp.asarray(walks.reverse), jnp.asarray(walks.forward))
    assert evidence.lower.value == pytest.approx(np.mean(walks.forward, dtype=float) - margin, abs=1e-9)
    assert evidence.upper.value == pytest.approx(np.mean(apart, dtype=float) + margin, abs=1e-6)


@pytest.mark.slow
def test_the_numbers_add_up(many):
    *_, audited = many
    ledger, gap = audited.ledger, audited.ledger.gap
    for end, distance in (
        (ledger.evidence.lower, gap.inference.lower),
        (ledger.evidence.upper, gap.inference.upper),
    ):
        assert end.value == pytest.approx(ledger.elbo.value + distance.value, abs=1e-6)
    # upper = ELBO(q̂) + approximation, and ELBO(q̂) = ELBO + amortisation but for the draws of the two ELBOs.
    total = ledger.elbo.value + gap.amortisation.value + gap.approximation.value
    error = np.hypot(gap.amortisation.std_error, ledger.elbo.std_error)
    assert abs(total - ledger.evidence.upper.value) < 5 * error
    assert ledger.rate.value == pytest.approx(
        ledger.mutual_information.value + ledger.marginal_kl.value,
        abs=5 * np.hypot(ledger.rate.std_error, ledger.marginal_kl.std_error) + 0.05,
    )


@pytest.mark.slow
def test_every_part_is_there_and_survives_the_file(many):
    *_, audited = many
    ledger = audited.ledger
    for name in ("annealing", "simulated", "calibration", "crooks", "outliers", "mutual_information", "prior_gain"):
        assert getattr(ledger, name) is not None, name
    assert ledger.complete
    assert len(ledger.predictive) > 0
    assert len(ledger.trade_off) > 8
    starts = {control.start for control in ledger.annealing.controls}
    assert starts == {"the encoder, 1.2 times as wide", "the prior", SEARCH}
    assert ledger.annealing.heavy == 0.0
    assert ledger.gap.generalisation.rows == 20
    assert Ledger.from_json(ledger.to_json()) == ledger


@pytest.mark.slow
def test_controls_agree_and_simulated_rows_are_certified(many):
    *_, audited = many
    ledger = audited.ledger
    for control in ledger.annealing.controls:
        assert control.excess.value < 5 * control.excess.std_error + 0.02
    assert ledger.simulated.lower.status == "certified-lower"
    assert ledger.simulated.upper.status == "certified-upper"
    assert ledger.simulated.lower.value < ledger.simulated.upper.value
    assert abs(ledger.simulated.allowance.value) < 5 * ledger.simulated.allowance.std_error + 0.01


@pytest.mark.slow
def test_the_curve_ends_at_the_evidence(many):
    """At β = 1 the rate and the distortion of the posterior add up to −log p(x)."""
    model, _, data, audited = many
    last = audited.ledger.trade_off[-1]
    some = np.unique(np.linspace(0, 39, 32).astype(int))
    assert last.beta == 1.0
    assert last.rate + last.distortion == pytest.approx(-brute_force(model, data[some]).mean(), abs=0.05)
    distortions = [point.distortion for point in audited.ledger.trade_off]
    assert distortions[0] > distortions[-1]
    own, encoder = audited.ledger.own_trade_off, audited.measured.encoder
    assert own.rows == len(some)
    assert own.rate + own.distortion == pytest.approx(-encoder.elbo[some].mean())
    assert own.rate + own.distortion > last.rate + last.distortion - 0.05


def test_the_approximation_gap_is_its_closed_form(known):
    """Diagonal q on a Gaussian posterior: ½(Σ log Λ_ii − log |Λ|), the same for every row."""
    model, _, data, audited = known
    precision = np.linalg.inv(np.asarray(model.posterior(jnp.asarray(data[0])).covariance_matrix, np.float64))
    expected = 0.5 * (np.log(np.diagonal(precision)).sum() - np.linalg.slogdet(precision)[1])
    refined = audited.measured.rows.refined
    by_row = audited.measured.exact - refined.elbo_family
    assert np.all(np.abs(by_row - expected) < 5 * refined.elbo_family_error + 0.02)
    assert audited.ledger.gap.approximation.value == pytest.approx(expected, abs=0.05)
    assert audited.ledger.gap.full_covariance.value == pytest.approx(expected, abs=0.05)
    np.testing.assert_allclose(refined.elbo_full, audited.measured.exact, atol=1e-3)
    np.testing.assert_allclose(refined.log_p, audited.measured.exact, atol=1e-3)
    assert audited.ledger.annealing is None, "where log p(x) is exact nothing needs to walk"


def test_approximation_and_amortisation_are_the_gap(known):
    *_, audited = known
    gap = audited.ledger.gap
    total = gap.approximation.value + gap.amortisation.value
    error = np.hypot(gap.amortisation.std_error, audited.ledger.elbo.std_error)
    assert abs(total - gap.inference.lower.value) < 5 * error


@pytest.mark.parametrize("instance", quick("known", of=["known", "many"]))
def test_a_nested_family_does_not_lose(instance, request):
    *_, audited = request.getfixturevalue(instance)
    refined = audited.measured.rows.refined
    assert np.all(refined.full_gain > -5 * refined.full_gain_error - 0.02)


# ── other ways to ask ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_a_plain_function_is_audited_like_the_model_that_it_is(many):
    model, guide, data, audited = many
    ledger = taut.audit(
        log_joint=model.log_joint, prior=model.prior(), guide=guide, data=data, key=jr.key(0), draws=400
    )
    assert ledger.elbo.value == pytest.approx(audited.ledger.elbo.value, abs=1e-3)
    assert abs(ledger.evidence.lower.value - audited.ledger.evidence.lower.value) < 0.05
    assert ledger.simulated is None, "a function cannot be drawn from"
    bare = taut.audit(log_joint=model.log_joint, guide=guide, data=data, key=jr.key(0), draws=400)
    assert bare.rate is bare.distortion is bare.evidence.prior is bare.mutual_information is None
    assert bare.evidence.lower.value == pytest.approx(ledger.evidence.lower.value, abs=0.05)
    assert isinstance(str(bare), str)


@pytest.mark.slow
def test_a_row_where_the_function_breaks_harms_no_other(many):
    model, guide, data, _ = many

    def breaks(x, z):
        return jnp.where(jnp.sum(x) == 6, jnp.nan, model.log_joint(x, z))

    rows = np.concatenate([data[data.sum(axis=1) < 6][:20], np.ones((1, 6), data.dtype)])
    audited = audit_by_row(LogJoint(breaks, latents=4), guide, rows, AuditOptions(draws=100, width=0.2), key=jr.key(0))
    assert audited.measured.set_aside == [20]
    assert len(audited.numbers) == 20
    assert np.isfinite(audited.ledger.evidence.upper.value)


@pytest.mark.slow
def test_an_interrupted_audit_speaks_of_a_part_and_goes_on(many, tmp_path):
    model, guide, data, _ = many
    data = np.concatenate([data, data])
    run = functools.partial(
        audit_by_row, model, guide, data, AuditOptions(draws=400), key=jr.key(0), checkpoint=tmp_path / "partial"
    )

    def interrupt(stage, done, _):
        if stage == "rows" and done == 64:
            raise KeyboardInterrupt

    part = run(on_block=interrupt)
    assert not part.ledger.complete
    assert len(part.numbers) == 64
    assert any("Stopped early" in note for note in part.ledger.notes)
    assert (tmp_path / "partial").is_dir()
    seen = []
    whole = run(on_block=lambda *now: seen.append(now))
    assert whole.ledger.complete
    assert [now for now in seen if now[0] == "rows"] == [("rows", 64, 80), ("rows", 80, 80)], "only what was left"
    assert not (tmp_path / "partial").exists()
    again = audit_by_row(model, guide, data, AuditOptions(draws=400), key=jr.key(0))
    np.testing.assert_array_equal(again.rows.elbo, whole.rows.elbo)


# ── effort ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_effort_goes_where_the_bracket_is_wide():
    effort = Effort(rows=100, width=0.1, seconds=None)
    lengths = effort.lengths(np.array([0.1, 1.0, 100.0]))
    assert lengths[0] <= lengths[1] < lengths[2]
    assert np.all(Effort(100, 0.01, None).lengths(np.ones(3)) > Effort(100, 0.1, None).lengths(np.ones(3)))


def test_effort_learns_what_it_costs_to_be_narrow():
    effort = Effort(rows=200, width=0.1, seconds=None)
    before = effort.lengths(np.ones(100))
    effort.note(np.full(100, 0.3), before, np.ones(100), overhead=1.0, walking=1.0)
    assert np.all(effort.lengths(np.ones(100)) > 2 * before)


@pytest.mark.slow
def test_a_limit_shorter_than_the_first_rows_says_what_it_would_need(many):
    model, guide, data, _ = many
    with pytest.raises(taut.errors.OptionError, match=r"^A time limit wants to cover .* first 32 rows; .*\.$"):
        taut.audit(model, guide, data, key=jr.key(0), draws=400, seconds=1e-3)


@pytest.mark.slow
def test_a_narrower_bracket_takes_more_temperatures(many):
    model, guide, data, audited = many
    narrow = audit_by_row(model, guide, data, AuditOptions(draws=400, width=0.005), key=jr.key(0))
    assert np.median(narrow.measured.rows.temperatures) > np.median(audited.measured.rows.temperatures)
    assert narrow.ledger.evidence.width < 0.02
    assert dataclasses.asdict(narrow.ledger.annealing)["asked"] == 0.005
