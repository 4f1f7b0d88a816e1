"""`taut demo`: the whole road on data that come with the package."""

from pathlib import Path
from typing import Annotated

import typer

from taut.cli.auditing import shown, written
from taut.cli.fitting import ENDED_BADLY, report, trained
from taut.cli.endings import DONE
from taut.cli.voice import Voice
from taut.cli.words import Force, Json, Quiet, Seed
from taut.errors import RunFolderError

EPOCHS = 60
AUDIT_DRAWS = 1000
MARK = ".demo"

Out = Annotated[Path, typer.Option("--out", metavar="RUN", help="Run folder to write; an earlier demo there is replaced.")]
Epochs = Annotated[int, typer.Option("--epochs", help="Passes over the training rows, a count.")]


def demo(
    out: Out = Path("runs/demo"),
    seed: Seed = 0,
    epochs: Epochs = EPOCHS,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Train on the bundled handwritten digits, audit the held-out ones, write and name the report.

    Takes less than two minutes on two cores.
    """
    raise NotImplementedError
