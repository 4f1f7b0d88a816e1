"""One file for each picture; each takes the ledger and gives back a Picture, or None where there is nothing to draw."""

from taut.reporting.pictures.canvas import Picture
from taut.reporting.pictures.identity import identity_picture
from taut.reporting.pictures.images import image_tiles, pair_tiles
from taut.reporting.pictures.latent_map import Key, latent_map_picture, legend_keys
from taut.reporting.pictures.latents import latents_picture
from taut.reporting.pictures.rows import rows_picture
from taut.reporting.pictures.training import training_picture

__all__ = [
    "Key",
    "Picture",
    "identity_picture",
    "image_tiles",
    "latent_map_picture",
    "latents_picture",
    "legend_keys",
    "pair_tiles",
    "rows_picture",
    "training_picture",
]
