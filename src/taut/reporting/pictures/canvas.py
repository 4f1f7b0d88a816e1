"""From a matplotlib figure to a data address: SVG that follows the reader's font and dark mode.

Each picture is drawn twice, for a wide screen and for a phone, because one that is merely shrunk cannot be read.
matplotlib is imported when something is drawn: `import taut` stays light.
"""

from __future__ import annotations

import base64
import dataclasses
import io
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


INK, MUTED, GRID, PAPER = "#1f2328", "#656d77", "#d8dee4", "#fefefe"
ELBO, KL, KL_PALE = "#2f6fb3", "#d9772b", "#eec39f"
ELBO_PALE, FAMILY, RATE = "#a9c5e4", "#b0413e", "#7b6bb0"
WIDE, NARROW = 7.4, 3.75  # inches; 710 and 360 CSS pixels

# name of the CSS variable, colour as drawn, colour in dark mode
_THEME = [
    ("ink", INK, "#e6e9ec"),
    ("muted", MUTED, "#9aa4ae"),
    ("grid", GRID, "#363c43"),
    ("paper", PAPER, "#16191d"),
    ("pale", KL_PALE, "#7a4c28"),
    ("pale-elbo", ELBO_PALE, "#34557a"),
    ("family", FAMILY, "#d4635f"),
]
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: the browser has glyphs for every script, our font has not
    "svg.hashsalt": "taut",  # the same ledger gives the same bytes
    "text.parse_math": False,  # a $ in a name is a dollar
    "font.family": ["DejaVu Sans"],  # travels with matplotlib, so that the layout is the same everywhere
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "figure.facecolor": "none",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Picture:
    """Addresses of one picture in two widths, and what it shows in words."""

    wide: str
    narrow: str
    alt: str


Paint = Callable[["Figure", bool], None]


def picture(paint: Paint, *, alt: str, height: float, narrow_height: float | None = None) -> Picture:
    """Draw with `paint(figure, narrow)` in both widths; heights in inches."""
    return Picture(
        wide=_drawn(paint, WIDE, height, narrow=False),
        narrow=_drawn(paint, NARROW, narrow_height or height, narrow=True),
        alt=alt,
    )


def address(media_type: str, content: bytes) -> str:
    """`content` as a data address, so that the page asks for no other file."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def quiet_axes(axes: Axes) -> None:
    """A picture in which only the data are loud: horizontal grid lines, no tick marks."""
    axes.grid(axis="y")
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)


def _drawn(paint: Paint, width: float, height: float, *, narrow: bool) -> str:
    import matplotlib  # noqa: PLC0415  heavy
    from matplotlib.figure import Figure  # noqa: PLC0415

    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()  # a reader's matplotlibrc must not change the page
        matplotlib.rcParams.update(_SETTINGS)
        # our font lacks some scripts; the browser draws them with its own
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=(width, height), layout="constrained")
        paint(figure, narrow)
        content = io.StringIO()
        figure.savefig(content, format="svg", dpi=150, metadata={"Date": None, "Creator": None})
    return address("image/svg+xml", _themed(content.getvalue()).encode())


def _themed(svg: str) -> str:
    """Turn the fixed colours into variables with a second value for dark mode."""
    body = svg[svg.index("<svg") :].replace("'DejaVu Sans'", _FONT)
    for name, light, _ in _THEME:
        body = body.replace(light, f"var(--{name})")
    light_values = ";".join(f"--{name}:{light}" for name, light, _ in _THEME)
    dark_values = ";".join(f"--{name}:{dark}" for name, _, dark in _THEME)
    style = f"<style>:root{{{light_values}}}@media (prefers-color-scheme:dark){{:root{{{dark_values}}}}}</style>"
    start = body.index(">") + 1
    return body[:start] + style + body[start:]


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


def lay_out_lines(axes: Axes, values: list[float], *, lines: int, before: float) -> None:
    """Axes for so many lines of bars between these values, with room `before` the lowest, a share of their span."""
    lowest, highest = min(values), max(values)
    span = max(highest - lowest, 1e-3 * abs(highest), 1e-3)
    axes.set_xlim(lowest - before * span, highest + 0.06 * span)
    axes.set_ylim(-lines + 0.45, 0.75)
    axes.set_yticks([])
    axes.grid(axis="x")
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=5)
    axes.ticklabel_format(axis="x", useOffset=False, style="plain")
