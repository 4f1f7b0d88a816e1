"""A picture, drawn into anyone's axes or for the page: there as SVG that follows the reader's font and dark mode.

On the page each is drawn twice, for a wide screen and for a phone, because one that is merely shrunk cannot be read.
matplotlib is imported when something is drawn: `import taut` stays light.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import io
import itertools
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from taut.errors import OptionError
from taut.files import written_whole
from taut.reporting.pictures.dark_mode import FONT, themed
from taut.reporting.pictures.style import GRID, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


WIDE, NARROW = 7.4, 3.75  # inches; 710 and 360 CSS pixels

_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: the browser has glyphs for every script, our font has not
    "pdf.fonttype": 42,  # text in a PDF can be edited
    "svg.hashsalt": "taut",  # the same ledger gives the same bytes
    "text.parse_math": False,  # a $ in a name is a dollar
    "font.family": [FONT],  # travels with matplotlib, so that the layout is the same everywhere
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
class Key:
    """One entry of the legend; `sign` is for text what `shape` is for matplotlib."""

    label: str
    colour: str
    sign: str = "■"
    shape: str = "s"


Paint = Callable[[list["Axes"], bool], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Picture:
    """What to draw, and the same in words; `paint(panels, narrow)` draws it into axes.

    `across` says how many panels stand beside one another, on a wide and on a narrow picture, `ratios` how high each
    row of them is; rows are equally high where there are none. Heights are in inches. The `keys` are a legend where no
    page around the picture says what its colours are.
    """

    paint: Paint
    alt: str
    height: float
    narrow_height: float | None = None
    panels: int = 1
    across: tuple[int, int] = (1, 1)
    ratios: Sequence[int | float] | None = None
    keys: Sequence[Key] = ()

    @property
    def wide(self) -> str:
        """The address of the picture for a wide screen."""
        return _drawn(self, narrow=False)

    @property
    def narrow(self) -> str:
        """The address of the picture for a phone."""
        return _drawn(self, narrow=True)

    def draw(self, ax: Any = None) -> Any:
        """The axes that were drawn into, those given or new ones; an array of them where there are several panels.

        Several panels are drawn into as many axes, or into one, which is divided. Raises OptionError for another number
        of axes, or for what is none.
        """
        if ax is None:
            from matplotlib import pyplot  # noqa: PLC0415  heavy

            ax = _panels(pyplot.figure(figsize=(WIDE, self.height), layout="constrained"), self, narrow=False)
        axes = list(np.ravel(ax))
        if not all(hasattr(each, "set_xlim") for each in axes):
            raise OptionError(f"Wanted `ax` to be axes of matplotlib; got {type(ax).__name__}; pass some.")
        if len(axes) == 1 and self.panels > 1:
            axes = _divided(axes[0], self)
        if len(axes) != self.panels:
            raise OptionError(f"Wanted `ax` to be one axes or {self.panels}; got {len(axes)}; pass one.")
        self.paint(axes, False)
        if self.keys:
            _legend(axes[0], self.keys)
        return axes[0] if len(axes) == 1 else np.array(axes, dtype=object)

    def save(self, path: Path) -> None:
        """Write the picture in the format of the ending, on white, with what it shows in words inside."""
        with _as_on_the_page() as new_figure:
            figure = new_figure(WIDE, self.height)
            self.draw(_panels(figure, self, narrow=False))
            kind = path.suffix.lower().removeprefix(".")
            metadata = {_TELLS[kind]: self.alt, **dict.fromkeys(_DATED[kind])}
            with written_whole(path) as temporary:
                figure.savefig(temporary, format=kind, dpi=200, facecolor="white", metadata=metadata)


# Of each format that is written: where it says what is seen, and what would differ from one day to the next.
_TELLS = {"pdf": "Subject", "png": "Description", "svg": "Description"}
_DATED = {"pdf": ("CreationDate",), "png": (), "svg": ("Date",)}
FORMATS = tuple(f".{kind}" for kind in _TELLS)


def address(media_type: str, content: bytes) -> str:
    """`content` as a data address, so that the page asks for no other file."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


@contextlib.contextmanager
def _as_on_the_page() -> Iterator[Callable[[float, float], Figure]]:
    """What makes a figure of a width and a height, in the settings of the page whatever a matplotlibrc says."""
    import matplotlib  # noqa: PLC0415  heavy
    from matplotlib.figure import Figure  # noqa: PLC0415

    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        # our font lacks some scripts; the browser draws them with its own
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield lambda width, height: Figure(figsize=(width, height), layout="constrained")


def _drawn(picture: Picture, *, narrow: bool) -> str:
    width = NARROW if narrow else WIDE
    height = picture.narrow_height if narrow and picture.narrow_height else picture.height
    with _as_on_the_page() as new_figure:
        figure = new_figure(width, height)
        picture.paint(_panels(figure, picture, narrow=narrow), narrow)
        content = io.StringIO()
        figure.savefig(content, format="svg", dpi=150, metadata={"Date": None, "Creator": None})
    return address("image/svg+xml", themed(content.getvalue()).encode())


def _panels(figure: Figure, picture: Picture, *, narrow: bool) -> list[Axes]:
    """New axes for the panels, row by row."""
    across = picture.across[narrow]
    grid = figure.add_gridspec(-(-picture.panels // across), across, height_ratios=picture.ratios)
    return [figure.add_subplot(grid[divmod(place, across)]) for place in range(picture.panels)]


def _divided(ax: Axes, picture: Picture) -> list[Axes]:
    """Axes for the panels within one."""
    ax.set_axis_off()
    across, gap = picture.across[0], 0.08
    down = -(-picture.panels // across)
    ratios = picture.ratios or [1.0] * down
    heights = [(1 - gap * (down - 1)) * ratio / sum(ratios) for ratio in ratios]
    tops = [1 - sum(heights[:row]) - gap * row for row in range(down)]
    width = (1 - gap * (across - 1)) / across
    places = itertools.product(range(down), range(across))
    return [
        ax.inset_axes((column * (width + gap), tops[row] - heights[row], width, heights[row]))
        for row, column in itertools.islice(places, picture.panels)
    ]


_LINE = 110  # letters of a legend that a wide picture has room for


def _legend(axes: Axes, keys: Sequence[Key]) -> None:
    """Above the axes, in as many columns as have room."""
    from matplotlib.lines import Line2D  # noqa: PLC0415  heavy

    handles = [Line2D([], [], color=key.colour, marker=key.shape, linestyle="none", label=key.label) for key in keys]
    lengths = [len(key.label) + 4 for key in keys]
    columns = len(keys) if sum(lengths) <= _LINE else max(1, _LINE // max(lengths))
    legend = axes.legend(
        handles=handles, ncols=columns, loc="lower left", bbox_to_anchor=(0, 1), frameon=False, fontsize=8.5,
        handletextpad=0.1, columnspacing=1.0,
    )  # fmt: skip
    for text in legend.get_texts():
        text.set_parse_math(False)


MANY_ACROSS = (4, 2)
_HEIGHT, _LEAST = 1.25, 1.5  # inches


def heights(count: int) -> tuple[float, float]:
    """Heights of so many panels together, wide and narrow, in inches."""
    wide, narrow = (max(_HEIGHT * -(-count // across), _LEAST) for across in MANY_ACROSS)
    return wide, narrow
