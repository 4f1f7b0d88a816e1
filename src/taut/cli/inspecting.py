"""`taut info`: what is in a run folder."""

from typing import Any

from rich.table import Table
from rich.text import Text

from taut.cli.voice import Voice
from taut.cli.words import Json, RunFolder

FOR_PROGRAMS = ("format", "digests", "digest", "ends", "held_out_notes")


def info(run: RunFolder, as_json: Json = False) -> None:
    """Say what is in a run folder, after checking that no file of it was altered."""
    from taut import estimators  # noqa: PLC0415  heavy, and `--help` is not

    facts = estimators.describe(run)
    voice = Voice(as_json=as_json)
    voice.show(_shown({name: value for name, value in facts.items() if name not in FOR_PROGRAMS}))
    voice.give({"run": str(run), **facts})


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
