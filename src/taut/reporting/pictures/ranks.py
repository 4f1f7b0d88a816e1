"""Where exact posterior draws fall among the guide's: flat where the guide is the posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taut.record import Calibration, Ledger
from taut.reporting import words
from taut.reporting.pictures.canvas import ELBO, GRID, KL, Picture, picture, quiet_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def ranks_picture(ledger: Ledger) -> Picture | None:
    """The rank histogram with the band that holds all of its bars at once; None without a calibration."""
    calibration = ledger.calibration
    if calibration is None or not calibration.ranks:
        return None
    low, high = calibration.band

    def paint(figure: Figure, _narrow: bool) -> None:
        axes = figure.add_subplot()
        axes.axhspan(low, high, color=GRID, alpha=0.8, linewidth=0)
        colours = [ELBO if low <= count <= high else KL for count in calibration.ranks]
        axes.bar(range(len(calibration.ranks)), calibration.ranks, width=0.72, color=colours)
        axes.set_xlim(-0.7, len(calibration.ranks) - 0.3)
        axes.set_ylim(0, 1.08 * max(high, *calibration.ranks))
        axes.set_xticks([0, len(calibration.ranks) - 1], ["lowest", "highest"])
        for label, side in zip(axes.get_xticklabels(), ("left", "right"), strict=True):
            label.set_horizontalalignment(side)
        axes.set_xlabel("rank of the exact draw among the guide’s")
        axes.set_ylabel("how often")
        quiet_axes(axes)

    return picture(paint, alt=_alt(calibration), height=2.7, narrow_height=2.5)


def _alt(calibration: Calibration) -> str:
    low, high = calibration.band
    outside = any(not low <= count <= high for count in calibration.ranks)
    return (
        "Bars of how often the exact posterior draw takes each rank among the guide’s draws, with a band from "
        f"{words.fixed(low, 0)} to {words.fixed(high, 0)}; "
        f"{'some bars leave it' if outside else 'all bars stay in it'}."
    )
