"""The variational autoencoder as a scikit-learn estimator."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

from taut.compiling import keep_compiled_programs
from taut.data import OpenedRows, listed_values
from taut.estimators import runs
from taut.estimators.conditions import Conditioning
from taut.estimators.config import VAEConfig
from taut.estimators.containers import library_of
from taut.estimators.part_building import PARTS
from taut.estimators.preparation import prepare_training_data
from taut.estimators.streaming import folder_for_rows, prepare_streamed_data
from taut.estimators.training import Fitted, train
from taut.estimators.uses import AbstractScored, AbstractUses
from taut.fitting import Checkpoints, CheckpointsLike, Outcome
from taut.guides import AbstractGuide
from taut.models import LatentVariableModel
from taut.options import OWN, constructor, options_of, record_from, with_parameters
from taut.record import HistoryRow, Improvement
from taut.tracking import Callback

# Of the record, so that the constructor and its options are known to editors and type checkers.
if TYPE_CHECKING:
    _Options = VAEConfig
else:
    _Options = object


class AbstractVAE(AbstractScored, BaseEstimator, _Options):
    """What can be asked of a variational autoencoder whatever its use; `record` declares the constructor's options."""

    record: ClassVar[type[VAEConfig]]
    # What a subclass knows beside the fitted model, by attribute: the types of these plain values.
    learned: ClassVar[Mapping[str, Any]] = MappingProxyType({})

    def __init_subclass__(cls, *, record: type[VAEConfig] = VAEConfig, **others: Any) -> None:
        super().__init_subclass__(**others)
        cls.record = record
        cls.__init__ = constructor(record)
        cls.__doc__ = with_parameters(cls.__doc__, record)

    @property
    def config(self) -> VAEConfig:
        """The options as a record, each in the form in which it is stored.

        Raises OptionError where one makes no sense.
        """
        return record_from(self.record, self.get_params(deep=False))

    def _train(
        self,
        X: Any,
        *,
        labels: Any = None,
        weights: Any = None,
        checkpoints: CheckpointsLike | None = None,
        resume: bool = False,
        began: float | None = None,
        by_column: bool = False,
        chosen: tuple[np.ndarray, np.ndarray] | None = None,
        start: Fitted | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        """Set `fitted_` and what scikit-learn looks for beside it.

        `chosen` are the numbers of the rows that train and of those held out, `start` is where training begins.
        """
        keep_compiled_programs()
        began = time.monotonic() if began is None else began
        config = self.config
        seed = seed_of(config.random_state)
        words: dict[str, Any] = {
            "likelihood": config.likelihood,
            "schema": config.schema,
            "na_values": listed_values(config.na_values),
            "held_out": config.validation_fraction,
            "seed": seed,
            "conditioning": Conditioning.of(config.condition_on, config.size_factor),
            "labels": labels,
            "weights": weights,
            "by_column": by_column,
            "binarise": config.binarise,
        }
        with contextlib.ExitStack() as until_fitted:
            if isinstance(X, OpenedRows):
                kept = Checkpoints.of(checkpoints)
                folder = until_fitted.enter_context(folder_for_rows(None if kept is None else kept.folder))
                data = prepare_streamed_data(X, folder, **words)
            else:
                data = prepare_training_data(X, chosen=chosen, **words)
            how: dict[str, Any] = {"checkpoints": checkpoints, "resume": resume, "callbacks": callbacks}
            self.take(train(config, data, seed=seed, began=began, start=start, **how))
        if self.fitted_.outcome.code == "diverged":
            warnings.warn(self.fitted_.outcome.sentence, ConvergenceWarning, stacklevel=3)

    def take(self, fitted: Fitted, learned: Mapping[str, Any] | None = None) -> None:
        """Become the estimator that was fitted so: for `taut.load`."""
        for name, value in (learned or {}).items():
            setattr(self, name, value)
        self.fitted_ = fitted
        # Options may be set after a fit, for the next one; what is saved with a fit are its own.
        self._config_of_fit = self.config
        columns, names = fitted.schema.unfolded.columns, fitted.schema.input_names
        self.n_features_in_ = len(columns)
        if names is not None:
            self.feature_names_in_ = np.asarray(names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    @property
    def model_(self) -> LatentVariableModel:
        """The fitted model, p(z) p(x|z)."""
        return self._fitted().latent_variable_model

    @property
    def guide_(self) -> AbstractGuide:
        """The fitted guide, q(z|x)."""
        return self._fitted().guide

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

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write a run folder, from which `taut.load` reads the estimator back; no pickle is written or read.

        Raises RunFolderError where the folder exists and `force` is not given.
        """
        runs.save(
            self._fitted(),
            options := self._kept_options(),
            Path(path),
            own_parts=[option for option in PARTS if options[option] == OWN],
            estimator=type(self).__name__,
            learned=self._learned(),
            force=force,
        )

    def _kept_options(self) -> dict[str, Any]:
        """Options of the fit; those that are not of training, and may be set later, as they are now."""
        of_training = {name: getattr(self._config_of_fit, name) for name in options_of(VAEConfig)}
        return record_from(self.record, self.get_params(deep=False) | of_training).kept()

    def _learned(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.learned}

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


def seed_of(random_state: Any) -> int:
    """A seed from what scikit-learn takes as one."""
    if isinstance(random_state, int):
        return random_state
    return int(check_random_state(random_state).randint(2**31 - 1))


class VAE(ClassNamePrefixFeaturesOutMixin, TransformerMixin, AbstractUses, AbstractVAE):
    """A variational autoencoder: p(z) = N(0, I), a decoder network for p(x|z), an encoder network for q(z|x).

        log p(x) = ELBO + KL( q(z|x) ‖ p(z|x) )

    All log-densities are in nats, and of the data in their own units. Cells may be missing, in training and after.

    A fitted estimator is kept by `save` and read by `taut.load`, which runs nothing that it reads. It can be pickled,
    as scikit-learn's searches do between processes; taut itself never reads a pickle.

    What is said when training is `verbose` is kept either way, see `likelihood_`, `schema_`, `notes_`, `outcome_` and
    `history_`. The options are declared in `taut.estimators.VAEConfig`.

    Examples
    --------
    >>> import taut
    >>> train, held_out = taut.datasets.digits()
    >>> vae = taut.VAE(latent_dim=2, hidden=(16,), max_epochs=2, random_state=0).fit(train)
    >>> vae.likelihood_.name, vae.transform(held_out).shape
    ('binomial', (297, 2))

    References: Kingma & Welling 2014, Auto-encoding variational Bayes, arXiv:1312.6114.
    """

    learned = MappingProxyType({"library_": str})
    improvement_: Improvement

    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        checkpoints: CheckpointsLike | None = None,
        resume: bool = False,
        began: float | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> VAE:
        """Train on the rows of X: an array, a frame, or a `taut.data.Table`; cells may be missing.

        Rows that `taut.data.open_rows` opened stay on the disk, and are read as training needs them.

        `y` may hold one label for each row, which only colours the report. `sample_weight` says how much each row
        counts in the objective: 2 as if it were there twice, 0 as if it were not there. `checkpoints` names a folder
        for states of training, or is a `taut.Checkpoints`; `resume` goes on from the newest. Ctrl-C ends training and
        keeps the best state so far. `began` is the reading of `time.monotonic` from which `time_limit` counts, that of
        the call by default. `callbacks` follow the fit, see `taut.tracking`.

        Raises DataError and its kin where the data cannot be used, OptionError where an option makes no sense.
        """
        self._train(
            X,
            labels=y,
            weights=sample_weight,
            checkpoints=checkpoints,
            resume=resume,
            began=began,
            callbacks=callbacks,
        )
        self.library_ = library_of(X)
        return self

    def improve(
        self,
        X: Any = None,
        *,
        seconds: float = 900.0,
        seed: int = 0,
        on_stage: Callable[[str, float], None] | None = None,
        began: float | None = None,
    ) -> VAE:
        """A better autoencoder: levers that verdicts name are pulled, and what brackets on held-out rows confirm stays.

        `X` are the rows of the fit, those that it held out included, and more if there are; without them the bundled
        data that it was fitted to. One half of the rows that it has not trained on decides, the other reports. This
        estimator stays as it is; the account of the new one, a `taut.record.Improvement`, is its `improvement_`.

        `seconds` of wall time count from `began`, the reading of `time.monotonic`, that of the call by default.
        `on_stage(what, share)` is told what is tried and the share of the time that is spent. Ctrl-C keeps the best so
        far.

        Raises DataError where fewer than twenty rows are new to the fit, OptionError where the time is too short for a
        bracket.
        """
        from taut.estimators.improvement import improve, training_data_of  # noqa: PLC0415  it compares estimators

        fitted = self._fitted()
        found = improve(
            self._config_of_fit,
            fitted,
            training_data_of(fitted, X),
            seconds=seconds,
            seed=seed,
            on_stage=on_stage,
            began=began,
        )
        options: dict[str, Any] = found.config.values() | {"random_state": fitted.seed}
        better = type(self)(**options)
        better.take(found.fitted, self._learned())
        better.improvement_ = found.account
        return better

    # In the class itself, where scikit-learn looks for what `set_output` changes.
    transform = AbstractUses.transform

    @property
    def _n_features_out(self) -> int:
        return self._fitted().architecture.latents

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        assert tags.transformer_tags is not None
        # Latents have the precision of the model, whatever that of the data.
        tags.transformer_tags.preserves_dtype = []
        return tags
