"""A command that several processes work at together: the first one writes and speaks."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import inspect
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Annotated, Any, NoReturn

import typer

from taut.cli.exit_codes import INTERRUPTED, sentence_for
from taut.files import written_nowhere

Coordinator = Annotated[
    str | None,
    typer.Option(
        "--coordinator",
        metavar="HOST:PORT",
        help="Where process 0 can be reached by the others. Default: what the cluster says (SLURM, Open MPI, "
        "Kubernetes, TPU), or one process that works alone.",
        show_default=False,
    ),
]
Processes = Annotated[
    int | None,
    typer.Option(
        "--processes",
        metavar="INTEGER",
        help="How many processes work together, each started with the same words; 1 works alone on a cluster, too. "
        "Default: as above.",
        show_default=False,
    ),
]
Process = Annotated[
    int | None,
    typer.Option(
        "--process",
        metavar="INTEGER",
        help="Which of them this one is, from 0 up; process 0 writes and speaks. Default: as above.",
        show_default=False,
    ),
]
_LEFT = contextvars.ContextVar("left", default=False)
OPTIONS = {"coordinator": Coordinator, "processes": Processes, "process": Process}


def over_processes(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options by which processes find one another, and run it in all of them together."""

    @functools.wraps(command)
    def run(**words: Any) -> Any:
        from taut.distributed import place_of  # noqa: PLC0415  heavy, and `--help` is not

        found = {name: words.pop(name) for name in OPTIONS}
        place = place_of(**found, variables=os.environ)
        if place is None:
            return command(**words)
        _with_same_hashes()
        return _together(command, words, place)

    own = inspect.signature(command, eval_str=True)
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=each)
        for name, each in OPTIONS.items()
    ]
    parameters = [each.replace(kind=each.KEYWORD_ONLY) for each in own.parameters.values()]
    del run.__wrapped__  # pyright: ignore[reportAttributeAccessIssue]  its parameters are others
    run.__signature__ = inspect.Signature([*parameters, *added])  # pyright: ignore[reportAttributeAccessIssue]
    run.__annotations__ = {each.name: each.annotation for each in (*parameters, *added)}
    return run


def leave(code: int, *, at_once: bool = False) -> NoReturn:
    """End with the exit code; at once also where other processes were left.

    Else JAX would wait for these, and for what the device still computes.
    """
    if at_once or _LEFT.get():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _together(command: Callable[..., Any], words: dict[str, Any], place: Any) -> Any:
    from taut.distributed import is_first_process, joined  # noqa: PLC0415  as above

    with _ending_alone(), joined(place) as watch:
        if is_first_process():
            code = command(**words)
        else:
            with _in_the_background():
                code = command(**words | ({"quiet": True} if "quiet" in words else {}))
        if code == INTERRUPTED:
            watch.leave("it was interrupted.")
            _LEFT.set(True)
        return code


def _with_same_hashes() -> None:
    """Begin again with the hashes of text that the others have: a set would otherwise be in an order of its own.

    numpyro flattens distributions in the order of a set, and all processes must compile the same program.
    """
    if os.environ.get("PYTHONHASHSEED", "random") == "random":
        os.execve(sys.executable, sys.orig_argv, os.environ | {"PYTHONHASHSEED": "0"})


@contextlib.contextmanager
def _ending_alone() -> Iterator[None]:
    """Where something goes wrong, say it here, and do not wait for the others."""
    try:
        yield
    except BaseException as error:
        _LEFT.set(True)
        if isinstance(error, Exception) and sentence_for(error) is None:
            traceback.print_exc()
            leave(1)
        raise


@contextlib.contextmanager
def _in_the_background() -> Iterator[None]:
    """Nothing is written, nothing is said but what went wrong here, and the first process alone is interrupted."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    warnings.simplefilter("ignore", UserWarning)
    with written_nowhere():
        yield
