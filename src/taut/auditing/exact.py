"""log p(x) of every row exactly, where that can be had."""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Num

from taut.bounds import log_evidence
from taut.errors import AuditError
from taut.models import AbstractModel, Finite, LinearGaussian

# By number of latents: grids over two decode about a million points for each row, over three about ten.
MOST_ROWS = {1: 2000, 2: 100, 3: 10}


def evidence_by_row(
    model: AbstractModel, data: Num[np.ndarray, "n features"], *, on_block: Callable[[int], None]
) -> tuple[Float[np.ndarray, "n"] | None, str | None]:
    """log p(x) of every row, or None; and a note where it could have been had but was not."""
    floats = jnp.asarray(data, jnp.result_type(float))
    if isinstance(model, (LinearGaussian, Finite)):
        return np.asarray(eqx.filter_vmap(model.log_evidence)(floats)), None
    latents = model.prior().event_shape
    if len(latents) != 1 or latents[0] not in MOST_ROWS:
        return None, None
    most = MOST_ROWS[latents[0]]
    if len(data) > most:
        return (
            None,
            f"log p(x) is exact by quadrature for at most {most} rows with this many latents; audit fewer to have it.",
        )
    values = np.empty(len(data))
    try:
        for number, x in enumerate(floats):
            values[number] = log_evidence(model, x, tolerance=1e-4).value
            on_block(number + 1)
    except AuditError as error:
        return None, f"log p(x) is not exact here. {error}"
    return values, None
