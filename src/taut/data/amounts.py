"""Columns of text whose cells are numbers with something around them, read as numbers where that has one meaning."""

import collections
import dataclasses
import re

import numpy as np
import pyarrow as pa

from taut.data.notations import Notation
from taut.data.numerals import Style, functions, numbers_in, settle, style_of

_ISO = "USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|ZAR|KRW|SGD|HKD|TRY|RUB|ILS"
_CURRENCY = rf"(?:[A-Z]{{0,3}}\p{{Sc}}|{_ISO}|Rs\.?|Fr\.?|kr\.?|zł)"
# Letters right behind a number may also be part of a code, such as 12A; these are units.
_UNITS = (
    "[kmcdµμn]?m[²³23]?|km/h|m/s|[kmµμn]?g|mcg|t|lbs?|oz|[mcdµμ]?[lL]|ft|in|yd|mi|mph|[mµμn]?s|sec|min|hr?s?|days?|d|"
    "wks?|weeks?|mo|months?|yrs?|years?|y|[kMG]?Hz|[mk]?V|[mk]?W|[kM]Wh|[kM]?J|k?cal|k?N|[hkM]?Pa|m?bar|psi|mmHg|bpm|"
    "[mµμn]?mol|mg/dL|mmol/L|g/L|g/dL|dB|px|pt|pp|bps?|ppm|ppb|K|[kMG]?B|[kKM]|mln|bn|x"
)
_UNIT = rf"(?:[%‰°º][^\s\d]{{0,2}}|['\"′″]|(?:{_UNITS})\.?|\s+[\p{{L}}%°µμ(\[][^\s]{{0,11}}(?:\s[^\s\d]{{1,11}})?)"
_MINUS = r"[\x{2212}\x{2010}-\x{2013}\x{fe63}\x{ff0d}]"
_SPACE = r"[\s\x{00a0}\x{2007}\x{2009}\x{202f}]"
_AMOUNT = (
    rf"^(?P<sign>[+-]?)(?P<prefix>(?:{_CURRENCY}{_SPACE}*)?)(?P<inner>[+-]?){_SPACE}*"
    rf"(?P<number>(?:\d(?:[\d.,'’\x{{00a0}}\x{{2009}}\x{{202f}} ]*\d)?[.,]?|[.,]\d+)(?:[eE][+-]?\d+)?)"
    rf"(?P<suffix>{_SPACE}*{_CURRENCY}|{_UNIT})?$"
)
_ONLY_CURRENCY = re.compile(rf"^\s*{_CURRENCY.replace(chr(92) + 'p{Sc}', '[$€£¥₹₩₽₺₪฿₫₴₦¢]')}\s*$")
_ONLY_UNIT = re.compile(rf"^(?:[%‰°º][^\s\d]{{0,2}}|(?:{_UNITS})\.?|\S{{1,6}}/\S{{1,6}})$")


@dataclasses.dataclass(frozen=True)
class Amounts:
    """Cells taken apart: `numbers` as text, null where a cell is no amount, and what stands before and behind each."""

    numbers: pa.Array
    prefixes: list[str]
    suffixes: list[str]
    minus: bool

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """What stands before and behind each cell that is an amount."""
        cells = zip(self.prefixes, self.suffixes, self.numbers.is_valid().to_pylist(), strict=True)
        return [(before, behind) for before, behind, there in cells if there]

    @property
    def units(self) -> list[str]:
        """The different things that stand beside numbers, without blanks; empty for a number alone."""
        return list(dict.fromkeys((before + behind).strip() for before, behind in self.pairs))


def taken_apart(text: pa.Array) -> Amounts:
    """Each cell that is one number with a sign, a currency, a unit or a per cent sign, taken apart.

    >>> found = taken_apart(pa.array(["$1,234.50", "−3 kg", "#DIV/0!"]))
    >>> found.numbers.to_pylist(), found.units
    (['1,234.50', '-3', None], ['$', 'kg'])
    """
    plain = functions.replace_substring_regex(text, rf"^(\D{{0,4}}?){_MINUS}{_SPACE}*", r"\1-")
    plain = functions.replace_substring_regex(plain, rf"([eE]){_MINUS}", r"\1-")
    minus = functions.any(functions.not_equal(plain, text)).as_py() is True
    # Bookkeepers write losses in brackets, some programs a minus behind the number.
    plain = functions.replace_substring_regex(plain, r"^\(([^()]*\d[^()]*)\)$", r"-\1")
    plain = functions.replace_substring_regex(plain, r"^(\d[\d.,]*)-$", r"-\1")
    parts = functions.extract_regex(plain, _AMOUNT)
    sign, prefix, inner, number, suffix = (
        functions.struct_field(parts, [part]) for part in ("sign", "prefix", "inner", "number", "suffix")
    )
    signed = functions.binary_join_element_wise(sign, inner, number, "")
    # Two signs are no number.
    twice = functions.greater(functions.add(functions.utf8_length(sign), functions.utf8_length(inner)), 1)
    signed = functions.if_else(twice, pa.scalar(None, signed.type), signed)
    return Amounts(signed, _texts(prefix), _texts(suffix), minus)


def is_currency(unit: str) -> bool:
    """Whether what stands beside a number is money.

    >>> is_currency("€"), is_currency("kg"), is_currency("US$")
    (True, False, True)
    """
    return bool(_ONLY_CURRENCY.match(unit))


def is_unit(text: str) -> bool:
    """Whether a cell is a unit, a currency or a per cent sign, perhaps in brackets.

    >>> is_unit("kg"), is_unit("[mm]"), is_unit("missing")
    (True, True, False)
    """
    bracketed = re.fullmatch(r"\[[^\]\d]+\]|\([^)\d]+\)", text)
    return bool(bracketed) or is_currency(text) or bool(_ONLY_UNIT.match(text))


def _texts(parts: pa.Array) -> list[str]:
    return [part or "" for part in parts.to_pylist()]


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
