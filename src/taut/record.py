"""The account of an audit as plain data: what `ledger.json` holds. No arrays, no device.

    Ledger
    ├── elbo, evidence, gap            the identity  log p(x) = ELBO + KL( q(z|x) ‖ p(z|x) )
    ├── rate, distortion, latents      the other form of the ELBO, and what each latent carries
    ├── weights, prior_weights         how far importance weighting can be trusted
    ├── verdicts                       which lever to pull
    └── exhibits                       what the page draws, so that it never has to compute

Every number is in nats, higher is more evidence, and each is an `Estimate` with a direction and an error.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Literal

import msgspec

from taut.errors import DataError
from taut.files import write_text

__all__ = [
    "FORMAT",
    "Estimate",
    "Evidence",
    "Exhibits",
    "Gap",
    "HistoryRow",
    "Interval",
    "LatentMap",
    "LatentUse",
    "Ledger",
    "Quantiles",
    "RowExhibit",
    "Severity",
    "Status",
    "Verdict",
    "WeightHealth",
]

FORMAT = 1

Status = Literal["exact", "certified-lower", "certified-upper", "conditional-upper", "estimate"]
Severity = Literal["good", "note", "warning", "problem"]


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
class Evidence:
    """Mean log p(x) over the rows: from below, from above where measured, and two usual estimates.

    `importance` is the K-sample value with the encoder as proposal, `prior` the naive one with the prior.
    """

    lower: Estimate
    upper: Estimate | None
    importance: Estimate
    prior: Estimate


@dataclasses.dataclass(frozen=True, kw_only=True)
class Interval:
    """Two ends with a status each; `upper` is None where nothing bounds the quantity from above."""

    lower: Estimate
    upper: Estimate | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gap:
    """Where log p(x) − ELBO comes from; a cause that was not measured is None."""

    inference: Interval
    approximation: Estimate | None = None
    amortisation: Estimate | None = None
    generalisation: Estimate | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class LatentUse:
    """What one latent carries: mean KL to the prior (nats), variance over rows of its posterior mean."""

    kl: float
    variance_of_mean: float
    active: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Quantiles:
    """Quantiles over rows."""

    minimum: float
    q25: float
    median: float
    q75: float
    maximum: float


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
    """What is wrong, or right, and which lever moves it; `evidence` names the numbers it rests on."""

    code: str
    severity: Severity
    text: str
    evidence: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class RowExhibit:
    """One row of the identity: ELBO, log p(x) and how reliable the latter is."""

    row: int
    elbo: float
    log_p: float
    std_error: float
    khat: float
    ess: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class HistoryRow:
    """One epoch of training: mean bound on the training rows as they passed, and on held-out rows."""

    epoch: int
    train: float
    held_out: float | None
    seconds: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class LatentMap:
    """Posterior means in two dimensions, with labels where given; `axes` says what the two are."""

    axes: tuple[str, str]
    x: list[float]
    y: list[float]
    labels: list[str] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exhibits:
    """What the page draws. Images are flat lists in [0, 1] to be folded by `image_shape`."""

    rows: list[RowExhibit]
    history: list[HistoryRow]
    outcome: str | None
    image_shape: tuple[int, int] | None
    originals: list[list[float]]
    reconstructions: list[list[float]]
    samples: list[list[float]]
    feature_names: list[str] | None
    latent_map: LatentMap | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ledger:
    """The audited account of one model on one data set.

    `rate` is mean KL(q(z|x) ‖ p(z)) and `distortion` mean −log p(x|z) under q, so that
    elbo = −distortion − rate. `discrete` says whether log p(x) is the log of a probability (True) or of a
    density, whose value depends on the units of the data. `settings` holds seeds, draws and precision.
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
    rate: Estimate
    distortion: Estimate
    latents: list[LatentUse]
    active_units: int
    weights: WeightHealth
    prior_weights: WeightHealth
    bits_per_dim: Estimate | None
    verdicts: list[Verdict]
    notes: list[str]
    exhibits: Exhibits

    def to_json(self, path: str | Path | None = None) -> str:
        """The ledger as JSON text, written to `path` if one is given."""
        text = msgspec.json.format(msgspec.json.encode(self), indent=1).decode()
        if path is not None:
            write_text(path, text)
        return text

    @classmethod
    def from_json(cls, source: str | Path) -> Ledger:
        """Read a ledger from JSON text or from a file.

        Raises DataError where the text is no ledger of this format.
        """
        text = Path(source).read_text("utf-8") if isinstance(source, Path) else source
        try:
            ledger = msgspec.json.decode(text, type=cls)
        except msgspec.DecodeError as error:
            raise DataError(
                f"Wanted a ledger of format {FORMAT}; got text that does not read as one ({error}); audit the run "
                "again."
            ) from None
        if ledger.format != FORMAT:
            raise DataError(f"Wanted a ledger of format {FORMAT}; got format {ledger.format}; audit the run again.")
        return ledger

    def to_html(self, path: str | Path) -> None:
        """Write the account as one self-contained page."""
        from taut.reporting import render_page  # noqa: PLC0415  drawing is heavy, and this layer lies below it

        write_text(path, render_page(self))

    def __str__(self) -> str:
        from taut.reporting import render_text  # noqa: PLC0415  as above

        return render_text(self)
