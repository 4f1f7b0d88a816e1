"""What is to be known of a family of distributions, and the families that there are."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
import numpyro.distributions as dist
from jaxtyping import Array, Float, Shaped

from taut.data import serve
from taut.errors import OptionError
from taut.likelihoods.base import AbstractLikelihood, Nodes
from taut.numerics import floats_on_device
from taut.shapes import Outputs

# Added to each category's count, so that one that is rare does not start as impossible.
SMOOTHING = 0.5


class Sample(NamedTuple):
    """Training rows of the entries that share a likelihood, from which scales and starting outputs are read.

    `values` are coded, NaN where missing. `levels` is the number of categories, or of a block one more than its largest
    value. `rounding` is the standard deviation of rounding errors, None where nothing was rounded. Entries of `one`
    thing, such as pixels, lend one another a spread where one of them never moves.

    >>> Sample(np.array([[1.0], [3.0], [np.nan]])).scales()["centre"].tolist()
    [2.0]
    """

    values: Shaped[np.ndarray, "n features"]
    levels: int = 0
    rounding: Float[np.ndarray, "features"] | None = None
    one: bool = False

    @property
    def features(self) -> int:
        """How many entries there are."""
        return self.values.shape[1]

    @property
    def mean(self) -> Float[Array, "features"]:
        """The mean of each entry."""
        return floats_on_device(np.asarray(np.nanmean(self.values, axis=0, dtype=np.float64)))

    def scales(self, form: Callable[[np.ndarray], np.ndarray] | None = None) -> dict[str, Any]:
        """Mean and standard deviation of each entry as `centre` and `spread`, after a `form` such as a logarithm."""
        values = np.asarray(self.values, np.float64)
        moved = values if form is None else form(values)
        centre, spread = np.nanmean(moved, axis=0), np.nanstd(moved, axis=0)
        if self.one:
            # An entry that never moves in training may move later; a tiny spread would make it infinitely surprising.
            # Entries in small units keep theirs.
            typical = float(np.sqrt(np.mean(spread**2))) or 1.0
            spread = np.where(spread > 1e-6 * np.abs(centre), spread, 1e-3 * typical)
        else:
            spread = np.where(spread > 0, spread, 1.0)
        return {"centre": floats_on_device(centre), "spread": floats_on_device(spread)}

    def smallest(self, per: Float[np.ndarray, "features"] | float = 1.0) -> Float[Array, "features"] | None:
        """The smallest standard deviation that rounding leaves, in units of `per`."""
        return None if self.rounding is None else floats_on_device(self.rounding / per)

    def shares(self) -> Float[Array, "features levels"]:
        """The share of each level."""
        counts = (self.values[:, :, None] == np.arange(self.levels)).sum(axis=0) + SMOOTHING
        return floats_on_device(counts / counts.sum(axis=1, keepdims=True))


def _start_at_mean(likelihood: AbstractLikelihood, sample: Sample) -> Outputs:
    return likelihood.starting_outputs(sample.mean)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Family:
    """A family of distributions of an entry, as one likelihood for many entries side by side.

    `build` makes the likelihood for a sample of training rows, and `starting_outputs` the outputs at which it has the
    sample's mean or shares; `discrete` says whether it gives probabilities, and not densities. `kinds` are the kinds of
    columns that may have it, the first being taken where the family alone is named; `arrays` says that a whole array
    may. `aliases` are other names by which `likelihood=` may call it.

    `complaint` says in a sentence why values of an array cannot be its data, empty where they can; `largest` gives
    the largest value that it can produce, and what that is, from the largest of the training rows. `units` says how a
    model sees real numbers of an array: `each` column in its own unit, all in a `common` one, or in the `natural` unit
    of the data. `reads` is what an encoder sees of a value: its logarithm, say, or `indicators` of categories.
    `log_means`: the outputs hold logarithms of means, to which that of a row's size may be added.

    `distribution` is the class of the distribution of one entry, and `nodes` makes of one the points and weights of
    expectations under it, None where there are too many.
    """

    name: str
    build: Callable[[Sample], AbstractLikelihood]
    starting_outputs: Callable[[Any, Sample], Outputs] = _start_at_mean
    discrete: bool = False
    kinds: tuple[str, ...] = ()
    arrays: bool = False
    aliases: tuple[str, ...] = ()
    complaint: Callable[[np.ndarray], str] = lambda values: ""
    largest: Callable[[int], tuple[int, str]] | None = None
    units: Literal["", "each", "common", "natural"] = ""
    reads: Literal["as it is", "log", "log1p", "log-odds", "indicators"] = "as it is"
    log_means: bool = False
    distribution: type[dist.Distribution] | None = None
    nodes: Callable[[Any], Nodes] | None = None


_FAMILIES: dict[str, Family] = {}


def register(*new: Family) -> None:
    """Add families, and let the kinds of columns that they name have them.

    Raises OptionError where a name is taken, or a kind is not there.
    """
    for one in new:
        for name in (one.name, *one.aliases):
            if any(name in (other.name, *other.aliases) for other in _FAMILIES.values()):
                raise OptionError(f"Wanted a new name for a family; `{name}` is taken; choose another.")
        for kind in one.kinds:
            serve(kind, one.name)
        _FAMILIES[one.name] = one


def all_families() -> tuple[Family, ...]:
    """All families, in the order in which they were added."""
    return tuple(_FAMILIES.values())


def names() -> tuple[str, ...]:
    """The families that a whole array may have."""
    return tuple(sorted(one.name for one in all_families() if one.arrays))


def known_family(name: str) -> Family | None:
    """The family of this name or alias, None where there is none: of a likelihood of a person's own, say."""
    return next((one for one in all_families() if name in (one.name, *one.aliases)), None)


def family(name: str) -> Family:
    """The family of this name or alias. Raises OptionError where there is none.

    >>> from taut import likelihoods
    >>> likelihoods.family("normal").name
    'gaussian'
    """
    known = known_family(name)
    if known is None:
        raise OptionError(f"Wanted a likelihood among {', '.join(names())} or auto; got `{name}`; choose one of these.")
    return known
