"""Imputation as a step of a pipeline."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import _check_feature_names_in

from taut.data import Category, Sheet, as_sheet, kind_of, readable_cells
from taut.estimators import imputing
from taut.estimators.config import ImputerConfig
from taut.estimators.containers import INDICATOR, as_came, check_indicators, filled_with, indicated, without
from taut.estimators.vae import AbstractVAE
from taut.options import record_from

if TYPE_CHECKING:
    _Options = ImputerConfig
else:
    _Options = object


class VAEImputer(TransformerMixin, AbstractVAE, _Options, record=ImputerConfig):
    """Missing cells filled by a variational autoencoder, from p(missing | observed) of their row.

    Each column has a likelihood of its own kind, whether cells were missing in training or not: see `schema_`. What
    comes out is of the kind that came in: an array of floats for an array of numbers, a frame of the same library for a
    frame, with its types, order and index; observed cells stay as they are to the bit.

    A constant column is filled with its constant. Identifiers and free text are not modelled, and keep their holes. A
    column without any cell in training is dropped, as by scikit-learn's `SimpleImputer`.

    Examples
    --------
    >>> import numpy as np, taut
    >>> half = np.random.default_rng(0).normal(size=(100, 1))
    >>> rows = np.hstack([half, half])
    >>> rows[0, 1] = np.nan
    >>> imputer = taut.VAEImputer(1, hidden=(), max_epochs=20, random_state=0)
    >>> filled = imputer.fit_transform(rows)
    >>> bool(abs(filled[0, 1] - rows[0, 0]) < 0.5), bool((filled[1:] == rows[1:]).all())
    (True, True)
    """

    learned = MappingProxyType({"holed_": list[str], "empty_": list[str], "constants_": dict[str, Category]})

    def fit(self, X: Any, y: Any = None) -> VAEImputer:
        """Train on the rows of X, with their holes; `y` is not used.

        Raises OptionError where an option makes no sense, DataError and its kin where the data cannot be used.
        """
        if record_from(ImputerConfig, self.get_params(deep=False)).add_indicator:
            check_indicators(as_sheet(X))
        self._train(X, by_column=True)
        sheet = as_sheet(X)
        known = self._fitted().schema.unfolded.columns
        found = {column.name: readable_cells(sheet, place, column) for place, column in enumerate(known)}
        cells = {name: each for name, each in found.items() if each is not None}
        self.holed_ = [name for name, each in cells.items() if not each.present.all()]
        self.empty_ = [name for name, each in cells.items() if not each.present.any()]
        self.constants_ = {
            column.name: each.labels()[int(np.argmax(each.present))]
            for column in known
            if kind_of(column).constant and (each := cells.get(column.name)) is not None and each.present.any()
        }
        return self

    def transform(self, X: Any) -> Any:
        """X with its missing cells filled; a list of such where several `completions` were asked for."""
        sheet = as_sheet(X)
        found = imputing.impute(
            self._fitted(), sheet, draws=self.completions or 0, how=self.how, seed=self._fitted().seed
        )
        if self.completions is None:
            return self._finished(found.single, sheet, X)
        whole = [self._finished(each, sheet, X) for each in found.multiple]
        return whole[0] if self.completions == 1 else whole

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The names of the columns of `transform`."""
        self._fitted()
        names = _check_feature_names_in(self, input_features)
        assert names is not None
        own = {column: str(name) for column, name in zip(self._columns(), names, strict=True)}
        kept = [own[name] for name in self._columns() if name not in self._dropped()]
        return np.array([*kept, *(f"{INDICATOR}{own[name]}" for name in self._marked())], dtype=object)

    def _finished(self, frame: Any, sheet: Sheet, X: Any) -> Any:
        constants = dict(self.constants_)
        if self.keep_empty_features:
            constants |= dict.fromkeys(self.empty_, 0.0)
        schema = self._fitted().schema.unfolded
        frame = filled_with(schema, frame, constants)
        # Named columns may come in another order, with others among them, or without those that are dropped.
        places = sheet.columns if schema.named and sheet.named else self._columns()
        frame = without(frame, [places.index(name) for name in self._dropped() if name in places])
        frame = indicated(frame, sheet, {name: places.index(name) for name in self._marked() if name in places}, schema)
        return as_came(frame, X)

    def _columns(self) -> list[str]:
        return [column.name for column in self._fitted().schema.unfolded.columns]

    def _dropped(self) -> list[str]:
        return [] if self.keep_empty_features else self.empty_

    def _marked(self) -> list[str]:
        """The columns that have an indicator, as with scikit-learn: those with holes in training."""
        return self.holed_ if self.add_indicator else []

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = False
        assert tags.transformer_tags is not None
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
