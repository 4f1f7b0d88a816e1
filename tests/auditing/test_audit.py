"""The ledger's identities, statuses and errors, against closed forms and quadrature: what the guide's own draws say.

What refined posteriors and walks add is in `test_bracketed.py`.
"""

import dataclasses
import functools
import json

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
import pytest

import taut
from taut.auditing import AuditOptions, Context, audit_by_row
from taut.bounds import certified_lower, exact_terms
from taut.data import Block, Column, Schema
from taut.errors import AuditError, DataError, OptionError
from taut.guides import Constant, free_gaussians
from taut.numerics import gaussian_kl, inverse_softplus
from taut.record import Ledger
from tests.auditing.instances import breaking, linear, neural

audit = functools.partial(taut.audit, bracket=False)


@pytest.fixture(scope="module")
def of_linear():
    model, guide, data = linear()
    return model, guide, data, audit_by_row(model, guide, data, AuditOptions(draws=400, bracket=False), key=jr.key(0))


@pytest.fixture(scope="module")
def of_neural():
    model, guide, data = neural()
    return model, guide, data, audit_by_row(model, guide, data, AuditOptions(draws=400, bracket=False), key=jr.key(0))


@pytest.fixture(scope="module")
def of_many_latents():
    """Four latents: nothing exact is known."""
    model, guide, data = neural(latents=4)
    return model, guide, data, audit_by_row(model, guide, data, AuditOptions(draws=400, bracket=False), key=jr.key(0))


@pytest.fixture(params=["of_linear", "of_neural", "of_many_latents"])
def any_audit(request):
    return request.getfixturevalue(request.param)


# ── identities ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_both_forms_of_the_elbo_add_up(any_audit):
    *_, audited = any_audit
    ledger = audited.ledger
    assert ledger.elbo.value == pytest.approx(-ledger.distortion.value - ledger.rate.value, abs=1e-5)
    np.testing.assert_allclose(audited.rows.elbo, -audited.rows.distortion - audited.rows.rate, atol=2e-5)


def test_the_gap_is_evidence_less_elbo(any_audit):
    *_, audited = any_audit
    ledger = audited.ledger
    assert ledger.evidence.lower.value == pytest.approx(ledger.elbo.value + ledger.gap.inference.lower.value, abs=1e-5)


def test_divergences_of_the_latents_add_up_to_the_rate(any_audit):
    """For a diagonal q and a prior of independent latents."""
    *_, audited = any_audit
    total = sum(latent.kl for latent in audited.ledger.latents)
    assert audited.ledger.rate.agrees_with(total)
    assert audited.ledger.rate.std_error < 0.1


def test_elbo_distortion_and_rate_against_closed_forms(of_linear):
    model, guide, data, audited = of_linear
    terms = np.array([exact_terms(model, guide, x) for x in jnp.asarray(data)])
    rates = [float(gaussian_kl(guide(x), model.prior())) for x in jnp.asarray(data)]
    ledger = audited.ledger
    assert ledger.elbo.agrees_with(float(terms[:, 1].mean()))
    assert ledger.rate.agrees_with(float(np.mean(rates)))
    assert ledger.distortion.agrees_with(-float((terms[:, 1] + rates).mean()))
    assert ledger.gap.inference.lower.agrees_with(float(terms[:, 2].mean()))
    z = (audited.rows.elbo - terms[:, 1]) / audited.rows.elbo_error
    assert np.abs(z).max() < 5
    assert 0.5 < z.std() < 1.6, "the errors of the rows are not the size of the errors made"


# ── status and direction ─────────────────────────────────────────────────────────────────────────────────────────────


def test_an_exact_model_is_audited_exactly(of_linear):
    model, _, data, audited = of_linear
    evidence = audited.ledger.evidence
    truth = float(np.mean([float(model.log_evidence(x)) for x in jnp.asarray(data)]))
    for end in (evidence.lower, evidence.upper):
        assert (end.status, end.std_error) == ("exact", 0.0)
        assert end.value == pytest.approx(truth, abs=1e-5)
    assert audited.ledger.gap.inference.upper == audited.ledger.gap.inference.lower
    assert evidence.importance.status == "estimate"
    assert evidence.importance.draws == 400
    assert abs(evidence.importance.value - truth) < 5 * evidence.importance.std_error + 0.05
    np.testing.assert_allclose(audited.log_p.mean(), truth, atol=1e-5)


def test_two_latents_are_exact_by_quadrature(of_neural):
    model, _, data, audited = of_neural
    evidence = audited.ledger.evidence
    assert evidence.lower.status == evidence.upper.status == "exact"
    # Computed another way: the naive mean of p(x|z) over a million draws of the prior, common to all rows.
    latents = jr.normal(jr.key(5), (200_000, 2))
    log_likelihoods = jax.jit(jax.vmap(lambda z, x: model.likelihood(z).log_prob(x), in_axes=(0, None)))
    naive = [jax.nn.logsumexp(log_likelihoods(latents, x)) - np.log(200_000) for x in jnp.asarray(data)]
    np.testing.assert_allclose(audited.log_p, naive, atol=0.02)
    assert abs(evidence.importance.value - evidence.lower.value) < 5 * evidence.importance.std_error + 0.02
    assert audited.ledger.elbo.value < evidence.lower.value
    certified = certified_lower(audited.rows.log_p, delta=0.01)
    assert certified.value < evidence.lower.value
    assert certified.value > evidence.lower.value - np.log(100) / 10 - 0.2, "a bound that nobody can use"


def test_more_latents_are_certified_from_below_only(of_many_latents):
    *_, audited = of_many_latents
    evidence, gap = audited.ledger.evidence, audited.ledger.gap.inference
    assert (evidence.lower.status, evidence.lower.delta, evidence.upper, gap.upper) == (
        "certified-lower",
        0.01,
        None,
        None,
    )
    margin = np.log(100) / 10
    assert evidence.lower.value == pytest.approx(evidence.importance.value - margin, abs=1e-5)
    assert evidence.lower.value < np.float64(audited.log_p).mean()


def test_delta_moves_the_margin_and_nothing_else():
    model, guide, data = neural(latents=4)
    careful, bold = (audit(model, guide, data, key=jr.key(0), draws=400, delta=delta) for delta in (0.001, 0.1))
    assert bold.evidence.lower.value - careful.evidence.lower.value == pytest.approx(np.log(100) / 10, abs=1e-6)
    assert bold.evidence.importance == careful.evidence.importance


def test_bits_per_dimension_only_for_probabilities(of_linear, of_neural):
    assert of_linear[3].ledger.bits_per_dim is None
    ledger = of_neural[3].ledger
    assert ledger.discrete
    assert ledger.bits_per_dim.value == pytest.approx(-ledger.evidence.importance.value / (6 * np.log(2)))
    assert ledger.bits_per_dim.std_error == pytest.approx(ledger.evidence.importance.std_error / (6 * np.log(2)))


# ── reliability ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_draws_of_the_prior_are_few_that_count():
    ledger = audit(*linear(noise=0.1), key=jr.key(0), draws=400)
    assert ledger.prior_weights.ess.median < 20  # of 400
    assert ledger.weights.ess.median > 10 * ledger.prior_weights.ess.median
    assert ledger.evidence.prior.value < ledger.evidence.importance.value - 0.5
    assert ledger.weights.over_threshold < 0.1
    assert ledger.prior_weights.over_threshold > 0.5


def test_failed_draws_count_as_weight_zero_and_are_counted():
    """The decoder breaks above 1, where the guide never goes and the prior goes with probability 0.159.

    All rows share the 400 draws from the prior.
    """
    narrow = Constant(dist.Normal(jnp.full(3, -1.0), jnp.full(3, 0.1)).to_event(1))
    model, data = breaking(1.0), np.array([[0.0, 0.0, 1.0]] * 40)
    ledger = audit(model, narrow, data, key=jr.key(0), draws=400)
    # Draws of the prior serve all rows.
    failed, rest = divmod(ledger.settings["failed_draws"], 40)
    assert rest == 0
    assert abs(failed / 400 - 0.1587) < 3 * np.sqrt(0.1587 * 0.8413 / 400)


def test_unused_and_used_latents():
    """A guide that ignores a latent: no divergence, no movement, not active."""
    model, guide, data = linear()
    layer = guide.network.layers[0]
    weight = jnp.zeros_like(layer.weight).at[0].set(0.25)
    bias = jnp.array([0.0, 0.0, *inverse_softplus(jnp.array([0.5, 1.0]) - 1e-4)])
    layer = eqx.tree_at(lambda here: (here.weight, here.bias), layer, (weight, bias))
    ledger = audit(model, eqx.tree_at(lambda g: g.network.layers[0], guide, layer), data, key=jr.key(0), draws=400)
    assert [latent.active for latent in ledger.latents] == [True, False]
    assert ledger.active_units == 1
    assert ledger.latents[1].kl == pytest.approx(0.0, abs=1e-6)
    means = data.mean(axis=1)
    assert ledger.latents[0].variance_of_mean == pytest.approx(means.var(), rel=1e-4)
    assert ledger.latents[0].kl == pytest.approx(np.mean(0.5 * (0.25 + means**2 - 1 - np.log(0.25))), rel=1e-4)


# ── a choice of rows ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_choice_of_rows_is_without_replacement_and_keyed_by_number(of_linear):
    model, guide, data, whole = of_linear
    part = audit_by_row(model, guide, data, AuditOptions(draws=400, rows=12, bracket=False), key=jr.key(0))
    assert len(set(part.numbers.tolist())) == 12
    assert part.ledger.rows == 12
    assert part.ledger.settings["rows_in_data"] == 30
    for mine, all_ in zip(part.rows, whole.rows, strict=True):
        np.testing.assert_allclose(mine, all_[part.numbers], rtol=1e-4, atol=1e-4)


def test_errors_include_the_choice_of_rows(of_linear):
    """se² = Σ se_n²/n² + (1 − n/N) s²/n, and means of choices scatter by as much around the mean of all."""
    model, guide, data, whole = of_linear
    part = audit_by_row(model, guide, data, AuditOptions(draws=400, rows=12, bracket=False), key=jr.key(1))
    elbo = part.rows.elbo.astype(float)
    expected = np.sqrt((part.rows.elbo_error**2).sum() / 144 + (1 - 12 / 30) * elbo.var(ddof=1) / 12)
    assert part.ledger.elbo.std_error == pytest.approx(expected, rel=1e-5)
    draw = np.random.default_rng(0)
    means = [whole.rows.elbo[draw.choice(30, 12, replace=False)].mean() for _ in range(4000)]
    spread = whole.rows.elbo.astype(float).std(ddof=1) * np.sqrt((1 - 12 / 30) / 12)
    assert np.std(means) == pytest.approx(spread, rel=0.05)
    assert part.ledger.elbo.agrees_with(whole.ledger.elbo.value)
    assert whole.ledger.elbo.std_error == pytest.approx(
        np.sqrt((whole.rows.elbo_error.astype(float) ** 2).sum()) / 30, rel=1e-5
    ), "all rows were audited: nothing was chosen"


def test_one_row_out_of_many_has_no_error_and_no_map():
    model, guide, data = neural(latents=4)
    ledger = audit(model, guide, data, key=jr.key(0), draws=400, rows=1)
    assert ledger.rows == 1
    assert ledger.elbo.std_error is None
    assert ledger.bits_per_dim.std_error is None
    assert ledger.figures.latent_map is None
    assert Ledger.from_json(ledger.to_json()) == ledger
    assert audit(model, guide, data[:1], key=jr.key(0), draws=400).elbo.std_error > 0


def test_a_choice_of_all_rows_is_no_choice(of_linear):
    model, guide, data, whole = of_linear
    assert audit(model, guide, data, key=jr.key(0), draws=400, rows=30).elbo == whole.ledger.elbo


# ── what is written ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_there_and_back_as_json(any_audit, tmp_path):
    *_, audited = any_audit
    ledger = audited.ledger
    assert Ledger.from_json(ledger.to_json(tmp_path / "ledger.json")) == ledger
    assert Ledger.from_json(tmp_path / "ledger.json") == ledger
    assert json.loads(ledger.to_json())["elbo"]["value"] == ledger.elbo.value


def test_a_ledger_of_an_earlier_format_is_refused_by_its_format():
    with pytest.raises(DataError, match="Wanted a ledger of format 3; got format 1; audit the run again"):
        Ledger.from_json('{"format": 1, "taut": "0.1"}')


def test_same_key_same_ledger(of_linear):
    model, guide, data, audited = of_linear
    again = audit(model, guide, data, key=jr.key(0), draws=400)
    still = {"created": "", "seconds": 0.0}
    assert dataclasses.replace(again, **still) == dataclasses.replace(audited.ledger, **still)


def test_digests_change_with_one_weight_and_with_one_datum(of_linear):
    model, guide, data, audited = of_linear
    ledger = audited.ledger
    other = eqx.tree_at(lambda m: m.offset, model, model.offset.at[2].add(1e-6))
    moved = data.copy()
    moved[3, 1] = np.nextafter(moved[3, 1], 9)
    by_model = audit(other, guide, data, key=jr.key(0), draws=400)
    by_guide = audit(
        model,
        eqx.tree_at(lambda g: g.network.layers[0].bias, guide, guide.network.layers[0].bias + 1e-6),
        data,
        key=jr.key(0),
        draws=400,
    )
    by_data = audit(model, guide, moved, key=jr.key(0), draws=400)
    assert len({ledger.model_digest, by_model.model_digest, by_guide.model_digest}) == 3
    assert by_model.data_digest == by_guide.data_digest == ledger.data_digest != by_data.data_digest
    assert by_data.model_digest == ledger.model_digest


IMAGE = Column(name="x", kind="binary", family="bernoulli", block=Block(width=6, shape=(2, 3)))


def test_settings_and_context_are_in_the_ledger():
    model, guide, data = neural(latents=4)
    labels = np.arange(10) % 3
    context = Context(
        title="bits", likelihood="bernoulli", schema=Schema(columns=(IMAGE,)), labels=labels, notes=["a note"]
    )
    ledger = audit(
        model, guide, data.astype(np.uint8), key=jr.key(0), draws=400, rows=9, context=context, settings={"seed": 4}
    )
    assert (ledger.title, ledger.likelihood, ledger.notes) == ("bits", "bernoulli", ["a note"])
    assert (ledger.datum, ledger.latent, ledger.rows, ledger.discrete) == (6, 4, 9, True)
    assert {
        "seed": 4,
        "draws": 400,
        "delta": 0.01,
        "rows_in_data": 10,
        "failed_draws": 0,
    }.items() <= ledger.settings.items()
    figures = ledger.figures
    assert len(figures.originals) == len(figures.reconstructions) == 9
    numbers = [row.row for row in figures.rows]
    assert sorted(numbers) == sorted(set(numbers))
    assert [row.log_p for row in figures.rows] == sorted(row.log_p for row in figures.rows)
    chosen = sorted(numbers)
    assert figures.latent_map.labels == [str(labels[number]) for number in chosen]
    np.testing.assert_array_equal(figures.originals, data[chosen])


@pytest.mark.slow
def test_progress_names_its_stages():
    model, guide, data = neural()
    seen = []
    audit(model, guide, data, key=jr.key(0), draws=400, on_block=lambda *now: seen.append(now))
    last = {stage: (done, everything) for stage, done, everything in seen}
    assert last == {"rows": (10, 10), "quadrature": (10, 10)}


@pytest.mark.slow
def test_local_guides_are_audited_each_on_its_row():
    model, guide, data = linear()
    local = free_gaussians(guide, jnp.asarray(data))
    options = AuditOptions(draws=400, bracket=False)
    own, amortised = (audit_by_row(model, g, data, options, key=jr.key(0)) for g in (local, guide))
    np.testing.assert_allclose(own.rows.elbo, amortised.rows.elbo, atol=1e-3)


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"draws": 1}, "`draws` wants at least 2 draws a row, to measure its own error; got 1; ask for more."),
        ({"rows": 0}, "`rows` wants a whole number of rows, at least 1; got 0; change it."),
        ({"rows": 31}, "An audit wants from one row to all 30; got 31; ask for as many as there are."),
        ({"width": 0.0}, "`width` wants a finite number of nats above 0; got 0.0; leave it out or raise it."),
        ({"seconds": -1.0}, "`seconds` wants a finite number of seconds above 0; got -1.0; leave it out or raise it."),
        (
            {"chains": 3},
            "Wanted options among draws, rows, delta, width, seconds, bracket, checks, train; got `chains`; leave it "
            "out.",
        ),
        ({"delta": 0.0}, "`delta` wants a probability between 0 and 1; got 0.0; 0.01 is usual."),
        ({"delta": 1.0}, "`delta` wants a probability between 0 and 1; got 1.0; 0.01 is usual."),
        ({"delta": float("nan")}, "`delta` wants a probability between 0 and 1; got nan; 0.01 is usual."),
    ],
)
def test_options_that_make_no_sense(options, sentence):
    with pytest.raises(OptionError) as refused:
        audit(*linear(), key=jr.key(0), **options)
    assert str(refused.value) == sentence


def test_a_choice_of_rows_under_local_guides():
    model, guide, data = linear()
    with pytest.raises(OptionError, match=r"^A choice of rows wants an amortised guide; .*\.$"):
        audit(model, free_gaussians(guide, jnp.asarray(data)), data, key=jr.key(0), rows=3)


def test_a_row_without_finite_bounds_is_set_aside_and_named(of_linear):
    model, guide, data, whole = of_linear
    broken = np.where(np.arange(30)[:, None] == 17, np.nan, data)
    audited = audit_by_row(model, guide, broken, AuditOptions(draws=400, bracket=False), key=jr.key(0))
    others = np.arange(30) != 17
    assert audited.ledger.settings["rows_set_aside"] == 1
    assert any("row 17" in note for note in audited.ledger.notes)
    assert "rows-set-aside" in {verdict.code for verdict in audited.ledger.verdicts}
    np.testing.assert_array_equal(audited.numbers, np.arange(30)[others])
    np.testing.assert_allclose(audited.rows.elbo, whole.rows.elbo[others], rtol=1e-6)


def test_where_no_row_has_finite_bounds_nothing_is_written():
    model, guide = breaking(-8.0), Constant(dist.Normal(jnp.full(3, -9.0), jnp.full(3, 0.1)).to_event(1))
    with pytest.raises(AuditError, match=r"^Finite bounds are wanted; all 40 rows .* row 0; .*\.$"):
        audit(model, guide, np.array([[0.0, 0.0, 1.0]] * 40), key=jr.key(0), draws=400)
