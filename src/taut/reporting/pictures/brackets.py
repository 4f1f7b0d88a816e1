"""The bracket of every row about its own middle: how wide it is, and how far below it the usual value falls."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from taut.record import FigureRow, Ledger
from taut.reporting import words
from taut.reporting.pictures.canvas import Key, Picture
from taut.reporting.pictures.style import INK, KL, align_labels, quiet_axes
from taut.reporting.words import is_exact

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_MOST = 300


@dataclasses.dataclass(frozen=True)
class _Place:
    """A row relative to the middle of its bracket."""

    middle: float
    half: float
    usual: float


def brackets_picture(ledger: Ledger) -> Picture | None:
    """Brackets above on a scale that shows their width, the usual value below on its own; None without brackets."""
    places = _places(ledger.figures.rows)
    if not places or is_exact(ledger):
        return None

    def paint(panels: list[Axes], narrow: bool) -> None:
        close, far = panels
        width = (170 if narrow else 370) / len(places)
        _bars(close, places, width)
        _usual(close, places, _reach(close, places))
        _bars(far, places, width)
        _usual(far, places, _depth(far, places))
        close.set_ylabel("bracket, nats")
        far.set_ylabel("usual value, nats")
        far.set_xlabel("rows, least probable first")
        for axes in panels:
            axes.set_xticks([])
            axes.set_xlim(-0.02 * len(places) - 0.5, 1.02 * len(places) - 0.5)
            quiet_axes(axes)
        align_labels(panels)

    return Picture(paint=paint, alt=_alt(ledger), height=4.4, narrow_height=4.2, panels=2, ratios=(1.25, 1), keys=_KEYS)


_KEYS = (
    Key(label="bracket of log p(x)", colour=INK),
    Key(label="usual, importance-weighted value", colour=KL, shape="o"),
    Key(label="further down", colour=KL, shape="v"),
)


def is_bracketed(ledger: Ledger) -> bool:
    """Whether there are brackets to draw."""
    return bool(_places(ledger.figures.rows)) and not is_exact(ledger)


def _places(rows: list[FigureRow]) -> list[_Place]:
    """Rows with a bracket, sorted by its middle; of many, an even choice with both ends in it."""
    found = []
    for row in rows:
        if row.lower is None or row.upper is None:
            continue
        middle = (row.lower + row.upper) / 2
        place = _Place(middle, (row.upper - row.lower) / 2, row.log_p - middle)
        if all(math.isfinite(value) for value in dataclasses.astuple(place)):
            found.append(place)
    ordered = sorted(found, key=lambda place: place.middle)
    if len(ordered) <= _MOST:
        return ordered
    return [ordered[number * (len(ordered) - 1) // (_MOST - 1)] for number in range(_MOST)]


def _bars(axes: Axes, places: list[_Place], width: float) -> None:
    """A bar for each row; where they would be thinner than a screen can show, they touch."""
    if width < 1.8:
        edges = [number - 0.5 for number in range(len(places) + 1)]
        halves = [place.half for place in places]
        axes.stairs(halves, edges, baseline=[-half for half in halves], fill=True, color=INK)
        return
    across = [x for number in range(len(places)) for x in (number, number, math.nan)]
    up = [y for place in places for y in (-place.half, place.half, math.nan)]
    axes.plot(across, up, color=INK, linewidth=min(width, 8.0), solid_capstyle="butt")


def _reach(axes: Axes, places: list[_Place]) -> float:
    """Room for nearly every bracket; a few very wide ones may leave the picture, or they would flatten the others."""
    top = 1.35 * _quantile([abs(place.half) for place in places], 0.97) or 1e-3
    axes.set_ylim(-top, top)
    return -top


def _depth(axes: Axes, places: list[_Place]) -> float:
    """Likewise for the usual value; those further down are drawn at the edge as triangles."""
    deep = _quantile([max(-place.usual, place.half) for place in places], 0.98) or 1e-3
    high = max(_quantile([max(place.usual, place.half) for place in places], 1.0), 0.12 * deep)
    axes.set_ylim(-1.12 * deep, 1.1 * high)
    return -1.12 * deep


def _usual(axes: Axes, places: list[_Place], edge: float) -> None:
    """The usual value of each row: a point, or a triangle at the lower edge where it falls out of the picture."""
    shown = [(number, place.usual) for number, place in enumerate(places) if place.usual >= edge]
    below = [number for number, place in enumerate(places) if place.usual < edge]
    if shown:
        axes.plot(*zip(*shown, strict=True), color=KL, linestyle="none", marker="o", markersize=2.6)
    if below:
        axes.plot(
            below,
            [0.015] * len(below),
            transform=axes.get_xaxis_transform(),
            color=KL,
            linestyle="none",
            marker="v",
            markersize=2.6,
            clip_on=False,
        )


def _quantile(values: list[float], level: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(level * len(ordered)), len(ordered) - 1)]


def _alt(ledger: Ledger) -> str:
    width, usual = ledger.evidence.width, words.value_of(ledger.evidence.importance)
    mean = "" if width is None else f" The mean width is {words.plain(width)} nats."
    return (
        "For each row, sorted by log p(x), a bar from its lower to its upper bound about their middle, and a point at "
        f"its importance-weighted value, which mostly falls below.{mean} The mean importance-weighted value is {usual}."
    )
