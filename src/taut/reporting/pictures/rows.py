"""The identity row by row: a segment from the ELBO to log p(x)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from taut.record import FigureRow, Ledger
from taut.reporting.pictures.canvas import Key, Picture
from taut.reporting.pictures.style import ELBO, FAMILY, INK, KL, align_labels, quiet_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_MOST_ROWS = 400  # more segments than a screen has columns only make the file large


def rows_picture(ledger: Ledger) -> Picture | None:
    """A segment from ELBO to log p(x) for each row; None without rows."""
    rows = _chosen(ledger.figures.rows)
    if not rows:
        return None

    def paint(panels: list[Axes], narrow: bool) -> None:
        above, below = panels
        places = list(range(len(rows)))
        elbo, log_p = [row.elbo for row in rows], [_log_p(row) for row in rows]
        width = min(max((150 if narrow else 330) / len(rows), 0.5), 8.0)
        _segments(above, elbo, log_p, width)
        above.plot(places, elbo, color=ELBO, linestyle="none", marker="o", markersize=min(width + 1, 4))
        above.step(places, log_p, where="mid", color=INK, linewidth=1.5, marker="_" if len(rows) == 1 else "")
        above.set_ylabel("log p(x) and ELBO, nats")
        lengths = [_log_p(row) - row.elbo for row in rows]
        edges = [place - 0.5 for place in range(len(rows) + 1)]
        below.stairs(lengths, edges, fill=True, color=FAMILY if is_split(ledger) else KL)
        if is_split(ledger):
            below.stairs([row.amortisation or 0.0 for row in rows], edges, fill=True, color=KL)
        below.set_ylim(bottom=min(0.0, *lengths))
        below.set_ylabel("KL, nats")
        below.set_xlabel("rows, least probable first")
        for axes in panels:
            axes.set_xticks([])
            axes.set_xlim(-0.5 - 0.01 * len(rows), len(rows) - 0.5 + 0.01 * len(rows))
            quiet_axes(axes)
        align_labels(panels)

    alt = (
        "For each row, sorted by log p(x), a segment from its ELBO up to its log p(x); "
        "below, the same segments alone, each as long as the KL of its row."
    )
    return Picture(paint=paint, alt=alt, height=4.0, narrow_height=3.8, panels=2, ratios=(2.2, 1), keys=_keys(ledger))


def _keys(ledger: Ledger) -> list[Key]:
    first = [Key(label="log p(x)", colour=INK, shape="_"), Key(label="ELBO", colour=ELBO, shape="o")]
    if not is_split(ledger):
        return [*first, Key(label="KL", colour=KL)]
    return [*first, Key(label="KL lost to amortisation, at least", colour=KL), Key(label="the rest", colour=FAMILY)]


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
