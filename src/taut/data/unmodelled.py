"""Columns that are not modelled: constants, keys and free text."""

import re

import numpy as np

from taut.data.categories import described
from taut.data.cells import Cells
from taut.data.decoding import decode_labels
from taut.data.kinds import Kind
from taut.data.read_errors import in_words
from taut.data.schema import Column

_NAME_OF_KEY = re.compile(r"(?:^|[_\W])(?:ids?|key|uuid|guid|index|idx|nr|no|number|row|rownames)$|[a-z]I[dD]$")
_NAME_OF_YEAR = re.compile(r"(?:^|[_\W])(?:year|jahr|yr)(?:$|[_\W])")
# Fewer rows than this are too few to call distinct numbers a key.
_MANY_ROWS = 20
_LONG_TEXT = 40


def _infer_constant(cells: Cells) -> Column | None:
    if cells.came == "other" or len(cells.distinct) > 1:
        return None
    what = f"every cell that is there is {in_words(cells.distinct)}" if cells.distinct else "no cell is there"
    return Column(name=cells.name, kind="constant", reason=f"{what}; ignored")


def _infer_identifier(cells: Cells) -> Column | None:
    if not (cells.is_quantity or cells.is_label):
        return None
    different = len(cells.distinct)
    if cells.is_quantity and _is_key(cells, different):
        reason = f"{different} whole numbers, all distinct: a key, not a quantity"
    elif cells.is_label and different >= 0.9 * cells.present.sum() and not _is_long(cells):
        share = "all" if different == cells.present.sum() else "nearly all"
        reason = f"{described(cells)}, {share} {different} values distinct; ignored"
    else:
        return None
    return Column(name=cells.name, kind="identifier", reason=reason)


def _infer_text(cells: Cells) -> Column:
    if cells.came == "other":
        held = "" if cells.native is None or cells.native.name == "object" else f" ({cells.native.name[:40]})"
        reason = f"cells that are neither numbers, text nor dates{held}"
    elif _is_long(cells):
        reason = f"free text of {_mean_length(cells):.0f} letters on average"
    else:
        reason = (
            f"{described(cells)} with {len(cells.distinct)} distinct values in {int(cells.present.sum())} rows, too "
            "many for categories"
        )
    return Column(name=cells.name, kind="text", reason=f"{reason}; ignored")


def _is_key(cells: Cells, different: int) -> bool:
    """Whether all of many whole numbers are distinct, and named as a key or consecutive."""
    values, name = cells.observed.astype(np.float64), cells.name
    if different < len(values) or len(values) < _MANY_ROWS or _NAME_OF_YEAR.search(name.lower()):
        return False
    if not cells.is_whole and not _are_huge(values):
        return False
    # Every second number of the range, never twice: what is left of row numbers when rows are held out.
    consecutive = np.ptp(values) + 1 <= 2 * len(values)
    return bool(consecutive) or bool(_NAME_OF_KEY.search(name) or _NAME_OF_KEY.search(name.lower()))


def _are_huge(values: np.ndarray) -> bool:
    """Whether floating-point numbers are whole, and some beyond those that are exact."""
    return bool(np.isfinite(values).all() and np.abs(values).max() >= 2.0**53 and np.all(values == np.floor(values)))


def _is_long(cells: Cells) -> bool:
    return _mean_length(cells) > _LONG_TEXT and cells.came != "wide integer"


def _mean_length(cells: Cells) -> float:
    return float(np.mean([len(str(label)) for label in cells.distinct]))


TEXT = Kind(name="text", infer=_infer_text)
IDENTIFIER = Kind(name="identifier", infer=_infer_identifier)
CONSTANT = Kind(name="constant", infer=_infer_constant, codes="unordered", decode=decode_labels)
