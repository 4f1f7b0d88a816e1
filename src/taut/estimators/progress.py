"""Progress on standard error: what is done, the current bound, the time left."""

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable
from rich.text import Text

from taut.data import Schema, describe_schema
from taut.fitting import Progress as Epoch


def say(text: str, *, shown: bool) -> None:
    """A sentence on standard error, as it is."""
    if shown:
        Console(stderr=True, soft_wrap=True, markup=False, highlight=False).print(text)


def say_schema(schema: Schema, *, shown: bool) -> None:
    """How each column was read, and why, on standard error."""
    if not shown:
        return
    lines = describe_schema(schema)
    table = RichTable(box=None, pad_edge=False)
    for title in lines[0]:
        table.add_column(title, overflow="fold")
    for line in lines:
        table.add_row(*(Text(cell) for cell in line.values()))
    Console(stderr=True, highlight=False).print(table)


@contextlib.contextmanager
def fit_bar(epochs: int, *, shown: bool = True) -> Iterator[Callable[[Epoch], None]]:
    """A bar over epochs that shows the bound on held-out rows."""
    with _bar(shown, TextColumn("{task.fields[bound]}"), TextColumn("{task.fields[left]}")) as bar:
        task = bar.add_task("compiling", total=epochs, bound="", left="")

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
            bar.update(tasks[stage], completed=done)  # pyright: ignore[reportArgumentType]  a TaskID is an int

        yield update


def _bar(shown: bool, *columns: TextColumn | TimeElapsedColumn) -> Progress:
    console = Console(stderr=True)
    # Without a terminal a live bar would write control codes into logs.
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        *columns,
        console=console,
        disable=not (shown and console.is_terminal),
    )
