"""What an encoder sees: the datum brought to a scale on which a network learns. No density depends on it."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from taut.datum import as_datum, values_of
from taut.numerics import FORMS
from taut.shapes import DatumLike


class Standardise(eqx.Module):
    """(x − centre) / spread, optionally after log(1 + x) for counts; both fixed, not trained."""

    centre: Float[Array, "features"]
    spread: Float[Array, "features"]
    logarithm: bool = eqx.field(static=True, default=False)

    def __call__(self, x: DatumLike) -> Float[Array, "features"]:
        """The standardised values."""
        centre, spread = lax.stop_gradient((self.centre, self.spread))
        seen = jnp.log1p(values_of(x)) if self.logarithm else values_of(x)
        return (seen - centre) / spread


class OneHot(eqx.Module):
    """Category codes 0 … C−1 as C indicators for each entry."""

    classes: int = eqx.field(static=True)

    def __call__(self, x: DatumLike) -> Float[Array, "inputs"]:
        """The indicators, entry after entry."""
        return jax.nn.one_hot(values_of(x).astype(jnp.int32), self.classes).reshape(-1)


class WithCovariates(eqx.Module):
    """`entries` of the datum's values, and behind them its covariates and its log offset as they are.

    Counts are divided by the size that a log offset is the logarithm of, so that the network sees what a row is made
    of, and how large it is, apart.

    >>> import jax.numpy as jnp
    >>> from taut.datum import Datum
    >>> read = WithCovariates(Standardise(jnp.zeros(2), jnp.ones(2)))
    >>> x = Datum(jnp.array([4.0, 2.0]), covariates=jnp.array([0.5]), log_offset=jnp.log(2.0))
    >>> read(x).round(3).tolist()
    [2.0, 1.0, 0.5, 0.693]
    """

    entries: Standardise | OneHot

    def __call__(self, x: DatumLike) -> Float[Array, "inputs"]:
        """What the network receives."""
        x = as_datum(x)
        values = x.values.astype(jnp.result_type(x.values, float))
        values = values if x.log_offset is None else values * jnp.exp(-x.log_offset.astype(values.dtype))
        return jnp.concatenate([self.entries(values), x.conditions])


class CellInputs(eqx.Module):
    """The cells of a table for a network: numbers on one scale, categories as indicators, and which cells are seen.

    The network must not be able to tell what a missing entry holds: its inputs are zero, and the indicator of the entry
    is zero, too. `scales` names for each entry how it is read: `as it is`, `log`, `log1p`, `log-odds`, or, as a number,
    how many categories it has. Covariates and a log offset, so many numbers as `conditions`, are passed on.

    >>> import jax.numpy as jnp
    >>> from taut.datum import Datum
    >>> inputs = CellInputs(("as it is", 3), centre=jnp.ones(2), spread=jnp.ones(2))
    >>> x = Datum(jnp.array([3.0, 2.0]), observed=jnp.array([True, False]))
    >>> inputs(x).tolist(), inputs.width
    ([2.0, 0.0, 0.0, 0.0, 1.0, 0.0], 6)
    """

    scales: tuple[str | int, ...] = eqx.field(static=True)
    centre: Float[Array, "features"]
    spread: Float[Array, "features"]
    conditions: int = eqx.field(static=True, default=0)

    @property
    def width(self) -> int:
        """How many numbers the network receives."""
        own = sum(scale if isinstance(scale, int) else 1 for scale in self.scales)
        return own + len(self.scales) + self.conditions

    def __call__(self, x: DatumLike) -> Float[Array, "inputs"]:
        """Numbers, indicators of categories, indicators of what is seen, covariates, log offset."""
        x = as_datum(x)
        entries = x.values.astype(jnp.result_type(float))
        seen = jnp.ones(entries.shape, bool) if x.observed is None else jnp.asarray(x.observed)
        parts = [jnp.where(seen, self._numbers(jnp.where(seen, entries, self._usual())), 0.0)[self._places(str)]]
        for classes in sorted({scale for scale in self.scales if isinstance(scale, int)}):
            places = np.array([place for place, scale in enumerate(self.scales) if scale == classes])
            codes = jnp.where(seen[places], entries[places], -1).astype(jnp.int32)
            parts.append(jax.nn.one_hot(codes, classes).reshape(-1))
        return jnp.concatenate([*parts, seen.astype(entries.dtype), x.conditions.astype(entries.dtype)])

    def _numbers(self, entries: Float[Array, "features"]) -> Float[Array, "features"]:
        centre, spread = lax.stop_gradient((self.centre, self.spread))
        moved = entries
        for name, form in FORMS.items():
            moved = jnp.where(np.array([scale == name for scale in self.scales]), form.safe(entries), moved)
        return (moved - centre) / spread

    def _usual(self) -> Float[Array, "features"]:
        """What stands in for a missing number on its way; it never reaches the network."""
        return jnp.where(np.array([scale == "as it is" for scale in self.scales]), self.centre, 0.5)

    def _places(self, kind: type) -> np.ndarray:
        return np.array([place for place, scale in enumerate(self.scales) if isinstance(scale, kind)], int)
