"""The account of one row, from one set of draws, so that its numbers add up exactly."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Num

from taut.bounds import log_mean_weight, log_mean_weight_error
from taut.datum import as_datum, values_of
from taut.guides import AbstractGuide, Constant
from taut.models import AbstractModel
from taut.numerics import log_density_by_entry
from taut.record import standard_error
from taut.shapes import DataLike, DatumLike, RandomKey, Scalar
from taut.weights import RowFunction, draw, draw_keys, effective_sample_size, map_rows, pareto_khat, size_for

# Rows × draws that are decoded at once: large enough for matrix products, small enough for the cache.
DECODED_AT_ONCE = 1024
ROWS_AT_ONCE = 32
# Draws for all rows of a block that are decoded at once.
SHARED_AT_ONCE = 256


class RowResult(NamedTuple):
    """What `draws` draws say about each row, in nats.

    `elbo` = −`distortion` − `rate`, from the same draws; `log_p` is the importance-weighted value. Draws whose weight
    was not a number count as weight zero and are counted in `failed`.
    """

    elbo: Float[np.ndarray, "n"]
    elbo_error: Float[np.ndarray, "n"]
    rate: Float[np.ndarray, "n"]
    rate_error: Float[np.ndarray, "n"]
    distortion: Float[np.ndarray, "n"]
    distortion_error: Float[np.ndarray, "n"]
    log_p: Float[np.ndarray, "n"]
    log_p_error: Float[np.ndarray, "n"]
    ess: Float[np.ndarray, "n"]
    khat: Float[np.ndarray, "n"]
    failed: Num[np.ndarray, "n"]


class RowAccount(RowFunction):
    """`RowResult` of one datum."""

    draws: int = eqx.field(static=True)
    chunk: int = eqx.field(static=True, default=DECODED_AT_ONCE // ROWS_AT_ONCE)

    @property
    def passes(self) -> int:
        """One for each draw."""
        return self.draws

    def __call__(self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey) -> RowResult:
        """The account of one datum."""
        q = guide(x)

        def one(key: RandomKey) -> tuple[Scalar, Scalar]:
            weighed = draw(model, q, x, key=key)
            return weighed.reconstruction, weighed.divergence

        keys = draw_keys(key, self.draws)
        return _account(*jax.lax.map(one, keys, batch_size=min(self.chunk, self.draws)))


class SharedAccount(RowFunction):
    """`RowAccount` of one datum by the draws of one key: where the guide is the same for all data, so are its draws.

    A block of rows then decodes them once.
    """

    account: RowAccount
    shared_key: RandomKey

    def __call__(self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey) -> RowResult:
        """The account of one datum; the key of its row is not used."""
        return self.account(model, guide, x, key=self.shared_key)


class Terms(NamedTuple):
    """What each entry adds to a row's distortion: the mean over draws of −log p(x_j|z), and its standard error."""

    value: Float[np.ndarray, "n features"]
    error: Float[np.ndarray, "n features"]


class RowAccountByEntry(RowFunction):
    """`RowResult` of one datum, and from the same draws its `Terms`, which add up to the distortion."""

    draws: int = eqx.field(static=True)
    chunk: int = eqx.field(static=True, default=DECODED_AT_ONCE // ROWS_AT_ONCE)

    @property
    def passes(self) -> int:
        """One for each draw."""
        return self.draws

    def __call__(
        self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey
    ) -> tuple[RowResult, Terms]:
        """The account of one datum, entry by entry too."""
        q = guide(x)

        def one(key: RandomKey) -> tuple[Scalar, Scalar, Float[Array, "features"]]:
            weighed = draw(model, q, x, key=key)
            # The compiler merges this pass through the decoder with that of the line above.
            entries = log_density_by_entry(model.given(x).likelihood(weighed.latent), values_of(x))
            return weighed.reconstruction, weighed.divergence, entries

        keys = draw_keys(key, self.draws)
        reconstruction, divergence, entries = jax.lax.map(one, keys, batch_size=min(self.chunk, self.draws))
        terms: tuple[Any, Any] = (-jnp.mean(entries, axis=0), standard_error(entries))
        return _account(reconstruction, divergence), Terms(*terms)


def _account(reconstruction: Float[Array, "draws"], divergence: Float[Array, "draws"]) -> RowResult:
    log_w = reconstruction - divergence
    failed = jnp.isnan(log_w)
    kept = jnp.where(failed, -jnp.inf, log_w)
    numbers: dict[str, Any] = {
        "elbo": jnp.mean(log_w),
        "elbo_error": standard_error(log_w),
        "rate": jnp.mean(divergence),
        "rate_error": standard_error(divergence),
        "distortion": -jnp.mean(reconstruction),
        "distortion_error": standard_error(reconstruction),
        "log_p": log_mean_weight(kept),
        "log_p_error": log_mean_weight_error(kept),
        "ess": effective_sample_size(kept),
        "khat": pareto_khat(kept),
        "failed": jnp.sum(failed),
    }
    return RowResult(**numbers)


def account_for_rows(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    *,
    draws: int,
    key: RandomKey,
    rows: np.ndarray | None = None,
    on_block: Callable[[int], None] | None = None,
) -> RowResult:
    """The account of every row; `rows` gives their numbers, by which their keys are folded in."""
    # Few draws take less time than a call does: then more rows share one.
    block = max(ROWS_AT_ONCE, size_for(DECODED_AT_ONCE // draws))
    return map_rows(RowAccount(draws), model, guide, data, key=key, rows=rows, block=block, on_block=on_block)


def account_from_the_prior(
    model: AbstractModel,
    data: DataLike,
    *,
    draws: int,
    key: RandomKey,
) -> RowResult:
    """The account of every row with the prior as its guide; all rows share their draws."""
    # With covariates a draw is decoded anew for each row.
    chunk = DECODED_AT_ONCE // ROWS_AT_ONCE if as_datum(data).conditioned else SHARED_AT_ONCE
    function = SharedAccount(RowAccount(draws, chunk=chunk), key)
    return map_rows(function, model, Constant(model.prior()), data, key=key, block=ROWS_AT_ONCE)


def account_by_entry(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    *,
    draws: int,
    key: RandomKey,
    rows: np.ndarray | None = None,
) -> tuple[RowResult, Terms]:
    """As `account_for_rows`, with the same draws, and the `Terms` of every row."""
    return map_rows(RowAccountByEntry(draws), model, guide, data, key=key, rows=rows, block=ROWS_AT_ONCE)
