"""Which likelihood fits the data, why, and which data a likelihood refuses."""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from taut.data import fills_bytes
from taut.data.units import differences
from taut.errors import OptionError, SupportError
from taut.likelihoods.base import AbstractLikelihood
from taut.likelihoods.binary import Bernoulli, ContinuousBernoulli
from taut.likelihoods.categories import Categorical
from taut.likelihoods.counts import Binomial, NegativeBinomial, Poisson
from taut.likelihoods.grey import DiscretisedLogistic
from taut.likelihoods.inflated import ZeroInflated
from taut.likelihoods.real import Gaussian, StudentT

Values = np.ndarray

# Counts up to here that pile up at their largest are counts out of a total.
MOST_STEPS_OF_A_COUNT = 64
HEAVY_TAIL_KURTOSIS = 6.0
# In standard deviations of 1: its square is the largest number of single precision.
FARTHEST_OF_UNIT = 1e19


class Choice(NamedTuple):
    """A likelihood's name and the reason for it, as a clause that can be said aloud."""

    name: str
    reason: str


def choose(values: Values) -> Choice:
    """The likelihood that fits these values, with the reason.

    >>> import numpy as np
    >>> choose(np.array([[0, 1], [1, 1]])).name
    'bernoulli'
    """
    low, high = float(values.min()), float(values.max())
    if _is_whole(values) and low >= 0:
        return _choose_for_counts(values, high)
    if low >= 0 and high <= 1:
        return Choice("continuous-bernoulli", "every value is a share between 0 and 1")
    kurtosis = _median_kurtosis(values)
    if kurtosis > HEAVY_TAIL_KURTOSIS:
        return Choice("student-t", f"the values are real with heavy tails (median excess kurtosis {kurtosis:.1f})")
    return Choice("gaussian", "the values are real numbers without heavy tails")


def check_support(name: str, values: Values) -> None:
    """Refuse values that the named likelihood cannot produce.

    Raises SupportError with one sentence that names what came and what to do; OptionError for an unknown name.
    """
    likelihood = _known(name)
    if likelihood.refuses is not None and (complaint := likelihood.refuses(values)):
        raise SupportError(complaint)


def named(name: str, values: Values, *, largest: float | None = None) -> AbstractLikelihood:
    """The named likelihood for data like these: sizes and scales are read from the values.

    `largest` is the end of the scale (the total of a binomial, the last category), by default the largest value.
    Raises OptionError for an unknown name.
    """
    return _known(name).build(values, int(max(values.max() if largest is None else largest, 1)))


def _choose_for_counts(values: Values, high: float) -> Choice:
    if high <= 1:
        return Choice("bernoulli", "every value is 0 or 1")
    if fills_bytes(values):
        return Choice("discretised-logistic", f"the values fill bytes up to {high:.0f}, read as grey levels 0 to 255")
    if high <= MOST_STEPS_OF_A_COUNT and _piles_up_at(values, high):
        return Choice("binomial", f"the values are counts that pile up at their largest, {high:.0f}")
    return choose_counts(values)


def choose_counts(values: Values) -> Choice:
    """The likelihood of counts without an upper end: Poisson, or negative binomial where the variance is larger.

    >>> choose_counts(np.array([[0], [9], [2]])).name
    'negative-binomial'
    """
    mean, variance = values.mean(axis=0, dtype=np.float64), values.var(axis=0, dtype=np.float64)
    ratio = float(np.median(variance[mean > 0] / mean[mean > 0]))
    if ratio > 1.5:
        return Choice("negative-binomial", f"the values are counts with variance {ratio:.1f} times the mean")
    return Choice("poisson", f"the values are counts with variance {ratio:.1f} times the mean")


def _piles_up_at(values: Values, high: float) -> bool:
    """Whether the largest value is an end of the scale: more cells there than one step below it, and not a few.

    The largest of unbounded counts is often tied by chance; a hundredth of all cells in the tail is not chance.
    """
    at_end, before = int((values == high).sum()), int((values == high - 1).sum())
    return at_end >= max(before, 5, values.size // 100)


def _median_kurtosis(values: Values) -> float:
    # From near each column's middle and in units of its width, where no power overflows and no digit is lost.
    moved = differences(values, np.median(values, axis=0))
    width = np.abs(moved).max(axis=0)
    moved = moved[:, width > 0] / width[width > 0]
    if not moved.size:
        return 0.0
    scores = (moved - moved.mean(axis=0)) / moved.std(axis=0)
    return float(np.median((scores**4).mean(axis=0))) - 3.0


def _is_whole(values: Values) -> bool:
    return values.dtype.kind in "iub" or bool(np.all(values == np.round(values)))


class _Known(NamedTuple):
    build: Callable[[Values, int], AbstractLikelihood]
    refuses: Callable[[Values], str] | None


def _scales(values: Values) -> dict[str, jnp.ndarray]:
    spread = values.std(axis=0, dtype=np.float64)
    typical = float(np.sqrt(np.mean(spread**2))) or 1.0
    # An entry that never moves in training may move later; a tiny spread would make it infinitely surprising. Entries
    # in small units keep theirs.
    spread = np.where(spread > 1e-6 * np.abs(values.mean(axis=0, dtype=np.float64)), spread, 1e-3 * typical)
    return {"centre": jnp.asarray(values.mean(axis=0, dtype=np.float64)), "spread": jnp.asarray(spread)}


def _common_spread(values: Values) -> dict[str, jnp.ndarray]:
    scales = _scales(values)
    return scales | {"spread": jnp.full_like(scales["spread"], jnp.sqrt(jnp.mean(scales["spread"] ** 2)))}


def _not_binary(values: Values) -> str:
    if bool(np.all((values == 0) | (values == 1))):
        return ""
    return (
        f"A Bernoulli likelihood wants zeros and ones; got values from {values.min():g} to {values.max():g}; "
        "binarise them (`--binarise dynamic`, or `fixed` with a seed) or choose `continuous-bernoulli` for shares."
    )


def _not_shares(values: Values) -> str:
    if values.min() >= 0 and values.max() <= 1:
        return ""
    return (
        f"A continuous Bernoulli likelihood wants shares from 0 to 1; got values from {values.min():g} to "
        f"{values.max():g}; divide them by their maximum or choose another likelihood."
    )


def _not_counts(values: Values) -> str:
    if not _is_whole(values):
        return "Counts are wanted; got fractions; choose `gaussian` or `student-t` for real values."
    if values.min() < 0:
        return f"Counts are wanted; got the negative value {values.min():g}; choose `gaussian` for real values."
    return ""


def _not_grey(values: Values) -> str:
    if complaint := _not_counts(values):
        return complaint
    if values.max() > 255:
        return f"Grey levels 0 to 255 are wanted; got {values.max():g}; choose `negative-binomial` for counts."
    return ""


def _not_near_one(values: Values) -> str:
    reach = float(np.ptp(values.astype(np.float64), axis=0).max())
    if reach < FARTHEST_OF_UNIT:
        return ""
    return (
        f"A Gaussian of standard deviation 1 wants numbers in units of about that; got numbers {reach:.3g} apart, "
        "whose squares single precision cannot hold; choose `gaussian`, or divide them."
    )


def _known(name: str) -> _Known:
    if name not in _TABLE:
        raise OptionError(f"Wanted a likelihood among {', '.join(NAMES)} or auto; got `{name}`; choose one of these.")
    return _TABLE[name]


_TABLE: dict[str, _Known] = {
    "bernoulli": _Known(lambda x, _: Bernoulli(x.shape[1]), _not_binary),
    "binomial": _Known(lambda x, top: Binomial(x.shape[1], total=top), _not_counts),
    "categorical": _Known(lambda x, top: Categorical(x.shape[1], classes=top + 1), _not_counts),
    "continuous-bernoulli": _Known(lambda x, _: ContinuousBernoulli(x.shape[1]), _not_shares),
    "discretised-logistic": _Known(lambda x, _: DiscretisedLogistic(x.shape[1]), _not_grey),
    "gaussian": _Known(lambda x, _: Gaussian(x.shape[1], scale="separate", **_scales(x)), None),
    "gaussian-shared": _Known(lambda x, _: Gaussian(x.shape[1], scale="shared", **_common_spread(x)), None),
    "gaussian-unit": _Known(lambda x, _: Gaussian(x.shape[1], scale="unit", **_common_spread(x)), _not_near_one),
    "negative-binomial": _Known(lambda x, _: NegativeBinomial(x.shape[1]), _not_counts),
    "poisson": _Known(lambda x, _: Poisson(x.shape[1]), _not_counts),
    "student-t": _Known(lambda x, _: StudentT(x.shape[1], **_scales(x)), None),
    "zero-inflated-negative-binomial": _Known(lambda x, _: ZeroInflated(NegativeBinomial(x.shape[1])), _not_counts),
    "zero-inflated-poisson": _Known(lambda x, _: ZeroInflated(Poisson(x.shape[1])), _not_counts),
}
NAMES: tuple[str, ...] = tuple(_TABLE)
