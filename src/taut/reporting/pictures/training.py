"""Training epoch by epoch, and ranks of true latents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from taut.record import Calibration, HistoryRow, Ledger
from taut.reporting import words
from taut.reporting.pictures.canvas import Key, Picture
from taut.reporting.pictures.style import ELBO, GRID, KL, quiet_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def training_picture(rows: Sequence[HistoryRow]) -> Picture | None:
    """Two curves; None without a history."""
    history = [row for row in rows if math.isfinite(row.train)]
    if not history:
        return None

    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415  heavy

    def paint(panels: list[Axes], narrow: bool) -> None:
        (axes,) = panels
        _curve(axes, [(row.epoch, row.train) for row in history], ELBO, "training rows")
        held_out = [(row.epoch, row.held_out) for row in history if row.held_out is not None]
        _curve(axes, [(epoch, value) for epoch, value in held_out if math.isfinite(value)], KL, "held-out rows")
        _crop(axes, history)
        if len(history) == 1:
            axes.set_xlim(history[0].epoch - 1, history[0].epoch + 1)
        axes.set_xlabel("epoch")
        axes.set_ylabel("bound, nats per row")
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5 if narrow else 9, integer=True))
        axes.legend(frameon=False, loc="lower right")
        quiet_axes(axes)

    return Picture(paint=paint, alt=_alt(history), height=2.9, narrow_height=2.6)


def _curve(axes: Axes, points: list[tuple[int, float]], colour: str, label: str) -> None:
    if points:
        epochs, values = zip(*points, strict=True)
        axes.plot(epochs, values, color=colour, linewidth=1.8, marker="o" if len(points) < 3 else "", label=label)


def _crop(axes: Axes, history: list[HistoryRow]) -> None:
    """Leave the first steep epochs below the picture, or they flatten all that follows."""
    if len(history) < 10:
        return
    later = history[len(history) // 8 :]
    values = [
        value for row in later for value in (row.train, row.held_out) if value is not None and math.isfinite(value)
    ]
    lowest, highest = min(values), max(values)
    margin = 0.06 * (highest - lowest) or 1.0
    axes.set_ylim(lowest - margin, highest + margin)


def _alt(history: list[HistoryRow]) -> str:
    last = history[-1]
    held_out = "" if last.held_out is None else f", on held-out rows at {last.held_out:.2f}"
    return f"The bound against the epoch; on training rows it ends at {last.train:.2f} nats{held_out}."


def ranks_picture(ledger: Ledger) -> Picture | None:
    """The rank histogram with the band that holds all of its bars at once; None without a calibration."""
    calibration = ledger.calibration
    if calibration is None or not calibration.ranks:
        return None
    low, high = calibration.band

    def paint(panels: list[Axes], _narrow: bool) -> None:
        (axes,) = panels
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

    return Picture(paint=paint, alt=_alt_of_ranks(calibration), height=2.7, narrow_height=2.5, keys=_BAND)


_BAND = (Key(label="where a calibrated guide stays", colour=GRID),)


def _alt_of_ranks(calibration: Calibration) -> str:
    low, high = calibration.band
    outside = any(not low <= count <= high for count in calibration.ranks)
    return (
        "Bars of how often the exact posterior draw takes each rank among the guide’s draws, with a band from "
        f"{words.fixed(low, 0)} to {words.fixed(high, 0)}; "
        f"{'some bars leave it' if outside else 'all bars stay in it'}."
    )
