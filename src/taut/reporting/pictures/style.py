"""Colours, and axes in which only the data are loud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes


INK, MUTED, GRID, PAPER = "#1f2328", "#656d77", "#d8dee4", "#fefefe"
ELBO, KL, KL_PALE = "#2f6fb3", "#d9772b", "#eec39f"
ELBO_PALE, FAMILY, RATE = "#a9c5e4", "#b0413e", "#7b6bb0"
EVIDENCE_AXIS = "nats per row; further right is more evidence"


def quiet_axes(axes: Axes, *, grid: Literal["x", "y", "both"] = "y") -> None:
    """A picture in which only the data are loud: a pale grid below them, no tick marks, no frame across the grid."""
    axes.grid(axis=grid, color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    bare(axes, *(["left"] if grid == "y" else []))


def bare(axes: Axes, *others: str) -> None:
    """No frame above and on the right, nor at the `others`."""
    axes.spines[["top", "right", *others]].set_visible(False)


def align_labels(panels: list[Axes]) -> None:
    """Labels of panels above one another, in one line."""
    panels[0].get_figure(root=True).align_ylabels(panels)  # pyright: ignore[reportOptionalMemberAccess]  it has one


def lay_out_lines(axes: Axes, values: list[float], *, lines: int, before: float) -> None:
    """Axes for so many lines of bars between these values, with room `before` the lowest, a share of their span."""
    lowest, highest = min(values), max(values)
    span = max(highest - lowest, 1e-3 * abs(highest), 1e-3)
    axes.set_xlim(lowest - before * span, highest + 0.06 * span)
    axes.set_ylim(-lines + 0.45, 0.75)
    axes.set_yticks([])
    quiet_axes(axes, grid="x")
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=5)
    axes.ticklabel_format(axis="x", useOffset=False, style="plain")
