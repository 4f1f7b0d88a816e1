"""Where cells fall in their distributions given the row's other cells: flat where the model is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taut.record import ColumnAccount, ColumnCalibration, Ledger
from taut.reporting.columns import shortened
from taut.reporting.pictures.canvas import ELBO, GRID, KL, MUTED, Picture, picture
from taut.reporting.pictures.panels import heights, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 24


def places_picture(ledger: Ledger) -> Picture | None:
    """A panel for each column, the least uniform first; None where nothing was measured."""
    chosen = calibrated(ledger)[:MOST]
    if not chosen:
        return None

    def paint(figure: Figure, narrow: bool) -> None:
        for axes, (column, found) in zip(panels(figure, len(chosen), narrow), chosen, strict=True):
            low, high = found.band
            axes.set_title(shortened(column.name, 20), fontsize=8.5, loc="left", color=MUTED)
            axes.axhspan(low, high, color=GRID, alpha=0.8, linewidth=0)
            colours = [ELBO if low <= count <= high else KL for count in found.pit]
            axes.bar(range(len(found.pit)), found.pit, width=0.8, color=colours)
            axes.set_ylim(0, 1.08 * max(high, *found.pit))
            axes.set_xticks([])
            axes.set_yticks([])
            axes.set_xlabel("" if found.shape == "right" else found.shape, fontsize=8)
            axes.spines["left"].set_visible(False)

    wide, narrow = heights(len(chosen))
    return picture(paint, alt=_alt(chosen), height=wide, narrow_height=narrow)


def calibrated(ledger: Ledger) -> list[tuple[ColumnAccount, ColumnCalibration]]:
    """The columns whose cells were placed, the least uniform first."""
    found = [(column, column.calibration) for column in ledger.columns if column.calibration is not None]
    return sorted(found, key=lambda pair: pair[1].p_value)


def _alt(chosen: list[tuple[ColumnAccount, ColumnCalibration]]) -> str:
    wrong = [column.name for column, found in chosen if found.shape != "right"]
    verdict = f"not flat in {', '.join(wrong[:5])}" if wrong else "flat in all of them, within their bands"
    return f"Histograms of where cells fall in their distributions given the other cells, column by column: {verdict}."
