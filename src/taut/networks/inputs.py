"""What an encoder sees: the datum brought to a scale on which a network learns. No density depends on it."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Num

from taut.numerics import inside, log_odds


class Standardise(eqx.Module):
    """(x − centre) / spread, optionally after log(1 + x) for counts; both fixed, not trained."""

    centre: Float[Array, "features"]
    spread: Float[Array, "features"]
    logarithm: bool = eqx.field(static=True, default=False)

    def __call__(self, x: Num[Array, "features"]) -> Float[Array, "features"]:
        """The standardised datum."""
        centre, spread = lax.stop_gradient((self.centre, self.spread))
        seen = jnp.log1p(x) if self.logarithm else x
        return (seen - centre) / spread


class OneHot(eqx.Module):
    """Category codes 0 … C−1 as C indicators for each entry."""

    classes: int = eqx.field(static=True)

    def __call__(self, x: Num[Array, "features"]) -> Float[Array, "inputs"]:
        """The indicators, entry after entry."""
        return jax.nn.one_hot(x.astype(jnp.int32), self.classes).reshape(-1)


class WithCovariates(eqx.Module):
    """`entries` of the datum's first numbers, and its covariates as they are.

    Where the datum is `sized`, the last covariate is the logarithm of its size: counts are divided by it first, so that
    the network sees what a row is made of, and how large it is, apart.

    >>> import jax.numpy as jnp
    >>> read = WithCovariates(Standardise(jnp.zeros(2), jnp.ones(2)), features=2, sized=True)
    >>> read(jnp.array([4.0, 2.0, 0.5, jnp.log(2.0)])).round(3).tolist()
    [2.0, 1.0, 0.5, 0.693]
    """

    entries: Standardise | OneHot
    features: int = eqx.field(static=True)
    sized: bool = eqx.field(static=True, default=False)

    def __call__(self, x: Num[Array, "datum"]) -> Float[Array, "inputs"]:
        """What the network receives."""
        floats = x.astype(jnp.result_type(x, float))
        own, given = floats[: self.features], floats[self.features :]
        return jnp.concatenate([self.entries(own * jnp.exp(-given[-1]) if self.sized else own), given])


class CellInputs(eqx.Module):
    """The cells of a table for a network: numbers on one scale, categories as indicators, and which cells are seen.

    A datum is [entries, covariates]; entries may be NaN, which the network must not be able to tell from any value that
    could stand there: their inputs are zero, and the indicator of the entry is zero, too. `scales` names for each entry
    how it is read: `as it is`, `log`, `log1p`, `log-odds`, or, as a number, how many categories it has. Covariates are
    passed on.

    >>> import jax.numpy as jnp
    >>> inputs = CellInputs(("as it is", 3), centre=jnp.ones(2), spread=jnp.ones(2))
    >>> inputs(jnp.array([3.0, jnp.nan])).tolist(), inputs.width
    ([2.0, 0.0, 0.0, 0.0, 1.0, 0.0], 6)
    """

    scales: tuple[str | int, ...] = eqx.field(static=True)
    centre: Float[Array, "features"]
    spread: Float[Array, "features"]
    covariates: int = eqx.field(static=True, default=0)

    @property
    def width(self) -> int:
        """How many numbers the network receives."""
        own = sum(scale if isinstance(scale, int) else 1 for scale in self.scales)
        return own + len(self.scales) + self.covariates

    def __call__(self, x: Num[Array, "datum"]) -> Float[Array, "inputs"]:
        """Numbers, indicators of categories, indicators of what is seen, covariates."""
        features = len(self.scales)
        entries = x[:features].astype(jnp.result_type(float))
        seen = ~jnp.isnan(entries)
        parts = [jnp.where(seen, self._numbers(jnp.where(seen, entries, self._usual())), 0.0)[self._places(str)]]
        for classes in sorted({scale for scale in self.scales if isinstance(scale, int)}):
            places = np.array([place for place, scale in enumerate(self.scales) if scale == classes])
            codes = jnp.where(seen[places], entries[places], -1).astype(jnp.int32)
            parts.append(jax.nn.one_hot(codes, classes).reshape(-1))
        return jnp.concatenate([*parts, seen.astype(entries.dtype), x[features:].astype(entries.dtype)])

    def _numbers(self, entries: Float[Array, "features"]) -> Float[Array, "features"]:
        centre, spread = lax.stop_gradient((self.centre, self.spread))
        forms = {
            "as it is": entries,
            "log": jnp.log(jnp.maximum(entries, 1e-30)),
            "log1p": jnp.log1p(jnp.maximum(entries, 0.0)),
            "log-odds": log_odds(inside(entries)),
        }
        moved = entries
        for name, form in forms.items():
            moved = jnp.where(np.array([scale == name for scale in self.scales]), form, moved)
        return (moved - centre) / spread

    def _usual(self) -> Float[Array, "features"]:
        """What stands in for a missing number on its way; it never reaches the network."""
        return jnp.where(np.array([scale == "as it is" for scale in self.scales]), self.centre, 0.5)

    def _places(self, kind: type) -> np.ndarray:
        return np.array([place for place, scale in enumerate(self.scales) if isinstance(scale, kind)], int)
