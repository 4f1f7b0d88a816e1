"""`taut fit`: data → a run folder."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taut.cli import clock
from taut.cli.auditing import AUDIT_FILES
from taut.cli.endings import DIVERGED, DONE, INTERRUPTED, complain
from taut.cli.places import check_run_place
from taut.cli.training_words import (
    BatchSize,
    Binarise,
    ConditionOn,
    Covariance,
    Epochs,
    HeldOut,
    Hidden,
    LatentDim,
    LearningRate,
    Likelihood,
    Missing,
    Objective,
    Out,
    Patience,
    Resume,
    Schedule,
    SizeFactor,
    TimeLimit,
    TrainingDraws,
    WarmUp,
)
from taut.cli.voice import Voice
from taut.cli.words import Data, Force, Json, Labels, NaValues, Quiet, SchemaFile, Seed, marked
from taut.errors import OptionError, RunFolderError

if TYPE_CHECKING:
    import numpy as np

    from taut.data import Sheet, Table
    from taut.estimators import VAE

ENDED_BADLY = {"diverged": DIVERGED, "interrupted": INTERRUPTED}
CHECKPOINT = Path("checkpoints") / "last.safetensors"


def fit(
    data: Data,
    out: Out,
    latent_dim: LatentDim = 8,
    hidden: Hidden = "200,200",
    likelihood: Likelihood = "auto",
    schema: SchemaFile = None,
    na_values: NaValues = None,
    condition_on: ConditionOn = None,
    size_factor: SizeFactor = "auto",
    missing: Missing = "random",
    covariance: Covariance = "diagonal",
    objective: Objective = "elbo",
    draws: TrainingDraws = 1,
    epochs: Epochs = None,
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
        "condition_on": None if condition_on is None else [name.strip() for name in condition_on.split(",")],
        "size_factor": None if size_factor == "none" else size_factor,
        "missing": missing,
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
    from taut import estimators  # noqa: PLC0415  heavy, and `--help` is not
    from taut.cli.labels import labels_for  # noqa: PLC0415  as above
    from taut.cli.rows import rows_to_fit  # noqa: PLC0415  as above
    from taut.data import read_schema  # noqa: PLC0415  as above

    voice = Voice(quiet, as_json)
    options["schema"] = None if schema is None else read_schema(schema)
    options["na_values"] = marked(na_values) or None
    rows = rows_to_fit(data, likelihood=likelihood, schema=schema, binarise=binarise)
    vae = estimators.VAE(latent_dim, **options)
    train(vae, rows, labels_for(labels, rows), out, resume=resume, began=clock.began())
    report(vae, out, voice)
    return ENDED_BADLY.get(vae.outcome_.code, DONE)


def train(
    vae: VAE,
    rows: Table | Sheet,
    labels: np.ndarray | None,
    out: Path,
    *,
    resume: bool = False,
    began: float | None = None,
) -> None:
    """Train and write the run folder, also where training diverged or was interrupted."""
    with warnings.catch_warnings():
        # The outcome says it in a sentence, and the exit code says it again.
        warnings.simplefilter("ignore", UserWarning)
        vae.fit(rows, labels, checkpoint=out / CHECKPOINT, resume=resume, began=began)
    for name in AUDIT_FILES:
        # An audit that an earlier run left here is not about this one.
        (out / name).unlink(missing_ok=True)
    vae.save(out, force=True)


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


def report(vae: VAE, out: Path, voice: Voice) -> None:
    """The outcome as the result, and what to do next."""
    fitted = vae.fitted_
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
    voice.say(_next_step(fitted.outcome.code, out, "" if fitted.held_out else " DATA"))


def _next_step(code: str, out: Path, data: str) -> str:
    if code == "interrupted":
        return f"The run is in `{out}`; to go on, give the same command with `--resume`."
    return f"The run is in `{out}`; next: taut audit {out}{data}"


def _check_place(out: Path, *, force: bool, resume: bool) -> None:
    if resume and not (out / CHECKPOINT).is_file():
        raise RunFolderError(
            f"Resuming wants a state in `{out / CHECKPOINT}`; there is none; leave out `--resume` to start anew."
        )
    check_run_place(out, force=force or resume)
