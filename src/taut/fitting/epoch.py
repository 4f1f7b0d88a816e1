"""One epoch as one compiled program: shuffle, step through the batches, weight the last one exactly."""

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax
from jax import lax
from jax.sharding import Mesh
from jaxtyping import Array, Float, Int, Key, Num

from taut.datum import Datum, as_floats, rows_in
from taut.distributed import kept_whole, split_rows
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.objectives import Batch, Objective
from taut.shapes import DataLike, DatumLike, RandomKey, Scalar

HELD_OUT_AT_ONCE = 1000


class View(eqx.Module):
    """From the stored values of a row, in their smallest dtype, to those of a datum."""

    @abstractmethod
    def __call__(self, row: Num[Array, "entries"], *, key: RandomKey) -> Float[Array, "entries"]:
        """The values of the datum."""


class AsFloat(View):
    """The values as they are, or those of any pytree of arrays."""

    def __call__(self, row: Any, *, key: RandomKey) -> Any:
        """The values of the datum."""
        return as_floats(row)


class DynamicBinarisation(View):
    """Each entry a fresh Bernoulli draw with probability value/levels, at every access (Salakhutdinov & Murray 2008).

    >>> import jax, jax.numpy as jnp
    >>> DynamicBinarisation(255.0)(jnp.array([0, 255], jnp.uint8), key=jax.random.key(0)).tolist()
    [0.0, 1.0]
    """

    levels: float = eqx.field(static=True)

    def __call__(self, row: Num[Array, "entries"], *, key: RandomKey) -> Float[Array, "entries"]:
        """The values of the datum."""
        share = row.astype(jnp.result_type(float)) / self.levels
        return (jr.uniform(key, row.shape) < share).astype(share.dtype)


def seen_through(view: View, row: Any, *, key: RandomKey) -> Any:
    """The datum of a stored row: its values through the view, all other numbers as floats."""
    if not isinstance(row, Datum):
        return view(row, key=key)
    return as_floats(Datum(view(row.values, key=key), row.observed, row.covariates, row.log_offset))


def with_cells_hidden(x: Any, rows: Any, *, share: float, key: RandomKey) -> Any:
    """A datum without the cells that another of the rows lacks, in this share of looks; whole rows stay as they are."""
    if share == 0.0 or not isinstance(x, Datum) or x.observed is None:
        return x
    chance_key, other_key = jr.split(key)
    there = rows.observed[jr.randint(other_key, (), 0, rows_in(rows))]
    return x.seen_as(x.observed & (there | (jr.uniform(chance_key) >= share)))


class Parts(NamedTuple):
    """Trainable and fixed arrays: two pytrees of (model, guide), each None where the other has an array."""

    trainable: Any
    fixed: Any

    def whole(self) -> tuple[AbstractModel, AbstractGuide]:
        """The model and the guide. A prior that follows the guide does so where the model moves at all."""
        model, guide = eqx.combine(self.trainable, self.fixed)
        return model.tied_to(guide) if jax.tree.leaves(self.trainable[0]) else model, guide


class EpochInfo(NamedTuple):
    """The mean bound over the rows, and the first step (from 0) whose bound or gradient was not finite, else −1."""

    bound: Scalar
    first_bad: Int[Array, ""]


class EpochProgram(eqx.Module):
    """The parts of an epoch that stay the same from one to the next; batches are split over the devices of `mesh`."""

    objective: Objective
    view: View
    optimiser: optax.GradientTransformation = eqx.field(static=True)
    batch_size: int = eqx.field(static=True)
    repeats: int = eqx.field(static=True)
    hide_cells: float = eqx.field(static=True, default=0.0)
    mesh: Mesh | None = eqx.field(static=True, default=None)

    @property
    def shares(self) -> bool:
        """Whether each device can have its part of a batch without the rest of it."""
        return self.mesh is not None and self.batch_size % self.mesh.size == 0 and self.hide_cells == 0.0

    def steps(self, n: int) -> int:
        """Steps in an epoch of n rows."""
        return math.ceil(n / self.batch_size) * self.repeats


def batches(key: RandomKey, n: int, batch_size: int) -> tuple[Int[Array, "steps batch"], Float[Array, "steps batch"]]:
    """Row numbers in a fresh order, and their weights: one, or zero for the padding of the last batch.

    A batch of all rows keeps their order, since guides with parameters of their own are stored in it.
    """
    steps = math.ceil(n / batch_size)
    order = jnp.arange(n) if steps == 1 else jr.permutation(key, n)
    places = jnp.arange(steps * batch_size)
    weights = (places < n).astype(jnp.result_type(float))
    return order[places % n].reshape(steps, batch_size), weights.reshape(steps, batch_size)


class Steps(NamedTuple):
    """What each step of some looks at: row numbers, or None for all rows there are; weights, time in epochs, a key."""

    rows: Int[Array, "steps batch"] | None
    weights: Float[Array, "steps batch"]
    fractions: Float[Array, "steps"]
    keys: Key[Array, "steps"]


class StepInfo(NamedTuple):
    """The bound of each step, and the norm of its gradient."""

    bounds: Float[Array, "steps"]
    norms: Float[Array, "steps"]


def steps_of(
    program: EpochProgram, n: int, epoch: Int[Array, ""], key: RandomKey, row_weights: Float[Array, "n"] | None = None
) -> tuple[Steps, Float[Array, "steps"]]:
    """The steps of an epoch over n rows, and how many rows each is of.

    `row_weights` have mean one: a batch climbs Σ w_i objective_i over its number of rows, whatever their weights, so
    that an epoch is the weighted mean over all rows.
    """
    order_key, step_key = jr.split(jr.fold_in(key, epoch))
    orders = order_key[None] if program.repeats == 1 else jr.split(order_key, program.repeats)
    passes = jax.vmap(lambda order: batches(order, n, program.batch_size))(orders)
    rows, weights = (part.reshape(-1, part.shape[-1]) for part in passes)
    sizes = jnp.sum(weights, axis=1)
    weights = weights if row_weights is None else weights * row_weights[rows]
    fractions = epoch + jnp.arange(rows.shape[0]) / rows.shape[0]
    return Steps(rows, weights, fractions, jr.split(step_key, rows.shape[0])), sizes


def stepped(
    program: EpochProgram, fixed: Any, data: DataLike, moving: tuple[Any, Any], now: Steps, rows: int
) -> tuple[tuple[Any, Any], StepInfo]:
    """The trainable parts and the optimiser's state after one step, of an epoch over so many rows."""
    trainable, opt_state = moving
    loss, gradient = jax.value_and_grad(_loss)(trainable, fixed, program, data, now, rows)
    updates, opt_state = program.optimiser.update(gradient, opt_state, trainable)
    moved = kept_whole((optax.apply_updates(trainable, updates), opt_state), program.mesh)
    return moved, StepInfo(-loss, optax.tree.norm(gradient))


def summary(trainable: Any, done: StepInfo, sizes: Float[Array, "steps"]) -> EpochInfo:
    """What happened in an epoch, by its steps and where they arrived."""
    # A step out of the numbers shows in the bound of the next one, which the last step of an epoch does not have.
    arrived = jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(trainable)]).all()
    bounds, norms = done
    bad = (
        (~(jnp.isfinite(bounds) & jnp.isfinite(norms)))
        .at[-1]
        .set(~(jnp.isfinite(bounds[-1]) & jnp.isfinite(norms[-1]) & arrived))
    )
    first_bad = jnp.where(jnp.any(bad), jnp.argmax(bad), -1)
    return EpochInfo(jnp.sum(bounds * sizes) / jnp.sum(sizes), first_bad)


@eqx.filter_jit
def run_epoch(
    program: EpochProgram,
    parts: Parts,
    opt_state: Any,
    data: DataLike,
    epoch: Int[Array, ""],
    key: RandomKey,
    row_weights: Float[Array, "n"] | None = None,
) -> tuple[Any, Any, EpochInfo]:
    """The trainable parts and the optimiser's state after one epoch, with what happened; weights as in `steps_of`."""
    n = rows_in(data)
    steps, sizes = steps_of(program, n, epoch, key, row_weights)
    (trainable, opt_state), done = lax.scan(
        lambda moving, now: stepped(program, parts.fixed, data, moving, now, n), (parts.trainable, opt_state), steps
    )
    return trainable, opt_state, summary(trainable, done, sizes)


def _loss(trainable: Any, fixed: Any, program: EpochProgram, data: DataLike, now: Steps, rows: int) -> Scalar:
    """Minus the mean of the objective over a batch of so many rows: the one place where a sign turns."""
    batch, weight, epoch, key = now
    model, guide = Parts(trainable, fixed).whole()
    kl_weight = program.objective.weight_at(epoch)

    def one(guide: AbstractGuide, row: DatumLike, key: RandomKey) -> tuple[Scalar, Any]:
        view_key, draw_key = jr.split(key)
        x = seen_through(program.view, row, key=view_key)
        seen = with_cells_hidden(x, data, share=program.hide_cells, key=jr.fold_in(key, 2))
        return program.objective.of_row(model, guide, x, key=draw_key, kl_weight=kl_weight, seen=seen)

    looked_at = data if batch is None else jax.tree.map(lambda leaf: leaf[batch], data)
    taken = looked_at, jr.split(key, weight.shape[0])
    values, statistics = eqx.filter_vmap(one, in_axes=(None if guide.amortised else 0, 0, 0))(
        guide, *split_rows(taken, program.mesh)
    )
    # Where, not multiplication alone: a non-finite value of a padding row must not reach the sum as 0 · inf.
    bound = jnp.sum(jnp.where(weight > 0, weight * values, 0.0)) / jnp.sum(kept_whole(weight, program.mesh) > 0)
    if program.objective.regulariser is None:
        return -bound
    own_key = jr.fold_in(key, 1)  # apart from those of the rows
    shares = weight / jnp.sum(weight)
    return program.objective.penalty(Batch(model, statistics, shares, rows, kl_weight, own_key)) - bound


@eqx.filter_jit
def held_out_bound(
    program: EpochProgram,
    parts: Parts,
    data: DataLike,
    key: RandomKey,
    row_weights: Float[Array, "n"] | None = None,
) -> Scalar:
    """The mean bound over held-out rows, with the same draws each time so that epochs can be compared."""
    (model, guide), n = parts.whole(), rows_in(data)

    def one(row: DatumLike, number: Int[Array, ""]) -> Scalar:
        view_key, draw_key = jr.split(jr.fold_in(key, number))
        return program.objective(model, guide, seen_through(program.view, row, key=view_key), key=draw_key)

    def block(now: tuple[DataLike, Int[Array, "b"]]) -> Float[Array, "b"]:
        return jax.vmap(one)(*split_rows(now, program.mesh))

    values = _by_blocks(block, (data, jnp.arange(n)), min(HELD_OUT_AT_ONCE, n))
    return jnp.mean(values if row_weights is None else row_weights * values)


def _by_blocks(function: Callable[[Any], Array], rows: Any, size: int) -> Array:
    """`function` of all rows, so many at once, as `lax.map` does it: what fills no block comes last."""
    n = rows_in(rows)
    whole = n // size
    blocks = jax.tree.map(lambda leaf: leaf[: whole * size].reshape(whole, size, *leaf.shape[1:]), rows)
    values = lax.map(function, blocks).reshape(-1)
    if whole * size == n:
        return values
    return jnp.concatenate([values, function(jax.tree.map(lambda leaf: leaf[whole * size :], rows))])
