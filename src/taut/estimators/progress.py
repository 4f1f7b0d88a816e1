"""Progress on standard error: what is done, the current bound, the time left."""

from __future__ import annotations

import contextlib
import itertools
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from taut.data import Schema, describe_schema
from taut.estimators.notebook_progress import NotebookProgress, show_text
from taut.printable import plural, printable

if TYPE_CHECKING:
    from taut.fitting import Progress as Epoch

# So many lines of notes and so many columns are shown before a fit, so that all that it says fits on a screen; each
# line of notes takes the place of a column, down to the fewest.
MOST_LINES, MOST_SHOWN, FEWEST_SHOWN = 5, 10, 5
SCREEN = 80


def say(text: str, *, shown: bool) -> None:
    """A sentence on standard error, as it is; in a notebook as plain text, which no colour marks as an error."""
    if shown:
        _print([text])


def _print(lines: Sequence[str], *, whole: bool = True) -> None:
    """Lines that are `whole`, or where they are not, cut at the edge of a terminal."""
    console = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)
    if console.is_jupyter:
        show_text("\n".join(printable(line) for line in lines))
        return
    # Without a terminal lines are whole: somebody keeps them.
    cut = console.is_terminal and not whole
    wrap: dict[str, Any] = {"soft_wrap": False, "no_wrap": True, "overflow": "ellipsis"} if cut else {}
    for line in lines:
        console.print(printable(line), **wrap)


def say_data(notes: Sequence[str], schema: Schema, *, shown: bool) -> None:
    """The first notes on the data, and how the first columns were read, and why, on standard error."""
    lines = list(itertools.accumulate(-(-len(note) // SCREEN) for note in notes))
    fitting = sum(used <= MOST_LINES for used in lines)
    for note in notes[:fitting]:
        say(note, shown=shown)
    if more := len(notes) - fitting:
        say(f"… and {plural(more, 'more note')}; `taut info RUN` and `notes_` have all.", shown=shown)
    used = lines[fitting - 1] if fitting else 0
    _say_schema(schema, max(MOST_SHOWN - used, FEWEST_SHOWN), shown=shown)


def _say_schema(schema: Schema, most: int, *, shown: bool) -> None:
    if not shown:
        return
    lines = schema_lines(Schema(columns=schema.columns[:most]))
    if (more := len(schema.columns) - most) > 0:
        lines.append(f"… and {plural(more, 'more column')}; `taut info RUN` and `schema_` have all.")
    _print(lines, whole=False)


def schema_lines(schema: Schema, *, width: int | None = None) -> list[str]:
    r"""A header and a line for each column; where one is wider than `width`, reasons stand below their columns.

    >>> from taut.data import Column
    >>> age = Column(name="age", kind="count", family="poisson", reason="whole numbers from 0 up")
    >>> print(*schema_lines(Schema(columns=(age,))), sep="\n")
    column  kind   family   missing  reason
    age     count  poisson           whole numbers from 0 up
    >>> print(*schema_lines(Schema(columns=(age,)), width=40), sep="\n")
    column  kind   family   missing
    age     count  poisson
        whole numbers from 0 up
    """
    rows = describe_schema(schema)
    cells = [[*rows[0]], *([*row.values()] for row in rows)] if rows else []
    wide = [max(len(row[place]) for row in cells) for place in range(len(cells[0]) - 1)] if cells else []
    heads = ["  ".join(cell.ljust(most) for cell, most in zip(row, wide, strict=False)) for row in cells]
    reasons = [row[-1] for row in cells]
    lines = [f"{head}  {reason}" for head, reason in zip(heads, reasons, strict=True)]
    if width is None or max(map(len, lines), default=0) <= width:
        return [line.rstrip() for line in lines]
    below = [textwrap.wrap(reason, width, initial_indent="    ", subsequent_indent="    ") for reason in reasons[1:]]
    pairs = ([head, *under] for head, under in zip(heads, [[], *below], strict=True))
    return [line.rstrip() for pair in pairs for line in pair]


@contextlib.contextmanager
def fit_bar(epochs: int, *, shown: bool = True) -> Iterator[Callable[[Epoch], None]]:
    """A bar over epochs that shows the bound on held-out rows."""
    with _bar(shown, TextColumn("{task.fields[bound]}"), TextColumn("{task.fields[left]}")) as bar:
        task = bar.add_task("compiling the training, once for this shape", total=epochs, bound="", left="")

        def update(now: Epoch) -> None:
            bar.update(
                task,
                completed=now.epoch,
                description=f"epoch {now.epoch}/{now.epochs}",
                bound=f"bound {now.bound:.2f} nats",
                left=f"{now.seconds_left:.0f} s left",
            )

        yield update


@contextlib.contextmanager
def audit_bar(*, shown: bool = True) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each stage of an audit."""
    with _bar(shown, TimeElapsedColumn()) as bar:
        tasks: dict[str, int] = {}

        def update(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            words = stage if done else f"{stage}: compiling, once for this shape"
            bar.update(tasks[stage], completed=done, description=words)  # pyright: ignore[reportArgumentType]  a TaskID is an int

        yield update


@contextlib.contextmanager
def improvement_bar(seconds: float, *, shown: bool = True) -> Iterator[Callable[[str, float], None]]:
    """A bar over the time of an improvement that says what is tried."""
    with _bar(shown, TimeElapsedColumn(), TextColumn("of {task.total:.0f} s")) as bar:
        task = bar.add_task("", total=seconds)

        def update(what: str, share: float) -> None:
            bar.update(task, completed=share * seconds, description=what)

        yield update


def _bar(shown: bool, *columns: TextColumn | TimeElapsedColumn) -> Progress:
    console = Console(stderr=True)
    kind = NotebookProgress if shown and console.is_jupyter else Progress
    # Without a terminal or a notebook a live bar would write control codes into logs.
    return kind(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        *columns,
        console=console,
        transient=True,
        disable=not (shown and (console.is_terminal or console.is_jupyter)),
    )
