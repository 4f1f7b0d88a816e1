"""Where rows lie in the latent space, coloured by their labels."""

from __future__ import annotations

import collections
import dataclasses
from typing import TYPE_CHECKING

from taut.record import LatentMap
from taut.reporting.pictures.canvas import Key, Picture
from taut.reporting.pictures.style import ELBO, MUTED, PAPER, quiet_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


# Petroff's ten colours, told apart by colour-blind readers; the shape changes as well, so 20 pairs differ
_COLOURS = (
    "#3f90da",
    "#e76300",
    "#832db6",
    "#ffa90e",
    "#bd1f01",
    "#2a9d8f",
    "#a96b59",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
_SHAPES = (("o", "●"), ("^", "▲"), ("s", "■"), ("D", "◆"))
_MOST_LABELS = 20
_MOST_POINTS = 1500  # more only cover one another and make the file large
_OTHERS = "all others"


def legend_keys(latent_map: LatentMap | None) -> list[Key]:
    """Labels with their colour and shape; of very many, the most frequent, and one grey entry for the rest."""
    if latent_map is None or not latent_map.labels:
        return []
    counts = collections.Counter(latent_map.labels)
    is_crowded = len(counts) > _MOST_LABELS
    kept = [label for label, _ in counts.most_common(_MOST_LABELS - 1 if is_crowded else None)]
    keys = [_key(place, label) for place, label in enumerate(sorted(kept, key=_natural))]
    return [*keys, Key(label=_OTHERS, colour=MUTED, sign="·", shape=".")] if is_crowded else keys


def latent_map_picture(latent_map: LatentMap | None) -> Picture | None:
    """Posterior means in two dimensions; None without a map."""
    if latent_map is None or not latent_map.x:
        return None
    drawn, keys, (first, second) = _thinned(latent_map), legend_keys(latent_map), latent_map.axes

    def paint(panels: list[Axes], narrow: bool) -> None:
        (axes,) = panels
        size = 11.0 if narrow else 20.0
        if len(drawn.x) > 500:
            size /= 2
        _scatter(axes, drawn, keys, size)
        axes.set_xlabel(first, parse_math=False)
        axes.set_ylabel(second, parse_math=False)
        quiet_axes(axes, grid="both")

    coloured = ", coloured by label" if latent_map.labels else ""
    alt = f"Posterior means of the rows{coloured}. Across: {first}. Up: {second}."
    return Picture(paint=paint, alt=alt, height=5.0, narrow_height=3.6, keys=keys)


def is_map_thinned(latent_map: LatentMap | None) -> bool:
    """Whether the map shows only some of the rows."""
    return latent_map is not None and len(latent_map.x) > _MOST_POINTS


def _thinned(latent_map: LatentMap) -> LatentMap:
    """An even choice of at most `_MOST_POINTS` rows."""
    step = -(-len(latent_map.x) // _MOST_POINTS)
    labels = None if latent_map.labels is None else latent_map.labels[::step]
    return dataclasses.replace(latent_map, x=latent_map.x[::step], y=latent_map.y[::step], labels=labels)


def _scatter(axes: Axes, latent_map: LatentMap, keys: list[Key], size: float) -> None:
    for places, colour, shape in _groups(latent_map, keys):
        axes.scatter(
            [latent_map.x[place] for place in places],
            [latent_map.y[place] for place in places],
            s=size,
            c=colour,
            marker=shape,
            edgecolors=PAPER,
            linewidths=0.3,
        )


def _groups(latent_map: LatentMap, keys: list[Key]) -> list[tuple[list[int], str, str]]:
    if not keys or latent_map.labels is None:
        return [(list(range(len(latent_map.x))), ELBO, "o")]
    by_label = {key.label: key for key in keys}
    rest = by_label.get(_OTHERS)
    members: dict[str, list[int]] = {key.label: [] for key in keys}
    for place, label in enumerate(latent_map.labels):
        key = by_label.get(label, rest)
        if key is not None:
            members[key.label].append(place)
    # the grey ones first, below the others
    drawn = [key for key in reversed(keys) if members[key.label]]
    return [(members[key.label], key.colour, key.shape) for key in drawn]


def _key(place: int, label: str) -> Key:
    shape, sign = _SHAPES[(place + place // len(_COLOURS)) % len(_SHAPES)]
    return Key(label=label, colour=_COLOURS[place % len(_COLOURS)], sign=sign, shape=shape)


def _natural(label: str) -> tuple[int, float, str]:
    """Numbers by size and before words."""
    try:
        return (0, float(label), label)
    except ValueError:
        return (1, 0.0, label)
