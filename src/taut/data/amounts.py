"""Columns of text whose cells are numbers with something around them, read as numbers where that has one meaning."""

import collections
import dataclasses

import numpy as np
import pyarrow as pa

from taut.data.affixes import Amounts, is_currency, taken_apart
from taut.data.notations import Notation
from taut.data.numerals import Style, numbers_in, settle, style_of

_DOUBTFUL = (Style.TEXT, Style.CODE, Style.COMMA_OR_GROUPS)
_SIGNS = {
    Style.COMMA: (",", ""),
    Style.GROUPED_BY_COMMA: (".", ","),
    Style.GROUPED_BY_POINT: (",", "."),
    Style.GROUPED_BY_SPACE: (".", " "),
}


@dataclasses.dataclass(frozen=True)
class Reading:
    """A column of text as numbers or dates, how it was written, and what a person should know of that, as a clause."""

    values: pa.Array
    notation: Notation
    remark: str = ""


def amounts_in(text: pa.Array, *, separator: str = "", known: Notation | None = None) -> Reading | None:
    """The numbers that every cell is, with a currency, a unit or a per cent sign; None where that has no one meaning.

    All cells share their unit; a currency or a per cent sign may stand beside some of them. The `separator` of the
    file, and the notation that is `known` from a fit, tell what a comma means.

    >>> found = amounts_in(pa.array(["45.21%", "7.5%", None]))
    >>> found.values.to_pylist(), found.remark
    ([45.21, 7.5, None], 'in %, as in `45.21%`')
    >>> amounts_in(pa.array(["70 kg", "150 lb"]))
    """
    parts = taken_apart(text)
    if parts.numbers.null_count > text.null_count or parts.numbers.null_count == len(text):
        return None
    style = _settled(style_of(parts.numbers), separator, known)
    if style in _DOUBTFUL:
        return None
    values = numbers_in(parts.numbers, style, "")
    if not _one_unit(parts, values):
        return None
    notation = _notation(parts, style, _text_of(parts))
    return Reading(values, notation, _remark(text, parts, style, notation))


def mixed_units(text: pa.Array) -> str:
    """Why cells that are all numbers with something beside them were not read, as a clause; else empty.

    >>> mixed_units(pa.array(["70 kg", "150 lb", "80 kg"]))
    'numbers in different units: kg (2), lb (1)'
    """
    parts = taken_apart(text)
    counts = _counts(parts)
    if parts.numbers.null_count > text.null_count or sum(unit != "" for unit in counts) < 2:
        return ""
    return "numbers in different units: " + ", ".join(
        f"{unit or 'none'} ({count})" for unit, count in counts.most_common(4)
    )


def doubtful_comma(text: pa.Array) -> str:
    """Why numbers with commas were not read, as a clause; empty where the comma is not the reason."""
    parts = taken_apart(text)
    if parts.numbers.null_count > text.null_count or style_of(parts.numbers) is not Style.COMMA_OR_GROUPS:
        return ""
    cell = next(cell for cell in text.to_pylist() if cell is not None and "," in cell)
    return f"numbers such as `{cell}`, where the comma may be a decimal sign or separate thousands"


def _settled(style: Style, separator: str, known: Notation | None) -> Style:
    if known is not None and style is Style.COMMA_OR_GROUPS and "," in known.decimal + known.groups:
        return Style.COMMA if known.decimal == "," else Style.GROUPED_BY_COMMA
    if known is not None and style is Style.POINT_OR_GROUPS and known.groups == ".":
        return Style.GROUPED_BY_POINT
    return settle([style], separator)[0]


def _one_unit(parts: Amounts, values: pa.Array) -> bool:
    """Whether the numbers are of one scale: one unit beside all, or a currency or per cent sign beside some."""
    units = [unit for unit in parts.units if unit]
    if len(units) > 1:
        return False
    if not units or "" not in parts.units or is_currency(units[0]):
        return True
    return units[0] == "%" and _as_large(parts, np.asarray(values.cast(pa.float64()).fill_null(np.nan)))


def _as_large(parts: Amounts, values: np.ndarray) -> bool:
    """Whether the numbers with a per cent sign are as large as those without, so that these are per cent, too."""
    signed = np.array(["%" in suffix for suffix in parts.suffixes]) & ~np.isnan(values)
    others = values[~signed & ~np.isnan(values)]
    # 45.21% among shares from 0 to 1 would be 0.4521.
    return bool(np.abs(others).max() > 1.5 and np.abs(values[signed]).max() <= 2 * np.abs(others).max())


def _counts(parts: Amounts) -> collections.Counter[str]:
    return collections.Counter((before + behind).strip() for before, behind in parts.pairs)


def _text_of(parts: Amounts) -> list[str]:
    return [number for number in parts.numbers.to_pylist() if number is not None]


def _notation(parts: Amounts, style: Style, numbers: list[str]) -> Notation:
    point, groups = _SIGNS.get(style, (".", ""))
    if style is Style.GROUPED_BY_SPACE:
        groups = next(sign for number in numbers for sign in number if sign in "'’ \u00a0\u2009\u202f")
        point = "," if any("," in number for number in numbers) else "."
    behind = {len(number.partition(point)[2]) for number in numbers}
    common = behind.pop() if len(behind) == 1 and not any("e" in number.lower() for number in numbers) else None
    # A sign beside a few cells only is not written beside those that are filled.
    beside = "" not in parts.units
    usual = collections.Counter(parts.pairs).most_common(1)[0][0]
    prefix, suffix = usual if beside else ("", "")
    return Notation(decimal=point, groups=groups, prefix=prefix, suffix=suffix, decimals=common or None)


def _remark(text: pa.Array, parts: Amounts, style: Style, notation: Notation) -> str:
    said = []
    units = [unit for unit in parts.units if unit]
    if units:
        cell, count = _first(text, parts), _counts(parts)[units[0]]
        total = len(parts.numbers) - parts.numbers.null_count
        what = f"`{units[0]}` beside {count} of {total} numbers was left out" if count < total else f"in {units[0]}"
        said.append(f"{what}, as in `{cell}`")
    if style in _SIGNS and notation.groups:
        said.append(f"`{notation.groups}` separates thousands")
    if notation.decimal == ",":
        said.append("the comma is the decimal sign")
    if parts.minus:
        said.append("other signs such as − (U+2212) were read as minus")
    return "; ".join(said)


def _first(text: pa.Array, parts: Amounts) -> str:
    """The first cell with something beside its number."""
    pairs = enumerate(zip(parts.prefixes, parts.suffixes, strict=True))
    return text[next(number for number, (before, behind) in pairs if before or behind)].as_py()
