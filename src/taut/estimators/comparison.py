"""Several fits on the same rows: what each knows of log p(x), and the paired differences."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from taut.auditing import (
    MOST_LATENTS,
    Audit,
    AuditOptions,
    Comparison,
    Difference,
    RowResult,
    compare_brackets,
    paired_difference,
)
from taut.data import Sheet, Table, fields_like
from taut.displays import AbstractShown, ShownTable
from taut.errors import OptionError
from taut.estimators.comparability import check_comparable
from taut.estimators.loading import load
from taut.estimators.scoring import account
from taut.estimators.uses import AbstractUses
from taut.options import record_from
from taut.record import Verdict

Rows = Table | Sheet
# How far the evaluation of a run is: its name and stage, rows done, rows in all.
Progress = Callable[[str, int, int], None]
# What a verdict on one audit may say of its bracket.
DOUBTS = ("mode-missed", "upper-withdrawn", "bracket-wide", "starts-biased")
NO_DIRECTION = "Both sides are lower bounds on log p(x), so that their difference has no direction."
EXACT = "log p(x) is exact on both sides, and with it the difference on these rows."
CONDITION = (
    "Each interval fails with a probability of at most {delta:g}, if the starts of the reverse walks are posterior "
    "draws. The standard error is over rows."
)


@dataclasses.dataclass(frozen=True)
class Side:
    """The rows that one run has finite values for, those set aside, and log p(x) of the former.

    `ends` are lower and upper bounds before any margin; None where only importance-weighted values are known, or where
    a check contradicts the upper ones.
    """

    run: str
    numbers: np.ndarray
    set_aside: list[int]
    rows: RowResult
    ends: tuple[np.ndarray, np.ndarray] | None = None
    exact: bool = False
    verdicts: list[Verdict] = dataclasses.field(default_factory=list)

    @property
    def doubts(self) -> list[str]:
        """What the audit says against its own bracket."""
        return [
            f"The bracket of `{self.run}`: {verdict.text}"
            for verdict in self.verdicts
            if verdict.code in DOUBTS and verdict.severity in ("problem", "warning")
        ]


@dataclasses.dataclass(frozen=True)
class Pair:
    """The first run against another, and what a reader must know about the rows."""

    run: str
    difference: Difference | Comparison
    remarks: list[str]

    @property
    def cells(self) -> dict[str, str]:
        """What stands in a row of a table, by heading."""
        found: Any = self.difference
        cells = {"mean ± standard error": f"{found.mean:+.3f} ± {found.std_error:.3f}"}
        if isinstance(found, Comparison):
            decisive = f"{found.decisive_rows} of {found.rows}"
            return cells | {"between": f"{found.lower:+.3f} and {found.upper:+.3f}", "rows that decide": decisive}
        return cells | {"rows won": f"{found.wins:.1%}", "rows": str(found.rows)}


@dataclasses.dataclass(frozen=True, repr=False)
class RunComparison(AbstractShown):
    """The first run against each other one, in nats a row; `doubts` speak against a bracket, `note` says what holds.

    `rows_seen` counts, for each run, the rows that it has trained on, which favour it.
    """

    first: str
    pairs: list[Pair]
    rows_seen: dict[str, int]
    doubts: list[str]
    note: str

    def _shown(self) -> ShownTable:
        rows = [(pair.run, *pair.cells.values()) for pair in self.pairs]
        remarks = [remark for pair in self.pairs for remark in (getattr(pair.difference, "verdict", ""), *pair.remarks)]
        return ShownTable(
            ["other run", *self.pairs[0].cells],
            rows,
            title=f"{self.first} minus each other run, nats for each row",
            note=" ".join(filter(None, [*remarks, *self.doubts, self.note])),
        )


def compare(
    runs: Mapping[str, AbstractUses] | Sequence[AbstractUses | str | Path],
    X: Any,
    *,
    seed: int = 0,
    on_block: Progress | None = None,
    began: float | None = None,
    **options: Any,
) -> RunComparison:
    """The difference of log p(x) between the first run and each other one, on the same rows of X, in nats a row.

    `runs` are fitted estimators or run folders, in a list, or in a mapping by the names that are said of them. Each is
    audited, so that a difference has two ends; `bracket=False` pairs importance-weighted values: quicker, and without a
    direction. Other options are those of `taut.audit`; `seconds` are shared by the runs.

    Raises DataError where log p(x) of the runs cannot be compared, OptionError where an option makes no sense.

    >>> import numpy as np, taut
    >>> rows = np.random.default_rng(0).normal(size=(60, 2))
    >>> vae = taut.VAE(1, hidden=(), max_epochs=1, random_state=0).fit(rows)
    >>> found = compare({"one": vae, "the same": vae}, rows, bracket=False, draws=10)
    >>> found.first, found.pairs[0].run, found.pairs[0].difference.mean
    ('one', 'the same', 0.0)
    """
    models = _named(runs)
    rows = fields_like(next(iter(models.values())).schema_, X)
    asked = record_from(AuditOptions, options)
    check_runs(models, rows, asked)
    alike = dict.fromkeys(models, rows)
    return compare_runs(list(models), models, alike, asked, seed=seed, on_block=on_block, began=began)


def check_runs(models: Mapping[str, AbstractUses], rows: Rows, options: AuditOptions) -> None:
    """Raise OptionError for what no audit would notice, or one would after minutes; DataError for unlike runs."""
    if not options.bracket and (options.width is not None or options.seconds is not None):
        raise OptionError(
            "`width` and `seconds` are wanted for brackets only; got one of them without; leave out one or the other."
        )
    if options.rows is not None and not 2 <= options.rows <= len(rows):
        raise OptionError(
            f"A comparison wants from 2 rows to all {len(rows)}; got {options.rows}; ask for as many as there are."
        )
    for run, vae in models.items():
        latents = vae.fitted_.architecture.latents
        if options.bracket and latents > MOST_LATENTS:
            raise OptionError(
                f"A bracket wants at most {MOST_LATENTS} latents; `{run}` has {latents}; compare without."
            )
    check_comparable({run: vae.fitted_ for run, vae in models.items()}, rows)


def compare_runs(
    names: Sequence[str],
    models: Mapping[str, AbstractUses],
    rows_for: Mapping[str, Rows],
    options: AuditOptions,
    *,
    seed: int,
    on_block: Progress | None = None,
    began: float | None = None,
) -> RunComparison:
    """As `compare`, for the named runs, which were checked, each on the rows in the form that it was fitted to."""
    began = time.monotonic() if began is None else began
    sides = {}
    for left, (run, vae) in zip(range(len(models), 0, -1), models.items(), strict=True):
        share = _share(options, began, left)
        sides[run] = evaluate_run(run, vae, rows_for[run], share, seed=seed, on_block=on_block)
    first, *others = (sides[name] for name in names)
    count = options.rows or len(rows_for[first.run])
    return RunComparison(
        first=first.run,
        pairs=[pair(first, other, delta=options.delta, rows=count) for other in others],
        rows_seen={run: vae.rows_seen(rows_for[run])[0] for run, vae in models.items()},
        doubts=[doubt for side in sides.values() for doubt in side.doubts],
        note=_note(list(sides.values()), options.delta),
    )


def evaluate_run(
    run: str, vae: AbstractUses, rows: Rows, options: AuditOptions, *, seed: int, on_block: Progress | None = None
) -> Side:
    """What is known of log p(x) of each row under one run; the rows are the same for every run."""
    return (_bracketed if options.bracket else _weighted)(run, vae, rows, options, seed, on_block)


def pair(first: Side, other: Side, *, delta: float, rows: int) -> Pair:
    """The difference on the rows, of as many as were asked for, that both have values of."""
    mine, theirs = np.isin(first.numbers, other.numbers), np.isin(other.numbers, first.numbers)
    remarks = _remarks(first, other, rows)
    if first.ends is None or other.ends is None:
        difference = paired_difference(_taken(first.rows, mine), _taken(other.rows, theirs))
    else:
        difference = compare_brackets(
            *(end[mine] for end in first.ends),
            *(end[theirs] for end in other.ends),
            delta=None if first.exact and other.exact else delta,
        )
    return Pair(other.run, difference, remarks)


def _named(runs: Mapping[str, AbstractUses] | Sequence[AbstractUses | str | Path]) -> dict[str, AbstractUses]:
    if isinstance(runs, Mapping):
        found = dict(runs)
    else:
        names = [f"run {number}" if isinstance(run, AbstractUses) else str(run) for number, run in enumerate(runs, 1)]
        loaded: list[Any] = [run if isinstance(run, AbstractUses) else load(run) for run in runs]
        if len(set(names)) < len(names):
            raise OptionError(f"A comparison wants distinct runs; got {', '.join(names)}; leave out what is twice.")
        found = dict(zip(names, loaded, strict=True))
    if len(found) < 2 or not all(isinstance(vae, AbstractUses) for vae in found.values()):
        raise OptionError(f"A comparison wants two or more VAEs that were fitted; got {len(found)} runs; give others.")
    return found


def _bracketed(
    run: str, vae: AbstractUses, rows: Rows, options: AuditOptions, seed: int, on_block: Progress | None
) -> Side:
    """A full audit, which takes rows by the seed and their number alone."""
    audited = vae.audit_by_row(
        rows,
        seed=seed,
        on_block=None if on_block is None else lambda stage, done, total: on_block(f"{run}: {stage}", done, total),
        **options.values(),
    )
    return side_of(run, audited)


def side_of(run: str, audited: Audit) -> Side:
    """What an audit of a run knows of log p(x) of each row. Raises OptionError where it has no bracket."""
    measured = audited.measured
    if measured.ended == "interrupted":
        raise KeyboardInterrupt  # an audit answers Ctrl-C with what is finished; half of a comparison is none
    if measured.ends is None:
        raise OptionError(
            f"A comparison wants a bracket of `{run}`; its share of the time was too short to compile one; give more "
            "`seconds`, or compare without brackets.",
            option="seconds",
        )
    lower, upper = measured.ends
    return Side(
        run,
        measured.numbers,
        measured.set_aside,
        audited.rows,
        None if upper is None else (lower, upper),
        measured.exact is not None,
        audited.ledger.verdicts,
    )


def _weighted(
    run: str, vae: AbstractUses, rows: Rows, options: AuditOptions, seed: int, on_block: Progress | None
) -> Side:
    """Importance-weighted values."""
    chosen = np.sort(np.random.default_rng(seed).permutation(len(rows))[: options.rows])
    told = None if on_block is None else lambda done: on_block(run, done, len(chosen))
    result = account(vae.fitted_, rows_at(rows, chosen), draws=options.draws, seed=seed, on_block=told)
    finite = np.isfinite(result.log_p)
    return Side(run, chosen[finite], chosen[~finite].tolist(), _taken(result, finite))


def rows_at(rows: Rows, numbers: np.ndarray) -> Rows:
    """Some of the rows."""
    return dataclasses.replace(rows.take(numbers), labels=None, notes=[])


def _share(options: AuditOptions, began: float, runs: int) -> AuditOptions:
    """The options for one of the runs that are left, which share the time."""
    if options.seconds is None:
        return options
    # A time that is over is still a limit, which the audit answers with what it would need.
    left = max(options.seconds - (time.monotonic() - began), 1e-3)
    return dataclasses.replace(options, seconds=left / runs)


def _note(sides: list[Side], delta: float) -> str:
    """What the differences rest on."""
    if any(side.ends is None for side in sides):
        return NO_DIRECTION
    return EXACT if all(side.exact for side in sides) else CONDITION.format(delta=delta)


def _remarks(first: Side, other: Side, rows: int) -> list[str]:
    """Rows that are not compared, and whom that favours."""
    remarks = []
    finished = [{*side.numbers.tolist(), *side.set_aside} for side in (first, other)]
    for side, done, rival in ((first, *finished), (other, *finished[::-1])):
        if len(done) < rows:
            remarks.append(f"`{side.run}` was audited on {len(done)} of the {rows} rows, for which there was time.")
        aside = sorted(rival.intersection(side.set_aside))
        if aside:
            named = ", ".join(map(str, aside[:10])) + (" and more" if len(aside) > 10 else "")
            remarks.append(
                f"`{side.run}` has no finite value for {len(aside)} rows ({named}): they are left out on both sides, "
                f"which favours it{'' if side.ends is None else ' and leaves no certificate'}."
            )
    # Nothing but time and broken rows may part them: the choice is the same for all models.
    assert finished[0] == finished[1] or min(map(len, finished)) < rows
    return remarks


def _taken(result: RowResult, rows: np.ndarray) -> RowResult:
    return RowResult(*(field[rows] for field in result))
