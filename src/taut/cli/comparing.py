"""`taut compare`: several runs on the same rows → paired differences, with two ends unless told otherwise."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from taut.cli import clock
from taut.cli.auditing import Width
from taut.cli.voice import Voice
from taut.cli.words import Draws, Json, NaValues, Quiet, Seed
from taut.errors import OptionError

if TYPE_CHECKING:
    from rich.table import Table as RichTable

    from taut.auditing import Comparison, Difference
    from taut.cli.pairing import Asked, Pair, Side

Places = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN RUN... DATA", help="Two or more run folders, then the rows to compare them on.", show_default=False
    ),
]
Rows = Annotated[
    int | None,
    typer.Option(
        "--rows",
        help="Compare on this many rows, chosen at random and the same for all runs, a count. Default: all.",
        show_default=False,
    ),
]
Seconds = Annotated[
    float | None,
    typer.Option(
        "--seconds",
        help="Wall time that the command may take, in seconds, shared by the runs; whichever of this and --width comes "
        "first. Default: no limit.",
        show_default=False,
    ),
]
Delta = Annotated[
    float,
    typer.Option(
        "--delta", help="Chance with which an interval may fail, both ends together, a probability between 0 and 1."
    ),
]
Bracket = Annotated[
    bool,
    typer.Option(
        "--bracket/--no-bracket",
        help="Compare log p(x) between two bounds, or importance-weighted values: quicker, and without a direction.",
    ),
]

OwnParts = Annotated[
    list[str] | None,
    typer.Option(
        "--parts",
        metavar="MODULE:FUNCTION",
        help="What builds the parts of runs that were fitted with their own, as for `taut score`: once for all, or "
        "once for each run, in their order. Default: the runs have none.",
        show_default=False,
    ),
]

NO_DIRECTION = "Both sides are lower bounds on log p(x), so that their difference has no direction."
EXACT = "log p(x) is exact on both sides, and with it the difference on these rows."
CONDITION = (
    "Each interval fails with a probability of at most {delta:g}, if the starts of the reverse walks are posterior "
    "draws. The standard error is over rows."
)


def compare(
    places: Places,
    rows: Rows = None,
    width: Width = None,
    seconds: Seconds = None,
    delta: Delta = 0.01,
    draws: Draws = 1000,
    seed: Seed = 0,
    bracket: Bracket = True,
    na_values: NaValues = None,
    parts: OwnParts = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare the first run with each other one on the same rows, in nats for each row.

    Each run is audited, so that the difference has two ends. A positive one speaks for the first run. Rows that one
    of the models has trained on favour it.
    """
    if len(places) < 3:
        raise OptionError(
            f"A comparison wants two or more run folders and then DATA; got {len(places)} of them; "
            "see `taut compare --help`."
        )
    from taut import datasets  # noqa: PLC0415  heavy, and `--help` is not
    from taut.cli import pairing  # noqa: PLC0415  as above
    from taut.cli.comparable import check_comparable  # noqa: PLC0415  as above
    from taut.cli.rows import fitting_rows, run_in  # noqa: PLC0415  as above

    asked = pairing.Asked(rows, width, seconds, delta, draws, seed, bracket)
    *runs, data = places
    voice = Voice(quiet, as_json)
    models = {run: run_in(run, part) for run, part in zip(runs, _for_each(parts, runs), strict=True)}
    came = datasets.load(data)
    pairing.check_asked(asked, models, len(came))
    check_comparable({run: vae.fitted_ for run, vae in models.items()}, came)
    found = {run: fitting_rows(vae.schema_, came, na_values=na_values) for run, vae in models.items()}
    for note in dict.fromkeys(note for _, notes in found.values() for note in notes):
        voice.say(note)
    seen = {run: vae.rows_seen(found[run][0])[0] for run, vae in models.items()}
    for run, count in seen.items():
        if count:
            voice.say(
                f"WARNING: `{run}` has trained on {count} of these {len(came)} rows, which favours it over runs that "
                "have not."
            )
    sides = {}
    for left, (run, vae) in zip(range(len(models), 0, -1), models.items(), strict=True):
        sides[run] = pairing.evaluate_run(run, vae, found[run][0], _share(asked, clock.began(), left), quiet=quiet)
    first, *others = (sides[run] for run in runs)
    pairs = [pairing.pair(first, other, delta=delta, rows=rows or len(came)) for other in others]
    doubts = [doubt for side in sides.values() for doubt in side.doubts]
    note = _note(list(sides.values()), delta)
    voice.show(_shown(first.run, pairs))
    for sentence in (*_sentences(first.run, pairs), *doubts, note):
        voice.show(sentence)
    voice.give(
        {
            "first": first.run,
            "data": came.name,
            **asked._asdict(),
            "rows_seen_in_training": seen,
            "differences": [{"run": one.run, **one.difference._asdict(), "remarks": one.remarks} for one in pairs],
            "doubts": doubts,
            "note": note,
        }
    )


def _for_each(parts: list[str] | None, runs: list[str]) -> list[str | None]:
    given: list[str | None] = [*(parts or [None])]
    if len(given) not in (1, len(runs)):
        raise OptionError(
            f"`--parts` wants to be given once, or once for each of {len(runs)} runs; got {len(given)}; give as many."
        )
    return given * len(runs) if len(given) == 1 else given


def _share(asked: Asked, began: float, runs: int) -> Asked:
    """The wishes for one of the runs that are left, which share the time."""
    if asked.seconds is None:
        return asked
    # A time that is over is still a limit, which the audit answers with what it would need.
    return asked._replace(seconds=max(asked.seconds - (time.monotonic() - began), 1e-3) / runs)


def _note(sides: list[Side], delta: float) -> str:
    """What the differences rest on."""
    if any(side.ends is None for side in sides):
        return NO_DIRECTION
    return EXACT if all(side.exact for side in sides) else CONDITION.format(delta=delta)


def _sentences(first: str, pairs: list[Pair]) -> Iterator[str]:
    for one in pairs:
        if verdict := getattr(one.difference, "verdict", ""):
            yield f"`{first}` first, `{one.run}` second. {verdict}"
        yield from one.remarks


def _shown(first: str, pairs: list[Pair]) -> RichTable:
    from rich.table import Table as RichTable  # noqa: PLC0415  not needed with --json

    shown = RichTable(title=f"{first} minus each other run, nats for each row", title_justify="left")
    cells = [_cells(one.difference) for one in pairs]
    for heading in ("other run", *cells[0]):
        shown.add_column(heading, justify="left" if heading == "other run" else "right")
    for one, row in zip(pairs, cells, strict=True):
        shown.add_row(one.run, *row.values())
    return shown


def _cells(difference: Difference | Comparison) -> dict[str, str]:
    """What stands in a row of the table, by heading."""
    found: Any = difference
    cells = {"mean ± standard error": f"{found.mean:+.3f} ± {found.std_error:.3f}"}
    if hasattr(difference, "verdict"):
        decisive = f"{found.decisive_rows} of {found.rows}"
        return cells | {"between": f"{found.lower:+.3f} and {found.upper:+.3f}", "rows that decide": decisive}
    return cells | {"rows won": f"{found.wins:.1%}", "rows": str(found.rows)}
