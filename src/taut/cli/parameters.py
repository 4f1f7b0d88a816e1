"""The parameters of the commands: those that several share, and options that come from a record."""

from __future__ import annotations

import contextvars
import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from taut.options import AbstractOptions, Option, options_of, record_from, shown_default

DATA_HELP = (
    "Rows: a bundled name (penguins, digits, digits:train, digits:held-out), a table (.csv, .tsv, .txt, .parquet), "
    ".npy, .npz[:key], .idx[.gz], .zarr, .h5ad[:layer], or a folder of images or .parquet files."
)
METAVARS = {int: "INTEGER", float: "FLOAT"}

Data = Annotated[str, typer.Argument(metavar="DATA", help=DATA_HELP, show_default=False)]
OptionalData = Annotated[
    str | None,
    typer.Argument(
        metavar="[DATA]", help=DATA_HELP + " Without it: the rows that the fit held out.", show_default=False
    ),
]
RunFolder = Annotated[
    Path, typer.Argument(metavar="RUN", help="A run folder that `taut fit` wrote.", show_default=False)
]
OutFile = Annotated[
    Path,
    typer.Option(
        "--out", metavar="FILE", help="File to write: .csv, .parquet, .npy or .npz; must be given.", show_default=False
    ),
]
Draws = Annotated[
    int,
    typer.Option("--draws", help="Latents drawn for each row, a count; more is a tighter bound and takes longer."),
]
Seed = Annotated[
    int,
    typer.Option("--seed", min=0, help="Seed of all randomness, a whole number; the same seed gives the same output."),
]
Labels = Annotated[
    str | None,
    typer.Option(
        "--labels",
        metavar="DATA",
        help="One label for each row, used in pictures only: the name of a column of the table, a .csv of one column, "
        "or any DATA with one column. "
        "Default: those that come with the data, if any.",
        show_default=False,
    ),
]
NaValues = Annotated[
    str | None,
    typer.Option(
        "--na-values",
        metavar="VALUES",
        help="Cells of a table that mean missing, text or numbers with commas, as in -999,missing; beside those that "
        "the run was fitted with. Default: none but the usual ones, such as NA.",
        show_default=False,
    ),
]
OwnParts = Annotated[
    str | None,
    typer.Option(
        "--parts",
        metavar="MODULE:FUNCTION",
        help="What builds the parts of a run that was fitted with its own, since a run folder holds no code: a "
        "function in a module of the current folder, or in an installed one. Default: the run has none.",
        show_default=False,
    ),
]
Stream = Annotated[
    bool | None,
    typer.Option(
        "--stream/--no-stream",
        help="Read the rows of DATA from the disk as they are needed, so that it may be larger than memory, or keep "
        "them all in memory. Default: streamed where memory would not hold them.",
        show_default=False,
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace the run folder if there is one. Default: refuse.", show_default=False)
]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON object to standard output and nothing else there. Default: words.",
        show_default=False,
    ),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", help="No progress and no remarks on standard error. Default: both.", show_default=False),
]

Verbose = Annotated[
    bool,
    typer.Option("--verbose", help="Print every number and verdict. Default: one screen.", show_default=False),
]


def with_options(
    record: type[AbstractOptions],
    *,
    only: Collection[str] | None = None,
    without: Collection[str] = (),
    defaults: Mapping[str, Any] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options of a record, which reach it as one record in its parameter `options`.

    `only` or `without` some of them; `defaults` are those of the command where they are not those of the record.
    """
    known = {
        name: each
        for name, each in options_of(record).items()
        if each.on_command_line and name not in without and (only is None or name in only)
    }
    defaults = defaults or {}

    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        own = inspect.signature(command, eval_str=True)
        declared = [_parameter(each, defaults.get(name, each.default), known) for name, each in known.items()]
        parameters = []
        for each in own.parameters.values():
            parameters += declared if each.name == "options" else [each]

        @functools.wraps(command)
        def run(**words: Any) -> Any:
            values = {name: each.from_word(words.pop(name)) for name, each in known.items() if words[name] is not None}
            rest = {name: value for name, value in words.items() if name not in known}
            return command(**rest, options=record_from(record, values))

        del run.__wrapped__  # pyright: ignore[reportAttributeAccessIssue]  its parameters are others
        sorted_by_default = sorted(parameters, key=lambda each: each.default is not inspect.Parameter.empty)
        signature = inspect.Signature([each.replace(kind=each.KEYWORD_ONLY) for each in sorted_by_default])
        run.__signature__ = signature  # pyright: ignore[reportAttributeAccessIssue]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        return run

    for each in known.values():
        if each.previous:
            Command.renamed[each.previous] = each.flag
    return decorated


_GIVEN: contextvars.ContextVar[frozenset[str]] = contextvars.ContextVar("given")


def given() -> frozenset[str]:
    """The parameters that this command was given in words, and does not take from its defaults."""
    return _GIVEN.get()


class Command(TyperCommand):
    """A command that knows the earlier names of its options, and says the new ones."""

    renamed: dict[str, str] = {}  # noqa: RUF012  filled where commands are declared

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the new names in place of the earlier ones."""
        known = {flag for each in self.params for flag in each.opts}
        return super().parse_args(ctx, [self._renamed(word, known, quiet="--quiet" in args) for word in args])

    def invoke(self, ctx: Any) -> Any:
        """Run the command, which may ask what it was `given`."""
        sources = {name: ctx.get_parameter_source(name) for name in ctx.params}
        _GIVEN.set(frozenset(name for name, source in sources.items() if source and source.name == "COMMANDLINE"))
        return super().invoke(ctx)

    def _renamed(self, word: str, known: Collection[str], *, quiet: bool) -> str:
        flag, equals, value = word.partition("=")
        new = self.renamed.get(flag)
        if flag in known or new not in known:
            return word
        if not quiet:
            typer.echo(f"`{flag}` is now `{new}`.", err=True)
        return f"{new}{equals}{value}"


def _parameter(each: Option, default: Any, names: Collection[str]) -> inspect.Parameter:
    if each.kind is bool:
        decls, kind, shown = [f"{each.flag}/--no-{each.flag.removeprefix('--')}"], bool, default
    else:
        decls, kind = [each.flag], str | None
        shown = None if default is None else shown_default(default)
    told = _help(each, names) + (f" Default: {each.none}." if shown is None else "")
    metavar = each.metavar or METAVARS.get(each.kind, "TEXT")
    extra: dict[str, Any] = {} if each.kind is bool else {"metavar": metavar}
    made = typer.Option(*decls, help=told, show_default=shown is not None, **extra)
    return inspect.Parameter(each.name, inspect.Parameter.KEYWORD_ONLY, default=shown, annotation=Annotated[kind, made])


def _help(each: Option, names: Collection[str]) -> str:
    """The help with what values are taken, and options by their names here."""
    said = each.kind in (int, float) or each.choices
    accepted = f" {each.accepted[0].upper()}{each.accepted[1:]}." if said else ""
    told = each.help + accepted
    for name in names:
        told = told.replace(f"`{name}`", f"`--{name.replace('_', '-')}`")
    return told
