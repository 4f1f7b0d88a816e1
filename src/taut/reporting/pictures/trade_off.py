"""Rate against distortion: the curve that the decoder allows, and where the model stands."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from taut.record import Ledger, TradeOff
from taut.reporting import words
from taut.reporting.pictures.canvas import Picture
from taut.reporting.pictures.style import ELBO, INK, MUTED, PAPER, quiet_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


# behind a name, so that no line runs through it
_CLEAR = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.5}


def trade_off_picture(ledger: Ledger) -> Picture | None:
    """The curve of the decoder with the model's own point; None without a curve."""
    points = _points(ledger.trade_off)
    if not points:
        return None

    def paint(panels: list[Axes], narrow: bool) -> None:
        (axes,) = panels
        rates, distortions = [point.rate for point in points], [point.distortion for point in points]
        axes.plot(rates, distortions, color=INK, linewidth=1.6, marker="o", markersize=4)
        _window(axes, ledger, points)
        _sums(axes, ledger, points, narrow)
        _name(axes, points, narrow)
        axes.set_xlabel("rate, nats")
        axes.set_ylabel("distortion, nats")
        quiet_axes(axes, grid="both")
        axes.locator_params(nbins=5 if narrow else 8)

    return Picture(paint=paint, alt=_alt_of_trade_off(ledger), height=4.2, narrow_height=3.6)


def _points(curve: list[TradeOff]) -> list[TradeOff]:
    finite = [point for point in curve if math.isfinite(point.rate) and math.isfinite(point.distortion)]
    return sorted(finite, key=lambda point: point.beta)


def _own(ledger: Ledger) -> tuple[float, float] | None:
    """Rate and distortion of the model with its encoder, on the rows of the curve."""
    point = ledger.own_trade_off
    if point is None or not (math.isfinite(point.rate) and math.isfinite(point.distortion)):
        return None
    return point.rate, point.distortion


def _window(axes: Axes, ledger: Ledger, points: list[TradeOff]) -> None:
    """About as many nats up as across: the steep end of the curve leaves the picture, or it would flatten the rest."""
    own = _own(ledger)
    rates = [*(point.rate for point in points), *([own[0]] if own else [])]
    distortions = [*(point.distortion for point in points), *([own[1]] if own else [])]
    across, lowest = max(*rates, 1e-3), min(distortions)
    highest = max(own[1] if own else lowest, min(max(distortions), lowest + across))
    room = max(highest - lowest, 1e-3)
    axes.set_xlim(0, 1.08 * across)
    axes.set_ylim(lowest - 0.1 * room, highest + 0.08 * room)


def _sums(axes: Axes, ledger: Ledger, points: list[TradeOff], narrow: bool) -> None:
    """Through β = 1 and through the model's point, the lines along which rate + distortion stay the same."""
    own = _own(ledger)
    posterior = next((point for point in points if math.isclose(point.beta, 1.0)), None)
    if posterior is not None:
        at = (posterior.rate, posterior.distortion)
        axes.axline(at, slope=-1, color=MUTED, linewidth=1.1, linestyle="--", label="sum is −log p(x)")
    if own is not None:
        axes.axline(own, slope=-1, color=ELBO, linewidth=1.1, linestyle="--", label="sum is −ELBO")
        axes.plot(*own, color=ELBO, marker="D", markersize=8, linestyle="none", label="this model and encoder")
    if posterior is not None or own is not None:
        axes.legend(frameon=False, loc="upper right", fontsize=8 if narrow else 9, handlelength=1.4)


def _name(axes: Axes, points: list[TradeOff], narrow: bool) -> None:
    """β beside its point; β = 1 first, then those that have room and lie in the picture."""
    left, right = axes.get_xlim()
    low, high = axes.get_ylim()
    room = 0.2 if narrow else 0.1
    taken: list[tuple[float, float]] = []
    for point in sorted(points, key=lambda point: not math.isclose(point.beta, 1.0)):
        at = ((point.rate - left) / (right - left), (point.distortion - low) / (high - low))
        is_inside = at[1] <= 1
        if is_inside and all(abs(at[0] - x) > room or abs(at[1] - y) > 0.08 for x, y in taken):
            taken.append(at)
            place = (point.rate, point.distortion)
            shift, side = ((-5, -5), "right") if at[0] > room else ((6, 4), "left")
            text = f"β = {point.beta:.2g}"
            axes.annotate(
                text, place, shift, textcoords="offset points", color=MUTED, size=8.5, ha=side, va="top", bbox=_CLEAR
            )


def _alt_of_trade_off(ledger: Ledger) -> str:
    own = _own(ledger)
    said = (
        ""
        if own is None
        else f" The model itself stands at rate {words.plain(own[0])}, distortion {words.plain(own[1])}."
    )
    return f"The curve of least distortion at each rate that this decoder allows, falling to the right.{said}"
