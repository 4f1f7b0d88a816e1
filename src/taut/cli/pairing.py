"""What is known of each run's rows, and two runs beside one another. Heavy: imported when a comparison begins."""

from __future__ import annotations

import dataclasses
import math
from typing import NamedTuple

import numpy as np

from taut.auditing import Comparison, Difference, RowResult, compare_brackets, paired_difference
from taut.auditing.measurement import MOST_LATENTS
from taut.cli.rows import Rows, taken
from taut.cli.scoring import account
from taut.errors import OptionError
from taut.estimators import VAE, audit_bar
from taut.record import Verdict

# What a verdict on one audit may say of its bracket.
DOUBTS = ("mode-missed", "upper-withdrawn", "bracket-wide", "starts-biased")


class Asked(NamedTuple):
    """How to compare."""

    rows: int | None
    width: float | None
    seconds: float | None
    delta: float
    draws: int
    seed: int
    bracket: bool


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


def check_asked(asked: Asked, models: dict[str, VAE], rows: int) -> None:
    """Raise OptionError for what no audit would notice, or one would after minutes."""
    if not asked.bracket and (asked.width is not None or asked.seconds is not None):
        raise OptionError(
            "`--width` and `--seconds` are wanted for brackets only; got one of them with `--no-bracket`; leave out "
            "one or the other."
        )
    if asked.seconds is not None and not 0 < asked.seconds < math.inf:
        raise OptionError(
            f"`seconds` wants a finite number of seconds above 0; got {asked.seconds}; leave it out or raise it."
        )
    if asked.rows is not None and not 2 <= asked.rows <= rows:
        raise OptionError(
            f"A comparison wants from 2 rows to all {rows}; got {asked.rows}; ask for as many as there are."
        )
    for run, vae in models.items():
        latents = vae.fitted_.architecture.latents
        if asked.bracket and latents > MOST_LATENTS:
            raise OptionError(
                f"A bracket wants at most {MOST_LATENTS} latents; `{run}` has {latents}; compare with `--no-bracket`."
            )


def evaluate_run(run: str, vae: VAE, rows: Rows, asked: Asked, *, quiet: bool) -> Side:
    """What is known of log p(x) of each row under one run; the rows are the same for every run."""
    return (_bracketed if asked.bracket else _weighted)(run, vae, rows, asked, quiet=quiet)


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


def _bracketed(run: str, vae: VAE, rows: Rows, asked: Asked, *, quiet: bool) -> Side:
    """A full audit, which takes rows by the seed and their number alone."""
    with audit_bar(shown=not quiet) as update:
        audited = vae.audit_by_row(
            rows,
            on_block=lambda stage, done, total: update(f"{run}: {stage}", done, total),
            **{name: value for name, value in asked._asdict().items() if name != "bracket"},
        )
    measured = audited.measured
    if measured.ended == "interrupted":
        raise KeyboardInterrupt  # an audit answers Ctrl-C with what is finished; half of a comparison is none
    if measured.ends is None:
        raise OptionError(
            f"A comparison wants a bracket of `{run}`; its share of the time was too short to compile one; give more "
            "`--seconds`, or compare with `--no-bracket`."
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


def _weighted(run: str, vae: VAE, rows: Rows, asked: Asked, *, quiet: bool) -> Side:
    """Importance-weighted values."""
    chosen = np.sort(np.random.default_rng(asked.seed).permutation(len(rows))[: asked.rows])
    result = account(vae.fitted_, taken(rows, chosen), draws=asked.draws, seed=asked.seed, quiet=quiet, name=run)
    finite = np.isfinite(result.log_p)
    return Side(run, chosen[finite], chosen[~finite].tolist(), _taken(result, finite))


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
