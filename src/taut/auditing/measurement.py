"""What an audit measures, before anything is averaged or judged."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import jax.random as jr
import numpy as np
from jaxtyping import Float, Num

from taut.auditing.exact import evidence_by_row
from taut.auditing.rows import RowResult, account_for_rows
from taut.auditing.usage import Placement, PlacementOfRow
from taut.errors import AuditError
from taut.guides import AbstractGuide, Constant
from taut.models import AbstractModel
from taut.shapes import RandomKey
from taut.weights import map_rows

Progress = Callable[[str, int, int], None]


@dataclasses.dataclass(frozen=True)
class Measured:
    """The audited rows with their numbers in the data, and what was measured of each.

    `encoder` and `prior` are the accounts with draws from either; `exact` is log p(x) where it can be had, and `note`
    says why it is missing where one might expect it.
    """

    data: Num[np.ndarray, "n features"]
    numbers: Num[np.ndarray, "n"]
    encoder: RowResult
    prior: RowResult
    exact: Float[np.ndarray, "n"] | None
    note: str | None
    placement: Placement

    @property
    def log_p(self) -> Float[np.ndarray, "n"]:
        """The best that is known of log p(x): exact, or importance-weighted."""
        return self.encoder.log_p if self.exact is None else self.exact


def measure(
    model: AbstractModel,
    guide: AbstractGuide,
    data: Num[np.ndarray, "n features"],
    *,
    key: RandomKey,
    draws: int,
    rows: int | None,
    on_block: Progress | None,
) -> Measured:
    """Measure these rows, or as many of them as `rows` says.

    Raises AuditError where a bound is not finite.
    """
    encoder_key, prior_key, choice_key = jr.split(key, 3)
    numbers = _chosen(choice_key, len(data), rows)
    chosen = np.asarray(data)[numbers]

    def stage(name: str) -> Callable[[int], None]:
        return lambda done: on_block(name, done, len(chosen)) if on_block is not None else None

    def account(guide: AbstractGuide, key: RandomKey, name: str) -> RowResult:
        return account_for_rows(model, guide, chosen, draws=draws, key=key, rows=numbers, on_block=stage(name))

    encoder = account(guide, encoder_key, "weights from the encoder")
    _check_finite(encoder.elbo + encoder.log_p, numbers)
    prior = account(Constant(model.prior()), prior_key, "weights from the prior")
    _check_finite(prior.log_p, numbers)
    exact, note = evidence_by_row(model, chosen, on_block=stage("quadrature"))
    placement = map_rows(PlacementOfRow(), model, guide, chosen, key=key)
    return Measured(chosen, numbers, encoder, prior, exact, note, placement)


def _chosen(key: RandomKey, n: int, rows: int | None) -> Num[np.ndarray, "n"]:
    if rows is None or rows >= n:
        return np.arange(n)
    return np.sort(np.asarray(jr.choice(key, n, (rows,), replace=False)))


def _check_finite(values: Float[np.ndarray, "n"], numbers: Num[np.ndarray, "n"]) -> None:
    bad = ~np.isfinite(values)
    if bad.any():
        raise AuditError(
            f"Finite bounds are wanted for every row; {int(bad.sum())} of {len(bad)} are not, first row "
            f"{numbers[bad.argmax()]}; the model gives such data no probability, so fit it on data like these or "
            "choose another likelihood."
        )
