"""Rows that train, rows that choices are made on, and rows that no choice has seen."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int

from taut import datasets
from taut.data import generator, row_hashes
from taut.errors import DataError
from taut.estimators.evaluation import encoded
from taut.estimators.training import Fitted

# Of either kind; with fewer, a difference of a nat a row is not told from none.
FEWEST = 10
# More are not audited in the time: they train.
MOST = 500
# Of rows of which the run has seen none, the share that trains.
TRAINING = 0.8

Rows = Int[np.ndarray, "_"]


class Splits(NamedTuple):
    """Numbers of rows, ascending."""

    train: Rows
    selection: Rows
    report: Rows


def training_data_of(fitted: Fitted, X: Any) -> Any:
    """The rows that were given, or of a bundled set those of the fit; a name or path is read.

    Raises DataError where nothing was given and the run does not know its rows.
    """
    if X is None and fitted.data_name not in datasets.NAMES:
        raise DataError(
            f"Improving wants the rows of the fit, those it held out included; a run keeps only the latter of "
            f"`{fitted.data_name}`; name the data."
        )
    source = fitted.data_name if X is None else X
    return datasets.load(source) if isinstance(source, str) else source


def splits_of(fitted: Fitted, X: Any, *, seed: int) -> Splits:
    """Rows that the run has trained on train again; the others select and report, half each, and train beyond that.

    Raises DataError where fewer than twenty rows are new to the run.
    """
    seen = np.isin(row_hashes(fitted.architecture.rows(encoded(fitted, X)).matrix()), fitted.seen)
    order = generator(seed).permutation(len(seen))
    train, fresh = order[seen[order]], order[~seen[order]]
    if not len(train):
        train, fresh = np.split(order, [min(round(TRAINING * len(order)), max(len(order) - 2 * FEWEST, 0))])
    if len(fresh) < 2 * FEWEST:
        raise DataError(
            f"Improving wants at least {2 * FEWEST} rows that the run has not trained on, half to choose by and half "
            f"to report on; got {len(fresh)}; add rows, or fit with a larger `validation_fraction`."
        )
    each = min(len(fresh) // 2, MOST)
    report, selection, more = np.split(fresh, [each, 2 * each])
    return Splits(*(np.sort(rows) for rows in (np.concatenate([train, more]), selection, report)))
