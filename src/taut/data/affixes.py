"""What stands around numbers in text: currencies, units, per cent signs, and the many signs for minus."""

import dataclasses
import re

import pyarrow as pa

from taut.data.arrow import functions

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
