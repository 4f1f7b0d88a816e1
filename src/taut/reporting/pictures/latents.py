"""What each latent carries: its KL to the prior, largest first, how much of it is mismatch, and what q could carry."""

from __future__ import annotations

import collections
import dataclasses
import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from taut.record import Figures, LatentMap, LatentUse, Ledger
from taut.reporting.pictures.canvas import ELBO, ELBO_PALE, INK, KL, MUTED, PAPER, Picture, address, picture, quiet_axes
from taut.reporting.tables import collapsed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Key:
    """One entry of the legend."""

    label: str
    colour: str
    sign: str
    shape: str


def legend_keys(latent_map: LatentMap | None) -> list[Key]:
    """Labels with their colour and shape; of very many, the most frequent, and one grey entry for the rest."""
    if latent_map is None or not latent_map.labels:
        return []
    counts = collections.Counter(latent_map.labels)
    is_crowded = len(counts) > _MOST_LABELS
    kept = [label for label, _ in counts.most_common(_MOST_LABELS - 1 if is_crowded else None)]
    keys = [_key(place, label) for place, label in enumerate(sorted(kept, key=_natural))]
    return [*keys, Key(label=_OTHERS, colour=MUTED, sign="·", shape=".")] if is_crowded else keys


def latent_map_picture(ledger: Ledger) -> Picture | None:
    """Posterior means in two dimensions; None without a map."""
    latent_map = ledger.figures.latent_map
    if latent_map is None or not latent_map.x:
        return None
    drawn, keys = _thinned(latent_map), legend_keys(latent_map)

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        size = 11.0 if narrow else 20.0
        if len(drawn.x) > 500:
            size /= 2
        _scatter(axes, drawn, keys, size)
        axes.set_xlabel(latent_map.axes[0])
        axes.set_ylabel(latent_map.axes[1])
        axes.grid()
        axes.tick_params(length=0)

    first, second = latent_map.axes
    coloured = ", coloured by label" if latent_map.labels else ""
    alt = f"Posterior means of the rows{coloured}. Across: {first}. Up: {second}."
    return picture(paint, alt=alt, height=5.0, narrow_height=3.6)


def is_map_thinned(ledger: Ledger) -> bool:
    """Whether the map shows only some of the rows."""
    latent_map = ledger.figures.latent_map
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


_MOST = 64
_SIGNS = {None: ("×", MUTED), "model": ("×", MUTED), "amortisation": ("▲", KL)}


def latents_picture(ledger: Ledger) -> Picture | None:
    """A bar for each latent; None without latents."""
    ordered = _sorted(ledger.latents)
    if not ordered:
        return None

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        for place, (_, latent) in enumerate(ordered):
            _draw(axes, place, latent)
        step = max(1, -(-len(ordered) // (12 if narrow else 32)))
        shown = range(0, len(ordered), step)
        axes.set_xticks(list(shown), [str(ordered[place][0]) for place in shown])
        axes.set_xlim(-1.0, max(len(ordered), 4))
        axes.set_xlabel("latent, counted from zero")
        axes.set_ylabel("KL to the prior, nats")
        quiet_axes(axes)

    return picture(paint, alt=_alt(ledger), height=2.8, narrow_height=2.6)


def is_shortened(ledger: Ledger) -> bool:
    """Whether only the largest latents are drawn."""
    return len(ledger.latents) > _MOST


def _draw(axes: Axes, place: int, latent: LatentUse) -> None:
    kl = max(latent.kl, 0.0)
    axes.bar(place, kl, width=0.75, color=ELBO if latent.active else MUTED)
    if latent.marginal_kl is not None and math.isfinite(latent.marginal_kl):
        axes.bar(place, min(max(latent.marginal_kl, 0.0), kl), width=0.75, color=ELBO_PALE)
    top = kl
    if latent.refined_kl is not None and math.isfinite(latent.refined_kl):
        top = max(kl, latent.refined_kl)
        axes.plot([place - 0.45, place + 0.45], [latent.refined_kl] * 2, color=INK, linewidth=2, solid_capstyle="butt")
    if not latent.active:  # a sign, since a bar may be too low to be seen
        sign, colour = _SIGNS[latent.collapse]
        axes.annotate(sign, (place, top), (0, 4), textcoords="offset points", ha="center", color=colour)


def _sorted(latents: list[LatentUse]) -> list[tuple[int, LatentUse]]:
    return sorted(enumerate(latents), key=lambda pair: (-pair[1].kl, pair[0]))[:_MOST]


def _alt(ledger: Ledger) -> str:
    model, amortisation = collapsed(ledger.latents, "model"), collapsed(ledger.latents, "amortisation")
    idle = f" Idle in the model: {model}." if model else ""
    lost = f" Idle in the encoder only: {amortisation}." if amortisation else ""
    return (
        "Bars of the KL of each latent to the prior, largest first; "
        f"{ledger.active_units} of {ledger.latent} are active.{idle}{lost}"
    )


_MOST_PAIRS, _MOST_SAMPLES = 16, 32
_LONGEST_SIDE = 96  # pixels; larger images are shrunk, to keep the page small


def pair_tiles(figures: Figures) -> list[str]:
    """One tile for each pair: the original above its reconstruction; empty where the data are no images."""
    shape = figures.image_shape
    pairs = list(zip(figures.originals, figures.reconstructions, strict=False))[:_MOST_PAIRS]
    if shape is None or not _fits(shape, [image for pair in pairs for image in pair]):
        return []
    return [_png([original, reconstruction], shape) for original, reconstruction in pairs]


def image_tiles(figures: Figures) -> list[str]:
    """One tile for each sample from the prior; empty where the data are no images."""
    shape, samples = figures.image_shape, figures.samples[:_MOST_SAMPLES]
    if shape is None or not _fits(shape, samples):
        return []
    return [_png([sample], shape) for sample in samples]


def _fits(shape: tuple[int, ...], images: Sequence[Sequence[float | None]]) -> bool:
    return all(len(image) == math.prod(shape) for image in images)


def _png(stack: Sequence[Sequence[float | None]], shape: tuple[int, ...]) -> str:
    """Images one above the other, a transparent line between them."""
    from PIL import Image  # noqa: PLC0415  only a page with images needs it

    height, width, colour = shape[0], shape[1], len(shape) == 3
    shrink = min(1.0, _LONGEST_SIDE / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    gap = max(1, size[1] // 12)
    room = (size[0], len(stack) * size[1] + (len(stack) - 1) * gap)
    tile = Image.new("RGBA", room, (0, 0, 0, 0)) if colour else Image.new("LA", room, (0, 0))
    for place, values in enumerate(stack):
        levels = bytes(_level(value) for value in values)
        image = Image.frombytes("RGB" if colour else "L", (width, height), levels)
        tile.paste(image.resize(size, Image.Resampling.BOX) if shrink < 1 else image, (0, place * (size[1] + gap)))
    content = io.BytesIO()
    tile.save(content, "PNG", optimize=True)
    return address("image/png", content.getvalue())


def _level(value: float | None) -> int:
    """What is missing or no number is black."""
    return 0 if value is None or math.isnan(value) else round(255 * min(max(value, 0.0), 1.0))
