"""`taut compare`: several runs on the same rows → paired differences."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Annotated

import typer

from taut.cli.voice import Voice
from taut.cli.words import Draws, Json, Quiet, Seed
from taut.cli.writing import account
from taut.errors import DataError, OptionError

if TYPE_CHECKING:
    from rich.table import Table as RichTable

    from taut.auditing import Difference
    from taut.data import Table
    from taut.estimators import VAE

Places = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN RUN... DATA", help="Two or more run folders, then the rows to compare them on.", show_default=False
    ),
]
NO_DIRECTION = "Both sides are lower bounds on log p(x), so that their difference has no direction."


def compare(places: Places, draws: Draws = 1000, seed: Seed = 0, as_json: Json = False, quiet: Quiet = False) -> None:
    """Compare the first run with each other one on the same rows, in nats for each row.

    A positive difference speaks for the first run. Rows that one of the models has trained on favour it.
    """
    if len(places) < 3:
        raise OptionError(
            f"A comparison wants two or more run folders and then DATA; got {len(places)} of them; "
            "see `taut compare --help`."
        )
    from taut import auditing, datasets, estimators  # noqa: PLC0415  heavy, and `--help` is not

    *runs, data = places
    voice = Voice(quiet, as_json)
    models = [estimators.load(run) for run in runs]
    table = datasets.load(data)
    _check_comparable(runs, models, table)
    first, *others = (
        account(vae, table, draws=draws, seed=seed, quiet=quiet, name=run)
        for run, vae in zip(runs, models, strict=True)
    )
    differences = [auditing.paired_difference(first, other) for other in others]
    voice.show(_shown(runs, differences))
    voice.show(NO_DIRECTION)
    voice.give(
        {
            "first": runs[0],
            "data": table.name,
            "draws": draws,
            "seed": seed,
            "differences": [
                {"run": run, **difference._asdict()} for run, difference in zip(runs[1:], differences, strict=True)
            ],
            "note": NO_DIRECTION,
        }
    )


def _check_comparable(runs: list[str], models: list[VAE], table: Table) -> None:
    """Raise DataError where the values would be of different kinds, or of different rows."""
    kinds = [(run, vae.fitted_, _rows_seen(vae, table)) for run, vae in zip(runs, models, strict=True)]
    for (one, mine, my_rows), (other, theirs, their_rows) in combinations(kinds, 2):
        if mine.model.observation.discrete != theirs.model.observation.discrete:
            raise DataError(
                f"A comparison wants probabilities or densities on both sides; `{one}` is {mine.likelihood.name} and "
                f"`{other}` {theirs.likelihood.name}, one of each; fit both with likelihoods of one kind."
            )
        if my_rows != their_rows:
            raise DataError(
                f"A comparison wants the same rows for both; `{one}` and `{other}` binarise `{table.name}` unalike; "
                "fit both with one `--binarise` and one `--seed`, or on data that are zeros and ones already."
            )


def _rows_seen(vae: VAE, table: Table) -> str:
    from taut.data import digest  # noqa: PLC0415  heavy, and `--help` is not

    return digest(vae.fitted_.binarisation.for_evaluation(table.values))


def _shown(runs: list[str], differences: list[Difference]) -> RichTable:
    from rich.table import Table as RichTable  # noqa: PLC0415  not needed with --json

    shown = RichTable(title=f"{runs[0]} minus each other run, nats for each row", title_justify="left")
    for heading in ("other run", "mean difference ± standard error", "rows won", "rows"):
        shown.add_column(heading, justify="left" if heading == "other run" else "right")
    for run, difference in zip(runs[1:], differences, strict=True):
        shown.add_row(
            run, f"{difference.mean:+.3f} ± {difference.std_error:.3f}", f"{difference.wins:.1%}", str(difference.rows)
        )
    return shown
