"""The command line: words → calls → exit codes.

    demo                                train on the bundled digits, audit, name the report
    schema                              a table → what its columns would be taken for
    fit, info                           data → a run folder, and what is in one
    audit, compare                      audit of one run, or of several on the same rows
    improve                             a run and its rows → a better run, and what was promised and won
    plot                                a run or its account → a figure
    score, impute, embed, reconstruct   a run and rows → a file with one row for each row
    sample                              a run → new rows

Results go to standard output, everything said on the way to standard error. Exit codes: 0 done; 2 the words or the data
are wrong, or the machine refused, in one sentence; 3 the fit diverged; 4 another process that this one worked with is
gone; 130 interrupted by Ctrl-C; 143 ended by SIGTERM.
"""

import contextvars
import signal
import sys
import time

__all__ = ["began", "main"]

# Limits on time count from the start of the command, since loading the libraries is part of the wait.
_BEGAN: contextvars.ContextVar[float] = contextvars.ContextVar("began")


def main() -> None:
    """Run the command that the process was given and leave with its exit code."""
    _BEGAN.set(time.monotonic())
    from taut.cli.exit_codes import INTERRUPTED, TERMINATED, exit_code_of  # noqa: PLC0415  importing taut.cli is light
    from taut.cli.processes import leave  # noqa: PLC0415  as above
    from taut.cli.signals import answered  # noqa: PLC0415  as above

    with answered() as heard:
        code = exit_code_of(_run)
    cut_short = bool(heard.number) and code == INTERRUPTED
    leave(TERMINATED if cut_short and heard.number == signal.SIGTERM else code, at_once=cut_short)


def began() -> float:
    """The reading of `time.monotonic` at the start of the command."""
    return _BEGAN.get()


def _run() -> object:
    from taut.cli.app import command  # noqa: PLC0415  as above

    return command()(sys.argv[1:] or ["--help"], prog_name="taut", standalone_mode=False)
