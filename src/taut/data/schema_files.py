"""A schema for people: as lines of a table, and as a file of YAML that can be edited and given back."""

from pathlib import Path
from typing import Any, ClassVar

import msgspec
import yaml

from taut.data.kinds import all_kinds, kind_of
from taut.data.read_errors import check_readable, in_one_clause
from taut.data.schema import Column, Schema
from taut.errors import DataError
from taut.files import write_text

# Of a file of people; ten thousand columns take a tenth of it.
_MOST_BYTES, _DEEPEST = 2**23, 4
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
        content = _plain_yaml(path)
    # Of a number with thousands of digits Python raises ValueError.
    except (yaml.YAMLError, ValueError) as error:
        raise DataError(f"Wanted a schema in YAML; `{path}` is none ({in_one_clause(error)}); mend it.") from None
    if not isinstance(content, dict):
        raise DataError(f"Wanted a schema, lines such as `age: count`; `{path}` has none; write them.")
    return {str(name): override for name, override in content.items()}


def _plain_yaml(path: Path) -> Any:
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"it is larger than {_MOST_BYTES // 2**20} MiB")
    return yaml.load(path.read_text("utf-8"), _PlainLoader)


class _PlainLoader(yaml.SafeLoader):
    """YAML without what makes a short file long, deep or anything but text, numbers and truth values."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith("timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """A node of the file, unless it is an alias, has a tag, or lies too deep."""
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError(f"it has an alias, *{event.anchor}")
        if getattr(event, "tag", None) not in (None, "!"):
            raise yaml.YAMLError(f"it has a tag, {event.tag}")
        if self._depth > _DEEPEST:
            raise yaml.YAMLError("its lists lie in one another")
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


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
