"""Outlier detection by log p(x)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int
from sklearn.base import OutlierMixin

from taut.data import is_cells
from taut.errors import OptionError
from taut.estimators.config import OutlierConfig
from taut.estimators.outliers import comparable_log_p, outlier_p_values, simulated_log_p
from taut.estimators.scoring import log_p
from taut.estimators.vae import AbstractVAE
from taut.options import record_from

# Rows are scored with so many draws, simulated ones alike; the share of simulated rows that `auto` calls outliers.
DRAWS, TAIL = 200, 0.01


if TYPE_CHECKING:
    _Options = OutlierConfig
else:
    _Options = object


class VAEOutlierDetector(OutlierMixin, AbstractVAE, _Options, record=OutlierConfig):
    """Rows that a variational autoencoder finds improbable.

        predict(x) = −1 where score_samples(x) < offset_,    score_samples(x) = log p(x) in nats

    The score of a row with missing cells is the log p of its observed ones, brought to the scale of whole rows: less
    its mean and over its deviation among rows simulated from the model *with the same holes*. What is improbable need
    not be wrong, and if holes depend on what they hide, no score knows it.

    Attributes
    ----------
    offset_ : rows that score less are outliers; in nats.

    Examples
    --------
    >>> import numpy as np, taut
    >>> rows = np.random.default_rng(0).normal(size=(200, 2))
    >>> detector = taut.VAEOutlierDetector(1, hidden=(), max_epochs=5, random_state=0).fit(rows)
    >>> detector.predict([[0.1, -0.2], [9.0, 9.0]]).tolist()
    [1, -1]
    """

    learned = MappingProxyType({"offset_": float})

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> VAEOutlierDetector:
        """Train on the rows of X, most of which should be usual; `y` is not used.

        Raises OptionError where an option makes no sense, DataError and its kin where the data cannot be used.
        """
        share = self._share()
        if is_cells(X) and self.size_factor == "auto":
            raise OptionError(
                "An outlier detector wants a model that is given nothing; AnnData would be given each cell's total; "
                "set `size_factor=None`."
            )
        self._train(X, weights=sample_weight)
        if share is None:
            self.offset_ = float(np.quantile(simulated_log_p(self._fitted(), draws=DRAWS), TAIL))
        else:
            self.offset_ = float(np.percentile(self.score_samples(X), 100.0 * share))
        return self

    def score_samples(self, X: Any) -> Float[np.ndarray, "n"]:
        """log p(x) of each row, in nats; that of a row with holes on the scale of whole ones."""
        return comparable_log_p(self._fitted(), X, draws=DRAWS)

    def decision_function(self, X: Any) -> Float[np.ndarray, "n"]:
        """`score_samples` less `offset_`: negative for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> Int[np.ndarray, "n"]:
        """−1 for outliers, 1 for the others."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def p_values(self, X: Any, *, seed: int = 0) -> Float[np.ndarray, "n"]:
        """For each row the share of simulated rows that are less probable, from 0.005 to 1.

        The reference of a row are 199 rows simulated from the model with the holes of this row. For rows that come from
        the model, P(p ≤ u) ≤ u: what `taut.auditing` says of outliers holds of these.
        """
        fitted = self._fitted()
        return outlier_p_values(fitted, X, log_p(fitted, X, draws=DRAWS, seed=seed), draws=DRAWS, seed=seed).values

    def _share(self) -> float | None:
        """The contamination as a number; None for `auto`."""
        if self.condition_on is not None or self.size_factor not in (None, "auto"):
            raise OptionError(
                "An outlier detector wants a model that is given nothing, since it simulates whole rows; got "
                "`condition_on` or `size_factor`; leave them out."
            )
        share = record_from(OutlierConfig, self.get_params(deep=False)).contamination
        return None if isinstance(share, str) else share
