"""Names for array shapes: what the letters in signatures mean.

`n` rows, `features` entries of one datum, `latents` entries of one latent, `outputs` numbers that a
decoder returns for one datum, `draws` Monte Carlo draws for one datum. `DatumLike` is a `Datum` or, where there is
nothing but its values, a bare array; `DataLike` the same for rows.
"""

from jax import Array
from jaxtyping import Float, Int, Key, Shaped

from taut.datum import DataLike, DatumLike, OtherData

__all__ = [
    "DataLike",
    "DatumLike",
    "Latent",
    "LogWeights",
    "OtherData",
    "Outputs",
    "RandomKey",
    "Rows",
    "Scalar",
]

Scalar = Float[Array, ""]
Latent = Shaped[Array, "*latents"]
Outputs = Float[Array, "outputs"]
LogWeights = Float[Array, "draws"]
RandomKey = Key[Array, ""]
Rows = Int[Array, "n"]
