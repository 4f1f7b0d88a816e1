"""The list of commands; the only registry of their names."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from taut import __version__
from taut.cli import auditing, comparing, demonstrating, fitting, imputing, inspecting, schemas, scoring, writing
from taut.cli.endings import ReaderGoneError, StoppedError


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
    app = typer.Typer(cls=_Commands, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
    app.callback()(_taut)
    app.command("demo")(demonstrating.demo)
    app.command("schema")(schemas.schema)
    app.command("fit")(fitting.fit)
    app.command("audit")(auditing.audit)
    app.command("score")(scoring.score)
    app.command("impute")(imputing.impute)
    app.command("embed")(writing.embed)
    app.command("reconstruct")(writing.reconstruct)
    app.command("sample")(writing.sample)
    app.command("compare")(comparing.compare)
    app.command("info")(inspecting.info)
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
    array (.npy, .npz[:key], .idx[.gz]) or a folder of images. Bounds are in nats, and higher is more evidence.
    """
