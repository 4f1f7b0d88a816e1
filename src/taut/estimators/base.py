"""What every estimator here is made of: the options, training, and the fitted parts."""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

from taut.auditing import RowResult
from taut.compilation_cache import keep_compiled_programs
from taut.data import Schema, Table, listed_values
from taut.errors import OptionError
from taut.estimators import runs, scoring
from taut.estimators.giving import Asked
from taut.estimators.opening import opened
from taut.estimators.part_building import name_of
from taut.estimators.training import Fitted, train
from taut.fitting import Outcome
from taut.guides import AbstractGuide
from taut.likelihoods import Choice
from taut.models import LatentVariableModel
from taut.record import HistoryRow


# A dataclass, because its constructor does what scikit-learn asks of one: it stores each option under its name.
@dataclasses.dataclass(eq=False, repr=False)
class AbstractVAE(BaseEstimator):
    """The options of a variational autoencoder, its training, and what can be asked of it whatever its use."""

    latent_dim: int = 8
    _: dataclasses.KW_ONLY
    likelihood: Any = "auto"
    condition_on: Sequence[str | int] | str | int | None = None
    size_factor: str | None = "auto"
    missing: str = "random"
    schema: Mapping[str, Any] | str | Path | None = None
    na_values: Sequence[str | float] | str | float | None = None
    hidden: Sequence[int] = (200, 200)
    covariance: str = "diagonal"
    encoder: Any = None
    decoder: Any = None
    prior: Any = None
    guide: Any = None
    objective: Any = "elbo"
    draws: int = 1
    binarise: str = "none"
    kl_warm_up: float = 0.0
    max_epochs: int | None = None
    batch_size: int = 100
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    patience: int | None = None
    validation_fraction: float = 0.1
    time_limit: float | None = None
    random_state: Any = None
    verbose: bool = False

    def _train(
        self,
        X: Any,
        *,
        labels: Any = None,
        weights: Any = None,
        checkpoint: Path | None = None,
        resume: bool = False,
        began: float | None = None,
        by_column: bool = False,
    ) -> None:
        """Set `fitted_` and what scikit-learn looks for beside it."""
        keep_compiled_programs()
        began = time.monotonic() if began is None else began
        seed = seed_of(self.random_state)
        data = opened(
            X,
            likelihood=name_of(self.likelihood) or "auto",
            schema=self.schema,
            na_values=listed_values(self.na_values),
            held_out=self.validation_fraction,
            seed=seed,
            asked=Asked.of(self.condition_on, self.size_factor),
            labels=labels,
            weights=weights,
            by_column=by_column,
            binarised=self.binarise != "none",
        )
        options = {name: value for name, value in self.get_params().items() if name in OPTIONS}
        self.take(train(options, data, seed=seed, checkpoint=checkpoint, resume=resume, began=began))
        if self.fitted_.outcome.code == "diverged":
            warnings.warn(self.fitted_.outcome.sentence, ConvergenceWarning, stacklevel=3)

    def take(self, fitted: Fitted, learned: Mapping[str, Any] | None = None) -> None:
        """Become the estimator that was fitted so: for `taut.load`."""
        for name, value in (learned or {}).items():
            setattr(self, name, value)
        self.fitted_ = fitted
        # Options may be set after a fit, for the next one; what is saved with a fit are its own.
        self._options_of_fit = {name: value for name, value in self.get_params().items() if name in OPTIONS}
        schema, names = fitted.schema, fitted.input_names
        self.n_features_in_ = fitted.architecture.features if schema is None else len(schema.columns)
        if names is not None:
            self.feature_names_in_ = np.asarray(names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    @property
    def model_(self) -> LatentVariableModel:
        """The fitted model, p(z) p(x|z)."""
        return self._fitted().model

    @property
    def guide_(self) -> AbstractGuide:
        """The fitted guide, q(z|x)."""
        return self._fitted().guide

    @property
    def likelihood_(self) -> Choice:
        """The name of the likelihood, and the reason for it."""
        return self._fitted().likelihood

    @property
    def schema_(self) -> Schema | None:
        """The columns of the table: kind, likelihood and the reason for each; None where X was one block of numbers."""
        return self._fitted().architecture.schema

    @property
    def notes_(self) -> list[str]:
        """What reading the training data decided or left out, in sentences."""
        return self._fitted().notes

    @property
    def outcome_(self) -> Outcome:
        """How training ended, with a sentence."""
        return self._fitted().outcome

    @property
    def history_(self) -> list[HistoryRow]:
        """The bound after each epoch."""
        return self._fitted().history

    @property
    def n_iter_(self) -> int:
        """How many epochs training took."""
        return len(self.history_)

    @property
    def held_out_(self) -> Table | None:
        """The rows that training held out, or None."""
        return self._fitted().held_out

    def account(
        self, X: Any, *, draws: int = 1000, seed: int = 0, on_block: Callable[[int], None] | None = None
    ) -> RowResult:
        """ELBO, log p(x), their errors, effective sample size and k̂ of each row, from its observed cells."""
        return scoring.account(self._fitted(), X, draws=draws, seed=seed, on_block=on_block)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """The mean of log p(x) over rows, in nats, weighted where weights are given; y is not used."""
        return scoring.mean_log_p(self._fitted(), X, sample_weight)

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write a run folder, from which `taut.load` reads the estimator back; no pickle is written or read.

        Raises RunFolderError where the folder exists and `force` is not given.
        """
        runs.save(
            self._fitted(),
            self.get_params() | self._options_of_fit,
            Path(path),
            estimator=type(self).__name__,
            learned=self._learned(),
            force=force,
        )

    def _learned(self) -> dict[str, Any]:
        """What a subclass knows beside the fitted model, by attribute, as plain values."""
        return {}

    def _fitted(self) -> Fitted:
        check_is_fitted(self, "fitted_")
        return self.fitted_

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "fitted_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags


OPTIONS = tuple(field.name for field in dataclasses.fields(AbstractVAE))


def seed_of(random_state: Any) -> int:
    """A seed from what scikit-learn takes as one. Raises OptionError where a number is out of range."""
    if isinstance(random_state, (int, np.integer)):
        if not 0 <= random_state < 2**32:
            raise OptionError(f"A seed wants to be from 0 to {2**32 - 1}; got {random_state}; choose another.")
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))
