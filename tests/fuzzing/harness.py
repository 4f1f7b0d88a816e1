"""What a reader does with a mutant, within a budget of memory and time: it gives, refuses in a sentence, or fails."""

import contextlib
import dataclasses
import random
import resource
import signal
import sys
import traceback
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from taut.errors import TautError

MEMORY = 1_500_000_000  # bytes beyond what the process had, of addresses
SECONDS = 10


@dataclasses.dataclass(frozen=True)
class Reader:
    """A kind of file: `seeds` writes whole ones into a folder, `mutate` changes the bytes of one, `read` reads it.

    `mend` makes digests fit, in the file or beside it. `share` is how many mutants there are for one of text.
    """

    seeds: Callable[[Path], Sequence[Path]]
    mutate: Callable[[bytes, random.Random], bytes]
    read: Callable[[Path], Any]
    mend: Callable[[Path], None] | None = None
    share: float = 1.0


@dataclasses.dataclass(frozen=True)
class Failure:
    """A mutant that did not end in a result or in a sentence; `where` is the deepest line of taut."""

    mutant: str
    what: str
    where: str

    @property
    def kind(self) -> str:
        """Failures of one kind have one cause."""
        return f"{self.what.partition(':')[0]} in {self.where}"


class TooSlow(BaseException):
    """The time of a mutant is over; no reader may take it for an error of its file."""


@contextlib.contextmanager
def budget(seconds: float = SECONDS) -> Iterator[None]:
    """An alarm after so many seconds of the processor."""

    def ring(*_: Any) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGPROF, ring)
    # Again and again, since an exception in a callback of the garbage collector is lost.
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def limit_memory(more: int = MEMORY) -> None:
    """From now on this process can have so many bytes more than it has; none is given back."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    held = pages * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + more, resource.getrlimit(resource.RLIMIT_AS)[1]))


def mutants(
    name: str, reader: Reader, seeds: Sequence[Path], numbers: Sequence[int]
) -> Iterator[tuple[int, Path, bytes]]:
    """For each number the seed and the bytes of the mutant: the same in every run."""
    for number in numbers:
        rng = random.Random(zlib.crc32(f"{name} {number}".encode()))
        seed = rng.choice(list(seeds))
        yield number, seed, reader.mutate(seed.read_bytes(), rng)


def tried(name: str, reader: Reader, seeds: Sequence[Path], numbers: Sequence[int]) -> tuple[int, list[Failure]]:
    """How many of the mutants were refused, and those that failed."""
    refused, failures = 0, []
    for number, seed, content in mutants(name, reader, seeds, numbers):
        whole = seed.read_bytes()
        try:
            seed.write_bytes(content)
            if reader.mend is not None:
                reader.mend(seed)
            ended = outcome(reader.read, seed)
        finally:
            seed.write_bytes(whole)
            if reader.mend is not None:
                reader.mend(seed)
        if isinstance(ended, Failure):
            failures.append(dataclasses.replace(ended, mutant=f"{name} {number}"))
        refused += ended == "refused"
    return refused, failures


def outcome(read: Callable[[Path], Any], path: Path) -> str | Failure:
    """`read`, `refused`, or the failure."""
    try:
        with budget():
            read(path)
    except TautError as error:
        return _sentence(str(error)) or "refused"
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        said = f"{type(error).__name__}: {str(error)[:200]!r}"
        return Failure("", said, _where(error))
    return "read"


def _sentence(text: str) -> Failure | None:
    """A failure where an error is no sentence for people."""
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") for sign in text):
        return Failure("", f"unprintable: {text[:200]!r}", "a sentence")
    if "does not fit into memory; write fewer" in text:
        return Failure("", f"memory: {text[:200]!r}", "a sentence")
    return Failure("", f"long: {text[:200]!r}", "a sentence") if len(text) > 1500 else None


def _where(error: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/taut/" in frame.filename]
    if not frames:
        return "nowhere"
    place = frames[-1]
    return f"{place.filename.partition('/taut/')[2]}:{place.lineno}"


def mentioned(failures: Sequence[Failure]) -> str:
    """One line for each kind of failure, with the first mutant of it."""
    kinds: dict[str, list[Failure]] = {}
    for failure in failures:
        kinds.setdefault(failure.kind, []).append(failure)
    lines = (f"{len(each):5}  {each[0].mutant:24} {kind}  {each[0].what[:160]}" for kind, each in kinds.items())
    return "\n".join(sorted(lines, reverse=True))


assert sys.platform != "win32"
