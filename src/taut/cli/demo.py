"""`taut demo`: the whole road on data that come with the package."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from taut.cli.audit import show_account, write_account
from taut.cli.console import Console
from taut.cli.exit_codes import DONE
from taut.cli.fit import ENDED_BADLY, report, train
from taut.cli.output_paths import check_run_place
from taut.cli.parameters import Force, Json, Quiet, Verbose, with_options
from taut.estimators import VAEConfig
from taut.files import write_text

EPOCHS = 12
LATENTS = 8
# One step for each row wins nearly all that the encoder loses on digits it has not seen.
GUIDE = "refined:1"
MARK = "demo.txt"

Out = Annotated[
    Path, typer.Option("--out", metavar="RUN", help="Run folder to write; an earlier demo there is replaced.")
]


@with_options(VAEConfig, only=("max_epochs", "random_state"), defaults={"max_epochs": EPOCHS, "random_state": 0})
def demo(
    options: VAEConfig,
    out: Out = Path("runs") / "demo",
    force: Force = False,
    verbose: Verbose = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Train on the bundled handwritten digits, audit the held-out ones, write and name the report.

    On two cores it takes a minute at first, and half of one when its programs are kept.
    """
    check_run_place(out, force=force or (out / MARK).is_file())
    from taut import datasets, estimators  # noqa: PLC0415  heavy, and `--help` is not

    console = Console(quiet, as_json)
    table, unseen = datasets.load("digits:train"), datasets.load("digits:held-out")
    vae = estimators.VAE(**dataclasses.replace(options, latent_dim=LATENTS, guide=GUIDE, verbose=not quiet).values())
    write_text(out / MARK, "Written by `taut demo`, which replaces what is in this folder.\n")
    train(vae, table, None, out)
    if vae.outcome_.code in ENDED_BADLY:
        report(vae, out, console)
        return ENDED_BADLY[vae.outcome_.code]
    console.say(vae.outcome_.sentence)
    with estimators.audit_bar(shown=not quiet) as on_block:
        audited = vae.audit_by_row(unseen, seed=options.random_state, on_block=on_block)
    show_account(audited.ledger, write_account(audited, out), console, run=out, verbose=verbose)
    console.say("Next, with your own data: taut fit DATA --out runs/mine")
    return DONE
