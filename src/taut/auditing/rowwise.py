"""Measurements of rows, a chunk at a time, so that an audit can stop, continue, and report on a part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, cast

import jax
import jax.random as jr
import numpy as np
from jaxtyping import Float, Int

from taut.auditing.budget import ENCODER, PRIOR, REFINED, WALKS, Budget
from taut.auditing.origins import Coverage, Origins
from taut.auditing.refinement import RefinedMoments, Refinement, RefinementOfRow
from taut.auditing.repeats import walked_again
from taut.auditing.rows import RowResult, Terms, account_by_entry, account_for_rows, account_from_the_prior
from taut.auditing.walks import ROWS_AT_ONCE, Effort, Walks, pilots, sound_jeffreys
from taut.datum import rows_in
from taut.distributed import several_processes, shared_clock
from taut.guides import AbstractGuide
from taut.kept_parts import KeptParts
from taut.models import AbstractModel
from taut.numerics import take
from taut.shapes import DataLike, RandomKey
from taut.weights import map_rows

# Draws that score a refined Gaussian, whose weights are light.
REFINED_DRAWS = 200
LARGEST_CHUNK = 256
# As what is left out is called.
BRACKET, PRIOR_DRAWS = "the bracket on log p(x) and what rests on it", "log p(x) by draws from the prior"

Ended = Literal["all rows", "no time left", "interrupted"]
Progress = Callable[[str, int, int], None]


class RowMeasures(NamedTuple):
    """What was measured of each row; what was not is None.

    `terms` are the encoder's distortion by entry. `refined` comes without its frames, which would fill the memory where
    there are many rows; their means and marginal deviations are in `posterior`. `rhat` and `temperatures` are of the
    walks; `coverage` is of the mixtures from which they start, where they do.
    """

    numbers: Int[np.ndarray, "n"]
    encoder: RowResult
    prior: RowResult | None
    refined: Refinement | None
    posterior: RefinedMoments | None
    walks: Walks | None
    rhat: Float[np.ndarray, "n"] | None
    temperatures: Int[np.ndarray, "n"] | None
    coverage: Coverage | None = None
    terms: Terms | None = None

    @property
    def several(self) -> bool:
        """Whether walks started from mixtures."""
        return self.coverage is not None and bool(np.any(self.coverage.modes > 1.0))


class Wanted(NamedTuple):
    """Which parts to measure."""

    draws: int
    prior: bool
    refined: bool
    walks: bool
    by_entry: bool = False


def template(wanted: Wanted) -> RowMeasures:
    """A stand-in with the parts that will be measured, for reading them back."""

    def zeros(kind: Any, **parts: Any) -> Any:
        return kind(**{name: parts.get(name, 0) for name in kind._fields})

    walked = 0 if wanted.walks else None
    return RowMeasures(
        numbers=cast(Any, 0),
        encoder=zeros(RowResult),
        prior=zeros(RowResult) if wanted.prior else None,
        refined=zeros(Refinement, frame=None) if wanted.refined else None,
        posterior=zeros(RefinedMoments) if wanted.refined else None,
        walks=zeros(Walks) if wanted.walks else None,
        rhat=cast(Any, walked),
        temperatures=cast(Any, walked),
        coverage=zeros(Coverage) if wanted.walks else None,
        terms=zeros(Terms) if wanted.by_entry else None,
    )


def measure_rows(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    order: Int[np.ndarray, "k"],
    *,
    key: RandomKey,
    wanted: Wanted,
    effort: Effort,
    partial: KeptParts,
    on_block: Progress | None,
) -> tuple[RowMeasures, Ended]:
    """Measure these rows of the data in this order; the rows that were finished, ascending, and why it ended.

    Ctrl-C and a time limit both end it after what is done, unless nothing is: then the interruption passes on.
    """
    structure = jax.tree.structure(template(wanted))
    done: list[RowMeasures] = [jax.tree.unflatten(structure, part) for part in partial.load()]
    for part in done:
        effort.resume(np.zeros(len(part.numbers)) if part.walks is None else part.walks.upper - part.walks.lower)
    taken = sum(len(part.numbers) for part in done)
    origins = Origins(any(part.several for part in done) if done else None)
    size, ended = _chunk_size(len(order)), cast(Ended, "all rows")
    try:
        if on_block is not None:
            on_block("rows", taken, len(order))
        while taken < len(order):
            chunk = order[taken : taken + effort.chunk(size, ROWS_AT_ONCE)]
            if taken and effort.spent(len(chunk)):
                ended = "no time left"
                break
            done.append(
                _measure_chunk(model, guide, data, chunk, key=key, wanted=wanted, effort=effort, origins=origins)
            )
            partial.add(jax.tree.leaves(done[-1]))
            taken += len(chunk)
            if on_block is not None:
                on_block("rows", taken, len(order))
    except KeyboardInterrupt:
        ended = "interrupted"
        # The other processes cannot be brought to close the account with this one.
        if not done or several_processes():
            raise
    joined: RowMeasures = jax.tree.map(lambda *leaves: np.concatenate(leaves), *done)
    ascending = np.argsort(joined.numbers, kind="stable")
    return take(joined, ascending), ended


def affordable(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    order: Int[np.ndarray, "k"],
    *,
    key: RandomKey,
    wanted: Wanted,
    budget: Budget,
) -> Wanted:
    """The parts that there is time for, each compiled on a few rows whose numbers are thrown away.

    Without walks nothing is refined either: the checks of a bracket would have nothing to check.

    Raises OptionError where not even the account by the guide's own draws fits.
    """
    if budget.seconds is None:
        return wanted
    first = order[:ROWS_AT_ONCE]
    parts = wanted._replace(prior=False, refined=False, walks=False)

    def measured(parts: Wanted) -> None:
        effort = Effort(len(order), 10.0, None)
        _measure_chunk(model, guide, data, first, key=key, wanted=parts, effort=effort, origins=Origins())

    def add(what: str, programs: float, **more: bool) -> bool:
        nonlocal parts
        fits = budget.compile(what, lambda: measured(parts._replace(**more)), programs=programs)
        parts = parts._replace(**more) if fits else parts
        return fits

    began = shared_clock()
    measured(parts)
    budget.learn(ENCODER, shared_clock() - began)
    budget.check_first(len(first))
    if wanted.refined and budget.has_time_to_compile(BRACKET, REFINED + WALKS * wanted.walks):
        add(BRACKET, REFINED, refined=True)
        if wanted.walks and not add(BRACKET, WALKS, walks=True):
            parts = parts._replace(refined=False)
    if wanted.prior:
        add(PRIOR_DRAWS, PRIOR, prior=True)
    return parts


def _chunk_size(rows: int) -> int:
    """A multiple of the rows that are decoded at once, and at least four chunks where there are that many."""
    quarter = -(-rows // (4 * ROWS_AT_ONCE)) * ROWS_AT_ONCE
    return min(max(quarter, ROWS_AT_ONCE), LARGEST_CHUNK)


def _measure_chunk(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    chunk: Int[np.ndarray, "k"],
    *,
    key: RandomKey,
    wanted: Wanted,
    effort: Effort,
    origins: Origins,
) -> RowMeasures:
    began = shared_clock()
    # Padded to whole blocks, so that the last chunk runs the programs of the others; what is doubled is cut again.
    whole = -(-len(chunk) // ROWS_AT_ONCE) * ROWS_AT_ONCE if rows_in(data) >= ROWS_AT_ONCE else len(chunk)
    rows = np.resize(chunk, whole)
    x = take(data, rows)
    own = guide if guide.amortised else take(guide, rows)
    account_key, prior_key, refine_key, pilot_key, walk_key = jr.split(key, 5)
    same: dict[str, Any] = {"draws": wanted.draws, "key": account_key, "rows": rows}
    terms = None
    if wanted.by_entry:
        encoder, terms = account_by_entry(model, own, x, **same)
    else:
        encoder = account_for_rows(model, own, x, **same)
    prior = refined = frames = posterior = measured = rhat = lengths = coverage = None
    if wanted.prior:
        prior = account_from_the_prior(model, x, draws=wanted.draws, key=prior_key)
    if wanted.refined:
        function = RefinementOfRow(REFINED_DRAWS)
        refined = map_rows(function, model, own, x, key=refine_key, rows=rows, block=ROWS_AT_ONCE)
        frames, refined = refined.frame, refined._replace(frame=None)
        posterior = RefinedMoments(frames.mean, np.sqrt(np.sum(frames.root**2, axis=-1)))
    if wanted.walks and refined is not None and frames is not None:
        starts, coverage = origins.of(model, own, x, frames, key=pilot_key, rows=rows, khat=refined.khat)
        found = pilots(model, own, x, starts, key=pilot_key, rows=rows)
        jeffreys, rhat = sound_jeffreys(np.mean(np.asarray(found.variance), axis=1)), np.asarray(found.rhat)
        lengths = effort.lengths(jeffreys)
        walking = shared_clock()
        measured = walked_again(
            model, own, x, starts, found, lengths, keys=(pilot_key, walk_key), rows=rows, repeats=effort.repeats
        )
        widths = (measured.upper - measured.lower)[: len(chunk)]
        now = shared_clock()
        effort.note(
            widths, lengths[: len(chunk)], jeffreys[: len(chunk)], overhead=walking - began, walking=now - walking
        )
    else:
        effort.note_rows(len(chunk), shared_clock() - began)
    everything = RowMeasures(rows, encoder, prior, refined, posterior, measured, rhat, lengths, coverage, terms)
    return jax.tree.map(lambda leaf: np.asarray(leaf)[: len(chunk)], everything)
