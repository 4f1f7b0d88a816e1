"""How a command ends: an exit code, and one sentence for people where it did not do what was asked."""

import os
import sys
from collections.abc import Callable
from typing import Any

import typer

from taut.errors import OptionError, TautError
from taut.printable import printable

DONE, REFUSED, DIVERGED, INTERRUPTED, TERMINATED = 0, 2, 3, 130, 143
READER_GONE = 1

# Its home differs between versions of typer, its one public child does not.
_UsageError: Any = typer.BadParameter.__base__


class StoppedError(Exception):
    """Ctrl-C, in a form that typer lets through; with a sentence where there is more to say than that."""


class ReaderGoneError(Exception):
    """Nobody reads standard output any more, in a form that typer lets through."""


def exit_code_of(run: Callable[[], object]) -> int:
    """Run a command and say how it ended; bugs keep their traceback."""
    try:
        code = run()
        sys.stdout.flush()
    except (BrokenPipeError, ReaderGoneError):
        return _silenced()
    except (KeyboardInterrupt, StoppedError) as stopped:
        complain(str(stopped) or "Interrupted; no file was left half-written.")
        return INTERRUPTED
    except Exception as error:
        sentence = sentence_for(error)
        if sentence is None:
            raise
        complain(sentence)
        return REFUSED
    return code if isinstance(code, int) else DONE


def sentence_for(error: Exception) -> str | None:
    """One sentence about what the words, the data or the machine made impossible; None for a bug of ours."""
    if isinstance(error, _UsageError):
        return usage_sentence(error)
    if isinstance(error, OptionError) and error.option:
        # As people write it here: Python calls it by another name.
        return str(error).replace(f"`{error.option}`", f"`--{error.option.replace('_', '-')}`", 1)
    if isinstance(error, TautError):
        return str(error)
    if isinstance(error, OSError):
        return system_sentence(error)
    # JAX has no public class for running out of memory; its text has been stable.
    if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error):
        return "Wanted more memory than there is; it ran out; give fewer rows, a smaller batch or fewer draws."
    return None


def usage_sentence(error: Any) -> str:
    """What was wrong with the words, and where to look."""
    command = error.ctx.command_path if error.ctx else "taut"
    said = " ".join(error.format_message().split()).rstrip(".?").replace(". ", ", ")
    return f"Wanted words that `{command}` knows; got something else: {said}; see `{command} --help`."


def system_sentence(error: OSError) -> str:
    """What the system refused."""
    place = f" about `{error.filename}`" if error.filename else ""
    return (
        f"Wanted to read and write files; the system said{place}: {error.strerror or error}; "
        "choose a place that can be read and written and has room."
    )


def complain(sentence: str) -> None:
    """Say one sentence, on one line, where complaints belong."""
    typer.echo(printable(" ".join(sentence.splitlines())), err=True)


def _silenced() -> int:
    # Python writes what is left when it exits; without this it would complain then.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return READER_GONE
