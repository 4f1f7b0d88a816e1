"""What each latent carries: its KL to the prior, largest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taut.record import LatentUse, Ledger
from taut.reporting.pictures.canvas import ELBO, MUTED, Picture, picture, quiet_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST = 64


def latents_picture(ledger: Ledger) -> Picture | None:
    """A bar for each latent; None without latents."""
    ordered = _sorted(ledger.latents)
    if not ordered:
        return None

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        for place, (_, latent) in enumerate(ordered):
            axes.bar(place, max(latent.kl, 0.0), width=0.75, color=ELBO if latent.active else MUTED)
            if not latent.active:  # a sign, since a bar may be too low to be seen
                axes.annotate("×", (place, latent.kl), (0, 3), textcoords="offset points", ha="center", color=MUTED)
        step = max(1, -(-len(ordered) // (12 if narrow else 32)))
        shown = range(0, len(ordered), step)
        axes.set_xticks(list(shown), [str(ordered[place][0]) for place in shown])
        axes.set_xlim(-1.0, max(len(ordered), 4))
        axes.set_xlabel("latent, counted from zero")
        axes.set_ylabel("KL to the prior, nats")
        quiet_axes(axes)

    active = f"{ledger.active_units} of {ledger.latent} are active"
    alt = f"Bars of the KL of each latent to the prior, largest first; {active}."
    return picture(paint, alt=alt, height=2.6, narrow_height=2.4)


def is_shortened(ledger: Ledger) -> bool:
    """Whether only the largest latents are drawn."""
    return len(ledger.latents) > _MOST


def _sorted(latents: list[LatentUse]) -> list[tuple[int, LatentUse]]:
    return sorted(enumerate(latents), key=lambda pair: (-pair[1].kl, pair[0]))[:_MOST]
