"""`taut compare`: several runs on the same rows → paired differences, with two ends unless told otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from taut.auditing import AuditOptions
from taut.cli import began
from taut.cli.console import Console
from taut.cli.parameters import Json, NaValues, Quiet, Seed, with_options
from taut.errors import OptionError

if TYPE_CHECKING:
    from rich.table import Table as RichTable

    from taut.estimators import RunComparison

Places = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN RUN... DATA", help="Two or more run folders, then the rows to compare them on.", show_default=False
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


@with_options(AuditOptions, without=("train",))
def compare(
    places: Places,
    options: AuditOptions,
    seed: Seed = 0,
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
    from taut.cli.rows import fitting_rows, loaded_for, run_in  # noqa: PLC0415  heavy, and `--help` is not
    from taut.estimators import audit_bar, check_runs, compare_runs  # noqa: PLC0415  as above

    *runs, data = places
    console = Console(quiet, as_json)
    models = {run: run_in(run, part) for run, part in zip(runs, _for_each(parts, runs), strict=True)}
    came = loaded_for(next(iter(models.values())).schema_, data)
    check_runs(models, came, options)
    found = {run: fitting_rows(vae.schema_, came, na_values=na_values) for run, vae in models.items()}
    for note in dict.fromkeys(note for _, notes in found.values() for note in notes):
        console.say(note)
    rows = {run: own for run, (own, _) in found.items()}
    for run, vae in models.items():
        if count := vae.rows_seen(rows[run])[0]:
            console.say(
                f"WARNING: `{run}` has trained on {count} of these {len(came)} rows, which favours it over runs that "
                "have not."
            )
    with audit_bar(shown=not quiet) as on_block:
        compared = compare_runs(runs, models, rows, options, seed=seed, on_block=on_block, began=began())
    console.show(_shown(compared))
    for sentence in (*_sentences(compared), *compared.doubts, compared.note):
        console.show(sentence)
    asked = {name: value for name, value in options.values().items() if name != "train"}
    differences = [{"run": one.run, **one.difference._asdict(), "remarks": one.remarks} for one in compared.pairs]
    console.give(
        {
            "first": compared.first,
            "data": came.name,
            **asked,
            "seed": seed,
            "rows_seen_in_training": compared.rows_seen,
            "differences": differences,
            "doubts": compared.doubts,
            "note": compared.note,
        }
    )


def _for_each(parts: list[str] | None, runs: list[str]) -> list[str | None]:
    given: list[str | None] = [*(parts or [None])]
    if len(given) not in (1, len(runs)):
        raise OptionError(
            f"`--parts` wants to be given once, or once for each of {len(runs)} runs; got {len(given)}; give as many."
        )
    return given * len(runs) if len(given) == 1 else given


def _sentences(compared: RunComparison) -> Iterator[str]:
    for one in compared.pairs:
        if verdict := getattr(one.difference, "verdict", ""):
            yield f"`{compared.first}` first, `{one.run}` second. {verdict}"
        yield from one.remarks


def _shown(compared: RunComparison) -> RichTable:
    from rich.table import Table as RichTable  # noqa: PLC0415  not needed with --json

    shown = RichTable(title=f"{compared.first} minus each other run, nats for each row", title_justify="left")
    cells = [one.cells for one in compared.pairs]
    for heading in ("other run", *cells[0]):
        shown.add_column(heading, justify="left" if heading == "other run" else "right")
    for one, row in zip(compared.pairs, cells, strict=True):
        shown.add_row(one.run, *row.values())
    return shown
