"""The account of one model on one data set: what `ledger.json` holds."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from taut.files import write_text
from taut.record.checks import (
    Annealing,
    Calibration,
    Crooks,
    Estimate,
    Interval,
    Outliers,
    OwnTradeOff,
    Predictive,
    Quantiles,
    Simulated,
    TradeOff,
)
from taut.record.columns import ColumnAccount, Figures, TableAccount
from taut.record.json_files import account_in, json_of

if TYPE_CHECKING:
    from taut.reporting import LedgerPlots

Severity = Literal["good", "note", "warning", "problem"]
"""How much a verdict matters."""
Lever = Literal["encoder", "guide", "prior", "likelihood", "decoder", "latents", "training", "time", "data"]
"""What a verdict says to change."""
OF_THE_BOUND = ("encoder", "guide", "prior", "training")
"""Levers whose promises are nats of the ELBO of a model as it is; those of the others are nats of log p(x)."""
Collapse = Literal["model", "amortisation"]
"""Whose doing it is that latents are idle."""


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
    """A conclusion, and what to change about it; `evidence` names the numbers that it rests on.

    `lever` is the part to change, and `promise` how many nats a row that can win with everything else held: of the ELBO
    by encoder, guide, prior and training, of log p(x) by likelihood and decoder; its condition says at what end it
    stands. None where there is no lever, or its nats are not known. `title` is the conclusion in a few words; `command`
    is what to type to pull the lever, where RUN is the folder of the run, DATA are rows, and … stands for the data and
    the options that the run was fitted with.
    """

    code: str
    severity: Severity
    text: str
    evidence: str
    lever: Lever | None = None
    promise: Estimate | None = None
    title: str = ""
    command: str | None = None


FORMAT = 3
"""The format of `ledger.json`; it rises when the format changes."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Account:
    """All that an audit measured of one model on one data set, before anything is concluded from it.

    `rate` is mean KL(q(z|x) ‖ p(z)) and `distortion` mean −log p(x|z) under q, so that
    elbo = −distortion − rate. `discrete` says whether log p(x) is the log of a probability (True) or of a
    density, whose value depends on the units of the data. `settings` holds seeds, draws and precision. `complete` is
    False where an audit was stopped: it is then about the rows that were finished. `not_measured` names the parts for
    which there was no time.

    rate = `mutual_information` + `marginal_kl`; `total_correlation` is the part of the latter that the latents hold
    about one another, and `prior_gain` what independent Gaussians with the moments of q(z) would add to the ELBO as the
    prior. What was not measured is None. Of a table `table` says what log p(x) is, and `columns` has an entry for each
    column that is modelled; elsewhere the one is None and the other empty.
    """

    format: int
    taut: str
    created: str
    title: str
    likelihood: str
    discrete: bool
    rows: int
    datum: int
    latent: int
    data_digest: str
    model_digest: str
    seconds: float
    settings: dict[str, str | int | float | bool | None]
    elbo: Estimate
    evidence: Evidence
    gap: Gap
    rate: Estimate | None
    distortion: Estimate | None
    latents: list[LatentUse]
    active_units: int
    weights: WeightHealth
    prior_weights: WeightHealth | None
    bits_per_dim: Estimate | None
    notes: list[str]
    figures: Figures
    complete: bool = True
    not_measured: list[str] = dataclasses.field(default_factory=list)
    mutual_information: Estimate | None = None
    marginal_kl: Estimate | None = None
    total_correlation: Estimate | None = None
    prior_gain: Estimate | None = None
    annealing: Annealing | None = None
    simulated: Simulated | None = None
    calibration: Calibration | None = None
    crooks: Crooks | None = None
    outliers: Outliers | None = None
    predictive: list[Predictive] = dataclasses.field(default_factory=list)
    trade_off: list[TradeOff] = dataclasses.field(default_factory=list)
    own_trade_off: OwnTradeOff | None = None
    table: TableAccount | None = None
    columns: list[ColumnAccount] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Ledger(Account):
    """The account, and what follows from it: verdicts, the worst first."""

    verdicts: list[Verdict]

    def to_json(self, path: str | Path | None = None) -> str:
        """The ledger as JSON text, written to `path` if one is given."""
        return json_of(self, path)

    @classmethod
    def from_json(cls, source: str | Path) -> Ledger:
        """Read a ledger from JSON text or from a file.

        Raises DataError where the text is no ledger of this format.
        """
        return account_in(source, cls, format=FORMAT, named="a ledger", again="audit the run")

    def to_html(self, path: str | Path) -> None:
        """Write the account as one self-contained page."""
        from taut.reporting import render_page  # noqa: PLC0415  drawing is heavy, and this layer lies below it

        write_text(path, render_page(self))

    @property
    def plot(self) -> LedgerPlots:
        """The pictures of the page, each in axes of matplotlib: `ledger.plot.rows(ax=ax)`."""
        from taut.reporting import LedgerPlots  # noqa: PLC0415  as above

        return LedgerPlots(self)

    def _repr_html_(self) -> str:
        from taut.reporting import notebook_tables  # noqa: PLC0415  as above

        return "\n".join(table.html() for table in notebook_tables(self))

    def __repr__(self) -> str:
        from taut.reporting import notebook_tables  # noqa: PLC0415  as above

        return "\n\n".join(table.text() for table in notebook_tables(self))

    def __str__(self) -> str:
        from taut.reporting import render_text  # noqa: PLC0415  as above

        return render_text(self)
