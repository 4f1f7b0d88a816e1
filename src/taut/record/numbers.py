"""A reported number: its value, its error, its direction."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Literal

Status = Literal["exact", "certified-lower", "certified-upper", "conditional-upper", "estimate"]


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
