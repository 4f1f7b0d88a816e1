"""One file for each picture; each takes the ledger and gives back a Picture, or None where there is nothing to draw."""

from taut.reporting.pictures.brackets import brackets_picture
from taut.reporting.pictures.canvas import Picture
from taut.reporting.pictures.crooks import crooks_picture
from taut.reporting.pictures.dependence import dependence_picture
from taut.reporting.pictures.images import image_tiles, pair_tiles
from taut.reporting.pictures.latent_map import Key, latent_map_picture, legend_keys
from taut.reporting.pictures.latents import latents_picture
from taut.reporting.pictures.marginals import marginals_picture
from taut.reporting.pictures.places import places_picture
from taut.reporting.pictures.ranks import ranks_picture
from taut.reporting.pictures.rows import rows_picture
from taut.reporting.pictures.trade_off import trade_off_picture
from taut.reporting.pictures.training import training_picture
from taut.reporting.pictures.waterfall import waterfall_picture

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
