"""What a person says about columns, checked against the table: names, kinds, families, categories, bounds."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from taut.data.cells import Cells
from taut.data.choices import Choice, distinct, in_words
from taut.data.counting import count_family
from taut.data.quantities import heavy_tails
from taut.data.schema import CODED, FAMILIES, KINDS, Category, Kind
from taut.data.sheet import Sheet
from taut.data.support import check_cells
from taut.errors import DataError, OptionError

IGNORE = "ignore"
_KEYS = ("kind", "family", "categories", "low", "high", "na_values")


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
    return {str(name): _long_form(str(name), wish) for name, wish in given.items()}


def given_choice(cells: Cells, wish: Mapping[str, Any], inferred: Choice, name: str) -> Choice:
    """The choice as given; where that is what was `inferred`, the reason stays.

    Raises DataError or SupportError, naming column and row, where the data contradict it.
    """
    if wish.keys() <= {"na_values"}:
        return inferred
    kind = wish.get("kind") or _implied_kind(wish, inferred)
    if kind == IGNORE or not FAMILIES[kind]:
        kept = inferred.kind if kind == IGNORE else kind
        same = kept == inferred.kind and not inferred.family
        return inferred if same else Choice(kind=cast(Kind, kept), reason="ignored, as given")
    low, high = _bounds(cells.title, wish) if kind == "bounded" else (None, None)
    check_cells(cells, kind, name, low=low, high=high)
    if not cells.present.any():
        raise DataError(f"Wanted cells in column {cells.title} of `{name}` to fit; none is there; ignore the column.")
    categories = _categories(cells, wish, name) if kind in CODED else None
    if kind in CODED and categories is not None and (len(categories) < 2 or (kind == "binary" and len(categories) > 2)):
        wanted = "two values" if kind == "binary" else "two values or more"
        raise DataError(
            f"Wanted {wanted} in column {cells.title} of `{name}`, given as {kind}; got {len(categories)}; "
            "give another kind, or ignore it."
        )
    family = wish.get("family") or (inferred.family if kind == inferred.kind else _family(cells, kind))
    choice = Choice(
        kind=cast(Kind, kind), family=family, reason=f"{kind}, as given", categories=categories, low=low, high=high
    )
    same = (kind, family, categories, low, high) == _decided(inferred)
    return inferred if same else choice


def _decided(choice: Choice) -> tuple[Any, ...]:
    return (choice.kind, choice.family, choice.categories, choice.low, choice.high)


def _long_form(name: str, wish: Any) -> dict[str, Any]:
    wish = {"kind": wish} if isinstance(wish, str) else wish
    if not isinstance(wish, Mapping) or not wish:
        raise OptionError(f"Wanted a kind for column `{name}`; got {wish!r}; give one of {', '.join(KINDS)}, {IGNORE}.")
    for key in wish:
        if key not in _KEYS:
            raise OptionError(f"Wanted {', '.join(_KEYS)} for column `{name}`; got `{key}`; leave it out.")
    kind, family = wish.get("kind"), wish.get("family")
    if kind is not None and kind != IGNORE and kind not in KINDS:
        raise OptionError(f"Wanted a kind for column `{name}`; got `{kind}`; give one of {', '.join(KINDS)}, {IGNORE}.")
    families = FAMILIES[kind] if kind in FAMILIES else tuple(dict.fromkeys(sum(FAMILIES.values(), ())))
    if family and (kind == IGNORE or family not in families):
        what = f"a family of {kind} columns" if kind else "a family"
        raise OptionError(
            f"Wanted {what} for column `{name}`; got `{family}`; give one of {', '.join(families) or 'none'}."
        )
    return dict(wish)


def _implied_kind(wish: Mapping[str, Any], inferred: Choice) -> str:
    """The kind that the other words imply: bounds, categories, or a family that one kind has."""
    if "low" in wish or "high" in wish:
        return "bounded"
    family = wish.get("family")
    if family:
        fitting = [kind for kind, families in FAMILIES.items() if family in families]
        return inferred.kind if inferred.kind in fitting else fitting[0]
    if inferred.kind in CODED:
        return inferred.kind
    return "binary" if isinstance(wish["categories"], list | tuple) and len(wish["categories"]) == 2 else "categorical"


def _bounds(title: str, wish: Mapping[str, Any]) -> tuple[float, float]:
    low, high = wish.get("low"), wish.get("high")
    low, high = 0.0 if low is None else low, 1.0 if high is None else high
    if not all(isinstance(bound, int | float) for bound in (low, high)) or not low < high:
        raise OptionError(f"Wanted bounds with low below high for column {title}; got {low} and {high}; mend them.")
    return float(low), float(high)


def _categories(cells: Cells, wish: Mapping[str, Any], name: str) -> list[Category]:
    """The categories as given, or those that occur; raises DataError for a cell that is none of them."""
    found = distinct(cells)
    given = wish.get("categories")
    if given is None:
        if wish.get("kind") == "ordinal" and cells.levels is None and any(isinstance(label, str) for label in found):
            raise OptionError(
                f"Wanted the categories of the ordinal column {cells.title} in their order; got none; list them, as in "
                f"categories: [{in_words(found)}]."
            )
        return found
    if not isinstance(given, list | tuple) or len(set(given)) < len(given):
        raise OptionError(f"Wanted a list of distinct categories for column {cells.title}; got {given!r}; mend it.")
    unknown = set(found) - set(given)
    if unknown:
        cell, row = cells.first(np.array([label in unknown for label in cells.labels()]))
        raise DataError(
            f"Wanted the categories given for column {cells.title} of `{name}`; row {row} (counting from 0) "
            f"holds `{cell[:40]}`; add it to them, or mend the cell."
        )
    return list(given)


def _family(cells: Cells, kind: str) -> str:
    if kind == "count":
        return count_family(cells.numbers()[cells.present])[0]
    if kind == "real":
        return "student-t" if heavy_tails(cells.numbers()[cells.present]) else "gaussian"
    return FAMILIES[kind][0]
