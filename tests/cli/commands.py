"""Running the command line inside this process, and what every refusal must look like."""

import contextlib
import dataclasses
import io
import sys
from unittest import mock

import pytest

from taut.cli import main


@dataclasses.dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The only thing that was said, after checking that it is one sentence on one line."""
        assert self.out == ""
        assert self.err.endswith(".\n"), self.err
        assert self.err.count("\n") == 1, self.err
        assert ". " not in self.err, "more than one sentence"
        return self.err.strip()


def run(*words: object) -> Ended:
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["taut", *map(str, words)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return Ended(ended.value.code or 0, out.getvalue(), err.getvalue())


def done(*words: object) -> Ended:
    ended = run(*words)
    assert ended.code == 0, ended.err
    return ended


def refused(*words: object) -> str:
    """The sentence of a command that must end with exit code 2."""
    ended = run(*words)
    assert ended.code == 2, ended
    return ended.sentence
