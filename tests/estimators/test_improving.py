"""Levers are pulled in the order of their promises, on rows that are kept apart, and kept where both ends say so."""

import dataclasses

import numpy as np
import pytest

import taut
from taut.auditing import RowResult
from taut.auditing.verdicts import verdicts_on
from taut.errors import DataError, OptionError
from taut.estimators import VAEConfig
from taut.estimators.comparison import Side
from taut.estimators.improvement import improve, splits_of
from taut.estimators.improvement.levers import Best, pulls
from taut.estimators.improvement.trials import Bench, Known, held_against, of_the_guide
from taut.record import Verdict
from tests.auditing.ledgers import base, but, causes, generalising, near

N = 200


@pytest.fixture(scope="module")
def fitted():
    rows = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    return taut.VAE(1, hidden=(), max_epochs=1, validation_fraction=0.5, random_state=0).fit(rows), rows


def test_rows_that_choose_and_report_were_never_trained_on(fitted):
    vae, rows = fitted
    parts = splits_of(vae.fitted_, rows, seed=1)
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(60))
    assert [len(part) for part in parts] == [30, 15, 15]
    assert vae.rows_seen(rows[parts.train])[0] == 30
    assert vae.rows_seen(rows[np.concatenate(parts[1:])])[0] == 0


def test_rows_of_which_none_was_seen_train_too(fitted):
    parts = splits_of(fitted[0].fitted_, fitted[1] + 1.0, seed=0)
    assert [len(part) for part in parts] == [40, 10, 10]


def test_too_few_rows_that_are_new_are_refused(fitted):
    vae, rows = fitted
    seen = splits_of(vae.fitted_, rows, seed=0).train
    with pytest.raises(DataError, match=r"at least 20 rows that the run has not trained on.*got 0; add rows"):
        vae.improve(rows[seen])
    with pytest.raises(DataError, match="wants the rows of the fit, those it held out included"):
        vae.improve()


def pulled(ledger, **options):
    return list(pulls(Best(VAEConfig(**options), None, dataclasses.replace(ledger, verdicts=verdicts_on(ledger)))))


def ordered(ledger, **options):
    found = pulled(ledger, **options)
    return list(dict.fromkeys(pull.lever for pull in found if pull.verdict is not None))


def test_the_largest_promise_comes_first_and_what_is_known_before_what_is_not():
    both = but(causes(2.0, 2.02), {"prior_gain": near(1.0)})
    assert ordered(both) == ["guide", "encoder", "prior"]
    assert ordered(but(both, {"prior_gain": near(5.0)})) == ["prior", "guide", "encoder"]
    assert ordered(generalising(evidence=0.71)) == ["decoder"]
    assert ordered(base()) == []


def test_a_run_is_not_offered_what_it_has():
    def said(ledger, **options):
        return [pull.change.said for pull in pulled(ledger, **options)]

    assert "guide = full" not in said(causes(0.2, 2.0, full=1.5), guide="full")
    assert said(causes(0.2, 2.0, full=1.5))[0] == "guide = full"
    assert said(causes(0.2, 2.0, full=0.5))[0] == "guide = mixture:4"  # correlation is not what the family lacks


def known(log_p, elbo, half=0.05):
    zeros = np.zeros(N)
    rows = RowResult(**dict.fromkeys(RowResult._fields, zeros) | {"elbo": elbo, "log_p": log_p})
    side = Side("", np.arange(N), [], rows, ends=(log_p - half, log_p + half))
    return Known(side, base())


def test_what_is_kept(key):
    rng = np.random.default_rng(0)
    log_p, noise = rng.normal(-10, 1, N), rng.normal(0, 0.1, N)
    old = known(log_p, log_p - 2)

    def kept(log_p, elbo, **more):
        return held_against(known(log_p, elbo, **more), old, rows=N).kept

    assert kept(log_p + 0.5 + noise, log_p - 3)  # log p(x) rises, whatever the encoder
    assert not kept(log_p + 0.5 + noise, log_p - 3, half=0.6)  # the brackets leave it open
    assert not kept(log_p + 0.5 + 60 * noise, log_p - 3)  # the rows do
    assert kept(log_p + noise, log_p - 1)  # the ELBO rises alone
    assert not kept(log_p - 0.5 + noise, log_p - 1)  # at the cost of log p(x)
    assert not kept(log_p + noise, log_p - 2 + noise)
    found = held_against(known(log_p + 0.5, log_p - 1), old, rows=N)
    assert found.elbo.agrees_with(1.0)
    assert found.middle.value == pytest.approx(0.5)
    margin = 2 * np.log(200) / N
    assert found.evidence.lower.value == pytest.approx(0.4 - margin)
    assert found.evidence.upper.value == pytest.approx(0.6 + margin)


def test_a_guide_of_the_same_model_is_kept_for_its_elbo():
    log_p = np.linspace(-5, -3, N)
    old = known(log_p, log_p - 1).side
    assert of_the_guide(known(log_p, log_p - 0.5).side, old).kept
    assert not of_the_guide(known(log_p, log_p - 1 + np.tile([1, -1], N // 2)).side, old).kept


# What each change is worth in a world without noise: of the ELBO, and of log p(x).
WORTH = {"gaussian": (0.1, 0.1), "mixture:20": (1.5, 1.4), "vamp:50": (0.2, 0.2), "full": (0.8, 0.0)}


@pytest.fixture
def world(monkeypatch):
    """Training and measuring cost nothing and tell what `WORTH` says; the names of the parts are kept in the notes."""

    def train(self, config, start, *, moved, seconds):
        if config.guide == "mixture:4":
            raise OptionError("It breaks.")
        if config.objective == "annealed:3":
            raise KeyboardInterrupt
        names = [name for name in (config.prior, config.guide) if name is not None]
        return dataclasses.replace(start, notes=names)

    def measure(self, fitted, numbers, **_):
        won = [WORTH[name] for name in fitted.notes if name in WORTH]
        elbo, log_p = (np.full(len(numbers), -10.0) + sum(each[place] for each in won) for place in (0, 1))
        rows = RowResult(
            **dict.fromkeys(RowResult._fields, np.zeros(len(numbers))) | {"elbo": elbo - 4, "log_p": log_p}
        )
        side = Side("", np.arange(len(numbers)), [], rows, ends=(log_p, log_p), exact=True)
        prior = 2.0 if "mixture:20" not in fitted.notes else 0.0
        guide = 1.0 if "full" not in fitted.notes else 0.6
        verdicts = [
            Verdict(code=lever, severity="warning", text="", evidence="", lever=lever, promise=near(nats))
            for lever, nats in (("guide", guide), ("prior", prior), ("encoder", 0.01))
        ]
        ends = near(float(log_p.mean()))
        return Known(side, but(base(), {"evidence.lower": ends, "evidence.upper": ends, "verdicts": verdicts}))

    monkeypatch.setattr(Bench, "train", train)
    monkeypatch.setattr(Bench, "measure", measure)
    monkeypatch.setattr(Bench, "elbo", lambda self, fitted, numbers: measure(self, fitted, numbers).side)
    monkeypatch.setattr(Bench, "check_comparable", lambda *_: None)


def test_the_search(world, fitted):
    vae, rows = fitted
    vae = dataclasses.replace(vae.fitted_, notes=[])
    config = VAEConfig(latent_dim=2)
    found = improve(config, vae, rows, seconds=1e6)
    tried = [(trial.lever, trial.change, trial.kept) for trial in found.account.trials]
    assert tried[:4] == [
        ("prior", "prior = gaussian", True),  # without noise a tenth of a nat is a win
        ("prior", "prior = mixture:20", True),
        ("guide", "guide = full", True),
        ("guide", "guide = mixture:4", False),
    ]
    assert "It breaks." in found.account.trials[3].said
    assert (found.config.prior, found.config.guide) == ("mixture:20", "full")
    assert found.account.trials[1].promise == near(2.0)
    assert found.account.trials[1].won.value == pytest.approx(1.4)
    stages = [stage.evidence.lower.value for stage in found.account.stages]
    assert stages == pytest.approx([-10.0, -9.9, -8.6, -8.6])
    assert found.account.difference.lower.value == pytest.approx(1.4)
    assert found.account.elbo_difference.value == pytest.approx(2.3)
    assert len(found.fitted.held_out) == found.account.rows["report"]
    assert [verdict.lever for verdict in found.account.left] == ["guide", "prior", "encoder"]


def test_ctrl_c_keeps_the_best_so_far(world, fitted, monkeypatch):
    vae, rows = fitted
    monkeypatch.setitem(WORTH, "full", (-1.0, 0.0))
    config = VAEConfig(latent_dim=2, prior="mixture:20", objective="annealed:3")
    found = improve(config, dataclasses.replace(vae.fitted_, notes=["mixture:20"]), rows, seconds=1e6)
    assert found.account.ended == "Interrupted; the best so far was kept."
    assert found.fitted is not None
    assert found.account.trials == []
    assert [stage.change for stage in found.account.stages] == ["the run as it was"]


@pytest.mark.slow
def test_a_run_that_needs_another_prior_gets_it(tmp_path):
    """Rows in two clusters, which one latent tells apart: N(0, 1) puts most of its mass between them."""
    rng = np.random.default_rng(0)
    z = np.where(rng.random((500, 1)) < 0.5, -2.0, 2.0) + 0.2 * rng.normal(size=(500, 1))
    rows = (z @ np.array([[1.0, 0.5, -1.0, 0.8]]) + 0.3 * rng.normal(size=(500, 4))).astype(np.float32)
    options = {"hidden": (), "max_epochs": 30, "validation_fraction": 0.4, "random_state": 0}
    vae = taut.VAE(1, guide="full", likelihood="gaussian", **options).fit(rows)
    better = vae.improve(rows, seconds=240.0)
    account = better.improvement_
    assert account.trials[0].lever == "prior"
    assert account.difference is not None
    assert account.difference.lower.value > 0
    again = taut.record.Improvement.from_json(account.to_json())
    assert again == account
    better.save(tmp_path / "better")
    assert np.allclose(taut.load(tmp_path / "better").score_samples(rows[:5]), better.score_samples(rows[:5]))
