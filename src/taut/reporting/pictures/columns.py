"""Columns one by one and pair by pair: the data beside what the model makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from taut.record import ColumnAccount, ColumnCalibration, Dependence, Ledger, Marginal
from taut.reporting.columns import shortened
from taut.reporting.pictures.canvas import MANY_ACROSS, Key, Paint, Picture, heights
from taut.reporting.pictures.style import ELBO, GRID, KL, MUTED, bare

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_NAMED_WIDE, _NAMED_NARROW = 26, 14


def dependence_picture(ledger: Ledger) -> Picture | None:
    """A square of cells, the stronger the fuller; None where nothing was compared."""
    found = None if ledger.table is None else ledger.table.dependence
    if found is None:
        return None
    size = len(found.columns)

    def paint(panels: list[Axes], narrow: bool) -> None:
        (axes,) = panels
        axes.imshow(_cells(found), interpolation="nearest")
        axes.set_aspect("equal")
        axes.tick_params(length=0, labelsize=7.5)
        bare(axes, "left", "bottom")
        if size > (_NAMED_NARROW if narrow else _NAMED_WIDE):
            axes.set_xticks([])
            axes.set_yticks([])
        else:
            names = [shortened(name, 12 if narrow else 22) for name in found.columns]
            axes.set_yticks(range(size), names, parse_math=False)
            axes.set_xticks(range(size), names, rotation=90, parse_math=False)
        axes.set_xlabel("below the diagonal the data, above it the model")

    tall = min(max(2.4 + 0.16 * size, 3.4), 6.6)
    return Picture(paint=paint, alt=_alt_of_dependence(found), height=tall, narrow_height=min(tall, 4.2), keys=_SIGNS)


_SIGNS = (Key(label="together", colour=ELBO), Key(label="against one another", colour=KL))


def _cells(found: Dependence) -> list[list[tuple[float, float, float, float]]]:
    """Colour by sign, opacity by strength: what is not there lets the page through, light or dark."""
    from matplotlib.colors import to_rgb  # noqa: PLC0415  heavy

    places = range(len(found.columns))

    def cell(row: int, column: int) -> tuple[float, float, float, float]:
        value = 0.0 if row == column else (found.real if row > column else found.synthetic)[row][column]
        return (*to_rgb(ELBO if value >= 0 else KL), min(abs(value), 1.0))

    return [[cell(row, column) for column in places] for row in places]


def _alt_of_dependence(found: Dependence) -> str:
    worst = found.largest[0] if found.largest else None
    named = f"; they differ most for {worst.first} and {worst.second}" if worst else ""
    return f"A square of associations of pairs of columns, in the data and in rows drawn from the model{named}."


MOST_COLUMNS = 24
_LABELS_SHOWN = 3


def marginals_picture(ledger: Ledger) -> Picture | None:
    """A panel for each column, those that differ most first; None where nothing was compared."""
    chosen = compared(ledger)[:MOST_COLUMNS]
    if not chosen:
        return None

    def paint(panels: list[Axes], _narrow: bool) -> None:
        for axes, (column, marginal) in zip(panels, chosen, strict=True):
            _name(axes, column)
            (_bars if marginal.labels is not None else _steps)(axes, marginal)
            axes.set_ylim(bottom=0)
            axes.set_yticks([])
            axes.tick_params(length=0, labelsize=7.5)
            bare(axes, "left")

    keys = (Key(label="the data", colour=ELBO), Key(label="rows drawn from the model", colour=KL))
    return _many(paint, len(chosen), alt=_alt_of_marginals(chosen), keys=keys)


def _many(paint: Paint, count: int, *, alt: str, keys: Sequence[Key]) -> Picture:
    wide, narrow = heights(count)
    return Picture(paint=paint, alt=alt, height=wide, narrow_height=narrow, panels=count, across=MANY_ACROSS, keys=keys)


def _name(axes: Axes, column: ColumnAccount) -> None:
    axes.set_title(shortened(column.name, 20), fontsize=8.5, loc="left", color=MUTED, parse_math=False)


def compared(ledger: Ledger) -> list[tuple[ColumnAccount, Marginal]]:
    """The columns with a comparison, those that differ most first."""
    found = [(column, column.marginal) for column in ledger.columns if column.marginal is not None]
    return sorted(found, key=lambda pair: -pair[1].distance)


def _bars(axes: Axes, marginal: Marginal) -> None:
    places = range(len(marginal.real))
    axes.bar([place - 0.2 for place in places], marginal.real, width=0.4, color=ELBO)
    axes.bar([place + 0.2 for place in places], marginal.synthetic, width=0.4, color=KL)
    labels = marginal.labels or []
    shown = list(places) if len(labels) <= _LABELS_SHOWN else [0, len(labels) - 1]
    named = [shortened(labels[place], 26 // (len(shown) + 1)) for place in shown]
    axes.set_xticks(shown, named, parse_math=False)
    axes.set_xlim(-0.6, len(labels) - 0.4)


def _steps(axes: Axes, marginal: Marginal) -> None:
    edges = marginal.edges or []
    axes.stairs(marginal.real, edges, fill=True, color=ELBO)
    axes.stairs(marginal.synthetic, edges, color=KL, linewidth=1.6)
    axes.set_xticks([edges[0], edges[-1]], list(marginal.ends), parse_math=False)
    for label, side in zip(axes.get_xticklabels(), ("left", "right"), strict=True):
        label.set_horizontalalignment(side)


def _alt_of_marginals(chosen: list[tuple[ColumnAccount, Marginal]]) -> str:
    most = chosen[0][0].name
    return f"Histograms of columns among the rows and among rows drawn from the model; they differ most in {most}."


def places_picture(ledger: Ledger) -> Picture | None:
    """A panel for each column, the least uniform first; None where nothing was measured."""
    chosen = calibrated(ledger)[:MOST_COLUMNS]
    if not chosen:
        return None

    def paint(panels: list[Axes], _narrow: bool) -> None:
        for axes, (column, found) in zip(panels, chosen, strict=True):
            low, high = found.band
            _name(axes, column)
            axes.axhspan(low, high, color=GRID, alpha=0.8, linewidth=0)
            colours = [ELBO if low <= count <= high else KL for count in found.pit]
            axes.bar(range(len(found.pit)), found.pit, width=0.8, color=colours)
            axes.set_ylim(0, 1.08 * max(high, *found.pit))
            axes.set_xticks([])
            axes.set_yticks([])
            axes.set_xlabel("" if found.shape == "right" else found.shape, fontsize=8)
            bare(axes, "left")

    keys = (Key(label="where a right model stays", colour=GRID),)
    return _many(paint, len(chosen), alt=_alt_of_places(chosen), keys=keys)


def calibrated(ledger: Ledger) -> list[tuple[ColumnAccount, ColumnCalibration]]:
    """The columns whose cells were placed, the least uniform first."""
    found = [(column, column.calibration) for column in ledger.columns if column.calibration is not None]
    return sorted(found, key=lambda pair: pair[1].p_value)


def _alt_of_places(chosen: list[tuple[ColumnAccount, ColumnCalibration]]) -> str:
    wrong = [column.name for column, found in chosen if found.shape != "right"]
    verdict = f"not flat in {', '.join(wrong[:5])}" if wrong else "flat in all of them, within their bands"
    return f"Histograms of where cells fall in their distributions given the other cells, column by column: {verdict}."
