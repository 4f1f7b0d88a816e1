"""What can be asked of a fit, whoever made it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Num

from taut.auditing import Audit, AuditOptions, RowResult
from taut.data import Schema, Table
from taut.errors import OptionError
from taut.estimators import evaluation, imputing, scoring
from taut.estimators.containers import rows_in, rows_like
from taut.estimators.evaluation import by_blocks
from taut.estimators.training import Fitted
from taut.likelihoods import Choice
from taut.options import record_from
from taut.record import Ledger

if TYPE_CHECKING:
    from taut.estimators.plots import FitPlots

Values = Num[np.ndarray, "n columns"]


class AbstractScored(ABC):
    """What is known of a fit, and scores of rows by it."""

    @abstractmethod
    def _fitted(self) -> Fitted:
        """What was fitted."""

    @property
    def likelihood_(self) -> Choice:
        """The name of the likelihood, and the reason for it."""
        return self._fitted().likelihood

    @property
    def schema_(self) -> Schema:
        """The fields of the data: kind, likelihood and the reason for each column, and for each block of numbers."""
        return self._fitted().schema

    @property
    def notes_(self) -> list[str]:
        """What reading the training data decided or left out, in sentences."""
        return self._fitted().notes

    @property
    def held_out_(self) -> Table | None:
        """The rows that training held out, or None."""
        return self._fitted().held_out

    @property
    def plot(self) -> FitPlots:
        """Pictures of the fit and of rows, in axes of matplotlib: `vae.plot.latent_map(X, labels)`."""
        from taut.estimators.plots import FitPlots  # noqa: PLC0415  drawing is heavy, and most uses are not of it

        return FitPlots(self._fitted())

    def account(
        self, X: Any, *, draws: int = 1000, seed: int = 0, on_block: Callable[[int], None] | None = None
    ) -> RowResult:
        """ELBO, log p(x), their errors, effective sample size and k̂ of each row, from its observed cells."""
        return scoring.account(self._fitted(), X, draws=draws, seed=seed, on_block=on_block)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """The mean of log p(x) over rows, in nats, weighted where weights are given; y is not used."""
        return scoring.mean_log_p(self._fitted(), X, sample_weight)


class AbstractUses(AbstractScored):
    """Scores, embeddings, new and filled rows, and the audit; rows come in the library of the fit, `library_`."""

    library_: Any
    fitted_: Fitted

    def score_samples(
        self, X: Any, *, of: str | int | Sequence[str | int] | None = None, draws: int = 1000, seed: int = 0
    ) -> Float[np.ndarray, "n"]:
        """Importance-weighted log p(x) of the observed cells of each row, in nats: below log p(x) in expectation.

        With columns `of` (names; numbers where there are none) it is log p(x_of | x_rest) = log p(x) − log p(x_rest),
        how probable these cells are given the others of their row: an estimate, which lies on no certain side.
        """
        fitted = self._fitted()
        if of is not None:
            return by_blocks(lambda rows: scoring.conditional_log_p(fitted, rows, of, draws=draws, seed=seed), X)
        return by_blocks(lambda rows: scoring.log_p(fitted, rows, draws=draws, seed=seed), X)

    def transform(self, X: Any) -> Values:
        """Posterior means E_q[z|x], one row of latents for each row."""
        fitted = self._fitted()
        return by_blocks(lambda rows: np.asarray(evaluation.encode(fitted, rows).latent), X)

    def inverse_transform(self, Z: Any, *, given: Any = None) -> Any:
        """E[x|z] for each row of latents; of a conditional model E[x|z, c] for `given` cells, as in `sample`.

        Where a frame was fitted it is a frame of that library, of the modelled columns, with the most probable
        categories; it has the index of Z where that is of pandas, too.
        """
        fitted = self._generative()
        means = evaluation.decode(fitted, np.asarray(Z), given)
        return rows_in(fitted.schema, means, self.library_, like=Z)

    def reconstruct(self, X: Any) -> Any:
        """E[x|z] at the posterior mean of each row; of a frame as a frame like X, of the modelled columns."""
        fitted = self._generative()
        return rows_like(fitted.schema, np.asarray(evaluation.encode(fitted, X).reconstruction), X)

    def sample(self, n: int = 1, *, seed: int = 0, given: Any = None, holes: bool = False, mean: bool = False) -> Any:
        """New rows: z from the prior, then x from p(x|z), or with `mean` E[x|z], which of an image has no grain.

        Where a frame was fitted they are a frame of its library, with valid categories and the types of its columns;
        so they are after `taut.load`, unless the library is not installed there: then, with a warning, of pyarrow.

        `given` is a mapping of columns to a cell or n cells, or a frame of one row or n. It fixes columns of a table:
        the rest is drawn from p(rest | given), each row by weights of its own. What a conditional model is given
        (`condition_on`, `size_factor`) is taken from there, too, and where it is left out from training rows drawn at
        random. With `holes` the rows of a table lack cells as training rows did, but for those that are given.
        """
        fitted = self._generative()
        return imputing.sample_rows(fitted, n, self.library_, seed=seed, given=given, holes=holes, mean=mean)

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
        names = self._fitted().schema.input_names
        ends = self.transform(Table(values=np.stack([np.ravel(start), np.ravel(end)]), name="the ends", columns=names))
        share = np.linspace(0.0, 1.0, steps)[:, None]
        return self.inverse_transform((1.0 - share) * ends[0] + share * ends[1])

    def audit(self, X: Any = None, **options: Any) -> Ledger:
        """The account of these rows, or of the held-out ones; options as in `audit_by_row`."""
        return self.audit_by_row(X, **options).ledger

    def audit_by_row(
        self,
        X: Any = None,
        *,
        seed: int = 0,
        labels: Any = None,
        checkpoint: Path | None = None,
        on_block: Callable[[str, int, int], None] | None = None,
        began: float | None = None,
        **options: Any,
    ) -> Audit:
        """As `taut.audit`, with the account of every row beside the ledger.

        `options` are those of `taut.audit` by name (`draws`, `rows`, `delta`, `width`, `seconds`, `bracket`, `train`),
        and so are `checkpoint`, `on_block` and `began`; `labels` are one for each row. Rows that training has seen are
        audited like others, and the ledger says so.
        """
        return evaluation.audit(
            self._fitted(),
            X,
            options=record_from(AuditOptions, options),
            seed=seed,
            labels=labels,
            checkpoint=checkpoint,
            on_block=on_block,
            began=began,
        )

    def _generative(self) -> Fitted:
        """What was fitted. Raises OptionError where it cannot say what data are like."""
        fitted = self._fitted()
        if not fitted.model.simulates:
            raise OptionError(
                f"Wanted a model that can draw data; got a {type(fitted.model).__name__}, which only weighs them; give "
                "prior, decoder and likelihood apart."
            )
        return fitted

    def rows_seen(self, X: Any) -> tuple[int, int]:
        """How many of these rows equal rows that training has seen, and how many there are."""
        return evaluation.rows_seen(self._fitted(), X)
