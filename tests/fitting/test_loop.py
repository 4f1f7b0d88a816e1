"""The loop: what one epoch is, that it is compiled once, how it ends, that it can be stopped and gone on with."""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut import fit
from taut.errors import OptionError, RunFolderError, ShapeError
from taut.fitting import AsFloat, DynamicBinarisation, Plan, View, loop, named_arrays
from taut.fitting.epoch import batches, held_out_bound, run_epoch
from taut.objectives import elbo, iwae
from tests.fitting.instances import (
    Mean,
    arrays,
    first_entry,
    nan_from,
    nan_where_held_out,
    objective,
    prior_guide,
    same_bits,
    small_vae,
    squared,
)
from tests.quick import quick

ROOT = Path(__file__).parent.parent.parent
STILL = 1e-30  # a learning rate that moves nothing


def rows(n, features=4, seed=0):
    return np.random.default_rng(seed).normal(1.0, 1.0, (n, features)).astype(np.float32)


def fit_mean(data, *, start=0.0, estimator=squared, key=None, options=None, **arguments):
    model = Mean(jnp.full(data.shape[1], start))
    options = options or {}
    return fit(
        model,
        prior_guide(),
        data,
        key=jr.key(0) if key is None else key,
        objective=objective(estimator, **options),
        **arguments,
    )


# ── one epoch ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("n", "batch_size"), [(10, 4), (9, 9), (7, 1), (12, 5)])
def test_each_row_is_used_once(n, batch_size, key):
    numbers, weights = batches(key, n, batch_size)
    assert sorted(np.asarray(numbers)[np.asarray(weights) > 0].tolist()) == list(range(n))
    assert float(weights.sum()) == n


@pytest.mark.usefixtures("float64")
def test_epoch_bound_counts_each_row_once_in_a_fresh_order(key):
    """Rows worth 1, 4, 16 …: their sum says how often each was seen."""
    data = 4.0 ** np.arange(11)[:, None]
    run = fit_mean(data, estimator=first_entry, key=key, plan=Plan(epochs=3, batch_size=4, learning_rate=STILL))
    for row in run.history:
        assert round(row.train * 11) == int(data.sum())
    orders = {tuple(np.asarray(batches(k, 11, 4)[0]).ravel()[:11].tolist()) for k in jr.split(key, 5)}
    assert len(orders) == 5


@pytest.mark.parametrize("batch_size", quick(4, of=[1, 3, 4, 10]))
def test_last_batch_weighs_what_its_rows_weigh(batch_size, key):
    data = rows(10)
    run = fit_mean(data, key=key, plan=Plan(epochs=1, batch_size=batch_size, learning_rate=STILL))
    assert run.history[0].train == pytest.approx(-0.5 * (data.astype(float) ** 2).sum(1).mean(), rel=1e-6)


def test_padding_does_not_pull_the_gradient(key):
    """Five rows in batches of four: the second step sees one row, and must step as if it were alone."""
    data = rows(5)
    plan = Plan(epochs=1, batch_size=4, learning_rate=0.1, schedule="constant")
    run = fit_mean(data, key=key, plan=plan)
    train_key, _ = jr.split(key)
    order, _ = batches(jr.split(jr.fold_in(train_key, 0))[0], 5, 4)
    mean = plain_adam(np.zeros(4), [data[order[0]], data[order[1, :1]]], [0.1, 0.1])
    np.testing.assert_allclose(run.model.mean, mean, rtol=1e-5)


def plain_adam(mean, batches_, rates, clip=100.0):
    """Adam (Kingma & Ba 2015, algorithm 1) in NumPy on −½‖x − mean‖², ascending."""
    first, second = np.zeros_like(mean), np.zeros_like(mean)
    for step, (batch, rate) in enumerate(zip(batches_, rates, strict=True), 1):
        gradient = -(np.asarray(batch, float) - mean).mean(axis=0)
        gradient = gradient * min(1.0, clip / np.linalg.norm(gradient))
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        mean = mean - rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return mean


@pytest.mark.parametrize(
    ("schedule", "clip"), quick(("cosine", 0.5), of=itertools.product(["constant", "cosine"], [100.0, 0.5]))
)
def test_compiled_loop_equals_a_plain_one(schedule, clip, key):
    data = rows(8)
    plan = Plan(epochs=6, batch_size=8, learning_rate=0.2, schedule=schedule, clip=clip, repeats=2)
    run = fit_mean(data, key=key, plan=plan)
    shares = 0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * np.arange(12) / 12))
    rates = 0.2 * (shares if schedule == "cosine" else np.ones(12))
    np.testing.assert_allclose(run.model.mean, plain_adam(np.zeros(4), [data] * 12, rates, clip), rtol=1e-5)


def test_compiled_batches_equal_plain_ones(key):
    data = rows(10)
    run = fit_mean(data, key=key, plan=Plan(epochs=3, batch_size=4, learning_rate=0.1, schedule="constant"))
    train_key, _ = jr.split(key)
    seen = []
    for epoch in range(3):
        numbers, weights = batches(jr.split(jr.fold_in(train_key, epoch))[0], 10, 4)
        seen += [data[np.asarray(n)[np.asarray(w) > 0]] for n, w in zip(numbers, weights, strict=True)]
    np.testing.assert_allclose(run.model.mean, plain_adam(np.zeros(4), seen, [0.1] * 9), rtol=1e-5)


def test_bytes_stay_bytes_on_the_device(monkeypatch, key):
    seen = []
    monkeypatch.setattr(loop, "run_epoch", lambda *a: seen.append((a[3].dtype, a[3].nbytes)) or run_epoch(*a))
    data = np.random.default_rng(0).integers(0, 256, (20, 4)).astype(np.uint8)
    model, guide = small_vae()
    fit(model, guide, data, key=key, plan=Plan(epochs=1, batch_size=10), view=DynamicBinarisation(255.0))
    assert seen == [(jnp.uint8, 80)]


def test_dynamic_binarisation_is_fresh_at_every_access_with_the_right_chance(key):
    row = jnp.array([0, 51, 128, 255], jnp.uint8)
    drawn = jax.jit(jax.vmap(lambda k: DynamicBinarisation(255.0)(row, key=k)))(jr.split(key, 20_000))
    assert set(np.unique(drawn)) == {0.0, 1.0}
    chance = np.array([0.0, 0.2, 128 / 255, 1.0])
    assert (np.abs(drawn.mean(axis=0) - chance) <= 5 * np.sqrt(chance * (1 - chance) / 20_000)).all()


# ── compiled once ────────────────────────────────────────────────────────────────────────────────────────────────────

TRACES = []


class Counting(View):
    """Its body runs when a program is traced, and not when the program runs."""

    def __call__(self, row, *, key):
        TRACES.append(row.shape)
        return AsFloat()(row, key=key)


@pytest.mark.parametrize("scale", ["shared", "separate"])
def test_one_trace_of_each_program(scale, key):
    TRACES.clear()
    before = run_epoch._cached._cache_size(), held_out_bound._cached._cache_size()
    counts = []
    model, guide = small_vae(scale=scale)
    fit(
        model,
        guide,
        rows(10),
        key=key,
        held_out=rows(7),
        view=Counting(),
        plan=Plan(epochs=4, batch_size=4),
        on_epoch=lambda progress: counts.append(len(TRACES)),
    )
    assert counts[0] == counts[-1] > 0, "something was traced again after the first epoch"
    after = run_epoch._cached._cache_size(), held_out_bound._cached._cache_size()
    assert (after[0] - before[0], after[1] - before[1]) == (1, 1)


def test_the_program_of_one_fit_serves_the_next(key):
    plans = [Plan(epochs=1, batch_size=5, learning_rate=0.0123) for _ in range(2)]
    fit_mean(rows(10), key=key, plan=plans[0])
    before = run_epoch._cached._cache_size()
    fit_mean(rows(10, seed=1), key=key, plan=plans[1], start=1.0)
    assert run_epoch._cached._cache_size() == before


# ── the same again ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_same_key_same_bits_and_another_key_others(key):
    model, guide = small_vae()
    plan = Plan(epochs=3, batch_size=4)
    first, second = (fit(model, guide, rows(10), key=key, plan=plan, objective=iwae(3)) for _ in range(2))
    assert same_bits(arrays(first.model, first.guide), arrays(second.model, second.guide))
    assert [row.train for row in first.history] == [row.train for row in second.history]
    third = fit(model, guide, rows(10), key=jr.fold_in(key, 1), plan=plan, objective=iwae(3))
    assert not same_bits(arrays(first.model), arrays(third.model))


RESUME = """
import json, sys
import jax.random as jr
import numpy as np
from pathlib import Path
from tests.fitting.test_loop import resumable, bits
run = resumable(Path(sys.argv[1]), resume=True)
print(json.dumps({"bits": bits(run), "outcome": run.outcome.code}))
"""


def resumable(checkpoints, *, stop=None, resume=False):
    def interrupt(progress):
        if progress.epoch == stop:
            raise KeyboardInterrupt

    model, guide = small_vae()
    return fit(
        model,
        guide,
        rows(10),
        key=jr.key(9),
        held_out=rows(5, seed=1),
        objective=elbo(2, kl_warm_up=3.0),
        plan=Plan(epochs=6, batch_size=4, learning_rate=0.05),
        on_epoch=interrupt,
        checkpoints=checkpoints,
        resume=resume,
    )


def bits(run):
    """Everything that a run returns but seconds, as exact text."""
    # By name, since numpyro's distributions have their parameters in another order in another process.
    named = sorted(named_arrays((run.model, run.guide)).items())
    numbers = [f"{name} {array.tobytes().hex()}" for name, array in named]
    return [*numbers, *(f"{row.epoch} {row.train.hex()} {row.held_out.hex()}" for row in run.history)]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    return resumable(folder), folder


def test_stopped_and_resumed_in_another_process_equals_uninterrupted_to_the_bit(tmp_path, finished):
    whole, _ = finished
    part = resumable(tmp_path, stop=3)
    assert part.outcome.code == "interrupted"
    assert len(part.history) == 3
    done = subprocess.run(
        [sys.executable, "-c", RESUME, str(tmp_path)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    resumed = json.loads(done.stdout)
    assert resumed == {"bits": bits(whole), "outcome": "budget spent"}


def test_resuming_a_finished_run_returns_it(finished):
    first, folder = finished
    assert bits(resumable(folder, resume=True)) == bits(first)


def test_resume_without_a_folder_to_go_on_from(tmp_path):
    with pytest.raises(OptionError, match=r"^Resuming wants checkpoints to go on from; got none; name their folder\.$"):
        fit_mean(rows(4), plan=Plan(epochs=1, batch_size=4), resume=True)
    with pytest.raises(RunFolderError, match=r"^Resuming wants `.*absent/fit\.json`; it is missing .*; fit anew\.$"):
        fit_mean(rows(4), plan=Plan(epochs=1, batch_size=4), checkpoints=tmp_path / "absent", resume=True)


# ── how it ends ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_budget_spent_keeps_the_last_state(key):
    run = fit_mean(rows(8), key=key, plan=Plan(epochs=2, batch_size=4))
    assert (run.outcome.code, run.outcome.step) == ("budget spent", None)
    assert run.outcome.sentence == "Stopped after the 2 epochs that were asked for; the last state is kept."
    assert [row.epoch for row in run.history] == [1, 2]
    assert [row.held_out for row in run.history] == [None, None]


def test_not_a_number_at_a_known_step(key):
    """The weight of the divergence ramps over ten epochs of four steps and passes 0.55 at step 2 of epoch 6."""
    options = {"kl_warm_up": 10.0}
    plan = Plan(epochs=10, batch_size=2, learning_rate=0.01)
    run = fit_mean(rows(8), key=key, estimator=nan_from(0.55), options=options, plan=plan)
    assert (run.outcome.code, run.outcome.step) == ("diverged", 5 * 4 + 3)
    assert "at step 23;" in run.outcome.sentence
    assert len(run.history) == 5
    kept = fit_mean(rows(8), key=key, estimator=nan_from(2.0), options=options, plan=plan, on_epoch=stop_after(5))
    assert same_bits(arrays(run.model), arrays(kept.model))


def stop_after(epochs):
    def interrupt(progress):
        if progress.epoch == epochs:
            raise KeyboardInterrupt

    return interrupt


def test_absurd_learning_rate_diverges_and_keeps_what_was_finite(key):
    model, guide = small_vae()
    run = fit(model, guide, rows(8), key=key, plan=Plan(epochs=5, batch_size=4, learning_rate=1e30))
    assert run.outcome.code == "diverged"
    assert run.outcome.step == 2
    assert same_bits(arrays(run.model, run.guide), arrays(model, guide))


@pytest.mark.parametrize("epochs", [1, 3])
def test_last_step_out_of_the_numbers_is_seen_though_no_bound_follows_it(epochs, key):
    run = fit_mean(
        rows(4),
        start=1e38,
        key=key,
        plan=Plan(epochs=epochs, batch_size=4, learning_rate=3.4e38, schedule="constant"),
        estimator=lambda bound, model, sample: squared(bound, model, sample)._replace(
            surrogate=model.mean.sum() * 1e-9
        ),
    )
    assert (run.outcome.code, run.outcome.step) == ("diverged", 1)
    assert all(bool(jnp.isfinite(leaf).all()) for leaf in arrays(run.model))


def test_held_out_rows_without_a_finite_bound_end_the_run_and_never_become_the_best(key):
    far = np.full((3, 4), 2e6, np.float32)
    run = fit_mean(rows(8), key=key, estimator=nan_where_held_out, held_out=far, plan=Plan(epochs=5, batch_size=4))
    assert (run.outcome.code, run.outcome.step) == ("diverged", 2)
    assert run.history == []
    assert float(jnp.abs(run.model.mean).max()) == 0.0


def test_interrupted_run_is_usable(key):
    run = fit_mean(rows(8), key=key, plan=Plan(epochs=50, batch_size=4), on_epoch=stop_after(2))
    assert (run.outcome.code, len(run.history)) == ("interrupted", 2)
    assert run.outcome.sentence == "Interrupted after 2 epochs; the best state so far is kept."
    assert bool(jnp.isfinite(run.model.mean).all())
    assert float(jnp.abs(run.model.mean).max()) > 0


def test_patience_ends_it_and_the_best_state_is_returned(key):
    """Training pulls the mean from 0 to 5; held-out rows at 1 are best explained on the way."""
    data, held_out = np.full((8, 1), 5.0, np.float32), np.full((4, 1), 1.0, np.float32)
    plan = Plan(epochs=100, batch_size=4, learning_rate=0.02, schedule="constant", patience=3)
    run = fit_mean(data, key=key, held_out=held_out, plan=plan)
    bounds = [row.held_out for row in run.history]
    best = int(np.argmax(bounds))
    assert run.outcome.code == "converged"
    assert f"the state of epoch {best + 1} is kept" in run.outcome.sentence
    assert len(bounds) == best + 1 + 3
    assert -0.5 * (1.0 - float(run.model.mean[0])) ** 2 == pytest.approx(bounds[best], abs=1e-6)
    assert abs(float(run.model.mean[0]) - 1.0) < 0.05


def test_best_state_on_held_out_rows_is_kept_to_the_end(key):
    data, held_out = np.full((8, 1), 5.0, np.float32), np.full((4, 1), 1.0, np.float32)
    plan = Plan(epochs=60, batch_size=4, learning_rate=0.02, schedule="constant")
    run = fit_mean(data, key=key, held_out=held_out, plan=plan)
    best = int(np.argmax([row.held_out for row in run.history])) + 1
    assert run.outcome.sentence.endswith(f"the state of epoch {best} is kept.")
    assert abs(float(run.model.mean[0]) - 1.0) < 0.05


def test_time_limit_of_nothing_stops_after_one_epoch(key):
    run = fit_mean(rows(8), key=key, plan=Plan(epochs=1000, batch_size=4, time_limit=1e-3))
    assert (run.outcome.code, len(run.history)) == ("time spent", 1)
    assert run.outcome.sentence == "Stopped at the time limit of 0.001 seconds after 1 epoch."


def test_compilation_is_not_taken_for_the_pace(monkeypatch, key):
    """A first epoch of 6 seconds in a limit of 10, and then 1 second each: four more fit."""
    now = [0.0]

    def slow_epoch(*arguments):
        now[0] += 6.0 if now[0] == 0.0 else 1.0
        return run_epoch(*arguments)

    monkeypatch.setattr(loop, "run_epoch", slow_epoch)
    monkeypatch.setattr(loop.time, "monotonic", lambda: now[0])
    left = []
    run = fit_mean(
        rows(8),
        key=key,
        plan=Plan(epochs=100, batch_size=4, time_limit=10.0),
        on_epoch=lambda p: left.append(p.seconds_left),
    )
    assert (run.outcome.code, len(run.history)) == ("time spent", 5)
    assert left[-1] == pytest.approx(95 * 10.0 / 5)


def test_progress_reports_the_bound_that_decides(key):
    seen = []
    run = fit_mean(rows(8), key=key, held_out=rows(3), plan=Plan(epochs=2, batch_size=4), on_epoch=seen.append)
    assert [(p.epoch, p.epochs) for p in seen] == [(1, 2), (2, 2)]
    assert [p.bound for p in seen] == pytest.approx([row.held_out for row in run.history], rel=1e-6)
    assert seen[-1].seconds_left == 0.0


def test_held_out_bound_is_the_mean_over_its_rows_with_the_same_draws_each_time(key):
    model, guide = small_vae()
    plan = Plan(epochs=2, batch_size=4, learning_rate=STILL, schedule="constant")
    run = fit(model, guide, rows(8), key=key, held_out=rows(5, seed=1), plan=plan)
    assert run.history[0].held_out == run.history[1].held_out
    exact = fit_mean(rows(8), key=key, held_out=rows(5, seed=1), plan=plan)
    assert exact.history[0].held_out == pytest.approx(
        -0.5 * (rows(5, seed=1).astype(float) ** 2).sum(1).mean(), rel=1e-6
    )


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_batch_larger_than_the_data():
    with pytest.raises(OptionError) as refused:
        fit_mean(rows(8), plan=Plan(batch_size=9))
    assert str(refused.value) == (
        "A batch wants at most as many rows as the data have; got a batch of 9 for 8 rows; make the batch smaller."
    )


def test_held_out_rows_of_another_width():
    with pytest.raises(ShapeError) as refused:
        fit_mean(rows(8), held_out=rows(3, features=5), plan=Plan(batch_size=4))
    assert str(refused.value) == "Held-out rows want the width of the others, 4; got 5; use one data set."
