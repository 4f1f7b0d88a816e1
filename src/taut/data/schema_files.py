"""A schema for people: as lines of a table, and as a file of YAML that can be edited and given back."""

from pathlib import Path
from typing import Any

import msgspec
import yaml

from taut.data.kinds import all_kinds, kind_of
from taut.data.read_errors import check_readable, in_one_clause
from taut.data.schema import Column, Schema
from taut.errors import DataError
from taut.files import write_text

_HEAD = """\
# What each column is taken for. Edit a line and give the file back; what a line leaves out is worked out again.
# kinds: {}, or ignore.
# The words after # are the reasons, and are not read.
"""


def describe_schema(schema: Schema) -> list[dict[str, str]]:
    """One row for each column, to be shown before training: column, kind, family, missing, reason.

    >>> describe_schema(Schema(columns=(Column(name="id", kind="identifier", reason="a key", seen=9, missing=1),)))
    [{'column': 'id', 'kind': 'identifier', 'family': '', 'missing': '1 of 10', 'reason': 'a key'}]
    """
    return [
        {
            "column": column.name,
            "kind": column.kind,
            "family": column.family,
            "missing": f"{column.missing} of {column.missing + column.seen}" if column.missing else "",
            "reason": column.reason,
        }
        for column in schema.columns
    ]


def write_schema(schema: Schema, path: str | Path) -> None:
    """Write a schema as YAML that a person can edit and `read_schema` reads.

    Raises DataError where the folder cannot be written.
    """
    write_text(path, _HEAD.format(_kinds()) + "".join(_lines(column) for column in schema.columns))


def read_schema(path: str | Path) -> dict[str, Any]:
    """What a file of YAML says about columns: the `given` of `infer_schema`, which checks it.

    Raises DataError where the file is missing or is no mapping from columns to kinds.
    """
    path = Path(path).expanduser()
    check_readable(path)
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"Wanted a schema in YAML; `{path}` is none ({in_one_clause(error)}); mend it.") from None
    if not isinstance(content, dict):
        raise DataError(f"Wanted a schema, lines such as `age: count`; `{path}` has none; write them.")
    return {str(name): override for name, override in content.items()}


def _kinds() -> str:
    """The kinds that a column can be modelled as, with what else they want."""
    wants = {"ordered": " (categories in their order)"}
    return ", ".join(
        kind.name + (" (with low and high)" if kind.bounded else wants.get(kind.codes, ""))
        for kind in all_kinds()
        if kind.modelled
    )


def _lines(column: Column) -> str:
    reason = " ".join(column.reason.split())
    override: dict[str, Any] = {"kind": column.kind if column.modelled else "ignore"}
    if column.block is not None:
        override = {"family": column.family or "auto"}
    if column.block is None and not column.modelled and not kind_of(column).modelled:
        override["kind"] = column.kind
    if column.modelled and column.block is None:
        override["family"] = column.family
    override |= {key: getattr(column, key) for key in ("categories", "low", "high") if getattr(column, key) is not None}
    if column.na_values:
        override["na_values"] = list(column.na_values)
    lines = [f"{_scalar(column.name)}:  # {reason}" if reason else f"{_scalar(column.name)}:"]
    lines += [f"  {key}: {_scalar(value)}" for key, value in override.items()]
    return "\n".join(lines) + "\n"


def _scalar(value: Any) -> str:
    """A value on one line, quoted where YAML would take it for something else."""
    # In a list YAML needs no end-of-document mark, and the brackets come off again.
    text = yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=float("inf")).strip()
    # JSON is YAML that never breaks a line.
    return (msgspec.json.encode([value]).decode() if "\n" in text else text)[1:-1]
