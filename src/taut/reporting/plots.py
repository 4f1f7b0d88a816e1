"""`ledger.plot`: the pictures of the page, in axes of matplotlib."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from taut.errors import DataError
from taut.record import Ledger
from taut.reporting import pictures
from taut.reporting.pictures import Picture


class Drawable(NamedTuple):
    """A picture of a ledger: what draws it, what it wants there, and what to do without."""

    draw: Callable[[Ledger], Picture | None]
    wants: str
    advice: str


_FULL = "audit the rows with `bracket` and without a limit on time"
PICTURES = {
    "identity": Drawable(pictures.identity_picture, "finite means", "leave out the rows that rows.csv marks"),
    "waterfall": Drawable(pictures.waterfall_picture, "finite means", "leave out the rows that rows.csv marks"),
    "rows": Drawable(pictures.rows_picture, "rows with finite values", "audit rows that the model allows"),
    "brackets": Drawable(pictures.brackets_picture, "rows with a bracket", _FULL),
    "walks": Drawable(pictures.crooks_picture, "forward and reverse walks", _FULL),
    "rate_distortion": Drawable(pictures.trade_off_picture, "the curve of a decoder", _FULL),
    "calibration": Drawable(pictures.ranks_picture, "exact posterior draws", "audit the rows with `checks`"),
    "latents": Drawable(pictures.latents_picture, "the KL of each latent", "audit a guide that has one"),
    "latent_map": Drawable(
        lambda ledger: pictures.latent_map_picture(ledger.figures.latent_map),
        "posterior means",
        "audit a guide that has some",
    ),
    "training": Drawable(
        lambda ledger: pictures.training_picture(ledger.figures.history), "epochs of training", "audit a fit of taut"
    ),
    "reconstructions": Drawable(
        lambda ledger: pictures.pairs_picture(ledger.figures), "rows that are images", "see `reconstruct` of the fit"
    ),
    "samples": Drawable(
        lambda ledger: pictures.samples_picture(ledger.figures), "rows that are images", "see `sample` of the fit"
    ),
    "columns": Drawable(pictures.marginals_picture, "columns beside those of the model", "audit a table with `checks`"),
    "column_calibration": Drawable(pictures.places_picture, "calibrated columns", "audit a table with `checks`"),
    "dependence": Drawable(pictures.dependence_picture, "pairs of columns", "audit a table with `checks`"),
}


def picture_of(ledger: Ledger, name: str) -> Picture:
    """The picture of this name. Raises DataError where the ledger lacks what it shows."""
    return found_picture(PICTURES[name].draw(ledger), name)


def found_picture(picture: Picture | None, name: str) -> Picture:
    """The picture. Raises DataError where there is none to draw."""
    if picture is None:
        _, wants, advice = PICTURES[name]
        raise DataError(f"The picture `{name}` wants {wants}; there are none here; {advice}.")
    return picture


class LedgerPlots:
    """The pictures of a ledger. Each is drawn into `ax`, or into a new figure, and the axes are given back.

    A picture of several panels gives back an array of axes, and takes as many, or one that it divides. Each raises
    DataError, in one sentence, where the ledger lacks what it shows.
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
