"""The cure: levers that verdicts name are pulled in the order of their promises; what brackets confirm is kept."""

from taut.estimators.improvement.improving import Improved, improve
from taut.estimators.improvement.splits import Splits, splits_of, training_data_of

__all__ = ["Improved", "Splits", "improve", "splits_of", "training_data_of"]
