"""An option, declared once: name, type, default, range, unit and help, as a field of a frozen record.

From a record come the constructor of an estimator, the options of a command with their help, the table in the docs,
what a manifest holds and what resuming compares. A value is checked when a record is made, wherever it came from.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
import numbers
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from taut.errors import OptionError

__all__ = [
    "OWN",
    "AbstractOptions",
    "Option",
    "comma_separated",
    "constructor",
    "listed",
    "option",
    "options_of",
    "record_from",
    "shown_default",
    "whole_numbers",
    "with_parameters",
]

# What stands in place of a part that is an object or a function.
OWN = "own"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Option:
    """What is known of one option.

    `kind` is int, float, bool or str; object for anything else. `none` says what None means, where it may be None.
    `wanted` says in words what values it takes; without it the words come from type, unit, range and choices. `check`
    turns a value into the form in which it is stored, and raises ValueError or TypeError for one that makes no sense.
    `read` does so for a word of the command line. `previous` is an earlier name on the command line. A fit may be
    resumed with another value of a `resumable` option. A `part` may be an object or a function, of which a record keeps
    that it was `own`. `kept` ones are written into a manifest. Only from Python can
    those be set that are not `on_command_line`.
    """

    name: str
    kind: type
    optional: bool
    default: Any
    help: str
    unit: str = ""
    at_least: int | float | None = None
    above: int | float | None = None
    at_most: int | float | None = None
    below: int | float | None = None
    choices: tuple[str, ...] = ()
    none: str = "none"
    wanted: str = ""
    advice: str = "change it"
    metavar: str = ""
    check: Callable[[Any], Any] | None = None
    read: Callable[[str], Any] | None = None
    previous: str = ""
    resumable: bool = False
    part: bool = False
    kept: bool = True
    on_command_line: bool = True

    @property
    def flag(self) -> str:
        """Its name on the command line.

        >>> options_of(_Example)["max_epochs"].flag
        '--max-epochs'
        """
        return "--" + self.name.replace("_", "-")

    @property
    def accepted(self) -> str:
        """What values it takes, in words.

        >>> [each.accepted for each in options_of(_Example).values()]
        ['a whole number of epochs, at least 1', 'a finite number of nats above 0', 'slow or fast']
        """
        if self.wanted or self.choices:
            return self.wanted or listed(self.choices)
        if self.kind is bool:
            return "True or False"
        if self.kind not in (int, float):
            return ""
        ends = [
            f"{word} {end:g}"
            for word, end in (
                ("at least", self.at_least),
                ("above", self.above),
                ("at most", self.at_most),
                ("below", self.below),
            )
            if end is not None
        ]
        number = "a whole number" if self.kind is int else "a finite number"
        of = f" of {self.unit}" if self.unit else ""
        if not ends:
            return number + of
        if ends[0].startswith("at") and not self.unit:
            of = " of"
        comma = "," if ends[0].startswith("at") and self.unit else ""
        return f"{number}{of}{comma} {' and '.join(ends)}"

    def checked(self, value: Any) -> Any:
        """The value as it is stored.

        Raises OptionError where it makes no sense.

        >>> options_of(_Example)["max_epochs"].checked(0)
        Traceback (most recent call last):
        taut.errors.OptionError: `max_epochs` wants a whole number of epochs, at least 1; got 0; change it.
        """
        if value is None and self.optional:
            return None
        try:
            found = self._converted(value)
        except OptionError:
            raise
        except (TypeError, ValueError):
            raise self._refused(value) from None
        if self.choices and found not in self.choices:
            raise self._refused(value)
        return found

    def from_word(self, word: str | bool) -> Any:
        """The value that a word of the command line stands for; one that does not read stays, to be refused.

        >>> options_of(_Example)["width"].from_word("0.5"), options_of(_Example)["width"].from_word("none")
        (0.5, None)
        """
        if isinstance(word, bool):
            return word
        if self.optional and word == "none":
            return None
        read = self.read or {int: int, float: float}.get(self.kind)
        try:
            return word if read is None else read(word)
        except ValueError:
            return word

    def plain(self, value: Any) -> Any:
        """The value, or `own` in place of a part that has no name."""
        return OWN if self.part and value is not None and not isinstance(value, str) else value

    def _converted(self, value: Any) -> Any:
        if self.check is not None:
            return self.check(value)
        if self.kind is bool:
            return _as_truth_value(value)
        if self.kind is int and isinstance(value, numbers.Integral) and not isinstance(value, bool):
            return self._within(int(value))
        if self.kind is float and isinstance(value, numbers.Real) and not isinstance(value, bool):
            return self._within(float(value))
        if self.kind is object or (self.kind is str and isinstance(value, str)):
            return value
        raise TypeError

    def _within(self, value: int | float) -> int | float:
        if not (
            math.isfinite(value)
            and (self.at_least is None or value >= self.at_least)
            and (self.above is None or value > self.above)
            and (self.at_most is None or value <= self.at_most)
            and (self.below is None or value < self.below)
        ):
            raise ValueError
        return value

    def _refused(self, value: Any) -> OptionError:
        came = f"`{value}`" if isinstance(value, str) else repr(value)
        return OptionError(f"`{self.name}` wants {self.accepted}; got {came}; {self.advice}.", option=self.name)


@dataclasses.dataclass(frozen=True)
class AbstractOptions:
    """A frozen record whose fields are options; every value is checked when it is made."""

    def __post_init__(self) -> None:
        for name, each in options_of(type(self)).items():
            object.__setattr__(self, name, each.checked(getattr(self, name)))

    def values(self) -> dict[str, Any]:
        """All values by name."""
        return {name: getattr(self, name) for name in options_of(type(self))}

    def kept(self) -> dict[str, Any]:
        """What a manifest holds: values by name."""
        return {name: each.plain(getattr(self, name)) for name, each in options_of(type(self)).items() if each.kept}

    def compared(self) -> dict[str, Any]:
        """What must be the same where work is resumed: values by name."""
        known = options_of(type(self)).items()
        return {name: each.plain(getattr(self, name)) for name, each in known if not each.resumable}


Record = TypeVar("Record", bound=AbstractOptions)


def option(default: Any, help: str, **facts: Any) -> Any:
    """A field of a record that is an option; `facts` are those of `Option`."""
    return dataclasses.field(default=default, metadata={"option": {"help": help, **facts}})


@functools.cache
def options_of(record: type[AbstractOptions]) -> Mapping[str, Option]:
    """The options of a record by name, in their order."""
    types_of = typing.get_type_hints(record)
    found = {}
    for field in dataclasses.fields(record):
        kind, optional = _kind(types_of[field.name])
        facts = field.metadata["option"]
        found[field.name] = Option(name=field.name, kind=kind, optional=optional, default=field.default, **facts)
    return types.MappingProxyType(found)


def record_from(record: type[Record], values: Mapping[str, Any]) -> Record:
    """The record of these values by name, each in the form in which it is stored; defaults for the others.

    Raises OptionError for an unknown name, or a value that makes no sense.

    >>> record_from(_Example, {"width": 1})
    _Example(max_epochs=100, width=1.0, pace='slow')
    """
    known = options_of(record)
    unknown = [name for name in values if name not in known]
    if unknown:
        raise OptionError(f"Wanted options among {', '.join(known)}; got `{unknown[0]}`; leave it out.")
    # Before the record is made, since a float may come as a whole number.
    return record(**{name: known[name].checked(value) for name, value in values.items()})


def constructor(record: type[AbstractOptions]) -> Callable[..., None]:
    """An `__init__` that stores each option of the record under its name, unchecked, as scikit-learn wants it."""
    first = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    signature = inspect.Signature([first, *inspect.signature(record).parameters.values()])

    def __init__(self: Any, *words: Any, **options: Any) -> None:  # noqa: N807  it becomes one
        bound = signature.bind(self, *words, **options)
        bound.apply_defaults()
        for name, value in bound.arguments.items():
            if name != "self":
                setattr(self, name, value)

    __init__.__signature__ = signature  # pyright: ignore[reportFunctionMemberAccess]
    return __init__


def with_parameters(docstring: str | None, record: type[AbstractOptions]) -> str:
    """A docstring and, below it, the options as a list of parameters."""
    lines = ["Parameters", "----------"]
    for each in options_of(record).values():
        accepted = f", {each.accepted}" if each.accepted else ""
        lines += [f"{each.name} : default {shown_default(each.default, each.none)}{accepted}", f"    {each.help}"]
    return inspect.cleandoc(docstring or "") + "\n\n" + "\n".join(lines) + "\n"


def shown_default(default: Any, none: str = "none") -> str:
    """A default in words.

    >>> shown_default((200, 200)), shown_default(1e-3), shown_default(None, "no limit")
    ('200,200', '0.001', 'no limit')
    """
    if default is None:
        return none
    if isinstance(default, tuple):
        return ",".join(map(str, default)) or "none"
    return f"{default:g}" if isinstance(default, float) else str(default)


def listed(names: tuple[str, ...] | list[str]) -> str:
    """Names as a choice.

    >>> listed(["a", "b", "c"])
    'a, b or c'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def comma_separated(text: str) -> list[str]:
    """Words with commas, without the blanks around them.

    >>> comma_separated("-999, missing")
    ['-999', 'missing']
    """
    return [word.strip() for word in text.split(",")]


def whole_numbers(text: str) -> tuple[int, ...]:
    """Whole numbers with commas; `none` and an empty text are no number.

    >>> whole_numbers("200,100"), whole_numbers("none")
    ((200, 100), ())
    """
    return () if text.strip() in ("", "none") else tuple(int(word) for word in text.split(","))


def _kind(hint: Any) -> tuple[type, bool]:
    """The kind of an option, and whether it may be None."""
    parts = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    some = [part for part in parts if part is not type(None)]
    kind = some[0] if len(some) == 1 and some[0] in (int, float, bool, str) else object
    return kind, hint is Any or type(None) in parts


def _as_truth_value(value: Any) -> bool:
    # NumPy's truth values are none of Python's; a grid of options may hold either.
    if type(value).__name__ not in ("bool", "bool_"):
        raise TypeError
    return bool(value)


@dataclasses.dataclass(frozen=True)
class _Example(AbstractOptions):
    """For the examples above."""

    max_epochs: int = option(100, "Passes over the rows.", unit="epochs", at_least=1)
    width: float | None = option(None, "Width that is wanted.", unit="nats", above=0, none="no limit")
    pace: str = option("slow", "How it goes.", choices=("slow", "fast"))
