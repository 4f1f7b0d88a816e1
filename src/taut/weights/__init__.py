"""Log-weights log p(x,z) − log q(z|x), z ~ q(·|x): from which every bound and gradient is computed."""

from taut.weights.drawing import Draw, draw, draw_keys, log_weights, weigh
from taut.weights.reliability import LARGEST_KHAT, effective_sample_size, khat_threshold, pareto_khat
from taut.weights.rows import LogWeightsOfRow, RowFunction, map_rows, size_for

__all__ = [
    "LARGEST_KHAT",
    "Draw",
    "LogWeightsOfRow",
    "RowFunction",
    "draw",
    "draw_keys",
    "effective_sample_size",
    "khat_threshold",
    "log_weights",
    "map_rows",
    "pareto_khat",
    "size_for",
    "weigh",
]
