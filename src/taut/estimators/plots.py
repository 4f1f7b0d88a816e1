"""`vae.plot`: pictures of a fit and of rows, in axes of matplotlib."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Num

from taut.auditing import Context, latent_map_of
from taut.errors import DataError
from taut.estimators import evaluation
from taut.estimators.training import Fitted
from taut.numerics import take
from taut.record import Figures
from taut.reporting import (
    Picture,
    found_picture,
    latent_map_picture,
    pairs_picture,
    samples_picture,
    training_picture,
)

Rows = Num[np.ndarray, "n features"]


class FitPlots:
    """The pictures of a fit. Each is drawn into `ax`, or into a new figure, and the axes are given back.

    `X` are rows as for `transform`; without them those that training held out. Each raises DataError, in one sentence,
    where there is nothing to draw.
    """

    def __init__(self, fitted: Fitted) -> None:
        self._fitted = fitted

    def training(self, *, ax: Any = None) -> Any:
        """The bound at each epoch, on training rows and on held-out ones."""
        return self.training_picture().draw(ax)

    def latent_map(self, X: Any = None, labels: Any = None, *, ax: Any = None) -> Any:
        """The posterior mean of each row, coloured by its label; of more than two latents their principal components.

        Without `labels` they are those that came with the rows, if any.
        """
        return self.latent_map_picture(X, labels).draw(ax)

    def reconstructions(self, X: Any = None, *, n: int = 10, ax: Any = None) -> Any:
        """The first n images, and below each what comes back of it."""
        return self.reconstructions_picture(X, n=n).draw(ax)

    def samples(self, n: int = 20, *, seed: int = 0, ax: Any = None) -> Any:
        """n images decoded from draws of the prior: the means E[x|z], which have no grain."""
        return self.samples_picture(n, seed=seed).draw(ax)

    def training_picture(self) -> Picture:
        """What `training` draws."""
        return found_picture(training_picture(self._fitted.history), "training")

    def latent_map_picture(self, X: Any = None, labels: Any = None) -> Picture:
        """What `latent_map` draws."""
        table = evaluation.prepared(self._fitted, self._rows(X))
        labels = table.labels if labels is None else np.ravel(labels)
        if labels is not None and len(labels) != len(table):
            raise DataError(f"One label is wanted for each of the {len(table)} rows; got {len(labels)}; pass as many.")
        found = evaluation.encode_prepared(self._fitted, self._fitted.architecture.rows(table))
        return found_picture(latent_map_picture(latent_map_of(np.asarray(found.latent), labels)), "latent_map")

    def reconstructions_picture(self, X: Any = None, *, n: int = 10) -> Picture:
        """What `reconstructions` draws."""
        few = take(evaluation.prepared_rows(self._fitted, self._rows(X)), slice(n))
        rebuilt = np.asarray(evaluation.encode_prepared(self._fitted, few).reconstruction)
        return found_picture(pairs_picture(self._figures(few.with_nan(), rebuilt)), "reconstructions")

    def samples_picture(self, n: int = 20, *, seed: int = 0) -> Picture:
        """What `samples` draws."""
        evaluation.check_samples(n)
        means = evaluation.sample_means(self._fitted, n, seed=seed)
        return found_picture(samples_picture(self._figures(means[:0], means[:0], means)), "samples")

    def _rows(self, X: Any) -> Any:
        if X is None and self._fitted.held_out is None:
            raise DataError("This picture wants rows; training held none out; pass some.")
        return self._fitted.held_out if X is None else X

    def _figures(
        self, originals: Rows, reconstructions: Rows, samples: Num[np.ndarray, "count features"] | None = None
    ) -> Figures:
        """Rows in the coding of the model as what a page draws of them."""
        context = Context(schema=self._fitted.schema)
        return Figures(
            rows=[],
            history=[],
            outcome=None,
            image_shape=context.image_shape,
            originals=context.shown(originals),
            reconstructions=context.shown(reconstructions),
            samples=[] if samples is None else context.shown(samples),
            feature_names=None,
            latent_map=None,
        )
