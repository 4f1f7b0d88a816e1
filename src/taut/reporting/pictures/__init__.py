"""One file for each picture; each takes the ledger and gives back a Picture, or None where there is nothing to draw."""

from taut.reporting.pictures.brackets import brackets_picture, is_bracketed
from taut.reporting.pictures.canvas import FORMATS, Key, Picture
from taut.reporting.pictures.columns import (
    MOST_COLUMNS,
    calibrated,
    compared,
    dependence_picture,
    marginals_picture,
    places_picture,
)
from taut.reporting.pictures.identity import identity_picture, waterfall_picture
from taut.reporting.pictures.improvement import improvement_picture
from taut.reporting.pictures.latent_map import is_map_thinned, latent_map_picture, legend_keys
from taut.reporting.pictures.latents import is_shortened, latents_picture
from taut.reporting.pictures.rows import is_split, is_thinned, rows_picture
from taut.reporting.pictures.tiles import image_tiles, pair_tiles, pairs_picture, samples_picture
from taut.reporting.pictures.trade_off import trade_off_picture
from taut.reporting.pictures.training import ranks_picture, training_picture
from taut.reporting.pictures.walks import crooks_picture

__all__ = [
    "FORMATS",
    "MOST_COLUMNS",
    "Key",
    "Picture",
    "brackets_picture",
    "calibrated",
    "compared",
    "crooks_picture",
    "dependence_picture",
    "identity_picture",
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
    "pairs_picture",
    "places_picture",
    "ranks_picture",
    "rows_picture",
    "samples_picture",
    "trade_off_picture",
    "training_picture",
    "waterfall_picture",
]
