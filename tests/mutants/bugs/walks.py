"""Bugs of annealed walks, and of what an audit gives them."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from taut.annealing import path, walks
from taut.auditing import rowwise
from taut.auditing import walks as auditing
from taut.numerics import AffineMap
from tests.mutants.oracles import brackets, walking
from tests.mutants.planting import Mutant


def walk_with(*, early=None, forward_order=False, behind=0, adapting=0.0):
    """`taut.annealing.walks._walk`, in which one thing can be wrong; nothing is where nothing is said."""

    def walk(path, schedule, length, start, *, leapfrogs, key, backward):
        weighs_early = jnp.logical_not(backward) if early is None else early

        def one(index, carried):
            log_w, position, accepted, log_step = carried
            t = jnp.where(backward, index if forward_order else length - 1 - index, index)
            increment = schedule.increments[t]
            beta = schedule.betas[t] if not behind else jnp.where(t >= behind, schedule.betas[t - behind], 0.0)
            step = schedule.step_sizes[t] * jnp.exp(log_step)
            before = increment * path.log_ratio(position)
            position, probability = walks.hmc_step(
                path, position, beta, step, leapfrogs=leapfrogs, key=jr.fold_in(key, t + 1)
            )
            gain = jnp.where(weighs_early, before, increment * path.log_ratio(position))
            return log_w + gain, position, accepted + probability, log_step + adapting * (probability - 0.75)

        zero = jnp.zeros_like(start.log_joint)
        log_w, end, accepted, _ = jax.lax.fori_loop(0, length, one, (zero, start, zero, zero))
        return walks.Walk(log_w, end.u, accepted / length)

    return walk


def short_of_one(at, variance, length):
    return TEMPERATURES(at, variance, length) - 1.0 / length


def first_increment_forgotten(found, rows, length):
    schedule = SCHEDULES(found, rows, length)
    return schedule._replace(increments=schedule.increments.at[:, 0].set(0.0))


def from_the_base(function, model, guide, x, *, key, aside=None):
    starts = jr.normal(jr.fold_in(key, 99), aside.starts.shape, aside.starts.dtype)
    return WALKS_OF_ROW(function, model, guide, x, key=key, aside=aside._replace(starts=starts))


def one_key_for_all_walks(function, model, guide, x, *, key, aside=None):
    """Every walk of a row, there and back, with the same draws."""
    path = walks_path(model, x, aside.frame)
    chains = aside.starts.shape[0]
    there = walks.forward_walk(path, aside.schedule, function.length, leapfrogs=auditing.LEAPFROGS, key=key)
    again = jax.vmap(
        lambda start: walks.reverse_walk(
            path, aside.schedule, function.length, start, leapfrogs=auditing.LEAPFROGS, key=key
        )
    )(aside.starts)
    forward, reverse = jnp.full(chains, there.log_weight), again.log_weight
    return auditing.Walks(
        forward,
        reverse,
        auditing.annealed_lower(forward),
        auditing.annealed_upper(reverse, forward),
        auditing.bridge(forward, reverse),
        there.acceptance,
        jnp.sum(jnp.isnan(forward)),
    )


def walked_until_narrow(*args, key, **kwargs):
    """Rows are walked three times, and each keeps the bracket that came out narrowest."""
    tries = [WALKS(*args, key=jr.fold_in(key, number), **kwargs) for number in range(3)]
    widths = np.stack([one.upper - one.lower for one in tries])
    best, rows = widths.argmin(axis=0), np.arange(widths.shape[1])
    return jax.tree.map(lambda *leaves: np.stack(leaves)[best, rows], *tries)


def wide_rows_left_out(*args, **kwargs):
    rows, ended = MEASURE_ROWS(*args, **kwargs)
    widths = rows.walks.upper - rows.walks.lower
    return jax.tree.map(lambda leaf: leaf[widths <= widths.mean()], rows), ended


walks_path = auditing.Path
TEMPERATURES, SCHEDULES, WALKS = path.temperatures, auditing._schedules, auditing.walks
WALKS_OF_ROW, MEASURE_ROWS = auditing.WalksOfRow.__call__, rowwise.measure_rows

WALK, OF_ROW = (walks, "_walk"), (auditing.WalksOfRow, "__call__")
FAULTLESS = {WALK: walk_with()}
UNBIASED, SHORT, AUDITED = (
    walking.walks_are_unbiased,
    walking.short_walks_are_unbiased,
    walking.audited_walks_are_unbiased,
)

MUTANTS = {
    "forward weight after the move": Mutant("listed", {WALK: walk_with(early=False)}, (UNBIASED, SHORT, AUDITED)),
    "reverse weight before the move": Mutant("listed", {WALK: walk_with(early=True)}, (UNBIASED, SHORT)),
    "reverse kernels in forward order": Mutant("listed", {WALK: walk_with(forward_order=True)}, (UNBIASED,)),
    "kernel of the temperature before": Mutant("own", {WALK: walk_with(behind=1)}, (UNBIASED, SHORT, AUDITED)),
    "step size adapted while measuring": Mutant("public AIS evaluations", {WALK: walk_with(adapting=0.7)}, (UNBIASED,)),
    "temperatures that end below one": Mutant(
        "own", {(path, "temperatures"): short_of_one}, (walking.increments_add_up_to_one, AUDITED)
    ),
    "first increment forgotten": Mutant("own", {(auditing, "_schedules"): first_increment_forgotten}, (AUDITED,)),
    "reverse walks from q₀": Mutant("own", {OF_ROW: from_the_base}, (AUDITED,)),
    "latents taken for coordinates": Mutant("own", {(AffineMap, "coordinates"): lambda frame, z: z}, (AUDITED,)),
    "one key for all walks of a row": Mutant("own", {OF_ROW: one_key_for_all_walks}, (AUDITED,)),
    "walked again until narrow": Mutant("own", {(auditing, "walks"): walked_until_narrow}, (AUDITED,)),
    "wide rows left out": Mutant(
        "own", {(rowwise, "measure_rows"): wide_rows_left_out}, (brackets.finished_rows_are_all_rows,)
    ),
}
