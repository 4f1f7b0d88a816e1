"""What each latent carries: its KL to the prior, largest first, how much of it is mismatch, and what q could carry."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from taut.record import LatentUse, Ledger
from taut.reporting.pictures.canvas import Key, Picture
from taut.reporting.pictures.style import ELBO, ELBO_PALE, INK, KL, MUTED, quiet_axes
from taut.reporting.tables import collapsed

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_MOST = 64
_SIGNS = {None: ("×", MUTED), "model": ("×", MUTED), "amortisation": ("▲", KL)}


def latents_picture(ledger: Ledger) -> Picture | None:
    """A bar for each latent; None without latents."""
    ordered = _sorted(ledger.latents)
    if not ordered:
        return None

    def paint(panels: list[Axes], narrow: bool) -> None:
        (axes,) = panels
        for place, (_, latent) in enumerate(ordered):
            _draw(axes, place, latent)
        step = max(1, -(-len(ordered) // (12 if narrow else 32)))
        shown = range(0, len(ordered), step)
        axes.set_xticks(list(shown), [str(ordered[place][0]) for place in shown])
        axes.set_xlim(-1.0, max(len(ordered), 4))
        axes.set_xlabel("latent, counted from zero")
        axes.set_ylabel("KL to the prior, nats")
        quiet_axes(axes)

    return Picture(paint=paint, alt=_alt(ledger), height=2.8, narrow_height=2.6, keys=_keys(ledger))


def _keys(ledger: Ledger) -> list[Key]:
    keys = [Key(label="tells rows apart", colour=ELBO)]
    if any(latent.marginal_kl is not None for latent in ledger.latents):
        keys.append(Key(label="differs from the prior over all rows", colour=ELBO_PALE))
    if any(latent.refined_kl is not None for latent in ledger.latents):
        keys.append(Key(label="with q fitted to each row", colour=INK, shape="_"))
    return [*keys, Key(label="idle", colour=MUTED, shape="x")]


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
