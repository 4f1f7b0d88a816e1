"""`taut fit`: data → a run folder."""

from __future__ import annotations

import contextlib
import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from taut.cli import began
from taut.cli.audit import AUDIT_FILES
from taut.cli.console import Console
from taut.cli.exit_codes import DIVERGED, DONE, INTERRUPTED, complain
from taut.cli.output_paths import check_run_place
from taut.cli.parameters import DATA_HELP, Force, Json, Labels, Quiet, Stream, given, with_options
from taut.cli.processes import over_processes
from taut.cli.resuming import Asked, command_to_go_on, frequency
from taut.errors import OptionError
from taut.estimators import CHECKPOINTS, VAEConfig
from taut.files import writes
from taut.locks import alone_in

if TYPE_CHECKING:
    import numpy as np

    from taut.data import OpenedRows, Sheet, Table
    from taut.estimators import VAE
    from taut.tracking import Callback

ENDED_BADLY = {"diverged": DIVERGED, "interrupted": INTERRUPTED}

Source = Annotated[
    str,
    typer.Argument(
        metavar="DATA", help=DATA_HELP + " With `--resume` and without `--out`: the run folder.", show_default=False
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="RUN", help="Run folder to write; must be given unless a fit is resumed.", show_default=False
    ),
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
        help="Go on with the fit in a run folder, `taut fit --resume RUN`: it knows its data and options. Default: "
        "start anew.",
        show_default=False,
    ),
]
CheckpointEvery = Annotated[
    str | None,
    typer.Option(
        "--checkpoint-every",
        metavar="TIME",
        help="How often the state of training is written: seconds, or epochs as in 5epochs. Default: 30 seconds.",
        show_default=False,
    ),
]
Track = Annotated[
    list[str] | None,
    typer.Option(
        "--track",
        metavar="WHERE",
        help="Who follows the training: tensorboard[:DIR], mlflow[:URI] or wandb[:PROJECT]; may be given several "
        "times. Default: nobody.",
        show_default=False,
    ),
]


@over_processes
@with_options(VAEConfig, defaults={"random_state": 0})
def fit(
    data: Source,
    options: VAEConfig,
    out: Out = None,
    labels: Labels = None,
    resize: Resize = None,
    stream: Stream = None,
    force: Force = False,
    resume: Resume = False,
    checkpoint_every: CheckpointEvery = None,
    track: Track = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Train on DATA and write a run folder.

    Ctrl-C ends training early and keeps the best state so far; `taut fit --resume RUN` goes on from there, and from
    where a killed process left it. Next: `taut audit RUN`.
    """
    asked = Asked(
        data=data,
        labels=labels,
        resize=resize,
        stream=stream,
        checkpoint_every=checkpoint_every,
        track=track or [],
        options=options,
    )
    if resume:
        changed = given() - ({"data"} if out is None else set())
        out = Path(data) if out is None else out
        asked = Asked.kept_in(out).changed(asked, changed)
    if out is None:
        raise OptionError("A fit wants a run folder to write; got none; name one with `--out RUN`.")
    if writes():
        check_run_place(out, force=force or resume)
    with alone_in(out) if writes() else contextlib.nullcontext():
        vae = _trained(asked, out, resume=resume, quiet=quiet)
    report(vae, out, Console(quiet, as_json))
    return ENDED_BADLY.get(vae.outcome_.code, DONE)


def _trained(asked: Asked, out: Path, *, resume: bool, quiet: bool) -> VAE:
    from taut import datasets  # noqa: PLC0415  heavy, and `--help` is not
    from taut.cli.rows import labels_for  # noqa: PLC0415  as above
    from taut.data import read_schema  # noqa: PLC0415  as above
    from taut.estimators import VAE  # noqa: PLC0415  as above
    from taut.tracking import writer_named  # noqa: PLC0415  as above

    schema, every = asked.options.schema, frequency(asked.checkpoint_every)
    known = read_schema(schema) if isinstance(schema, str | Path) else schema
    asked = dataclasses.replace(asked, options=dataclasses.replace(asked.options, schema=known, verbose=not quiet))
    rows, notes = datasets.load_or_open(asked.data, stream=asked.stream, resize=_size(asked.resize))
    for note in notes:
        Console(quiet).say(note)
    vae = VAE(**asked.options.values())
    labels = labels_for(asked.labels, rows)
    followed = [writer_named(words, folder=out / "tensorboard") for words in asked.track]
    train(vae, rows, labels, out, resume=resume, began=began(), every=every, noted=asked.noted(), callbacks=followed)
    return vae


def train(
    vae: VAE,
    rows: Table | Sheet | OpenedRows,
    labels: np.ndarray | None,
    out: Path,
    *,
    resume: bool = False,
    began: float | None = None,
    every: Mapping[str, Any] | None = None,
    noted: Mapping[str, Any] | None = None,
    callbacks: Sequence[Callback] = (),
) -> None:
    """Train and write the run folder, also where training diverged or was interrupted."""
    from taut.fitting import Checkpoints  # noqa: PLC0415  heavy, and `--help` is not

    checkpoints = Checkpoints(out / CHECKPOINTS, **(every or {}), noted=noted or {}, say=complain)
    with warnings.catch_warnings():
        # The outcome says it in a sentence, and the exit code says it again.
        warnings.simplefilter("ignore", UserWarning)
        vae.fit(rows, labels, checkpoints=checkpoints, resume=resume, began=began, callbacks=callbacks)
    if not writes():
        return
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
            "go_on": command_to_go_on(fitted.outcome.code, out) or None,
        }
    )
    if fitted.outcome.code in ENDED_BADLY:
        complain(fitted.outcome.sentence)
    else:
        console.show(fitted.outcome.sentence)
    console.say(_next_step(fitted.outcome.code, out, "" if fitted.held_out else " DATA"))


def _next_step(code: str, out: Path, data: str) -> str:
    if command := command_to_go_on(code, out):
        return f"The run is in `{out}`; to go on: {command}"
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
