"""Who follows a fit while it goes on: callbacks of one's own, TensorBoard, MLflow, Weights & Biases.

Callback        what a follower has: on_begin, on_epoch, on_end
following       tells callbacks of one fit
TensorBoard, MLflow, WeightsAndBiases
writer_named    one of them from words, as in `tensorboard:runs/events`
"""

from taut.tracking.callbacks import Callback, Following, following
from taut.tracking.writers import MLflow, TensorBoard, WeightsAndBiases, writer_named

__all__ = [
    "Callback",
    "Following",
    "MLflow",
    "TensorBoard",
    "WeightsAndBiases",
    "following",
    "writer_named",
]
