"""How columns go together: below the diagonal in the data, above it in rows drawn from the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taut.record import Dependence, Ledger
from taut.reporting.columns import shortened
from taut.reporting.pictures.canvas import ELBO, KL, Picture, picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NAMED_WIDE, _NAMED_NARROW = 26, 14


def dependence_picture(ledger: Ledger) -> Picture | None:
    """A square of cells, the stronger the fuller; None where nothing was compared."""
    found = None if ledger.table is None else ledger.table.dependence
    if found is None:
        return None
    size = len(found.columns)

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        axes.imshow(_cells(found), interpolation="nearest")
        axes.set_aspect("equal")
        axes.tick_params(length=0, labelsize=7.5)
        for spine in axes.spines.values():
            spine.set_visible(False)
        if size > (_NAMED_NARROW if narrow else _NAMED_WIDE):
            axes.set_xticks([])
            axes.set_yticks([])
        else:
            names = [shortened(name, 12 if narrow else 22) for name in found.columns]
            axes.set_yticks(range(size), names)
            axes.set_xticks(range(size), names, rotation=90)
        axes.set_xlabel("below the diagonal the data, above it the model")

    tall = min(max(2.4 + 0.16 * size, 3.4), 6.6)
    return picture(paint, alt=_alt(found), height=tall, narrow_height=min(tall, 4.2))


def _cells(found: Dependence) -> list[list[tuple[float, float, float, float]]]:
    """Colour by sign, opacity by strength: what is not there lets the page through, light or dark."""
    from matplotlib.colors import to_rgb  # noqa: PLC0415  heavy

    places = range(len(found.columns))

    def cell(row: int, column: int) -> tuple[float, float, float, float]:
        value = 0.0 if row == column else (found.real if row > column else found.synthetic)[row][column]
        return (*to_rgb(ELBO if value >= 0 else KL), min(abs(value), 1.0))

    return [[cell(row, column) for column in places] for row in places]


def _alt(found: Dependence) -> str:
    worst = found.largest[0] if found.largest else None
    named = f"; they differ most for {worst.first} and {worst.second}" if worst else ""
    return f"A square of associations of pairs of columns, in the data and in rows drawn from the model{named}."
