"""Each column among the rows and among rows drawn from the model, side by side in small."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taut.record import ColumnAccount, Ledger, Marginal
from taut.reporting.columns import shortened
from taut.reporting.pictures.canvas import ELBO, KL, MUTED, Picture, picture
from taut.reporting.pictures.panels import heights, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 24
_LABELS_SHOWN = 3


def marginals_picture(ledger: Ledger) -> Picture | None:
    """A panel for each column, those that differ most first; None where nothing was compared."""
    chosen = compared(ledger)[:MOST]
    if not chosen:
        return None

    def paint(figure: Figure, narrow: bool) -> None:
        for axes, (column, marginal) in zip(panels(figure, len(chosen), narrow), chosen, strict=True):
            axes.set_title(shortened(column.name, 20), fontsize=8.5, loc="left", color=MUTED)
            (_bars if marginal.labels is not None else _steps)(axes, marginal)
            axes.set_ylim(bottom=0)
            axes.set_yticks([])
            axes.tick_params(length=0, labelsize=7.5)
            axes.spines["left"].set_visible(False)

    wide, narrow = heights(len(chosen))
    return picture(paint, alt=_alt(chosen), height=wide, narrow_height=narrow)


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
    axes.set_xticks(shown, [shortened(labels[place], 26 // (len(shown) + 1)) for place in shown])
    axes.set_xlim(-0.6, len(labels) - 0.4)


def _steps(axes: Axes, marginal: Marginal) -> None:
    edges = marginal.edges or []
    axes.stairs(marginal.real, edges, fill=True, color=ELBO)
    axes.stairs(marginal.synthetic, edges, color=KL, linewidth=1.6)
    axes.set_xticks([edges[0], edges[-1]], list(marginal.ends))
    for label, side in zip(axes.get_xticklabels(), ("left", "right"), strict=True):
        label.set_horizontalalignment(side)


def _alt(chosen: list[tuple[ColumnAccount, Marginal]]) -> str:
    most = chosen[0][0].name
    return f"Histograms of columns among the rows and among rows drawn from the model; they differ most in {most}."
