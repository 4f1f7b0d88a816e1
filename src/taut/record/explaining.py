"""The words of reports, terminals and pages, each explained once: verdicts, statuses, columns of rows.csv, terms."""

from __future__ import annotations

import difflib
import functools
import importlib.resources
from collections.abc import Mapping
from typing import Literal

import msgspec

from taut.errors import OptionError
from taut.printable import printable, shortened

WordKind = Literal["verdict", "status", "column", "term"]
"""What kind of word an entry of the glossary explains."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A word and what it means; a verdict has a title too, when it is given, and what to do about it.

    `see` is the page of the documentation that says more.
    """

    means: str
    see: str
    title: str = ""
    when: str = ""
    do: str = ""
    aliases: tuple[str, ...] = ()


@functools.cache
def glossary() -> Mapping[WordKind, Mapping[str, Entry]]:
    """All entries, by kind and word.

    >>> glossary()["verdict"]["gap-small"].title
    'q is close to the posterior.'
    """
    text = importlib.resources.files("taut.record").joinpath("glossary.toml").read_text("utf-8")
    return msgspec.toml.decode(text, type=dict[WordKind, dict[str, Entry]])


def explained(word: str) -> tuple[WordKind, str, Entry]:
    """The kind, the word as the glossary writes it, and its entry; case and hyphens do not matter.

    Raises OptionError for a word that the glossary does not have.

    >>> explained("elbo")[:2], explained("IWAE")[1]
    (('term', 'ELBO'), 'importance weights')
    """
    places = _places()
    wanted = _plain(word)
    if wanted not in places:
        near = dict.fromkeys(places[each][1] for each in difflib.get_close_matches(wanted, places, n=3, cutoff=0.5))
        advice = f"near it are {', '.join(near)}" if near else "`taut explain` lists all of them"
        raise OptionError(f"Wanted a word of the glossary; got `{printable(shortened(word))}`; {advice}.")
    kind, name = places[wanted]
    return kind, name, glossary()[kind][name]


# A term goes before a column of the same name: it says more.
_ORDER: tuple[WordKind, ...] = ("verdict", "status", "term", "column")


def _places() -> dict[str, tuple[WordKind, str]]:
    found: dict[str, tuple[WordKind, str]] = {}
    for kind in _ORDER:
        for name, entry in glossary()[kind].items():
            for each in (name, *entry.aliases):
                found.setdefault(_plain(each), (kind, name))
    return found


def _plain(word: str) -> str:
    return word.strip().casefold().replace("-", " ").replace("_", " ")
