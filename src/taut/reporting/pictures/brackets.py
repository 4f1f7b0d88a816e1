"""The bracket of every row about its own middle: how wide it is, and how far below it the usual value falls."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from taut.record import Crooks, FigureRow, Ledger
from taut.reporting import words
from taut.reporting.pictures.canvas import ELBO, FAMILY, INK, KL, Picture, picture, quiet_axes
from taut.reporting.words import is_exact

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


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

    def paint(figure: Figure, narrow: bool) -> None:
        close, far = figure.subplots(2, 1, sharex=True, height_ratios=[1.25, 1])
        width = (170 if narrow else 370) / len(places)
        _bars(close, places, width)
        _usual(close, places, _reach(close, places))
        _bars(far, places, width)
        _usual(far, places, _depth(far, places))
        close.set_ylabel("bracket, nats")
        far.set_ylabel("usual value, nats")
        far.set_xlabel("rows, least probable first")
        far.set_xticks([])
        far.set_xlim(-0.02 * len(places) - 0.5, 1.02 * len(places) - 0.5)
        figure.align_ylabels()
        quiet_axes(close)
        quiet_axes(far)

    return picture(paint, alt=_alt(ledger), height=4.4, narrow_height=4.2)


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


def crooks_picture(ledger: Ledger) -> Picture | None:
    """Two histograms on one axis; None where the walks were not kept."""
    crooks = ledger.crooks
    if crooks is None or not crooks.forward or not all(math.isfinite(edge) for edge in crooks.edges):
        return None

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        _histogram(axes, crooks.forward, crooks.edges, ELBO, "forward")
        _histogram(axes, crooks.reverse, crooks.edges, KL, "reverse")
        axes.axvline(0, color=INK, linewidth=1.2)
        axes.set_yticks([])
        axes.set_xlabel("log w less the row’s log p(x), nats" if narrow else _AXIS)
        axes.set_ylabel("share of walks")
        axes.margins(y=0.08)
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False, loc="upper left")
        axes.locator_params(axis="x", nbins=5 if narrow else 9)
        quiet_axes(axes)

    return picture(paint, alt=_alt_of_crooks(crooks), height=2.9, narrow_height=2.7)


_AXIS = "log w less the row’s log p(x) from both walks together, nats"


def _histogram(axes: Axes, counts: list[int], edges: list[float], colour: str, label: str) -> None:
    """Heights as density, so that walks of different numbers and bins of different widths compare."""
    total = sum(counts) or 1
    heights = [
        count / total / max(right - left, 1e-12)
        for count, left, right in zip(counts, edges[:-1], edges[1:], strict=True)
    ]
    axes.stairs(heights, edges, fill=True, color=colour, alpha=0.25)
    axes.stairs(heights, edges, color=colour, linewidth=1.8, label=label)


def _alt_of_crooks(crooks: Crooks) -> str:
    return (
        "Histograms of the log-weights of the forward and of the reverse walks, each row centred on its log p(x); they "
        f"should cross at zero. Variances {words.plain(crooks.forward_variance)} and "
        f"{words.plain(crooks.reverse_variance)}, distance of the means {words.plain(crooks.gap)}."
    )


_MOST_ROWS = 400  # more segments than a screen has columns only make the file large


def rows_picture(ledger: Ledger) -> Picture | None:
    """A segment from ELBO to log p(x) for each row; None without rows."""
    rows = _chosen(ledger.figures.rows)
    if not rows:
        return None

    def paint(figure: Figure, narrow: bool) -> None:
        axes, below = figure.subplots(2, 1, sharex=True, height_ratios=[2.2, 1])
        places = list(range(len(rows)))
        elbo, log_p = [row.elbo for row in rows], [_log_p(row) for row in rows]
        width = min(max((150 if narrow else 330) / len(rows), 0.5), 8.0)
        _segments(axes, elbo, log_p, width)
        axes.plot(places, elbo, color=ELBO, linestyle="none", marker="o", markersize=min(width + 1, 4))
        axes.step(places, log_p, where="mid", color=INK, linewidth=1.5, marker="_" if len(rows) == 1 else "")
        axes.set_xlim(-0.5 - 0.01 * len(rows), len(rows) - 0.5 + 0.01 * len(rows))
        axes.set_ylabel("log p(x) and ELBO, nats")
        lengths = [_log_p(row) - row.elbo for row in rows]
        edges = [place - 0.5 for place in range(len(rows) + 1)]
        below.stairs(lengths, edges, fill=True, color=FAMILY if is_split(ledger) else KL)
        if is_split(ledger):
            below.stairs([row.amortisation or 0.0 for row in rows], edges, fill=True, color=KL)
        below.set_ylim(bottom=min(0.0, *lengths))
        below.set_ylabel("KL, nats")
        below.set_xticks([])
        below.set_xlabel("rows, least probable first")
        figure.align_ylabels()
        quiet_axes(axes)
        quiet_axes(below)

    alt = (
        "For each row, sorted by log p(x), a segment from its ELBO up to its log p(x); "
        "below, the same segments alone, each as long as the KL of its row."
    )
    return picture(paint, alt=alt, height=4.0, narrow_height=3.8)


def _segments(axes: Axes, starts: list[float], ends: list[float], width: float) -> None:
    """Upright segments as one broken line, which is far shorter in the file than a line for each."""
    pairs = list(zip(starts, ends, strict=True))
    across = [x for place in range(len(pairs)) for x in (place, place, math.nan)]
    up = [y for start, end in pairs for y in (start, end, math.nan)]
    axes.plot(across, up, color=KL, linewidth=width, solid_capstyle="butt")


def is_thinned(ledger: Ledger) -> bool:
    """Whether the picture shows only some of the rows."""
    return len(ledger.figures.rows) > _MOST_ROWS


def is_split(ledger: Ledger) -> bool:
    """Whether the lower panel tells apart what amortisation loses: where every row drawn has it measured."""
    rows = _chosen(ledger.figures.rows)
    return bool(rows) and all(row.amortisation is not None for row in rows)


def _log_p(row: FigureRow) -> float:
    """The row's bound from below where it was annealed, else the value that the audit gives."""
    return row.log_p if row.lower is None else row.lower


def _chosen(rows: list[FigureRow]) -> list[FigureRow]:
    """The finite rows, sorted; of many, an even choice with both ends in it."""
    finite = [row for row in rows if math.isfinite(row.elbo) and math.isfinite(_log_p(row))]
    ordered = sorted(finite, key=lambda row: (_log_p(row), row.row))
    if len(ordered) <= _MOST_ROWS:
        return ordered
    return [ordered[place * (len(ordered) - 1) // (_MOST_ROWS - 1)] for place in range(_MOST_ROWS)]
