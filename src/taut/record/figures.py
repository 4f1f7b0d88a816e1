"""What the page draws, as plain numbers, so that it never has to compute."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class FigureRow:
    """One row of the identity: ELBO, log p(x), how reliable the latter is, and its bracket where one was measured.

    `log_p` is the importance-weighted value, or exact; `lower` and `upper` are this row's bounds before any margin.
    """

    row: int
    elbo: float
    log_p: float
    std_error: float
    khat: float
    ess: float
    lower: float | None = None
    upper: float | None = None
    amortisation: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class HistoryRow:
    """One epoch of training: mean bound on the training rows as they passed, and on held-out rows."""

    epoch: int
    train: float
    held_out: float | None
    seconds: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class LatentMap:
    """Posterior means in two dimensions, with labels where given; `axes` says what the two are."""

    axes: tuple[str, str]
    x: list[float]
    y: list[float]
    labels: list[str] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExampleRows:
    """A few rows of a table as texts, None where a cell is missing: the rows, what comes back, and new ones."""

    columns: list[str]
    originals: list[list[str | None]]
    reconstructions: list[list[str | None]]
    samples: list[list[str | None]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figures:
    """What the page draws. Images are flat lists in [0, 1] to be folded by `image_shape`; a table has texts instead.

    An entry that is missing, or no number, is None.
    """

    rows: list[FigureRow]
    history: list[HistoryRow]
    outcome: str | None
    image_shape: tuple[int, int] | None
    originals: list[list[float | None]]
    reconstructions: list[list[float | None]]
    samples: list[list[float | None]]
    feature_names: list[str] | None
    latent_map: LatentMap | None
    table: ExampleRows | None = None
