"""The options of a variational autoencoder, each declared once; no JAX, no scikit-learn."""

from __future__ import annotations

import dataclasses
import numbers
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from taut.options import AbstractOptions, comma_separated, option, whole_numbers

__all__ = ["ImputerConfig", "OutlierConfig", "VAEConfig"]

MOST_SEED = 2**32 - 1


def _widths(value: Any) -> tuple[int, ...]:
    widths = tuple(value)
    if isinstance(value, str) or not all(_is_whole(width) and width >= 1 for width in widths):
        raise ValueError
    return tuple(int(width) for width in widths)


def _columns(value: Any) -> list[str | int]:
    columns = [value] if isinstance(value, str | int) else list(value)
    if not all(isinstance(column, str) or _is_whole(column) for column in columns):
        raise ValueError
    return [column if isinstance(column, str) else int(column) for column in columns]


def _values(value: Any) -> list[str | int | float]:
    from taut.data import listed_values  # noqa: PLC0415  its libraries are heavy, and `--help` is not

    return list(listed_values(value))


def _schema(value: Any) -> Mapping[str, Any] | str | Path:
    if not isinstance(value, Mapping | str | Path):
        raise TypeError
    return value


def _seed(value: Any) -> Any:
    if isinstance(value, str) or (_is_whole(value) and not 0 <= value <= MOST_SEED):
        raise ValueError
    return int(value) if _is_whole(value) else value


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _contamination(value: Any) -> str | float:
    if value == "auto":
        return "auto"
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not 0 < float(value) <= 0.5:
        raise ValueError
    return float(value)


# Annotations name what a record holds after the check, and nothing that needs JAX.
@dataclasses.dataclass(frozen=True)
class VAEConfig(AbstractOptions):
    """How a variational autoencoder is built and trained."""

    latent_dim: int = option(8, "Number of latents.", at_least=1)
    _: dataclasses.KW_ONLY
    likelihood: Any = option(
        "auto",
        "Distribution of one datum: auto, chosen from the data and said aloud, in a table for each column; or a name "
        "in `taut.likelihoods.names()`, for all of them; or in Python an object or a function of shapes.",
        part=True,
    )
    condition_on: Sequence[str | int] | str | int | None = option(
        None,
        "Columns that are given and not modelled, by name or number: p(x|c). Numbers are standardised, and categories "
        "become indicators; an empty cell has an indicator of its own where the fit saw any, else it is refused, as is "
        "a category that the fit did not see.",
        wanted="columns by name or number",
        check=_columns,
        read=comma_separated,
        metavar="COLUMNS",
    )
    size_factor: str | None = option(
        "auto",
        "For counts, by what the means of a row are multiplied: total (of the row's own counts, over the median of "
        "training rows), the name of a column, none, or auto (total for AnnData and .h5ad, else none).",
        wanted="total, auto, none or the name of a column",
    )
    missing: str = option(
        "random",
        "Why cells of a table are missing: at random given the others, so that log p is that of the cells that are "
        "there; or informative, because of what they are: P(x_j missing | x_j) is learned for each column that has "
        "holes (counts excepted), and log p is that of cells and holes together.",
        choices=("random", "informative"),
    )
    schema: Mapping[str, Any] | str | Path | None = option(
        None,
        "What is known of the columns of a table: a file of YAML as `taut schema --out` writes it, or in Python a "
        "mapping of names to kinds (or to mappings with kind, family, categories, low, high, na_values). The other "
        "columns are inferred.",
        none="kinds are inferred",
        wanted="a mapping, or the name of a file",
        check=_schema,
        metavar="FILE",
    )
    na_values: Sequence[str | int | float] | str | int | float | None = option(
        None,
        "Cells of a table that mean missing, text or numbers, in every column; kept in the run.",
        none="the usual ones, such as NA",
        wanted="the values that mean missing, text or numbers",
        check=_values,
        read=comma_separated,
        metavar="VALUES",
    )
    hidden: Sequence[int] = option(
        (200, 200),
        "Widths of the hidden layers of encoder and decoder; none makes both linear.",
        wanted="widths of at least 1, whole numbers with commas such as 200,200",
        check=_widths,
        read=whole_numbers,
        metavar="WIDTHS",
    )
    covariance: str = option("diagonal", "Covariance of the Gaussian q(z|x).", choices=("diagonal", "full"))
    encoder: Any = option(
        None,
        "Network of the encoder: perceptron, residual, linear or convolutional, with widths or channels behind a "
        "colon, as in convolutional:32,64; in Python also an object, or a function of shapes.",
        none="perceptron, of the widths in `hidden`",
        part=True,
    )
    decoder: Any = option(
        None,
        "Network of the decoder: perceptron, residual, linear, linear-skip or convolutional, as for `encoder`.",
        none="linear-skip for a table, else perceptron, of the widths in `hidden`",
        part=True,
    )
    prior: Any = option(
        None,
        "p(z): normal, for N(0, I); or trained with the model: gaussian, of free means and scales; mixture, of as many "
        "Gaussians as the number behind a colon says, as in mixture:50; vamp, a mixture of where the encoder puts so "
        "many learned rows; flow, of so many layers; categorical, of so many categories. In Python also a "
        "distribution, which is held fixed, a module that returns one, which is trained, or a function of shapes.",
        none="normal",
        part=True,
    )
    guide: Any = option(
        None,
        "q(z|x): diagonal or full, a Gaussian of that covariance; low-rank:R, one with R columns beside its diagonal; "
        "mixture:K, of K Gaussians; flow:L or spline:L, bent by L autoregressive or coupling layers; refined:N, "
        "diagonal, with N steps for each row in use; categorical:C, where the prior is; in Python also an object, or a "
        "function of shapes.",
        none="diagonal or full, as `covariance` says",
        part=True,
    )
    objective: Any = option(
        "elbo",
        "What training climbs, in nats: elbo, sticking-the-landing, iwae, dreg, miwae, piwae, ciwae, renyi, chi, "
        "summed, vimco, rloo, rws, wake-sleep, annealed, free-bits, beta-tc, mmd, dip-i or dip-ii, with settings and "
        "draws behind a colon, as in iwae:16 or renyi:0.5,16.",
        part=True,
    )
    draws: int = option(1, "Latents drawn for each row in each step.", at_least=1)
    beta: float = option(
        1.0,
        "Weight of the divergence in the gradient of the objective, as of a β-VAE. It is in no reported bound.",
        at_least=0,
    )
    hide_cells: float = option(
        0.0,
        "Share of looks at a row of a table in which the encoder misses further cells in training, those that another "
        "row lacks; all cells that are there are scored nevertheless, and the bound stays one.",
        at_least=0,
        at_most=1,
    )
    binarise: str = option(
        "none",
        "Turn grey values into zeros and ones: none, dynamic (afresh at each look) or fixed (once).",
        choices=("none", "dynamic", "fixed"),
    )
    kl_warm_up: float = option(
        0.0, "Epochs over which the weight of the divergence rises from zero to `beta`.", unit="epochs", at_least=0
    )
    max_epochs: int | None = option(
        None,
        "Passes over the training rows; of few rows an epoch is several, so that 100 epochs are at least 6,000 steps.",
        unit="epochs",
        at_least=1,
        none="100",
        previous="--epochs",
    )
    batch_size: int = option(100, "Rows in one step.", unit="rows", at_least=1)
    learning_rate: float = option(1e-3, "Step size of Adam, at its largest.", above=0)
    schedule: str = option(
        "cosine",
        "Of the learning rate over all epochs: cosine (down to a hundredth) or constant.",
        choices=("cosine", "constant"),
    )
    patience: int | None = option(
        None,
        "Stop after this many epochs without a rise of the held-out bound.",
        unit="epochs",
        at_least=1,
        none="never",
        resumable=True,
    )
    validation_fraction: float = option(
        0.1,
        "Share of the rows that training does not see, on which the best epoch is chosen; 0 holds none out.",
        wanted="a share from 0 to below 1",
        at_least=0,
        below=1,
        previous="--held-out",
    )
    time_limit: float | None = option(
        None,
        "Stop after this much wall time: reading and compilation count.",
        unit="seconds",
        above=0,
        none="no limit",
        resumable=True,
    )
    random_state: Any = option(
        None,
        "Seed of all randomness; the same seed gives the same fit to the bit on one machine.",
        none="another one each time",
        wanted=f"a whole number from 0 to {MOST_SEED}",
        check=_seed,
        read=int,
        previous="--seed",
        metavar="INTEGER",
        kept=False,
    )
    verbose: bool = option(
        False,
        "Say on standard error how the data were read and how training goes; `--quiet` is its opposite on the command "
        "line.",
        resumable=True,
        kept=False,
        on_command_line=False,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImputerConfig(VAEConfig):
    """How missing cells are filled, beside how the autoencoder is built and trained."""

    how: str = option(
        "mean",
        "What a missing number takes: its mean, median or mode (for numbers the median) given the observed cells of "
        "its row; categories take the most probable value.",
        choices=("mean", "median", "mode"),
        on_command_line=False,
    )
    completions: int | None = option(
        None,
        "1 for random draws in place of the best guess, like `sample_posterior` of scikit-learn's `IterativeImputer`; "
        "more for a list of so many random completions, which no pipeline can pass on.",
        at_least=1,
        at_most=200,
        none="one table filled with `how`",
        on_command_line=False,
    )
    add_indicator: bool = option(
        False,
        "Append a column of zeros and ones for each column that had missing cells in training.",
        on_command_line=False,
    )
    keep_empty_features: bool = option(
        False, "Keep columns without any cell in training, filled with 0.", on_command_line=False
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class OutlierConfig(VAEConfig):
    """Which rows are called outliers, beside how the autoencoder is built and trained."""

    contamination: str | float = option(
        "auto",
        "Share of training rows that are called outliers; with auto it is a hundredth of what the model itself "
        "simulates: a statement about the model, which the data do not enter.",
        wanted="auto, or a share above 0, at most 0.5",
        check=_contamination,
        on_command_line=False,
    )
