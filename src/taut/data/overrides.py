"""What a person says about columns, checked against the table: names, kinds, families, categories, bounds."""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
import numpy as np

from taut.data.cells import Cells, listed_values
from taut.data.kinds import Kind, all_kinds, kind_named, kind_of
from taut.data.read_errors import in_words
from taut.data.schema import Category, Column
from taut.data.sheet import Sheet
from taut.data.support import check_cells
from taut.errors import DataError, OptionError
from taut.printable import shown

IGNORE = "ignore"
_Bound = Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)]
# What may be said of a column: the type of each word, and how a sentence calls it.
_VALUES: dict[str, tuple[Any, str]] = {
    "kind": (str, "the name of a kind"),
    "family": (str, "the name of a family"),
    "categories": (list[Category], "a list of texts, numbers or truth values"),
    "low": (_Bound, "a finite number"),
    "high": (_Bound, "a finite number"),
    "na_values": (Any, "the values that mean missing"),
}


def check_given(given: Mapping[str, Any], sheet: Sheet) -> dict[str, dict[str, Any]]:
    """What is given, in its long form.

    Raises OptionError for a column that the sheet lacks, and for an unknown key, kind or family.

    >>> from taut.data.sheet import as_sheet
    >>> check_given({"a": "count"}, as_sheet({"a": [1, 2]}))
    {'a': {'kind': 'count'}}
    """
    known = set(sheet.columns)
    for name in given:
        if str(name) not in known:
            raise OptionError(
                f"Wanted columns of `{sheet.name}`; got `{name}`; choose among {in_words(sheet.columns, 12)}."
            )
    return {str(name): _long_form(str(name), override) for name, override in given.items()}


def given_column(cells: Cells, override: Mapping[str, Any], inferred: Column, name: str) -> Column:
    """The column as given; where that is what was `inferred`, the reason stays.

    Raises DataError or SupportError, naming column and row, where the data contradict it.
    """
    if override.keys() <= {"na_values"}:
        return inferred
    named = override.get("kind") or _implied_kind(override, inferred)
    if named == IGNORE or not kind_named(named).modelled:
        kept = inferred.kind if named == IGNORE else named
        same = kept == inferred.kind and not inferred.family
        return inferred if same else Column(name=cells.name, kind=kept, reason="ignored, as given")
    kind = kind_named(named)
    low, high = _bounds(cells.title, override) if kind.bounded else (None, None)
    column = Column(name=cells.name, kind=named, reason=f"{named}, as given", low=low, high=high)
    check_cells(cells, column, name)
    if not cells.present.any():
        raise DataError(f"Wanted cells in column {cells.title} of `{name}` to fit; none is there; ignore the column.")
    categories = _categories(cells, override, name) if kind.coded else None
    if categories is not None:
        _check_categories(categories, kind, cells.title, name)
    family = override.get("family") or (inferred.family if named == inferred.kind else _family(cells, kind))
    column = dataclasses.replace(column, family=family, categories=categories)
    return inferred if _decided(column) == _decided(inferred) else column


def _decided(column: Column) -> tuple[Any, ...]:
    return (column.kind, column.family, column.categories, column.low, column.high)


def _check_categories(categories: list[Category], kind: Kind, title: str, name: str) -> None:
    if len(categories) < 2 or (kind.codes == "two" and len(categories) > 2):
        wanted = "two values" if kind.codes == "two" else "two values or more"
        raise DataError(
            f"Wanted {wanted} in column {title} of `{name}`, given as {kind.name}; got {len(categories)}; "
            "give another kind, or ignore it."
        )


def _long_form(name: str, override: Any) -> dict[str, Any]:
    override = {"kind": override} if isinstance(override, str) else override
    known = ", ".join([*(kind.name for kind in all_kinds()), IGNORE])
    if not isinstance(override, Mapping) or not override:
        raise OptionError(f"Wanted a kind for column `{name}`; got {shown(override)}; give one of {known}.")
    for key, value in override.items():
        if key not in _VALUES:
            raise OptionError(f"Wanted {', '.join(_VALUES)} for column `{name}`; got `{key}`; leave it out.")
        _check_value(name, key, value)
    kind, family = override.get("kind"), override.get("family")
    matching = [each for each in all_kinds() if kind in (None, each.name)]
    if not matching and kind != IGNORE:
        raise OptionError(f"Wanted a kind for column `{name}`; got `{kind}`; give one of {known}.")
    families = list(dict.fromkeys(family for each in matching for family in each.families))
    if family and family not in families:
        what = f"a family of {kind} columns" if kind else "a family"
        raise OptionError(
            f"Wanted {what} for column `{name}`; got `{family}`; give one of {', '.join(families) or 'none'}."
        )
    return dict(override)


def _check_value(name: str, key: str, value: Any) -> None:
    wanted, words = _VALUES[key]
    listed_values(value if key == "na_values" else None)
    if value is None:
        return
    try:
        msgspec.convert(_without_numpy(value), wanted)
    except (msgspec.ValidationError, UnicodeEncodeError):  # the second: a text of half a character
        raise OptionError(f"Wanted {words} as `{key}` of column `{name}`; got {shown(value)}; mend it.") from None


def _without_numpy(value: Any) -> Any:
    """Numbers as Python's, those in a list or array included."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [each.item() if isinstance(each, np.generic) else each for each in value]
    return value


def _implied_kind(override: Mapping[str, Any], inferred: Column) -> str:
    """The kind that the other words imply: bounds, categories, or a family that one kind has."""
    if "low" in override or "high" in override:
        return next(kind.name for kind in all_kinds() if kind.bounded)
    family = override.get("family")
    if family:
        fitting = [kind.name for kind in all_kinds() if family in kind.families]
        return inferred.kind if inferred.kind in fitting else fitting[0]
    if kind_of(inferred).coded and inferred.family:
        return inferred.kind
    categories = override.get("categories")
    if categories is None:
        return inferred.kind
    return "binary" if isinstance(categories, list | tuple) and len(categories) == 2 else "categorical"


def _bounds(title: str, override: Mapping[str, Any]) -> tuple[float, float]:
    low, high = override.get("low"), override.get("high")
    low, high = 0.0 if low is None else low, 1.0 if high is None else high
    if not all(isinstance(bound, int | float) for bound in (low, high)) or not low < high:
        raise OptionError(f"Wanted bounds with low below high for column {title}; got {low} and {high}; mend them.")
    return float(low), float(high)


def _categories(cells: Cells, override: Mapping[str, Any], name: str) -> list[Category]:
    """The categories as given, or those that occur; raises DataError for a cell that is none of them."""
    found = cells.distinct
    given = override.get("categories")
    if given is None:
        ordered = "kind" in override and kind_named(override["kind"]).codes == "ordered"
        if ordered and cells.levels is None and any(isinstance(label, str) for label in found):
            raise OptionError(
                f"Wanted the categories of the ordinal column {cells.title} in their order; got none; list them, as in "
                f"categories: [{in_words(found)}]."
            )
        return found
    if not isinstance(given, list | tuple) or len(set(given)) < len(given):
        raise OptionError(
            f"Wanted a list of distinct categories for column {cells.title}; got {shown(given)}; mend it."
        )
    unknown = set(found) - set(given)
    if unknown:
        cell, row = cells.first(np.array([label in unknown for label in cells.labels()]))
        raise DataError(
            f"Wanted the categories given for column {cells.title} of `{name}`; row {row} (counting from 0) "
            f"holds `{cell[:40]}`; add it to them, or mend the cell."
        )
    return list(given)


def _family(cells: Cells, kind: Kind) -> str:
    return kind.families[0] if kind.choose_family is None else kind.choose_family(cells)
