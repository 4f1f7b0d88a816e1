"""`ledger.plot`: the pictures of the page, in axes of matplotlib."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taut.errors import DataError
from taut.record import Ledger
from taut.reporting import pictures
from taut.reporting.pictures import Picture

# The pictures of a ledger by name: what draws each, and what a ledger must have for it.
PICTURES: dict[str, tuple[Callable[[Ledger], Picture | None], str]] = {
    "identity": (pictures.identity_picture, "an ELBO and a log p(x) that are finite; some rows have none, see rows.csv"),
    "waterfall": (pictures.waterfall_picture, "means that are finite; some rows have none, see rows.csv"),
    "rows": (pictures.rows_picture, "rows whose values are finite; there is none, see rows.csv"),
    "brackets": (pictures.brackets_picture, "rows with a bracket; audit them with `bracket`, and no limit on time"),
    "walks": (pictures.crooks_picture, "forward and reverse walks; audit with `bracket`, and no limit on time"),
    "rate_distortion": (
        pictures.trade_off_picture,
        "the curve of the decoder; audit with `bracket` a model that has a decoder, and no limit on time",
    ),
    "calibration": (pictures.ranks_picture, "a calibration; audit with `checks`, and no limit on time"),
    "latents": (pictures.latents_picture, "latents; audit a model that has some"),
    "columns": (pictures.marginals_picture, "columns beside what the model makes; audit a table with `checks`"),
    "column_calibration": (pictures.places_picture, "columns that were calibrated; audit a table with `checks`"),
    "dependence": (pictures.dependence_picture, "pairs of columns; audit a table with `checks`"),
    "latent_map": (
        lambda ledger: pictures.latent_map_picture(ledger.figures.latent_map),
        "a map of posterior means; audit a guide that has means",
    ),
    "training": (
        lambda ledger: pictures.training_picture(ledger.figures.history),
        "a history of training; audit a fit of taut",
    ),
    "reconstructions": (
        lambda ledger: pictures.pairs_picture(ledger.figures),
        "images; see `reconstruct` for rows that are none",
    ),
    "samples": (lambda ledger: pictures.samples_picture(ledger.figures), "images; see `sample` for rows that are none"),
}


def picture_of(ledger: Ledger, name: str) -> Picture:
    """The picture of this name. Raises DataError where the ledger lacks what it shows."""
    draw, wanted = PICTURES[name]
    found = draw(ledger)
    if found is None:
        raise lacking(name, wanted)
    return found


def lacking(name: str, wanted: str) -> DataError:
    """The sentence about a picture that cannot be drawn."""
    what, advice = wanted.split("; ", 1)
    return DataError(f"The picture `{name}` wants {what}; here there are none; {advice}.")


class LedgerPlots:
    """The pictures of a ledger. Each is drawn into `ax`, or into a new figure, and the axes are given back.

    A picture of several panels gives back an array of axes, and takes as many, or one that it divides. Each raises
    DataError, in one sentence, where the ledger lacks what it shows.

    >>> from taut.record import Ledger
    >>> [name for name in dir(Ledger.plot.fget(None)) if not name.startswith("_")][:3]
    ['brackets', 'calibration', 'column_calibration']
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def identity(self, ax: Any = None) -> Any:
        """log p(x) = ELBO + KL as three bars: the means over the rows."""
        return self._drawn("identity", ax)

    def waterfall(self, ax: Any = None) -> Any:
        """The same step by step: what the ELBO is made of, and the causes of the gap above it. Two panels."""
        return self._drawn("waterfall", ax)

    def rows(self, ax: Any = None) -> Any:
        """A segment from the ELBO to log p(x) for each row, and below it the KL. Two panels."""
        return self._drawn("rows", ax)

    def brackets(self, ax: Any = None) -> Any:
        """The bracket on log p(x) of each row, and the usual value on a scale of its own. Two panels."""
        return self._drawn("brackets", ax)

    def walks(self, ax: Any = None) -> Any:
        """Log-weights of the forward and of the reverse walks, whose histograms cross at log p(x)."""
        return self._drawn("walks", ax)

    def rate_distortion(self, ax: Any = None) -> Any:
        """The curve of rate and distortion that the decoder allows, and where the model stands."""
        return self._drawn("rate_distortion", ax)

    def calibration(self, ax: Any = None) -> Any:
        """Ranks of exact posterior draws among those of the guide, with the band of a calibrated one."""
        return self._drawn("calibration", ax)

    def latents(self, ax: Any = None) -> Any:
        """The KL of each latent to the prior, largest first."""
        return self._drawn("latents", ax)

    def columns(self, ax: Any = None) -> Any:
        """Each column of a table beside rows drawn from the model. A panel for each column."""
        return self._drawn("columns", ax)

    def column_calibration(self, ax: Any = None) -> Any:
        """Where cells fall in their distribution given the other cells. A panel for each column."""
        return self._drawn("column_calibration", ax)

    def dependence(self, ax: Any = None) -> Any:
        """Association of pairs of columns, in the data and in the model."""
        return self._drawn("dependence", ax)

    def latent_map(self, ax: Any = None) -> Any:
        """Posterior means in two dimensions, coloured by label."""
        return self._drawn("latent_map", ax)

    def training(self, ax: Any = None) -> Any:
        """The bound at each epoch."""
        return self._drawn("training", ax)

    def reconstructions(self, ax: Any = None) -> Any:
        """Images, and below each what comes back of it."""
        return self._drawn("reconstructions", ax)

    def samples(self, ax: Any = None) -> Any:
        """Images decoded from draws of the prior."""
        return self._drawn("samples", ax)

    def _drawn(self, name: str, ax: Any) -> Any:
        return picture_of(self._ledger, name).draw(ax)
