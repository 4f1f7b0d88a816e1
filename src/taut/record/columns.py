"""The account of a table by column, and what the page draws."""

from __future__ import annotations

import dataclasses
from typing import Literal

from taut.record.checks import Estimate, Quantiles

Measure = Literal["density", "probability"]
"""Whether the numbers of a column are densities or probabilities."""
Shape = Literal[
    "right",
    "heavy tails",
    "long tail above",
    "long tail below",
    "too narrow",
    "too wide",
    "shifted up",
    "shifted down",
    "another shape",
]
"""In what a column of the data differs from the model's."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ColumnCalibration:
    """Observed cells against p(x_j | the row's other cells), by their randomised probability integral transform.

    `pit` counts the cells in equal bins of F(x_j | others): flat where the model is right, with every bin between the
    ends of `band` at once in 95 % of tables. `ks` is the distance of their distribution from the uniform one
    (Kolmogorov–Smirnov) and `p_value` its chance. `inner` is the share within the middle half, `below` and `above` the
    shares in the outermost hundredths. `shape` says how the data differ from what the model expects: `too narrow` and
    `too wide` are the model's.
    """

    cells: int
    pit: list[int]
    band: tuple[float, float]
    ks: float
    p_value: float
    inner: float
    below: float
    above: float
    shape: Shape


@dataclasses.dataclass(frozen=True, kw_only=True)
class MaskedCells:
    """Observed cells that were masked and imputed from the rest of their row.

    The model says that a share `said` of them lies in a set: the central 90 % interval of a number, or, of a category,
    the most probable one alone. `covered` is the share that does. `value` is the root mean squared error of a number's
    posterior mean or the share of categories that were right, `baseline` that of the column's mean or mode.
    """

    cells: int
    said: float
    covered: Estimate
    score: Literal["rmse", "accuracy"]
    value: float
    baseline: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Marginal:
    """The observed cells of one column among the rows, and among rows drawn from the model, as shares that add up to 1.

    Of categories there is one share for each of `labels` (the last may stand for all others); of numbers one for each
    bin between `edges`, which are even between the texts `ends`, with what lies beyond in the outer bins. `distance`
    is the total variation distance, or of numbers that of Kolmogorov and Smirnov; `p_value` is its chance if both were
    drawn alike.
    """

    labels: list[str] | None
    edges: list[float] | None
    ends: tuple[str, str]
    real: list[float]
    synthetic: list[float]
    distance: float
    p_value: float

    def __post_init__(self) -> None:
        """Raise ValueError for shares that are not one for each label, or for each bin."""
        wanted = len(self.edges or []) - 1 if self.labels is None else len(self.labels)
        if not len(self.real) == len(self.synthetic) == wanted > 0:
            raise ValueError(f"{len(self.real)} and {len(self.synthetic)} shares where {wanted} are wanted")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ColumnAccount:
    """One column that is modelled.

    `distortion` is its share of the ledger's distortion: the mean over all audited rows of −E_q log p(x_j|z), a missing
    cell counting as zero. The other numbers are means over observed cells of the rows that were looked at:
    `conditional` is log p(x_j | the row's other cells), `independent_baseline` log p(x_j) under the best fit of the
    family without other columns, and `gain` = conditional − independent_baseline, paired by cell.
    `partner` is the other column that it is associated with most in the data, and `association` how much, from 0 to 1.
    """

    name: str
    kind: str
    family: str
    measure: Measure
    unit: str | None
    reason: str
    cells: int
    observed: float
    distortion: Estimate
    independent_baseline: Estimate | None = None
    conditional: Estimate | None = None
    gain: Estimate | None = None
    partner: str | None = None
    association: float | None = None
    calibration: ColumnCalibration | None = None
    masked: MaskedCells | None = None
    marginal: Marginal | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """The columns of one kind together: their share of the distortion."""

    kind: str
    measure: Measure
    columns: int
    cells: int
    distortion: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A column that is not modelled, and why."""

    name: str
    kind: str
    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class PairDifference:
    """Two columns whose association differs between the data and what the model makes."""

    first: str
    second: str
    real: float
    synthetic: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Dependence:
    """Association of pairs of columns, in the data and in rows drawn from the model.

    `real` and `synthetic` are square, in the order of `columns`: Spearman's correlation of numbers, levels and truth
    values, from −1 to 1; where a category is one of the two Cramér's V, from 0 to 1, with numbers cut at their
    quartiles. `largest` names the pairs that differ most, of all columns.
    """

    columns: list[str]
    real: list[list[float]]
    synthetic: list[list[float]]
    largest: list[PairDifference]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TableAccount:
    """What log p(x) is the log of where a datum is a row of a table, and what of it was missing.

    `meaning` says it in words. `cells` counts the modelled cells of the audited rows, `missing` those that are holes.
    `densities` and `probabilities` are the two sums of `parts`, None where there are no such columns. `looked_at` rows
    stand behind all that is conditional, `simulated` rows behind the comparisons; both are 0 where that was not done.
    `draws` latents gave each conditional value, of which `ess` counted.
    """

    meaning: str
    cells: int
    missing: int
    rows_with_holes: int
    densities: float | None
    probabilities: float | None
    parts: list[Part]
    left_out: list[LeftOut]
    looked_at: int = 0
    simulated: int = 0
    draws: int = 0
    ess: Quantiles | None = None
    dependence: Dependence | None = None


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

    def __post_init__(self) -> None:
        """Raise ValueError where a point lacks a place or a label."""
        if len(self.x) != len(self.y) or (self.labels is not None and len(self.labels) != len(self.x)):
            raise ValueError(f"{len(self.x)} points with {len(self.y)} heights and {len(self.labels or [])} labels")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExampleRows:
    """A few rows of a table as texts, None where a cell is missing: the rows, what comes back, and new ones."""

    columns: list[str]
    originals: list[list[str | None]]
    reconstructions: list[list[str | None]]
    samples: list[list[str | None]]

    def __post_init__(self) -> None:
        """Raise ValueError for a row that has not one text for each column."""
        for row in (*self.originals, *self.reconstructions, *self.samples):
            if len(row) != len(self.columns):
                raise ValueError(f"a row of {len(row)} texts for {len(self.columns)} columns")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figures:
    """What the page draws. Images are flat lists in [0, 1] to be folded by `image_shape`; a table has texts instead.

    An entry that is missing, or no number, is None.
    """

    rows: list[FigureRow]
    history: list[HistoryRow]
    outcome: str | None
    image_shape: tuple[int, ...] | None
    originals: list[list[float | None]]
    reconstructions: list[list[float | None]]
    samples: list[list[float | None]]
    feature_names: list[str] | None
    latent_map: LatentMap | None
    table: ExampleRows | None = None
