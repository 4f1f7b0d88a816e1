"""`taut info`: what is in a run folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from taut.cli.console import Console
from taut.cli.parameters import Json, RunFolder
from taut.cli.resuming import command_to_go_on
from taut.estimators import CHECKPOINTS

if TYPE_CHECKING:
    from taut.data import Schema

FOR_PROGRAMS = ("format", "digests", "digest", "ends", "notes")


def info(run: RunFolder, as_json: Json = False) -> None:
    """Say what is in a run folder, after checking that no file of it was altered."""
    import msgspec  # noqa: PLC0415  heavy, and `--help` is not

    from taut.data import Schema  # noqa: PLC0415  as above
    from taut.estimators import check_width, describe, is_cut_off, reading_run  # noqa: PLC0415  as above

    console = Console(as_json=as_json)
    if is_cut_off(run):
        _show_cut_off(run, console)
        return
    facts = describe(run)
    with reading_run(run):
        schema = msgspec.convert(facts["architecture"]["schema"], Schema)
        check_width(run, schema.width)
        notes = msgspec.convert(facts["notes"], list[str])
        table = _shown(_for_people(facts, schema))
        command = command_to_go_on(facts["outcome"]["code"], run)
    console.give({"run": str(run), **facts, "go_on": command or None})
    console.show(table)
    if command:
        console.show(f"To go on: {command}")
    console.show("")
    with reading_run(run):
        console.show_schema(schema)
    for note in notes:
        console.show(note)


def _show_cut_off(run: Path, console: Console) -> None:
    """What is known of a fit that was killed before it wrote its model."""
    from taut.fitting import position, states_in  # noqa: PLC0415  as above

    states, command = states_in(run / CHECKPOINTS), command_to_go_on("cut off", run)
    epochs = position(states[0])[0] if states else 0
    console.show(f"The fit in `{run}` was cut off; its newest state is that after {epochs} epochs.")
    console.show(f"To go on: {command}")
    console.give({"run": str(run), "outcome": {"code": "cut off"}, "epochs": epochs, "go_on": command})


def _for_people(facts: dict[str, Any], schema: Schema) -> dict[str, Any]:
    parts = {name: value for name, value in facts["architecture"].items() if name != "schema"}
    shown = facts | {"architecture": parts}
    # The lines below name the columns, and say more.
    shown["columns"] = f"{len(schema.unfolded.columns)}, see below"
    if facts["own_parts"]:
        shown["own_parts"] = f"{', '.join(facts['own_parts'])}; built by `--parts`"
    return {name: value for name, value in shown.items() if name not in FOR_PROGRAMS}


def _shown(facts: dict[str, Any]) -> Table:
    shown = Table(show_header=False, box=None, pad_edge=False)
    for name, value in _lines(facts):
        shown.add_row(Text(name.replace("_", " "), style="bold"), Text(value))
    return shown


def _lines(facts: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Names and values, a mapping inside written as `outer, inner`.

    >>> _lines({"seed": 1, "options": {"draws": 2}})
    [('seed', '1'), ('options, draws', '2')]
    """
    lines = []
    for name, value in facts.items():
        if isinstance(value, dict):
            lines += _lines(value, f"{prefix}{name}, ")
        elif isinstance(value, list | tuple):
            lines.append((prefix + name, ", ".join(str(item) for item in value) or "none"))
        else:
            lines.append((prefix + name, "none" if value is None else str(value)))
    return lines
