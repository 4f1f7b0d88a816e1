"""Checkpoints: the states of a fit in a folder, from the newest whole one of which it goes on."""

from __future__ import annotations

import contextlib
import dataclasses
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from taut.distributed import from_first, is_first_process
from taut.errors import DataError, OptionError, RunFolderError
from taut.files import remove_leftovers, write_text
from taut.fitting.kept_facts import ABOUT, facts_in, position, state_name, states_in
from taut.fitting.tensors import filled, host_arrays
from taut.locks import alone_in
from taut.printable import plural
from taut.signing import DamagedError, load_signed, save_signed

if TYPE_CHECKING:
    from taut.fitting.state import State


def _warn(sentence: str) -> None:
    warnings.warn(sentence, UserWarning, stacklevel=2)


@dataclasses.dataclass(frozen=True)
class Checkpoints:
    """The folder where a fit keeps its states, how often, and how many of the newest.

    A state is written every so many `seconds`, or `epochs` where they are given, and at the end. Beside the states are
    kept two mappings of plain values: `about` is what must be the same for a fit to go on, and `noted` what else there
    is to know. What went wrong on the way is told to `say`, by default as a warning.

    Raises OptionError where a value makes no sense.

    >>> Checkpoints(Path("runs/digits/checkpoints"), epochs=5).keep
    3
    """

    folder: Path
    _: dataclasses.KW_ONLY
    seconds: float = 30.0
    epochs: int | None = None
    keep: int = 3
    about: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    noted: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    say: Callable[[str], None] = _warn

    def __post_init__(self) -> None:
        for name, wanted, ok in (
            ("seconds", "zero or more", self.seconds >= 0),
            ("epochs", "at least 1", self.epochs is None or self.epochs >= 1),
            ("keep", "at least 1", self.keep >= 1),
        ):
            if not ok:
                raise OptionError(f"`{name}` of checkpoints wants {wanted}; got {getattr(self, name)}; change it.")

    @classmethod
    def of(cls, place: CheckpointsLike | None) -> Checkpoints | None:
        """Checkpoints as they are given: themselves, their folder, or none."""
        return cls(Path(place)) if isinstance(place, str | Path) else place

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """The folder for this process alone, the first of those that work together.

        Raises RunFolderError where another has it.
        """
        if not is_first_process():
            yield
            return
        with alone_in(self.folder):
            remove_leftovers(self.folder)
            yield

    def begin(self, start: State, *, resume: bool) -> State:
        """The state to go on from: the newest one, or `start` where none was written yet or nothing is resumed.

        Of several processes all have the state of the first. Raises RunFolderError where there is nothing to resume,
        OptionError where it is another fit.
        """
        return from_first(self._found(start, resume=resume) if is_first_process() else start)

    def _found(self, start: State, *, resume: bool) -> State:
        if resume:
            self._compare()
        else:
            # States that another fit left here must not become this one's, should this one end before its first.
            for path in states_in(self.folder):
                path.unlink(missing_ok=True)
        facts = msgspec.json.format(msgspec.json.encode({"about": self.about, "noted": self.noted}), indent=1)
        if not resume or (self.folder / ABOUT).read_bytes() != facts:
            write_text(self.folder / ABOUT, facts.decode())
        return self.newest(start)

    def due(self, state: State, saved: float) -> bool:
        """Whether `state` is to be written, where the last one was at `saved` by the clock of `time.monotonic`."""
        if self.epochs is None:
            return time.monotonic() - saved > self.seconds
        return int(state.step) == 0 and int(state.epoch) % self.epochs == 0

    def save(self, state: State) -> None:
        """Write the state and let the oldest go. Where that fails the fit goes on, a sentence says so, others stay."""
        if not is_first_process():
            return
        path = self.folder / state_name(int(state.epoch), int(state.step))
        try:
            save_signed(path, host_arrays(state))
        except DataError as error:
            self.say(f"The state after {_words(path)} was not kept. {error}")
            return
        for old in states_in(self.folder)[self.keep :]:
            old.unlink(missing_ok=True)

    def newest(self, start: State) -> State:
        """The newest state that is whole; `start`, of the same form, where none was written.

        Raises RunFolderError where all are damaged, or are states of another architecture.
        """
        damaged = []
        for path in states_in(self.folder):
            try:
                stored = load_signed(path)
            except DamagedError:
                damaged.append(path)
                continue
            for each in damaged:
                self.say(f"`{each}` is damaged; going on from the state before it, after {_words(path)}.")
                each.unlink(missing_ok=True)
            return filled(path, start, stored)
        if damaged:
            raise RunFolderError(f"Resuming wants a whole state; all in `{self.folder}` are damaged; fit anew.")
        return start

    def _compare(self) -> None:
        then = facts_in(self.folder)["about"]
        changed = [name for name, value in self.about.items() if then.get(name) != value]
        if changed:
            name = changed[0]
            if name == "data":
                raise OptionError("Resuming wants the fit it goes on with; its rows were others; give the same again.")
            raise OptionError(
                f"Resuming wants the fit it goes on with; `{name}` was {then.get(name)} and is {self.about[name]}; "
                "give the same again.",
                option=name,
            )


CheckpointsLike = Checkpoints | str | Path
"""What takes a folder takes its name, too."""


def _words(path: Path) -> str:
    epoch, step = position(path)
    return plural(epoch, "epoch") + (f" and {plural(step, 'step')}" if step else "")
