"""What a command says, and where: results to standard output, the rest to standard error."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import typer
from rich import console as rich_console

from taut.printable import Printable, printable, printable_lines

if TYPE_CHECKING:
    from taut.data import Schema


@dataclasses.dataclass(frozen=True)
class Console:
    """`quiet` silences what is said on the way; `as_json` makes the result one JSON object and nothing else."""

    quiet: bool = False
    as_json: bool = False

    def say(self, text: str) -> None:
        """Something worth knowing that is not the result."""
        if not self.quiet:
            typer.echo(printable(text), err=True)

    def show(self, result: rich_console.RenderableType) -> None:
        """The result for people."""
        if not self.as_json:
            console = rich_console.Console(highlight=False, markup=False, soft_wrap=isinstance(result, str))
            console.print(printable_lines(result) if isinstance(result, str) else Printable(result))

    def show_schema(self, schema: Schema) -> None:
        """The columns of a table as the result for people, as wide as the terminal, if there is one."""
        from taut.estimators import schema_lines  # noqa: PLC0415  heavy, and `--help` is not

        console = rich_console.Console()
        for line in schema_lines(schema, width=console.width if console.is_terminal else None):
            self.show(line)

    def give(self, result: dict[str, Any] | str) -> None:
        """The result for programs, a mapping or JSON text; a number that is not finite becomes null."""
        if self.as_json:
            typer.echo(result if isinstance(result, str) else _as_json(result))

    def wrote(self, out: Path, rows: int, **facts: Any) -> None:
        """What was written, in words or as JSON."""
        self.say(f"Wrote {rows} rows to `{out}`.")
        self.give({"out": str(out), "rows": rows, **facts})


def _as_json(result: dict[str, Any]) -> str:
    """On one line; null in place of NaN and infinities, which JSON does not have.

    >>> _as_json({"a": [1.0, float("nan")]})
    '{"a": [1.0, null]}'
    """
    return msgspec.json.format(msgspec.json.encode(result, enc_hook=str), indent=0).decode()
