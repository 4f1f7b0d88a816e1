"""`taut demo`: the whole road on data that come with the package."""

from pathlib import Path
from typing import Annotated

import typer

from taut.cli.auditing import show_account, write_account
from taut.cli.endings import DONE
from taut.cli.fitting import ENDED_BADLY, report, train
from taut.cli.places import check_run_place
from taut.cli.training_words import Epochs
from taut.cli.voice import Voice
from taut.cli.words import Force, Json, Quiet, Seed
from taut.files import write_text

EPOCHS = 12
LATENTS = 8
MARK = "demo.txt"

Out = Annotated[
    Path, typer.Option("--out", metavar="RUN", help="Run folder to write; an earlier demo there is replaced.")
]


def demo(
    out: Out = Path("runs") / "demo",
    seed: Seed = 0,
    epochs: Epochs = EPOCHS,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Train on the bundled handwritten digits, audit the held-out ones, write and name the report.

    On two cores it takes a minute at first, and half of one when its programs are kept.
    """
    check_run_place(out, force=force or (out / MARK).is_file())
    from taut import datasets, estimators  # noqa: PLC0415  heavy, and `--help` is not

    voice = Voice(quiet, as_json)
    table, unseen = datasets.load("digits:train"), datasets.load("digits:held-out")
    vae = estimators.VAE(LATENTS, max_epochs=epochs, random_state=seed, verbose=not quiet)
    write_text(out / MARK, "Written by `taut demo`, which replaces what is in this folder.\n")
    train(vae, table, None, out)
    if vae.outcome_.code in ENDED_BADLY:
        report(vae, out, voice)
        return ENDED_BADLY[vae.outcome_.code]
    voice.say(vae.outcome_.sentence)
    with estimators.audit_bar(shown=not quiet) as on_block:
        audited = vae.audit_by_row(unseen, seed=seed, on_block=on_block)
    show_account(audited, write_account(audited, out), voice)
    voice.say("Next, with your own data: taut fit DATA --out runs/mine")
    return DONE
