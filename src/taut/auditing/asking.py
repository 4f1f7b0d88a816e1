"""What the caller of an audit asks for, and what of it makes no sense."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jaxtyping import Array, Float, Num

from taut.data import digest
from taut.errors import OptionError
from taut.guides import AbstractGuide
from taut.models import AbstractModel, LogJoint
from taut.shapes import Datum, Scalar

Settings = dict[str, str | int | float | bool | None]
LogDensity = Callable[[Datum, Float[Array, "latents"]], Scalar]


@dataclasses.dataclass(frozen=True)
class Asked:
    """What the caller asked of an audit; see `audit`."""

    draws: int = 1000
    rows: int | None = None
    delta: float = 0.01
    width: float | None = None
    seconds: float | None = None
    bracket: bool = True
    train: Num[np.ndarray, "m features"] | None = None


def wishes(options: dict[str, Any], guide: AbstractGuide, n: int) -> Asked:
    """The options as wishes.

    Raises OptionError for what is unknown or makes no sense.
    """
    if n == 0:
        raise OptionError("An audit wants at least one row of data; got none; pass some.")
    known = {field.name for field in dataclasses.fields(Asked)}
    unknown = sorted(set(options) - known)
    if unknown:
        raise OptionError(
            f"An audit wants options among {', '.join(sorted(known))}; got `{unknown[0]}`; see `taut.audit`."
        )
    asked = Asked(**options)
    if asked.draws < 2:
        raise OptionError(
            f"An audit wants at least 2 draws a row, to measure its own error; got {asked.draws}; ask for more."
        )
    if asked.rows is not None and not 1 <= asked.rows <= n:
        raise OptionError(f"An audit wants from one row to all {n}; got {asked.rows}; ask for as many as there are.")
    if not 0 < asked.delta < 1:
        raise OptionError(f"`delta` wants a probability between 0 and 1; got {asked.delta}; 0.01 is usual.")
    for name, value, unit in (("width", asked.width, "nats"), ("seconds", asked.seconds, "seconds")):
        if value is not None and not 0 < value < math.inf:
            raise OptionError(
                f"`{name}` wants a finite number of {unit} above 0; got {value}; leave it out or raise it."
            )
    if asked.train is not None and not guide.amortised:
        raise OptionError(
            "Generalisation wants an amortised guide; got local ones, which know no other rows; omit `train`."
        )
    if asked.rows is not None and not guide.amortised:
        raise OptionError("A choice of rows wants an amortised guide; got local ones; audit all of their rows.")
    return asked


def plain(asked: Asked) -> Settings:
    """The wishes without the arrays."""
    values = {field.name: getattr(asked, field.name) for field in dataclasses.fields(asked)}
    return values | {"train": None if asked.train is None else digest(np.asarray(asked.train))}


def from_log_joint(
    model: AbstractModel | None,
    guide: AbstractGuide | None,
    data: Num[np.ndarray, "n features"] | None,
    log_joint: LogDensity,
    prior: dist.Distribution | None,
    *,
    discrete: bool = False,
) -> AbstractModel:
    """A plain function log p(x, z) as a model, with as many latents as the guide has."""
    if model is not None or guide is None or data is None:
        raise OptionError(
            "An audit of a `log_joint` wants a guide and data, and no model; got another mix; pass "
            "`log_joint=f, guide=q, data=x`."
        )
    own = guide if guide.amortised else jax.tree.map(lambda leaf: leaf[0], guide)
    latents = own(jnp.asarray(data[0], jnp.result_type(float))).event_shape[0]
    return LogJoint(log_joint, latents=latents, prior=prior, discrete=discrete)
