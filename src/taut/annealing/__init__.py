"""From a q that one can draw from to p(z|x) by small steps, and back: the log-weights of annealed walks (Neal 2001).

Path        π_β ∝ q₀^{1−β} p(x,z)^β in the coordinates of a frame
StandardNormal, Mixture    q₀ in these coordinates: the frame's own Gaussian, or one for each mode that was found
pilot       step sizes, the path's shape and approximate posterior draws, on keys of its own
resampled   which chains go on, drawn by their weights
forward_walk, reverse_walk, both_walks    the measured walks, with everything frozen
"""

from taut.annealing.bases import MOST_FREEDOM, Base, Mixture, StandardNormal, Tails
from taut.annealing.path import Path, Position, steps_between, temperatures
from taut.annealing.tuning import Pilot, pilot, resampled, split_rhat
from taut.annealing.walks import Schedule, Trace, Walk, both_walks, forward_trace, forward_walk, reverse_walk

__all__ = [
    "MOST_FREEDOM",
    "Base",
    "Mixture",
    "Path",
    "Pilot",
    "Position",
    "Schedule",
    "StandardNormal",
    "Tails",
    "Trace",
    "Walk",
    "both_walks",
    "forward_trace",
    "forward_walk",
    "pilot",
    "resampled",
    "reverse_walk",
    "split_rhat",
    "steps_between",
    "temperatures",
]
