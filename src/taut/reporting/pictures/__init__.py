"""One file for each picture; each takes the ledger and gives back a Picture, or None where there is nothing to draw."""

from taut.reporting.pictures.brackets import brackets_picture, crooks_picture, rows_picture
from taut.reporting.pictures.canvas import Picture
from taut.reporting.pictures.columns import dependence_picture, marginals_picture, places_picture
from taut.reporting.pictures.identity import trade_off_picture, waterfall_picture
from taut.reporting.pictures.latents import (
    Key,
    image_tiles,
    latent_map_picture,
    latents_picture,
    legend_keys,
    pair_tiles,
)
from taut.reporting.pictures.training import ranks_picture, training_picture

__all__ = [
    "Key",
    "Picture",
    "brackets_picture",
    "crooks_picture",
    "dependence_picture",
    "image_tiles",
    "latent_map_picture",
    "latents_picture",
    "legend_keys",
    "marginals_picture",
    "pair_tiles",
    "places_picture",
    "ranks_picture",
    "rows_picture",
    "trade_off_picture",
    "training_picture",
    "waterfall_picture",
]
