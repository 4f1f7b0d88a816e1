"""Names for array shapes: what the letters in signatures mean.

`n` rows, `features` entries of one datum, `latents` entries of one latent, `outputs` numbers that a
decoder returns for one datum, `draws` Monte Carlo draws for one datum.
"""

from jax import Array
from jaxtyping import Float, Int, Key, Num, Shaped

__all__ = [
    "Data",
    "Datum",
    "Latent",
    "LogWeights",
    "Outputs",
    "RandomKey",
    "Rows",
    "Scalar",
]

Scalar = Float[Array, ""]
Datum = Num[Array, "features"]
Data = Num[Array, "n features"]
Latent = Shaped[Array, "*latents"]
Outputs = Float[Array, "outputs"]
LogWeights = Float[Array, "draws"]
RandomKey = Key[Array, ""]
Rows = Int[Array, "n"]
