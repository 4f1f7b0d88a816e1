"""What a report uses for a number or a conclusion can be explained, and what that says can be typed and read."""

import inspect
import re
import typing
from pathlib import Path
from unittest import mock

import pytest

from taut.auditing import Audit
from taut.auditing.verdicts import RULES
from taut.auditing.verdicts.advice import COMMANDS
from taut.cli.app import command
from taut.errors import OptionError
from taut.record import Status, explained, glossary
from tests.cli.commands import done, refused

DOCS = Path(__file__).parents[2] / "docs"
ENTRIES = [(kind, word, entry) for kind, entries in glossary().items() for word, entry in entries.items()]


def test_every_verdict_status_and_column_is_explained_and_no_other():
    whole = mock.MagicMock()
    whole.measured.ends = (0.0, 1.0)
    assert set(glossary()["verdict"]) == {code for rule in RULES for code in rule.codes} >= set(COMMANDS)
    assert set(glossary()["status"]) == set(typing.get_args(Status))
    assert set(glossary()["column"]) == {*inspect.unwrap(Audit.columns)(whole), "log_p"}


@pytest.mark.parametrize(("kind", "word", "entry"), ENTRIES, ids=lambda each: each if isinstance(each, str) else "")
def test_an_entry_is_whole(kind, word, entry):
    is_verdict = kind == "verdict"
    assert all(bool(said) == is_verdict for said in (entry.title, entry.when, entry.do))
    for said in (entry.means, entry.title, entry.when, entry.do):
        assert not said or said.endswith(".")
    assert (DOCS / entry.see).is_file()
    flags = {flag for each in command().commands.values() for part in each.params for flag in part.opts}
    assert set(re.findall(r"--[a-z][\w-]+", entry.do + entry.means)) <= flags


def test_a_word_is_found_however_it_is_written():
    assert explained("Gap_Small")[1] == "gap-small"
    assert explained("k̂")[1] == explained("KHAT")[1] == "khat"
    assert explained("certified")[1] == "certified-lower"
    with pytest.raises(OptionError, match=r"got `gap-smal`; near it are gap-small"):
        explained("gap-smal")


def test_the_command_explains_one_word_or_names_all():
    said = " ".join(done("explain", "prior-mismatch").out.split())
    assert glossary()["verdict"]["prior-mismatch"].do in said
    listed = done("explain").out.split()
    assert all(word.split()[0] in " ".join(listed) for _, word, _ in ENTRIES)
    assert "near it are" in refused("explain", "gap-smal")
