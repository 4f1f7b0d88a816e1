"""The columns of a table: what the model makes nothing of, likelihoods that do not fit, intervals that do not hold."""

import math
from collections.abc import Sequence

from taut.auditing.verdicts.evidence import error_of, surely_below
from taut.record import Account, ColumnAccount, Estimate, MaskedCells, Verdict

# Nats a cell: the mutual information of two Gaussian columns with correlation 0.2, −½ log(1 − 0.2²).
NOTHING = 0.02
# Spearman's correlation or Cramér's V of two columns that are clearly associated (Cohen 1988: a medium effect).
TOGETHER = 0.3
# By how much a share must differ from the stated one, and by how many standard errors: a table has many columns.
OFF, OFF_ERRORS = 0.1, 3.0
MOST_NAMED = 5

# What to try, by the family and by how the data differ; a kind or family is given with --schema, or `VAE(schema=...)`.
BY_FAMILY = {
    ("poisson", "too narrow"): "the family negative-binomial",
    ("poisson", "heavy tails"): "the family negative-binomial",
    ("poisson", "long tail above"): "the family negative-binomial",
    ("poisson", "another shape"): "the family zero-inflated-poisson or negative-binomial",
    ("negative-binomial", "another shape"): "the family zero-inflated-negative-binomial",
    ("gaussian", "long tail above"): "the kind positive, where no value is below zero, or the family mixture",
    ("log-normal", "long tail below"): "the kind real",
    ("logit-normal", "another shape"): "the family beta",
    ("beta", "another shape"): "the family logit-normal",
}
BY_SHAPE = {
    "heavy tails": "the family student-t, of the kind real",
    "long tail above": "the kind real with the family mixture",
    "long tail below": "the kind real with the family mixture",
    "another shape": "the kind real with the family mixture",
    "too narrow": "the decoder (earlier stopping, fewer weights) or more data",
    "too wide": "the decoder and training (more latents, more width, longer)",
    "shifted up": "the decoder: train it longer, on rows like these",
    "shifted down": "the decoder: train it longer, on rows like these",
}


def ignored(ledger: Account) -> Verdict | None:
    """Columns that the model predicts no better from the others than alone, although in the data one is associated."""
    nothing = [column for column in ledger.columns if surely_below(column.gain, NOTHING)]
    seen = [column for column in nothing if (column.association or 0.0) >= TOGETHER]
    if not seen:
        return None
    first = max(seen, key=lambda column: column.association or 0.0)
    return Verdict(
        code="column-ignored",
        severity="warning",
        text=f"The model does not predict {_named(seen)} from the other columns, although in the data `{first.name}` "
        f"and `{first.partner}` are associated by {first.association:.2f}. The lever is the "
        "latents: more of them, divergence that warms up (`kl_warm_up`), or longer training.",
        evidence=_gains(seen),
        lever="latents",
    )


def apart(ledger: Account) -> Verdict | None:
    """Columns that go with no other, in the model as in the data: nothing is lost, and nothing can be filled in."""
    nothing = [
        column
        for column in ledger.columns
        if surely_below(column.gain, NOTHING) and (column.association or 0.0) < TOGETHER
    ]
    if not nothing:
        return None
    return Verdict(
        code="column-apart",
        severity="note",
        text=f"The other columns do not predict {_named(nothing)}, and in the data no association reaches "
        f"{TOGETHER:g}. Imputed cells there are hardly better than the mean or the most frequent value.",
        evidence=_gains(nothing),
    )


def tails(ledger: Account) -> Verdict | None:
    """More cells far out than the likelihood has, and more in its middle: heavy tails."""
    found = [column for column in ledger.columns if _is_heavy(column)]
    if not found:
        return None
    return Verdict(
        code="heavy-tails",
        severity="warning",
        text=f"Cells of {_named(found)} lie in the middle and far out more often than under their likelihood. "
        f"The lever is the likelihood: {BY_SHAPE['heavy tails']}, by --schema or `VAE(schema=...)`.",
        evidence=", ".join(
            f"columns.calibration of {column.name}: inner = {column.calibration.inner:.3f}, below = "
            f"{column.calibration.below:.3f}, above = {column.calibration.above:.3f}, p_value = "
            f"{column.calibration.p_value:.2g}"
            for column in found[:MOST_NAMED]
            if column.calibration
        ),
        lever="likelihood",
        promise=_recalibrated(found),
    )


def misfit(ledger: Account) -> Verdict | None:
    """Cells that are not uniform in their distributions given the others, for another reason than heavy tails.

    The shape is said at 5 % over all columns together (Czado, Gneiting & Held 2009 for the transform of counts).
    """
    shapes = [(column, column.calibration.shape) for column in ledger.columns if column.calibration]
    found = [column for column, shape in shapes if shape != "right" and not _is_heavy(column)]
    if not found:
        return None
    found.sort(key=lambda column: column.calibration.p_value if column.calibration else 1.0)
    said = "; ".join(f"for `{column.name}`, which {_shape(column)}, {_lever(column)}" for column in found[:MOST_NAMED])
    return Verdict(
        code="column-misfit",
        severity="warning",
        text=f"Given the rest of their rows, cells of {_named(found)} do not have the distribution that the model "
        f"gives them. The lever is, with kinds and families by --schema or `VAE(schema=...)`: {said}.",
        evidence=", ".join(
            f"columns.calibration of {column.name}: ks = {column.calibration.ks:.3f}, p_value = "
            f"{column.calibration.p_value:.2g}, shape = {column.calibration.shape}"
            for column in found[:MOST_NAMED]
            if column.calibration
        ),
        lever="likelihood",
        promise=_recalibrated(found),
    )


def coverage(ledger: Account) -> Verdict | None:
    """Masked cells that lie in their prediction sets less or more often than stated."""
    off = [(column, column.masked) for column in ledger.columns if column.masked and _is_off(column, column.masked)]
    if not off:
        return None
    named = "; ".join(
        f"`{column.name}`, {hidden.covered.value:.0%} of {hidden.cells} where {hidden.said:.0%} was stated"
        for column, hidden in off[:MOST_NAMED]
    )
    low = any(hidden.covered.value < hidden.said for _, hidden in off)
    return Verdict(
        code="coverage-off",
        severity="warning" if low else "note",
        text=f"Masked cells lie in their intervals, or are the most probable category, less or more often than the "
        f"model states: {named}. The lever is "
        + (
            "the likelihood of these columns (--schema), then the decoder: its intervals are too narrow."
            if low
            else "training (longer, with more latents): it is less sure than it could be."
        ),
        evidence=", ".join(
            f"columns.masked.covered of {c.name} = {h.covered}, said = {h.said:.3f}" for c, h in off[:MOST_NAMED]
        ),
        lever="likelihood" if low else "latents",
    )


def _recalibrated(columns: Sequence[ColumnAccount]) -> Estimate:
    """What the columns' distributions given the others would win if they had the shape that their cells have.

        Σ_j share of cells there × KL( u_j ‖ uniform ),   u_j the transform of column j, in bins

    With the bias of so many bins, (bins − 1)/2n, taken off (Miller 1955).
    """
    value, variance = 0.0, 0.0
    for column in columns:
        if column.calibration is None:
            continue
        cells, bins = column.calibration.cells, len(column.calibration.pit)
        shares = [count / cells for count in column.calibration.pit if count]
        logs = [math.log(bins * share) for share in shares]
        mean = sum(share * log for share, log in zip(shares, logs, strict=True))
        square = sum(share * log**2 for share, log in zip(shares, logs, strict=True))
        value += column.observed * max(mean - (bins - 1) / (2 * cells), 0.0)
        variance += column.observed**2 * max(square - mean**2, 0.0) / cells
    return Estimate(
        value=value,
        std_error=math.sqrt(variance),
        condition="each column’s cells as its distribution given the others says, in bins; summed over the columns",
    )


def _is_heavy(column: ColumnAccount) -> bool:
    """Counts and categories have families of their own for it."""
    return column.measure == "density" and column.calibration is not None and column.calibration.shape == "heavy tails"


def _is_off(column: ColumnAccount, hidden: MaskedCells) -> bool:
    difference = hidden.covered.value - hidden.said
    # An interval of whole numbers holds what it must or more.
    if column.measure == "probability" and hidden.score == "rmse" and difference > 0:
        return False
    error = error_of(hidden.covered)
    return math.isfinite(error) and abs(difference) >= max(OFF, OFF_ERRORS * error)


def _shape(column: ColumnAccount) -> str:
    shape = column.calibration.shape if column.calibration else "right"
    what = {
        "too narrow": "lies outside its intervals too often",
        "too wide": "lies in the middle of its intervals too often",
        "long tail above": "has a longer tail above",
        "long tail below": "has a longer tail below",
        "shifted up": "lies higher",
        "shifted down": "lies lower",
    }
    return what.get(shape, "has another shape")


def _lever(column: ColumnAccount) -> str:
    shape = column.calibration.shape if column.calibration else "right"
    if column.measure == "probability" and (column.family, shape) not in BY_FAMILY:
        return "the decoder: more latents, longer training"
    return BY_FAMILY.get((column.family, shape), BY_SHAPE.get(shape, "the likelihood"))


def _gains(columns: Sequence[ColumnAccount]) -> str:
    return ", ".join(
        f"columns.gain of {column.name} = {column.gain} (association {column.association or 0.0:.2f})"
        for column in columns[:MOST_NAMED]
    )


def _named(columns: Sequence[ColumnAccount]) -> str:
    more = len(columns) - MOST_NAMED
    listed = ", ".join(f"`{column.name}`" for column in columns[:MOST_NAMED])
    return listed + (f" and {more} more" if more > 0 else "")
