"""The page of the command line names each command and option, and no other."""

import re
from pathlib import Path

import pytest

from taut.cli.app import command
from tests.examples.option_tables import DOCS, TABLES, with_table

PAGE = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
COMMANDS = command().commands
# Options that several commands share are told once, before the commands.
FOR_ALL = {"--json", "--quiet", "--help", "--coordinator", "--processes", "--process"}


def options(name: str) -> set[str]:
    return {word for parameter in COMMANDS[name].params for word in parameter.opts if word.startswith("--")}


def section(name: str, start: str = r"taut [^\n]*\b") -> str:
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    return next(text for text in sections if re.match(rf"{start}{name}\b", text))


def test_every_file_that_a_recipe_names_is_there():
    root = DOCS.parent
    named = re.findall(r"`([a-z_/]+(?:\.py|/))`", (root / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert len(named) > 10
    assert [name for name in named if not any((place / name).exists() for place in (root, root / "src" / "taut"))] == []


def test_options_that_commands_share_are_named_once():
    assert set(re.findall(r"^\| `(--\w+)", section("For every command", start=""), flags=re.MULTILINE)) >= FOR_ALL


def test_every_command_has_its_line():
    assert set(re.findall(r"^\| `taut (\w+)", PAGE, flags=re.MULTILINE)) == set(COMMANDS)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "info"])
def test_every_option_is_named(name):
    rows = [line for line in section(name).splitlines() if line.startswith("| `-")]
    named = {word for row in rows for word in re.findall(r"--[\w-]+", row.split("|")[1])}
    if name in ("score", "embed", "reconstruct", "sample"):
        of_this = [row for row in rows if row.rstrip("| ").endswith("all") or f"`{name}`" in row]
        named = {word for row in of_this for word in re.findall(r"--[\w-]+", row.split("|")[1])}
    assert named == options(name) - FOR_ALL


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "info"])
def test_every_default_is_the_one_that_holds(name):
    rows = [re.split(r"(?<!\\)\|", line) for line in section(name).splitlines() if line.startswith("| `--")]
    said = {re.search(r"--[\w-]+", row[1])[0]: row[2].strip().strip("`") for row in rows}
    for parameter in COMMANDS[name].params:
        word, default = parameter.opts[-1], parameter.default
        if word in said and isinstance(default, int | float | str) and not isinstance(default, bool):
            assert said[word] == (f"{default:g}" if isinstance(default, float) else str(default)), word


@pytest.mark.parametrize(("page", "mark"), TABLES)
def test_every_table_of_options_is_that_of_its_record(page, mark):
    text = (DOCS / page).read_text("utf-8")
    assert with_table(text, mark, TABLES[page, mark]) == text, "run: python -m tests.examples.option_tables"
