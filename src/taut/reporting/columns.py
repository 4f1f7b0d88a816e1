"""A table in words: what log p(x) is of, what each column was taken for, what it adds, and whether it is right."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from taut.record import ColumnAccount, Ledger, LeftOut, MaskedCells, Outliers, PairDifference, Predictive, TableAccount
from taut.reporting import words
from taut.reporting.words import Line

# Rows of a table on the page; lines in a terminal.
_MOST_ROWS, _MOST_LINES = 40, 6
_LONGEST_NAME = 28
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ColumnRow:
    """One row of a table about columns: its name, a small line below it, and its cells."""

    name: str
    below: str
    cells: list[str]
    is_sum: bool = False


def is_shortened(ledger: Ledger) -> bool:
    """Whether the tables show only some of the columns."""
    return len(ledger.columns) + len(_left_out(ledger)) > _MOST_ROWS


def cells_sentence(table: TableAccount) -> str:
    """How many cells are missing, and in how many rows."""
    if table.missing == 0:
        return f"All {table.cells} cells of the audited rows are there."
    rows = "1 row" if table.rows_with_holes == 1 else f"{table.rows_with_holes} rows"
    return f"{table.missing} of {table.cells} cells are missing, in {rows}."


def schema_rows(ledger: Ledger) -> list[ColumnRow]:
    """What each column was taken for, and why; those that are left out come last."""
    modelled = [
        ColumnRow(
            name=column.name,
            below=column.reason,
            cells=[_taken_for(column), column.unit or "probability", words.percent(column.observed)],
        )
        for column in ledger.columns
    ]
    left_out = [
        ColumnRow(name=c.name, below=f"{c.kind}: {c.reason}", cells=["not modelled", "", ""]) for c in _left_out(ledger)
    ]
    return [*modelled, *left_out][:_MOST_ROWS]


def sum_rows(ledger: Ledger) -> list[ColumnRow]:
    """What densities and probabilities add to the distortion, and each kind of column within them."""
    table = ledger.table
    if table is None:
        return []
    rows = []
    for measure, name, total in (
        ("density", "Densities", table.densities),
        ("probability", "Probabilities", table.probabilities),
    ):
        if total is None:
            continue
        rows.append(ColumnRow(name=name, below="", cells=["", words.plain(total)], is_sum=True))
        rows += [
            ColumnRow(name=part.kind, below="", cells=[str(part.columns), words.plain(part.distortion)])
            for part in table.parts
            if part.measure == measure
        ]
    return rows


def gain_rows(ledger: Ledger) -> list[ColumnRow]:
    """log p of a cell by itself, given the others, and the difference."""
    return [
        ColumnRow(
            name=column.name,
            below=_partner(column),
            cells=[
                words.value_of(column.independent_baseline),
                words.value_of(column.conditional),
                words.number(column.gain),
            ],
        )
        for column in ledger.columns
        if column.gain is not None
    ][:_MOST_ROWS]


def masked_rows(ledger: Ledger) -> list[ColumnRow]:
    """Masked cells: stated and observed coverage, and the error beside that of the mean or mode."""
    rows = [(column, column.masked) for column in ledger.columns if column.masked is not None]
    return [
        ColumnRow(
            name=column.name,
            below=f"{hidden.cells} cells hidden",
            cells=[
                words.percent(hidden.said),
                _share(hidden),
                _score(hidden, hidden.value),
                _score(hidden, hidden.baseline),
            ],
        )
        for column, hidden in rows
    ][:_MOST_ROWS]


def pair_rows(pairs: Sequence[PairDifference]) -> list[ColumnRow]:
    """The pairs whose association differs most."""
    return [
        ColumnRow(
            name=f"{pair.first} and {pair.second}",
            below="",
            cells=[words.fixed(pair.real, 2), words.fixed(pair.synthetic, 2)],
        )
        for pair in pairs
    ]


def column_lines(ledger: Ledger) -> list[Line]:
    """For a terminal: holes, the two sums, and the columns that fit worst."""
    table = ledger.table
    if table is None:
        return []
    lines = [_line("Cells missing", f"{table.missing} of {table.cells}", "integrated out")]
    if table.densities is not None and table.probabilities is not None:
        lines.append(_line("Distortion, densities", words.plain(table.densities), "in the units of the columns"))
        lines.append(_line("Distortion, probabilities", words.plain(table.probabilities), ""))
    measured = [column for column in ledger.columns if column.gain is not None]
    worst = sorted(measured, key=_badness)[:_MOST_LINES]
    return [*lines, *(_column_line(column) for column in worst)]


def shortened(name: str, most: int = _LONGEST_NAME) -> str:
    """A long name with its middle left out.

    >>> shortened("a_long_name_of_a_column", 11)
    'a_lon…olumn'
    """
    if len(name) <= most:
        return name
    head = (most - 1) // 2
    return f"{name[:head]}{_ELLIPSIS}{name[len(name) - (most - 1 - head) :]}"


def _column_line(column: ColumnAccount) -> Line:
    shape = column.calibration.shape if column.calibration else "too few cells"
    held = "" if column.masked is None else f", {words.percent(column.masked.covered.value)} held of "
    said = "" if column.masked is None else words.percent(column.masked.said)
    return _line(f"Gain of {shortened(column.name)}", words.number(column.gain), f"{shape}{held}{said}")


def _badness(column: ColumnAccount) -> tuple[bool, float, float]:
    wrong = column.calibration is not None and column.calibration.shape != "right"
    p_value = column.calibration.p_value if wrong and column.calibration else 1.0
    return not wrong, p_value, column.gain.value if column.gain else 0.0


def _left_out(ledger: Ledger) -> list[LeftOut]:
    return [] if ledger.table is None else ledger.table.left_out


def _taken_for(column: ColumnAccount) -> str:
    return column.kind if column.kind == column.family else f"{column.kind}, {column.family}"


def _partner(column: ColumnAccount) -> str:
    if column.partner is None or column.association is None:
        return ""
    return f"goes with {shortened(column.partner)} ({words.fixed(column.association, 2)})"


def _share(hidden: MaskedCells) -> str:
    error = hidden.covered.std_error
    return words.percent(hidden.covered.value) + ("" if error is None else f" ± {words.percent(error)}")


def _score(hidden: MaskedCells, value: float) -> str:
    return words.percent(value) if hidden.score == "accuracy" else words.general(value)


def _line(name: str, value: str, status: str) -> Line:
    return Line(name=name, value=value, status=status, meaning="")


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


def _rows(rows: list[int]) -> str:
    return f"{'row' if len(rows) == 1 else 'rows'} {words.listed([str(row) for row in rows], most=20)}"
