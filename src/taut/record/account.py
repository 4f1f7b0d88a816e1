"""The parts of an account: evidence, the gap and its causes, latents, weights, verdicts."""

from __future__ import annotations

import dataclasses
from typing import Literal

from taut.record.numbers import Estimate, Interval, Quantiles

Severity = Literal["good", "note", "warning", "problem"]
Collapse = Literal["model", "amortisation"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Evidence:
    """Mean log p(x) over the rows: from below, from above where measured, and the usual estimates.

    `importance` is the K-sample value with the encoder as proposal, `refined` the same with each row's refined
    Gaussian, `prior` the naive one with the prior. `bridge` weighs the forward and the reverse walks together
    (Bennett 1976): the best single value, without a direction. `width` is the mean of upper − lower over the rows
    before any margin or allowance, `shortfall` the paired mean of lower − importance: how far the usual value is too
    low at least, up to the noise of both. `withdrawn` says why there is no upper end although it was measured: a check
    of the same audit contradicts it, and `bridge` and `width` go with it.
    """

    lower: Estimate
    upper: Estimate | None
    importance: Estimate
    prior: Estimate | None
    refined: Estimate | None = None
    bridge: Estimate | None = None
    width: float | None = None
    shortfall: Estimate | None = None
    withdrawn: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Generalisation:
    """How much better off training rows are than these, means per row; both are above zero where they are.

    `evidence`: log p(x) of training rows − of these, the model's; `encoder`: log p(x) − ELBO of these − of training
    rows.
    """

    rows: int
    evidence: Estimate
    encoder: Estimate


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gap:
    """Where log p(x) − ELBO comes from; a cause that was not measured is None.

    `approximation` is at most, `amortisation` at least, what it says, for the guide's own `family`; `full_covariance`
    is what the best full-covariance Gaussian of each row has over the best of the guide's own family.
    """

    inference: Interval
    family: str | None = None
    approximation: Estimate | None = None
    amortisation: Estimate | None = None
    full_covariance: Estimate | None = None
    generalisation: Generalisation | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class LatentUse:
    """What one latent carries, in nats: mean KL of q(z_j|x) to the prior, and the variance of its posterior mean.

    `marginal_kl` is KL(q(z_j) ‖ p(z_j)) of the aggregated posterior, `refined_kl` the mean KL under each row's refined
    Gaussian. A latent that the encoder leaves idle has a `collapse`: of the model where the refined posterior is idle
    too, of the amortisation where only the encoder is.
    """

    kl: float
    variance_of_mean: float
    active: bool
    marginal_kl: float | None = None
    refined_kl: float | None = None
    collapse: Collapse | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class WeightHealth:
    """How far the importance weights of each row can be trusted.

    `khat` is the Pareto tail index, `threshold` the value above which it is too heavy for the number of
    draws used, `over_threshold` the fraction of rows past it, `ess` the effective number of draws.
    """

    draws: int
    khat: Quantiles
    ess: Quantiles
    threshold: float
    over_threshold: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """A conclusion, and what to change about it; `evidence` names the numbers that it rests on."""

    code: str
    severity: Severity
    text: str
    evidence: str
