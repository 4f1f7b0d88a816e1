"""Outliers and predictive checks in words."""

from __future__ import annotations

import dataclasses

from taut.record import Ledger, Outliers, Predictive
from taut.reporting import words
from taut.reporting.line import Line


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comparison:
    """One statistic as texts: of the data, of the model, the range for sets as large, and whether it is within."""

    statistic: str
    observed: str
    simulated: str
    range: str
    is_within: bool


def comparisons(predictive: list[Predictive]) -> list[Comparison]:
    """A line of the table for each statistic."""
    return [
        Comparison(
            statistic=check.statistic,
            observed=words.general(check.observed),
            simulated=words.general(check.simulated),
            range=f"{words.general(check.low)} to {words.general(check.high)}",
            is_within=check.low <= check.observed <= check.high,
        )
        for check in predictive
    ]


def outlier_sentences(outliers: Outliers) -> list[str]:
    """What share of the rows is unlike simulated ones, by each of two standards."""
    named = f" The furthest: {_rows(outliers.rows)}." if outliers.rows else ""
    return [
        f"{words.percent(outliers.improbable)} of the audited rows are less probable than {_TAIL} of "
        f"{outliers.reference} rows drawn from the model.",
        f"For {words.percent(outliers.regretful)} of them a posterior of the row’s own gains more than "
        f"{words.plain(outliers.regret)} nats over the encoder’s (likelihood regret, Xiao et al. 2020): {_TAIL} of the "
        f"rows drawn from the model stay below that.{named}",
    ]


def unlike_lines(ledger: Ledger) -> list[Line]:
    """The same for a terminal."""
    lines, outliers = [], ledger.outliers
    if outliers is not None:
        against = f"of {outliers.reference} simulated"
        lines = [
            _line("Rows less probable than 99 %", words.percent(outliers.improbable), against),
            _line("Rows with more regret than 99 %", words.percent(outliers.regretful), against),
        ]
    for check in comparisons(ledger.predictive):
        verdict = "within" if check.is_within else "OUTSIDE"
        lines.append(_line(f"Model check: {check.statistic}", check.observed, f"{verdict} {check.range}"))
    return lines


_TAIL = "99\N{NO-BREAK SPACE}%"


def _line(name: str, value: str, status: str) -> Line:
    return Line(name=name, value=value, status=status, meaning="")


def _rows(rows: list[int]) -> str:
    return f"{'row' if len(rows) == 1 else 'rows'} {words.listed([str(row) for row in rows], most=20)}"
