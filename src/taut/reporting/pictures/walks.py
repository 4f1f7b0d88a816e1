"""Log-weights of the forward and of the reverse walks, whose histograms cross at log p(x)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from taut.record import Crooks, Ledger
from taut.reporting import words
from taut.reporting.pictures.canvas import Picture
from taut.reporting.pictures.style import ELBO, INK, KL, quiet_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def crooks_picture(ledger: Ledger) -> Picture | None:
    """Two histograms on one axis; None where the walks were not kept."""
    crooks = ledger.crooks
    if crooks is None or not crooks.forward or not all(math.isfinite(edge) for edge in crooks.edges):
        return None

    def paint(panels: list[Axes], narrow: bool) -> None:
        (axes,) = panels
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

    return Picture(paint=paint, alt=_alt_of_crooks(crooks), height=2.9, narrow_height=2.7)


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
