"""What a file holds reaches messages and terminals as signs that do nothing there."""

import io

import pytest
from rich.console import Console as RichConsole
from rich.text import Text

from taut.cli.console import Console
from taut.errors import DataError, OptionError
from taut.estimators.progress import say
from taut.printable import Printable

NASTY = "a\x1b[31m\u202e\x9b2J"
SHOWN = r"a\x1b[31m\u202e\x9b2J"


def test_errors():
    assert str(DataError(f"Wanted {NASTY}.")) == f"Wanted {SHOWN}."
    assert (str(OptionError(NASTY, option="x")), OptionError(NASTY, option="x").option) == (SHOWN, "x")


def test_what_commands_and_fits_say(capsys):
    console = Console()
    console.say(NASTY)
    console.show(f"{NASTY}\nnext")
    console.show(Text(NASTY))
    say(NASTY, shown=True)
    out, err = capsys.readouterr()
    assert out.split("\n") == [SHOWN, "next", SHOWN, ""]
    assert err.split("\n") == [SHOWN, SHOWN, ""]


@pytest.mark.parametrize("colour", [None, "truecolor"])
def test_colours_of_our_own_stay(colour):
    file = io.StringIO()
    console = RichConsole(file=file, color_system=colour, force_terminal=True, legacy_windows=False)
    console.print(Printable(Text(NASTY, style="red")))
    assert SHOWN in file.getvalue()
    assert ("\x1b[31m" + SHOWN in file.getvalue()) == (colour is not None)
