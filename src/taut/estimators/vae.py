"""The variational autoencoder as a scikit-learn estimator."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Num
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from taut.auditing import Audit, RowResult
from taut.data import Schema, Table
from taut.errors import DataError, OptionError
from taut.estimators import evaluation, imputing, runs
from taut.estimators.opening import opened
from taut.estimators.training import Fitted, train
from taut.fitting import Outcome
from taut.guides import AbstractGuide
from taut.likelihoods import Choice
from taut.models import LatentVariableModel
from taut.record import HistoryRow, Ledger

Values = Num[np.ndarray, "n columns"]


class VAE(TransformerMixin, BaseEstimator):
    """A variational autoencoder: p(z) = N(0, I), a decoder network for p(x|z), an encoder network for q(z|x).

        log p(x) = ELBO + KL( q(z|x) ‖ p(z|x) )

    All log-densities are in nats, and of the data in their own units.

    Parameters
    ----------
    latent_dim : number of latents.
    likelihood : `auto` (chosen from the data, see `likelihood_`), or a name in `taut.likelihoods.NAMES`.
    schema : for a table, what is known of its columns: a mapping of names to kinds (or to mappings with `kind`, `family`,
        `categories`, `low`, `high`), or the file of one; the other columns are inferred, see `schema_`.
    hidden : widths of the hidden layers of encoder and decoder; `()` makes both linear.
    covariance : of q(z|x), `diagonal` or `full`.
    objective, draws : what training climbs (a name in `taut.objectives.RECIPES`), with this many draws for each row.
    binarise : `none`, `fixed` or `dynamic`: turn grey values into zeros and ones.
    kl_warm_up : epochs over which the weight of the divergence rises from zero to one.
    max_epochs : 100 where None. For a table of few rows an epoch passes over them several times.
    batch_size, learning_rate, schedule, patience, time_limit : the budget, see `taut.Plan`.
    validation_fraction : share of rows held out, on which the best epoch is chosen; 0 holds none out.
    random_state : seed; the same seed gives the same fit to the bit on one machine.
    verbose : show a progress bar where there is a terminal.

    Examples
    --------
    >>> import taut
    >>> train, held_out = taut.datasets.digits()
    >>> vae = taut.VAE(latent_dim=2, hidden=(16,), max_epochs=2, random_state=0, verbose=False).fit(train)
    >>> vae.likelihood_.name, vae.transform(held_out).shape
    ('binomial', (297, 2))

    References: Kingma & Welling 2014, Auto-encoding variational Bayes, arXiv:1312.6114.
    """

    def __init__(
        self,
        latent_dim: int = 8,
        *,
        likelihood: str = "auto",
        schema: Mapping[str, Any] | str | Path | None = None,
        hidden: Sequence[int] = (200, 200),
        covariance: str = "diagonal",
        objective: str = "elbo",
        draws: int = 1,
        binarise: str = "none",
        kl_warm_up: float = 0.0,
        max_epochs: int | None = None,
        batch_size: int = 100,
        learning_rate: float = 1e-3,
        schedule: str = "cosine",
        patience: int | None = None,
        validation_fraction: float = 0.1,
        time_limit: float | None = None,
        random_state: Any = None,
        verbose: bool = True,
    ):
        self.latent_dim = latent_dim
        self.likelihood = likelihood
        self.schema = schema
        self.hidden = hidden
        self.covariance = covariance
        self.objective = objective
        self.draws = draws
        self.binarise = binarise
        self.kl_warm_up = kl_warm_up
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.time_limit = time_limit
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None, *, checkpoint: Path | None = None, resume: bool = False) -> VAE:
        """Train on the rows of X: an array, a frame, or a `taut.data.Table`.

        `y` may hold one label for each row, which only colours the report. `checkpoint` names a file for the state of
        training, from which `resume` goes on. Ctrl-C ends training and keeps the best state so far.

        Raises DataError and its kin where the data cannot be used, OptionError where an option makes no sense.
        """
        seed = _seed(self.random_state)
        data = opened(X, likelihood=self.likelihood, schema=self.schema, held_out=self.validation_fraction, seed=seed)
        labels = None if y is None else np.asarray(y).astype(str)
        if labels is not None and labels.shape != (len(data.table),):
            raise DataError(
                f"One label is wanted for each of the {len(data.table)} rows; got {labels.shape}; pass as many."
            )
        self.fitted_ = train(self.get_params(), data, labels, seed=seed, checkpoint=checkpoint, resume=resume)
        self.n_features_in_ = data.table.features if data.schema is None else len(data.schema.columns)
        names = self.fitted_.input_names
        if names is not None:
            self.feature_names_in_ = np.asarray(names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        if self.fitted_.outcome.code == "diverged":
            warnings.warn(self.fitted_.outcome.sentence, ConvergenceWarning, stacklevel=2)
        return self

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
    def outcome_(self) -> Outcome:
        """How training ended, with a sentence."""
        return self._fitted().outcome

    @property
    def history_(self) -> list[HistoryRow]:
        """The bound after each epoch."""
        return self._fitted().history

    @property
    def held_out_(self) -> Table | None:
        """The rows that training held out, or None."""
        return self._fitted().held_out

    def score_samples(self, X: Any, *, draws: int = 1000, seed: int = 0) -> Float[np.ndarray, "n"]:
        """Importance-weighted log p(x) of each row, in nats: below log p(x) in expectation."""
        return self.account(X, draws=draws, seed=seed).log_p

    def score(self, X: Any, y: Any = None) -> float:
        """The mean of `score_samples`."""
        return float(np.mean(self.score_samples(X), dtype=np.float64))

    def transform(self, X: Any) -> Values:
        """Posterior means E_q[z|x], one row of latents for each row."""
        return np.asarray(evaluation.place(self._fitted(), X).latent)

    def inverse_transform(self, Z: Any) -> Values:
        """E[x|z] for each row of latents."""
        return evaluation.decode(self._fitted(), np.asarray(Z))

    def reconstruct(self, X: Any) -> Values:
        """E[x|z] at the posterior mean of each row."""
        return np.asarray(evaluation.place(self._fitted(), X).reconstruction)

    def sample(self, n: int = 1, *, seed: int = 0, given: Mapping[str, Any] | None = None) -> Any:
        """New rows: z from the prior, then x from p(x|z); of a table, a frame with valid categories and types.

        `given` fixes some columns of a table: the rest is drawn from p(rest | given), each row by weights of its own.
        """
        if self._fitted().schema is not None:
            return imputing.sample_table(self._fitted(), n, seed=seed, given=dict(given or {}))
        if given:
            raise OptionError("`given` wants a fit of a table; this one saw one block of numbers; fit a frame.")
        return evaluation.sample(self._fitted(), n, seed=seed)

    def impute(self, X: Any, *, draws: int | None = None, how: str = "mean", seed: int = 0) -> Any:
        """X with its missing cells filled: one frame, or a list of `draws` random completions.

        Observed cells, types and the order of columns stay as they are. Numbers take their `mean` (or `median`, `mode`)
        given the observed cells of their row, categories the most probable value; see `imputation` for how sure it is.
        """
        found = self.imputation(X, draws=draws or 0, how=how, seed=seed)
        return found.single if draws is None else found.multiple

    def imputation(
        self, X: Any, *, draws: int = 0, how: str = "mean", level: float = 0.9, seed: int = 0
    ) -> imputing.Imputation:
        """As `impute`, with standard deviations, probabilities and intervals of the filled cells."""
        return imputing.impute(self._fitted(), X, draws=draws, how=how, level=level, seed=seed)

    def interpolate(self, start: Any, end: Any, *, steps: int = 8) -> Values:
        """E[x|z] along the straight line between the posterior means of two data, both ends included."""
        ends = self.transform(np.stack([np.ravel(start), np.ravel(end)]))
        share = np.linspace(0.0, 1.0, steps)[:, None]
        return self.inverse_transform((1.0 - share) * ends[0] + share * ends[1])

    def account(
        self, X: Any, *, draws: int = 1000, seed: int = 0, on_block: Callable[[int], None] | None = None
    ) -> RowResult:
        """ELBO, log p(x), their errors, effective sample size and k̂ of each row."""
        return evaluation.account(self._fitted(), X, draws=draws, seed=seed, on_block=on_block)

    def audit(self, X: Any = None, **options: Any) -> Ledger:
        """The account of these rows, or of the held-out ones; options as in `audit_by_row`."""
        return self.audit_by_row(X, **options).ledger

    def audit_by_row(self, X: Any = None, *, seed: int = 0, **options: Any) -> Audit:
        """As `taut.audit`, with the account of every row beside the ledger.

        Options are those of `taut.audit` (`draws`, `rows`, `delta`, `width`, `seconds`, `bracket`, `train`,
        `checkpoint`, `on_block`), and `labels`, one for each row. Rows that training has seen are audited like others,
        and the ledger says so.
        """
        return evaluation.judge(self._fitted(), X, seed=seed, **options)

    def rows_seen(self, X: Any) -> tuple[int, int]:
        """How many of these rows equal rows that training has seen, and how many there are."""
        return evaluation.rows_seen(self._fitted(), X)

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write a run folder, from which `taut.load` reads the estimator back.

        Raises RunFolderError where the folder exists and `force` is not given.
        """
        runs.save(self._fitted(), self.get_params(), Path(path), force=force)

    def _fitted(self) -> Fitted:
        check_is_fitted(self, "fitted_")
        return self.fitted_


def _seed(random_state: Any) -> int:
    if isinstance(random_state, (int, np.integer)):
        if not 0 <= random_state < 2**32:
            raise OptionError(f"A seed wants to be from 0 to {2**32 - 1}; got {random_state}; choose another.")
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))
