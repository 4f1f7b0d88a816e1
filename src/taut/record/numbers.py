"""A number that leaves the core: its value, its error, its direction."""

from __future__ import annotations

import dataclasses
from typing import Literal

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
