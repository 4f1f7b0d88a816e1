"""The words of `taut fit`, each with its help."""

from pathlib import Path
from typing import Annotated

import typer

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
        help="Distribution of one datum: auto (chosen from the data, said aloud; in a table for each column), "
        "bernoulli, binomial, categorical, continuous-bernoulli, discretised-logistic, gaussian, gaussian-shared, "
        "gaussian-unit, negative-binomial, poisson or student-t.",
    ),
]
ConditionOn = Annotated[
    str | None,
    typer.Option(
        "--condition-on",
        metavar="COLUMNS",
        help="Columns that are given and not modelled, names with commas: p(x|c). Default: none.",
        show_default=False,
    ),
]
SizeFactor = Annotated[
    str,
    typer.Option(
        "--size-factor",
        help="For counts, by what the means of a row are multiplied: total (its own, over the median), the name of a "
        "column, none, or auto (total for .h5ad, else none).",
    ),
]
Missing = Annotated[
    str,
    typer.Option(
        "--missing",
        help="Why cells of a table are missing: at random, or informative, because of what they are, which is learned.",
    ),
]
Covariance = Annotated[str, typer.Option("--covariance", help="Of the Gaussian q(z|x): diagonal or full.")]
Objective = Annotated[
    str, typer.Option("--objective", help="What training climbs, in nats: elbo, sticking-the-landing, iwae or dreg.")
]
TrainingDraws = Annotated[int, typer.Option("--draws", help="Latents drawn for each row in each step, a count.")]
Epochs = Annotated[
    int | None,
    typer.Option(
        "--epochs",
        help="Passes over the training rows, a count; several for one epoch where a table has few rows. Default: 100.",
        show_default=False,
    ),
]
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
    typer.Option(
        "--time-limit", help="Stop after this many seconds of wall time. Default: no limit.", show_default=False
    ),
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
