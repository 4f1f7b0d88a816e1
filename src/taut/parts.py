"""The parts of a model and of its fit, chosen by name, given as an object, or built by a function from their shapes."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from taut.errors import OptionError, TautError

__all__ = ["NamedPart", "PartRegistry", "called", "said"]


@dataclasses.dataclass(frozen=True)
class NamedPart:
    """A part that has a name: `build` is called with the numbers behind the name, then shapes by keyword.

    `numbers` says what these numbers are, and `most` how many there may be; a part takes none by default. The first
    `decimals` of them may be any finite numbers, whose range the part checks; the others are whole, and at least 1.
    """

    build: Callable[..., Any]
    numbers: str = ""
    most: int = 0
    decimals: int = 0

    def read(self, words: Sequence[str]) -> tuple[int | float, ...] | None:
        """The numbers, or None where these words are not what is wanted."""
        kinds = [_finite] * self.decimals + [_whole] * (self.most - self.decimals)
        if len(words) > self.most:
            return None
        try:
            return tuple(kind(word.strip()) for kind, word in zip(kinds, words, strict=False))
        except ValueError:
            return None


def _finite(word: str) -> float:
    if not math.isfinite(number := float(word)):
        raise ValueError
    return number


def _whole(word: str) -> int:
    if not word.isdecimal() or int(word) < 1:
        raise ValueError
    return int(word)


@dataclasses.dataclass(frozen=True)
class PartRegistry:
    """All ways to say what one part is: the `option` that names it, the parts that have names, and the type it must be.

    >>> parts = PartRegistry("layer", {"wide": NamedPart(lambda *widths: widths, "widths", most=2)}, kind=tuple)
    >>> parts.build("wide:3,4"), parts.build(lambda size: (size,), size=2), parts.build((1,))
    ((3, 4), (2,), (1,))
    """

    option: str
    named: Mapping[str, NamedPart]
    kind: type | tuple[type, ...]

    def parse(self, text: str) -> tuple[str, tuple[int | float, ...]]:
        """The name, and the numbers behind its colon. Raises OptionError where there is no such part."""
        name, colon, behind = text.partition(":")
        if name not in self.named:
            raise self._refused(f"one of {', '.join(self.named)}; got `{text}`; choose one")
        part = self.named[name]
        words = behind.split(",") if colon else []
        if not part.numbers and words:
            raise self._refused(f"no numbers behind `{name}`; got `{text}`; leave them out")
        numbers = part.read(words)
        if numbers is None:
            most = "" if part.most > 1 else "one of the "
            kind = "numbers" if part.decimals == part.most else "whole numbers of at least 1"
            first = ", ".join(["a number"] * part.decimals) + " and then " if 0 < part.decimals < part.most else ""
            raise self._refused(f"{most}{part.numbers} behind `{name}:`, {first}{kind}; got `{text}`; change them")
        return name, numbers

    def build(self, given: Any, **shapes: Any) -> Any:
        """The part that was given: by its name, as an object of the right type, or as a function of the shapes.

        Raises OptionError where it is none of these, or the function takes other keywords or returns something else.
        """
        if isinstance(given, str):
            name, numbers = self.parse(given)
            return self.named[name].build(*numbers, **shapes)
        if isinstance(given, self.kind):
            return given
        if not (inspect.isroutine(given) or isinstance(given, type | functools.partial)):
            raise self._refused(
                f"a name among {', '.join(self.named)}, {self._wanted}, or a function that builds one; got "
                f"{_described(given)}; give one of these"
            )
        _check_keywords(self.option, given, shapes)
        built = called(self.option, given, **shapes)
        if not isinstance(built, self.kind):
            raise self._refused(f"a function that returns {self._wanted}; got {_described(built)} from it; return one")
        return built

    def _refused(self, wanted: str) -> OptionError:
        return OptionError(f"`{self.option}` wants {wanted}.", option=self.option)

    @property
    def _wanted(self) -> str:
        kinds = self.kind if isinstance(self.kind, tuple) else (self.kind,)
        return " or ".join(f"an object of {kind.__module__.partition('.')[0]}'s {kind.__name__}" for kind in kinds)


def _check_keywords(option: str, function: Callable[..., Any], shapes: Mapping[str, Any]) -> None:
    try:
        inspect.signature(function).bind(**shapes)
    except TypeError as error:
        raise OptionError(
            f"`{option}` wants a function of the keywords {', '.join(shapes)}; this one does not take them ({error}); "
            "add them, or `**others`.",
            option=option,
        ) from None
    except ValueError:  # a function without a signature can only be tried
        return


def called(option: str, function: Callable[..., Any], /, **words: Any) -> Any:
    """What a person's function returns.

    Raises OptionError where it fails, with its own error behind it.

    >>> called("layer", lambda size: 6 // size, size=0)
    Traceback (most recent call last):
    taut.errors.OptionError: `layer` wants a function that runs; `<lambda>` failed (ZeroDivisionError: ...); mend it.
    """
    try:
        return function(**words)
    except TautError:
        raise
    except Exception as error:
        name = getattr(function, "__name__", type(function).__name__)
        raise OptionError(
            f"`{option}` wants a function that runs; `{name}` failed ({said(error)}); mend it.", option=option
        ) from error


def said(error: BaseException) -> str:
    """What an error of other code says, on one line.

    >>> said(ValueError("no such layer."))
    'ValueError: no such layer'
    """
    return ": ".join(filter(None, (type(error).__name__, " ".join(str(error).split()).rstrip("."))))


def _described(given: Any) -> str:
    return f"an object of type {type(given).__name__}"
