"""Many small pictures in rows: so many beside one another on a screen, fewer on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ACROSS = {False: 4, True: 2}
_HEIGHT, _LEAST = 1.25, 1.5  # inches


def panels(figure: Figure, count: int, narrow: bool) -> list[Axes]:
    """Axes for so many panels, row by row."""
    across = _ACROSS[narrow]
    grid = figure.add_gridspec(-(-count // across), across)
    return [figure.add_subplot(grid[place // across, place % across]) for place in range(count)]


def heights(count: int) -> tuple[float, float]:
    """Heights of the whole, wide and narrow, in inches."""
    wide, narrow = (max(_HEIGHT * -(-count // across), _LEAST) for across in (_ACROSS[False], _ACROSS[True]))
    return wide, narrow
