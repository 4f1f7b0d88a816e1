"""The list of commands; the only registry of their names."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from taut import __version__
from taut.cli.audit import audit
from taut.cli.compare import compare
from taut.cli.demo import demo
from taut.cli.embed import embed, reconstruct
from taut.cli.exit_codes import ReaderGoneError, StoppedError
from taut.cli.explain import explain
from taut.cli.fit import fit
from taut.cli.improve import improve
from taut.cli.impute import impute
from taut.cli.info import info
from taut.cli.parameters import Command
from taut.cli.plot import plot
from taut.cli.report import report
from taut.cli.sample import sample
from taut.cli.schema import schema
from taut.cli.score import score

# In the order in which people need them.
COMMANDS = (
    demo,
    schema,
    fit,
    audit,
    score,
    impute,
    embed,
    reconstruct,
    sample,
    compare,
    improve,
    report,
    plot,
    explain,
    info,
)


class _Commands(TyperGroup):
    """Commands in the order in which people need them; Ctrl-C and closed pipes are ours to answer."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order in which they were registered."""
        return list(self.commands)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; typer would answer these two by itself."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise StoppedError from None
        except BrokenPipeError:
            raise ReaderGoneError from None


def command() -> Any:
    """The whole command line as one callable."""
    app = typer.Typer(cls=_Commands, rich_markup_mode="rich", pretty_exceptions_enable=False)
    app.callback()(_taut)
    for each in COMMANDS:
        app.command(each.__name__, cls=Command)(each)
    return typer.main.get_command(app)


def _say_version(asked: bool) -> bool:
    if asked:
        typer.echo(f"taut {__version__}")
        raise typer.Exit
    return asked


def _taut(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and leave.")
    ] = False,
) -> None:
    """Variational autoencoders whose numbers add up: log p(x) = ELBO + KL( q(z|x) ‖ p(z|x) ).

    DATA is a bundled name (penguins, digits, digits:train, digits:held-out), a table (.csv, .tsv, .txt, .parquet), an
    array (.npy, .npz[:key], .idx[.gz], .zarr), cells (.h5ad[:layer]) or a folder of images or .parquet files. Bounds
    are in nats, and higher is more evidence.
    """
