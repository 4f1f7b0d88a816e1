"""Likelihoods of table columns, with outputs to try and the values over which they are summed or integrated."""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from numpy.polynomial.legendre import leggauss

from taut import likelihoods as lk


class Case(NamedTuple):
    """`points` with `volumes` are quadrature nodes, or codes and counts with volume one; coded points, volumes of x."""

    likelihood: lk.AbstractLikelihood
    outputs: list[list[float]]
    points: np.ndarray
    volumes: np.ndarray


def codes(count: int) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(float(count)), np.ones(count)


def interval(low: float, high: float, panels: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Gauss–Legendre with twenty nodes on each of many panels."""
    x, w = leggauss(20)
    edges = np.linspace(low, high, panels + 1)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (x + 1)).ravel(), (half * w).ravel()


def positive_line() -> tuple[np.ndarray, np.ndarray]:
    """Over the logarithm: e^t has volume e^t dt."""
    t, w = interval(-18.0, 22.0)
    return np.exp(t), w * np.exp(t)


def in_units(unit: float, likelihood: lk.AbstractLikelihood) -> lk.InUnits:
    return lk.InUnits(likelihood, jnp.log(jnp.array([unit])))


def at(centre: float, spread: float) -> dict:
    return {"centre": jnp.array([centre]), "spread": jnp.array([spread])}


SHARES = interval(0.0, 1.0)
CASES: dict[str, Callable[[], Case]] = {
    "log-normal": lambda: Case(lk.LogNormal(1, **at(1.0, 0.6)), [[0.0], [-1.5], [2.0]], *positive_line()),
    "logit-normal": lambda: Case(lk.LogitNormal(1, **at(0.3, 0.8)), [[0.0], [1.0], [-1.0]], *SHARES),
    "between other ends": lambda: Case(
        in_units(7.0, lk.LogitNormal(1, **at(0.3, 0.8))), [[0.0], [1.0]], SHARES[0], 7.0 * SHARES[1]
    ),
    "beta": lambda: Case(lk.Beta(1, centre=jnp.array([0.2])), [[0.0], [1.0], [-0.7]], *SHARES),
    "mixture": lambda: Case(
        lk.GaussianMixture(1, **at(3.0, 2.0), components=3), [[0.0, 0.0, 0.0], [1.0, -2.0, 0.5]], *interval(-60, 60)
    ),
    "rounded gaussian": lambda: Case(
        lk.Gaussian(1, **at(3.0, 2.0), smallest=jnp.array([0.5])), [[0.0], [1.3]], *interval(-60, 60)
    ),
    "ordered-logit": lambda: Case(
        lk.OrderedLogit(1, shares=jnp.array([[0.1, 0.5, 0.15, 0.25]])), [[0.0], [3.0], [-2.0]], *codes(4)
    ),
    "zero-inflated-poisson": lambda: Case(lk.ZeroInflated(lk.Poisson(1)), [[0.5, -1.0], [1.5, 2.0]], *codes(80)),
    "zero-inflated-negative-binomial": lambda: Case(
        lk.ZeroInflated(lk.NegativeBinomial(1)), [[0.5, -1.0], [1.0, 2.0]], *codes(400)
    ),
}
