"""Guides: q(z|x), from a datum to a distribution of its latent."""

from taut.guides.base import AbstractGuide
from taut.guides.by_name import GUIDES
from taut.guides.encoder import Covariance, GaussianEncoder
from taut.guides.fill_missing import FillMissing
from taut.guides.known import Constant, KnownPosterior
from taut.guides.local import LocalGaussian, free_gaussians

__all__ = [
    "GUIDES",
    "AbstractGuide",
    "Constant",
    "Covariance",
    "FillMissing",
    "GaussianEncoder",
    "KnownPosterior",
    "LocalGaussian",
    "free_gaussians",
]
