"""`taut fit`: data → a run folder."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from taut.cli.auditing import AUDIT_FILES
from taut.cli.endings import DIVERGED, DONE, INTERRUPTED, complain
from taut.cli.places import check_run_place
from taut.cli.voice import Voice
from taut.cli.words import Data, Force, Json, Labels, Quiet, Seed
from taut.errors import OptionError, RunFolderError

if TYPE_CHECKING:
    import numpy as np

    from taut.data import Table
    from taut.estimators import VAE

ENDED_BADLY = {"diverged": DIVERGED, "interrupted": INTERRUPTED}
CHECKPOINT = Path("checkpoints") / "last.safetensors"

Out = Annotated[
    Path, typer.Option("--out", metavar="RUN", help="Run folder to write; must be given.", show_default=False)
]
LatentDim = Annotated[int, typer.Option("--latent-dim", help="Number of latents, a count.")]
Hidden = Annotated[
    str,
    typer.Option(
        "--hidden", help="Widths of the hidden layers, counts with commas; `none` makes both networks linear."
    ),
]
Likelihood = Annotated[
    str,
    typer.Option(
        "--likelihood",
        help="Distribution of one datum: auto (chosen from the data, said aloud), bernoulli, binomial, categorical, "
        "continuous-bernoulli, discretised-logistic, gaussian, gaussian-shared, gaussian-unit, negative-binomial, "
        "poisson or student-t.",
    ),
]
Covariance = Annotated[str, typer.Option("--covariance", help="Of the Gaussian q(z|x): diagonal or full.")]
Objective = Annotated[
    str, typer.Option("--objective", help="What training climbs, in nats: elbo, sticking-the-landing, iwae or dreg.")
]
TrainingDraws = Annotated[int, typer.Option("--draws", help="Latents drawn for each row in each step, a count.")]
Epochs = Annotated[int, typer.Option("--epochs", help="Passes over the training rows, a count.")]
BatchSize = Annotated[int, typer.Option("--batch-size", help="Rows in one step, a count.")]
LearningRate = Annotated[float, typer.Option("--learning-rate", help="Step size of Adam, at its largest; no unit.")]
Schedule = Annotated[
    str,
    typer.Option("--schedule", help="Of the learning rate over all epochs: cosine (down to a hundredth) or constant."),
]
WarmUp = Annotated[
    float, typer.Option("--kl-warm-up", help="Epochs over which the weight of the divergence rises from zero to one.")
]
Patience = Annotated[
    int | None,
    typer.Option(
        "--patience",
        help="Stop after this many epochs without a rise of the held-out bound. Default: never.",
        show_default=False,
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option("--time-limit", help="Stop after this many seconds. Default: no limit.", show_default=False),
]
HeldOut = Annotated[
    float, typer.Option("--held-out", help="Share of the rows that training does not see, from 0 to below 1.")
]
Binarise = Annotated[
    str,
    typer.Option(
        "--binarise", help="Turn grey values into zeros and ones: none, dynamic (afresh at each look) or fixed (once)."
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on from the state that an interrupted fit left in RUN; give the same DATA and options. "
        "Default: start anew.",
        show_default=False,
    ),
]


def fit(
    data: Data,
    out: Out,
    latent_dim: LatentDim = 8,
    hidden: Hidden = "200,200",
    likelihood: Likelihood = "auto",
    covariance: Covariance = "diagonal",
    objective: Objective = "elbo",
    draws: TrainingDraws = 1,
    epochs: Epochs = 100,
    batch_size: BatchSize = 100,
    learning_rate: LearningRate = 1e-3,
    schedule: Schedule = "cosine",
    kl_warm_up: WarmUp = 0.0,
    patience: Patience = None,
    time_limit: TimeLimit = None,
    held_out: HeldOut = 0.1,
    binarise: Binarise = "none",
    labels: Labels = None,
    seed: Seed = 0,
    force: Force = False,
    resume: Resume = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Train on DATA and write a run folder.

    Ctrl-C ends training early and keeps the best state so far; `--resume` goes on from there. Next: `taut audit RUN`.
    """
    options: dict[str, Any] = {
        "likelihood": likelihood,
        "hidden": widths(hidden),
        "covariance": covariance,
        "objective": objective,
        "draws": draws,
        "binarise": binarise,
        "kl_warm_up": kl_warm_up,
        "max_epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "schedule": schedule,
        "patience": patience,
        "validation_fraction": held_out,
        "time_limit": time_limit,
        "random_state": seed,
        "verbose": not quiet,
    }
    _check_place(out, force=force, resume=resume)
    from taut import datasets, estimators  # noqa: PLC0415  heavy, and `--help` is not
    from taut.cli.labels import labels_for  # noqa: PLC0415  as above

    voice = Voice(quiet, as_json)
    table = datasets.load(data)
    vae = estimators.VAE(latent_dim, **options)
    train(vae, table, labels_for(labels, table), out, resume=resume)
    report(vae, table, out, voice)
    return ENDED_BADLY.get(vae.outcome_.code, DONE)


def train(vae: VAE, table: Table, labels: np.ndarray | None, out: Path, *, resume: bool = False) -> None:
    """Train and write the run folder, also where training diverged or was interrupted."""
    with warnings.catch_warnings():
        # The outcome says it in a sentence, and the exit code says it again.
        warnings.simplefilter("ignore", UserWarning)
        vae.fit(table, labels, checkpoint=out / CHECKPOINT, resume=resume)
    vae.save(out, force=True)
    for name in AUDIT_FILES:
        # An audit that an earlier run left here is not about this one.
        (out / name).unlink(missing_ok=True)


def widths(text: str) -> tuple[int, ...]:
    """Widths of hidden layers from `200,200`; an empty text or `none` means no layers.

    >>> widths("200,100"), widths("none")
    ((200, 100), ())
    """
    if text.strip() in ("", "none"):
        return ()
    try:
        return tuple(int(width) for width in text.split(","))
    except ValueError:
        raise OptionError(
            f"`--hidden` wants whole numbers with commas, such as 200,200, or `none`; got `{text}`; change it."
        ) from None


def report(vae: VAE, table: Table, out: Path, voice: Voice) -> None:
    """Say what was trained on what, how it ended, and what to do next."""
    fitted = vae.fitted_
    held = 0 if fitted.held_out is None else len(fitted.held_out)
    for note in table.notes:
        voice.say(note)
    voice.say(f"Likelihood: {fitted.likelihood.name}, because {fitted.likelihood.reason}.")
    voice.say(f"Trained on {len(table) - held} rows of {table.features} numbers and held out {held}.")
    voice.say(_next_step(fitted.outcome.code, out, held))
    voice.give(
        {
            "run": str(out),
            "outcome": fitted.outcome.code,
            "outcome_sentence": fitted.outcome.sentence,
            "epochs": len(fitted.history),
            "seconds": round(fitted.seconds, 2),
            "likelihood": fitted.likelihood.name,
            "held_out_bound": fitted.held_out_bound,
        }
    )
    if fitted.outcome.code in ENDED_BADLY:
        complain(fitted.outcome.sentence)
    else:
        voice.show(fitted.outcome.sentence)


def _next_step(code: str, out: Path, held: int) -> str:
    if code == "interrupted":
        return f"The run is in `{out}`; to go on, give the same command with `--resume`."
    return f"The run is in `{out}`; next: taut audit {out}" + ("" if held else " DATA")


def _check_place(out: Path, *, force: bool, resume: bool) -> None:
    if resume and not (out / CHECKPOINT).is_file():
        raise RunFolderError(
            f"Resuming wants a state in `{out / CHECKPOINT}`; there is none; leave out `--resume` to start anew."
        )
    check_run_place(out, force=force or resume)
