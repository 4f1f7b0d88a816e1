"""`taut fit`: data → a run folder."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taut.cli import began
from taut.cli.audit import AUDIT_FILES
from taut.cli.console import Console
from taut.cli.exit_codes import DIVERGED, DONE, INTERRUPTED, complain
from taut.cli.output_paths import check_run_place
from taut.cli.parameters import Data, Force, Json, Labels, Quiet, with_options
from taut.errors import OptionError, RunFolderError
from taut.estimators import VAEConfig

if TYPE_CHECKING:
    import numpy as np

    from taut.data import Sheet, Table
    from taut.estimators import VAE

ENDED_BADLY = {"diverged": DIVERGED, "interrupted": INTERRUPTED}
CHECKPOINTS = "checkpoints"

Out = Annotated[
    Path, typer.Option("--out", metavar="RUN", help="Run folder to write; must be given.", show_default=False)
]
Resize = Annotated[
    str | None,
    typer.Option(
        "--resize",
        metavar="H,W",
        help="Bring the images of a folder to this height and width, in pixels; the run does the same with images that "
        "it is given later. Default: images must be of one size.",
        show_default=False,
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on from the state that an interrupted fit left in RUN; give the same DATA and options. "
        "Default: start anew.",
        show_default=False,
    ),
]


@with_options(VAEConfig, defaults={"random_state": 0})
def fit(
    data: Data,
    out: Out,
    options: VAEConfig,
    labels: Labels = None,
    resize: Resize = None,
    force: Force = False,
    resume: Resume = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Train on DATA and write a run folder.

    Ctrl-C ends training early and keeps the best state so far; `--resume` goes on from there. Next: `taut audit RUN`.
    """
    _check_place(out, force=force, resume=resume)
    from taut import datasets  # noqa: PLC0415  heavy, and `--help` is not
    from taut.cli.rows import labels_for  # noqa: PLC0415  heavy, and `--help` is not
    from taut.data import read_schema  # noqa: PLC0415  as above
    from taut.estimators import VAE  # noqa: PLC0415  as above

    console = Console(quiet, as_json)
    known = None if options.schema is None else read_schema(str(options.schema))
    options = dataclasses.replace(options, schema=known, verbose=not quiet)
    rows = datasets.load(data, resize=_size(resize))
    vae = VAE(**options.values())
    train(vae, rows, labels_for(labels, rows), out, resume=resume, began=began())
    report(vae, out, console)
    return ENDED_BADLY.get(vae.outcome_.code, DONE)


def train(
    vae: VAE,
    rows: Table | Sheet,
    labels: np.ndarray | None,
    out: Path,
    *,
    resume: bool = False,
    began: float | None = None,
) -> None:
    """Train and write the run folder, also where training diverged or was interrupted."""
    with warnings.catch_warnings():
        # The outcome says it in a sentence, and the exit code says it again.
        warnings.simplefilter("ignore", UserWarning)
        vae.fit(rows, labels, checkpoints=out / CHECKPOINTS, resume=resume, began=began)
    for name in AUDIT_FILES:
        # An audit that an earlier run left here is not about this one.
        (out / name).unlink(missing_ok=True)
    vae.save(out, force=True)


def report(vae: VAE, out: Path, console: Console) -> None:
    """The outcome as the result, and what to do next."""
    fitted = vae.fitted_
    console.give(
        {
            "run": str(out),
            "outcome": fitted.outcome.code,
            "outcome_sentence": fitted.outcome.sentence,
            "epochs": len(fitted.history),
            "seconds": round(fitted.seconds, 2),
            "likelihood": fitted.likelihood.name,
            "held_out_bound": fitted.held_out_bound,
        }
    )
    if fitted.outcome.code in ENDED_BADLY:
        complain(fitted.outcome.sentence)
    else:
        console.show(fitted.outcome.sentence)
    console.say(_next_step(fitted.outcome.code, out, "" if fitted.held_out else " DATA"))


def _next_step(code: str, out: Path, data: str) -> str:
    if code == "interrupted":
        return f"The run is in `{out}`; to go on, give the same command with `--resume`."
    return f"The run is in `{out}`; next: taut audit {out}{data}"


def _size(words: str | None) -> tuple[int, int] | None:
    """The height and width of `--resize`, in pixels.

    >>> _size("28,28")
    (28, 28)
    """
    if words is None:
        return None
    numbers = [int(word) if word.strip().isdecimal() else 0 for word in words.split(",")]
    if len(numbers) != 2 or min(numbers) < 1:
        raise OptionError(
            f"`--resize` wants a height and a width of at least 1 pixel, with a comma; got `{words}`; write it as in "
            "`--resize 32,32`."
        )
    return numbers[0], numbers[1]


def _check_place(out: Path, *, force: bool, resume: bool) -> None:
    if resume and not (out / CHECKPOINTS).is_dir():
        raise RunFolderError(
            f"Resuming wants states in `{out / CHECKPOINTS}`; there are none; leave out `--resume` to start anew."
        )
    check_run_place(out, force=force or resume)
