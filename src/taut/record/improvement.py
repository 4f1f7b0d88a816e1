"""The account of an improvement as plain data: what `improvement.json` holds."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from taut.files import write_text
from taut.record.checks import Estimate, Interval
from taut.record.json_files import account_in, json_of
from taut.record.ledger import Lever, Verdict

IMPROVEMENT_FORMAT = 1
"""The format of `improvement.json`; it rises when the format changes."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trial:
    """One change that was tried, on the selection rows, beside the best model until then.

    `change` says it by its options, `verdict` is the code of the verdict that asked for it and `promise` what that one
    promised. `elbo` and `evidence` are paired means of (with the change − without): `evidence` lies between two
    bounds, whose errors are over rows. `won` is the one of the two that the promise is about. What was not measured is
    None, and `said` tells why a change was kept or not.
    """

    change: str
    lever: Lever | None
    verdict: str | None
    promise: Estimate | None
    kept: bool
    said: str
    seconds: float
    elbo: Estimate | None = None
    evidence: Interval | None = None
    won: Estimate | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stage:
    """The model after a change that was kept, on rows that no choice has seen; the first stage is the old model.

    `won` is how much log p(x) rose from the stage before, the middle of the bracket of the paired difference.
    """

    change: str
    elbo: Estimate
    evidence: Interval
    won: Estimate | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Improvement:
    """What was tried in which order, what it won, and what is left.

    `rows` counts those that train, select and report. `difference` is log p(x) of the new model minus that of the old
    one on the rows that report, from below and above, and `elbo_difference` that of the ELBO; both None where nothing
    was kept or measured. `left` are the verdicts on the new model that still name a lever. `ended` says why the
    search ended.
    """

    format: int
    taut: str
    created: str
    title: str
    rows: dict[str, int]
    seconds: float
    seed: int
    trials: list[Trial]
    stages: list[Stage]
    difference: Interval | None
    elbo_difference: Estimate | None
    left: list[Verdict]
    ended: str
    notes: list[str]

    def to_json(self, path: str | Path | None = None) -> str:
        """The account as JSON text, written to `path` if one is given."""
        return json_of(self, path)

    @classmethod
    def from_json(cls, source: str | Path) -> Improvement:
        """Read an account from JSON text or from a file. Raises DataError where it is none of this format."""
        return account_in(source, cls, format=IMPROVEMENT_FORMAT, named="an improvement", again="improve the run")

    def to_html(self, path: str | Path) -> None:
        """Write the account as one self-contained page."""
        from taut.reporting import render_improvement  # noqa: PLC0415  drawing is heavy, and this layer lies below it

        write_text(path, render_improvement(self))

    def __str__(self) -> str:
        from taut.reporting import improvement_text  # noqa: PLC0415  as above

        return improvement_text(self)
