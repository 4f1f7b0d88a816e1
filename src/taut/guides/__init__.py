"""Guides: q(z|x), from a datum to a distribution of its latent."""

from taut.guides.base import AbstractGuide
from taut.guides.by_name import GUIDES
from taut.guides.families import AbstractFamily, Categorical, Encoder, LowRank, Mixture
from taut.guides.flows import Flow, FlowTransform, autoregressive_flow, spline_flow
from taut.guides.gaussian import Covariance, GaussianEncoder, LocalGaussian, free_gaussians
from taut.guides.given import Constant, FillMissing, KnownPosterior

__all__ = [
    "GUIDES",
    "AbstractFamily",
    "AbstractGuide",
    "Categorical",
    "Constant",
    "Covariance",
    "Encoder",
    "FillMissing",
    "Flow",
    "FlowTransform",
    "GaussianEncoder",
    "KnownPosterior",
    "LocalGaussian",
    "LowRank",
    "Mixture",
    "autoregressive_flow",
    "free_gaussians",
    "spline_flow",
]
