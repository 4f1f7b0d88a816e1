"""The account of an audit as plain data: what `ledger.json` holds. No arrays, no device.

    Ledger
    ├── elbo, evidence, gap            the identity  log p(x) = ELBO + KL( q(z|x) ‖ p(z|x) )
    ├── rate, distortion, latents      the other form of the ELBO, and what each latent carries
    ├── weights, prior_weights         how far importance weighting can be trusted
    ├── verdicts                       conclusions, and what to change
    ├── annealing, simulated, crooks   how log p(x) was bracketed, and what that was checked against
    ├── calibration, trade_off         the guide against exact posterior draws; rate against distortion
    ├── table, columns                 what log p(x) is of a row of a table, and what each column adds
    └── figures                       what the page draws, so that it never has to compute

Every number is in nats, higher is more evidence, and each is an `Estimate` with a direction and an error.
"""

from taut.record.checks import (
    Annealing,
    Calibration,
    Control,
    Coverage,
    Crooks,
    Estimate,
    Interval,
    Outliers,
    OwnTradeOff,
    Predictive,
    Quantiles,
    Simulated,
    Status,
    TradeOff,
    standard_error,
)
from taut.record.columns import (
    ColumnAccount,
    ColumnCalibration,
    Dependence,
    ExampleRows,
    FigureRow,
    Figures,
    HistoryRow,
    LatentMap,
    LeftOut,
    Marginal,
    MaskedCells,
    Measure,
    PairDifference,
    Part,
    Shape,
    TableAccount,
)
from taut.record.explaining import Entry, WordKind, explained, glossary
from taut.record.improvement import IMPROVEMENT_FORMAT, Improvement, Stage, Trial
from taut.record.ledger import (
    FORMAT,
    OF_THE_BOUND,
    Account,
    Collapse,
    Evidence,
    Gap,
    Generalisation,
    LatentUse,
    Ledger,
    Lever,
    Severity,
    Verdict,
    WeightHealth,
)

__all__ = [
    "FORMAT",
    "IMPROVEMENT_FORMAT",
    "OF_THE_BOUND",
    "Account",
    "Annealing",
    "Calibration",
    "Collapse",
    "ColumnAccount",
    "ColumnCalibration",
    "Control",
    "Coverage",
    "Crooks",
    "Dependence",
    "Entry",
    "Estimate",
    "Evidence",
    "ExampleRows",
    "FigureRow",
    "Figures",
    "Gap",
    "Generalisation",
    "HistoryRow",
    "Improvement",
    "Interval",
    "LatentMap",
    "LatentUse",
    "Ledger",
    "LeftOut",
    "Lever",
    "Marginal",
    "MaskedCells",
    "Measure",
    "Outliers",
    "OwnTradeOff",
    "PairDifference",
    "Part",
    "Predictive",
    "Quantiles",
    "Severity",
    "Shape",
    "Simulated",
    "Stage",
    "Status",
    "TableAccount",
    "TradeOff",
    "Trial",
    "Verdict",
    "WeightHealth",
    "WordKind",
    "explained",
    "glossary",
    "standard_error",
]
