"""One file for each picture; each takes the ledger and gives back a Picture, or None where there is nothing to draw."""

from taut.reporting.pictures.brackets import (
    brackets_picture,
    crooks_picture,
    is_bracketed,
    is_split,
    is_thinned,
    rows_picture,
)
from taut.reporting.pictures.canvas import Picture
from taut.reporting.pictures.columns import (
    MOST_COLUMNS,
    calibrated,
    compared,
    dependence_picture,
    marginals_picture,
    places_picture,
)
from taut.reporting.pictures.identity import trade_off_picture, waterfall_picture
from taut.reporting.pictures.improvement import improvement_picture
from taut.reporting.pictures.latents import (
    Key,
    image_tiles,
    is_map_thinned,
    is_shortened,
    latent_map_picture,
    latents_picture,
    legend_keys,
    pair_tiles,
)
from taut.reporting.pictures.training import ranks_picture, training_picture

__all__ = [
    "MOST_COLUMNS",
    "Key",
    "Picture",
    "brackets_picture",
    "calibrated",
    "compared",
    "crooks_picture",
    "dependence_picture",
    "image_tiles",
    "improvement_picture",
    "is_bracketed",
    "is_map_thinned",
    "is_shortened",
    "is_split",
    "is_thinned",
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
