"""How the bracket was annealed, and its checks."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Literal

Status = Literal["exact", "certified-lower", "certified-upper", "conditional-upper", "estimate"]
"""What is known of a number; see the glossary."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number with its standard error, its status, and the condition under which the status holds.

    `status` is one of `exact`, `certified-lower` (P(value > truth) ≤ delta), `certified-upper`,
    `conditional-upper` (upper if `condition` holds) and `estimate` (no certificate). `draws` counts the
    Monte Carlo draws for each datum that were used.

    >>> print(Estimate(value=-1.25, std_error=0.01))
    -1.250 ± 0.010
    >>> Estimate(value=-1.25, std_error=0.01).agrees_with(-1.27)
    True
    """

    value: float
    std_error: float | None = None
    status: Status = "estimate"
    delta: float | None = None
    condition: str | None = None
    draws: int | None = None

    @classmethod
    def of_mean(cls, values: Any, condition: str, *, draws: int | None = None) -> Estimate:
        """The mean of independent values, and its standard error, which one value alone does not have."""
        error = float(standard_error(values)) if len(values) > 1 else None
        return cls(value=float(values.mean()), std_error=error, condition=condition, draws=draws)

    def __str__(self) -> str:
        text = f"{self.value:.3f}"
        return text if self.std_error is None else f"{text} ± {self.std_error:.3f}"

    def agrees_with(self, truth: float, *, z: float = 5.0) -> bool:
        """Whether `truth` lies within `z` standard errors."""
        return abs(self.value - truth) <= z * (self.std_error or 0.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Interval:
    """Two ends with a status each; `upper` is None where nothing bounds the quantity from above."""

    lower: Estimate
    upper: Estimate | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Quantiles:
    """Quantiles over rows."""

    minimum: float
    q25: float
    median: float
    q75: float
    maximum: float


def standard_error(values: Any) -> Any:
    """s/√n of n independent values, along the first axis of a NumPy or JAX array; NaN for one, which has no spread.

    >>> import numpy as np
    >>> float(standard_error(np.array([1.0, 3.0])))
    1.0
    """
    n = values.shape[0]
    return values.std(axis=0, ddof=1) / math.sqrt(n) if n > 1 else math.nan * values[0]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Control:
    """The same lower bound from another start, on a few of the rows: a mode that one start misses another may find.

    `excess` is the paired mean of the control's lower bound minus the main one: far above zero, a mode was missed.
    `above` is the same minus the upper bound of the walks: above zero, that one is false.
    """

    start: str
    rows: int
    excess: Estimate
    above: Estimate | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Annealing:
    """How the bracket was measured. Quantiles are over rows.

    `temperatures` steps from `start` to the posterior and back, each with `leapfrogs` gradients in each of `chains`
    chains; `acceptance` of the proposals; `rhat` of the chains that were settled into the reverse walks' starts;
    `failed_chains` counted as weight zero. `asked` is the width that was wanted, in nats. `moved` is by how much starts
    from long walks raise an upper bound, `heavy` the share of rows looked at whose posterior has tails like a power.
    """

    start: str
    chains: int
    leapfrogs: int
    temperatures: Quantiles
    acceptance: Quantiles
    rhat: Quantiles | None
    failed_chains: int
    asked: float | None
    controls: list[Control] = dataclasses.field(default_factory=list)
    moved: Estimate | None = None
    heavy: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Simulated:
    """The same bracket on rows drawn from the model, whose latents are exact posterior draws: certified on both sides.

    `allowance` is the mean over the `matched` rows of (upper bound from the exact start − upper bound from the start
    that real rows get), `allowance_q95` its 95 % quantile over those rows, the noise
    of the walks included. `comparable` is the share of the real rows
    that lie within the range of the simulated ones in what they were matched by.
    """

    rows: int
    lower: Estimate
    upper: Estimate
    matched: int
    comparable: float
    allowance: Estimate
    allowance_q95: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Coverage:
    """The share of simulated latents within the guide's central intervals of this level."""

    level: float
    observed: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Calibration:
    """The guide against exact posterior draws, on data simulated from the model.

    `z_mean` and `z_sd` are of (z − E_q z)/sd_q z, 0 and 1 where q is the posterior. `ranks` counts over all latents
    in which of equal bins the latent falls among the guide's draws; `band` holds every bin at once with
    probability 95 %. `biased` lists the latents whose own ranks leave their simultaneous band.
    """

    rows: int
    draws: int
    z_mean: float
    z_sd: float
    coverage: list[Coverage]
    ranks: list[int]
    band: tuple[float, float]
    biased: list[int]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Crooks:
    """Histograms of log-weights of the forward and reverse walks, each row centred on its bridge value.

    p_reverse(w) / p_forward(w) = w / p(x): they cross at zero. Where log w is Gaussian both variances equal the gap
    between the two means.
    """

    edges: list[float]
    forward: list[int]
    reverse: list[int]
    forward_variance: float
    reverse_variance: float
    gap: float

    def __post_init__(self) -> None:
        """Raise ValueError for counts that are not one for each bin."""
        if not len(self.forward) == len(self.reverse) == len(self.edges) - 1:
            raise ValueError(f"{len(self.forward)} and {len(self.reverse)} counts between {len(self.edges)} edges")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TradeOff:
    """A point of the rate–distortion curve of the decoder: the posterior at inverse temperature `beta`, in nats."""

    beta: float
    rate: float
    distortion: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class OwnTradeOff:
    """Where the model and its guide stand beside that curve: means over the same `rows`, as many as it is of."""

    rows: int
    rate: float
    distortion: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outliers:
    """Outliers, compared with `reference` rows simulated from the model.

    `improbable` is the share of rows whose log p(x) is below that of 99 % of the simulated ones; `regretful` the share
    whose amortisation gap (likelihood regret: Xiao et al. 2020) is above `regret`, its 99 % quantile there.
    `rows` names the most regretful ones past it, at most twenty.
    """

    reference: int
    improbable: float
    regret: float
    regretful: float
    rows: list[int]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Predictive:
    """A statistic of the data, and its 98 % range over simulated data sets of as many rows."""

    statistic: str
    observed: float
    simulated: float
    low: float
    high: float
