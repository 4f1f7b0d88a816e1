"""Text of unknown files and people as a terminal may show it."""

import dataclasses
import unicodedata
from collections.abc import Iterator
from typing import Any

__all__ = ["Printable", "plural", "printable", "printable_lines", "shortened", "shown"]

LONGEST = 1000
# Signs that move a cursor, ring, hide, end a line or turn letters round; and those of them that words are written with.
_CONTROLS, _JOINERS = ("Cc", "Cf", "Cs", "Zl", "Zp"), "\u200c\u200d"


def printable(text: str) -> str:
    r"""The text with signs that act on a terminal as Python writes them.

    >>> printable("a\x1b[31m\u202e"), printable("größe 3 °C")
    ('a\\x1b[31m\\u202e', 'größe 3 °C')
    """
    if text.isprintable():
        return text
    return "".join(ascii(sign)[1:-1] if _acts(sign) else sign for sign in text)


def printable_lines(text: str) -> str:
    """The text, printable line by line."""
    return "\n".join(map(printable, text.split("\n")))


def _acts(sign: str) -> bool:
    return unicodedata.category(sign) in _CONTROLS and sign not in _JOINERS


def shortened(text: str) -> str:
    """The text; of a very long one both ends.

    >>> shortened("a name"), len(shortened("x" * 10**6)) < 1100
    ('a name', True)
    """
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"


def plural(number: int, noun: str) -> str:
    """A number of things.

    >>> plural(1, "epoch"), plural(0, "epoch")
    ('1 epoch', '0 epochs')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shown(value: Any) -> str:
    """What came, for a sentence; Python writes no whole number of more than 4300 digits.

    >>> shown(["a", 1]), shown([10**5000])
    ("['a', 1]", 'a number of thousands of digits')
    """
    try:
        return repr(value)
    except ValueError:
        return "a number of thousands of digits"


@dataclasses.dataclass(frozen=True)
class Printable:
    """What rich can show, with every text in it printable; lines end where they did."""

    renderable: Any

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        for segment in console.render(self.renderable, options):
            yield segment if segment.control else segment._replace(text=printable_lines(segment.text))
