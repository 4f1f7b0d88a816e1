"""What the page draws, prepared here because the page cannot compute."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, Num

from taut.auditing.measurement import Measured
from taut.auditing.simulation import drawn_rows
from taut.data import Block, Column, Schema, decode, is_image
from taut.datum import as_datum, rows_in, rows_on_device
from taut.guides import AbstractGuide
from taut.models import AbstractModel, LatentVariableModel
from taut.numerics import mean_of, one_draw, take
from taut.record import ExampleRows, FigureRow, Figures, HistoryRow, LatentMap
from taut.shapes import DataLike, RandomKey


class Context(NamedTuple):
    """What a page may show beside the numbers of an audit, as far as the caller knows it.

    `labels` has one for each row of the audited data.
    `schema` says what the fields of a datum are, coded as by `taut.data.encode`; each column of it gets an account.
    """

    title: str = "a model and a guide"
    likelihood: str = "as given"
    history: Sequence[HistoryRow] = ()
    outcome: str | None = None
    feature_names: Sequence[str] | None = None
    labels: np.ndarray | None = None
    notes: Sequence[str] = ()
    schema: Schema | None = None

    @property
    def block(self) -> Block:
        """The block that a page draws, as numbers or as images: the first one; nothing of columns alone."""
        return next((column.block for column, _ in self._blocks if column.block is not None), Block(width=0))

    @property
    def span(self) -> slice:
        """Where that block is among the entries; all of them where no schema is known."""
        return next((span for _, span in self._blocks), slice(0, 0 if self.by_column else None))

    @property
    def image_shape(self) -> tuple[int, ...] | None:
        """How the block folds into an image."""
        return self.block.shape if is_image(self.block.shape) else None

    @property
    def _blocks(self) -> list[tuple[Column, slice]]:
        fields = [] if self.schema is None else self.schema.spans
        return [(column, span) for column, span in fields if column.block is not None]

    @property
    def by_column(self) -> bool:
        """Whether each field gets an account of its own."""
        return self.schema is not None and self.schema.one_block is None

    def shown(self, values: Num[np.ndarray, "k features"]) -> list[Any]:
        """The block of these rows as a page draws it: pixels from 0 to 1, other numbers in their units."""
        values = values[:, self.span]
        if not values.shape[1]:
            return []
        values = values if self.block.units is None else self.block.units.restore(values)
        if self.image_shape is None:
            return [[None if np.isnan(v) else float(f"{v:.4g}") for v in row] for row in values]
        return _in_unit_range(values, *self.block.black_and_white)


ROWS_SHOWN = 300
POINTS_SHOWN = 2000
IMAGES_SHOWN = 10
SAMPLES_SHOWN = 20
TABLE_ROWS_SHOWN = 3


def figures_of(
    model: AbstractModel, guide: AbstractGuide, measured: Measured, context: Context, *, key: RandomKey
) -> Figures:
    """Everything that the page draws."""
    first = take(measured.data, slice(IMAGES_SHOWN))
    labels = None if context.labels is None else np.asarray(context.labels)[measured.numbers]

    drawable = isinstance(model, LatentVariableModel)
    cells = as_datum(first).with_nan()
    rebuilt = _reconstructions(model, guide, first) if drawable else cells[:0]
    new = _new_rows(model, first, key=key) if drawable and context.by_column else cells[:0]
    made = _samples(model, first, SAMPLES_SHOWN, key=key) if drawable and not context.by_column else new
    return Figures(
        rows=_rows_shown(measured),
        history=_thinned(list(context.history)),
        outcome=context.outcome,
        image_shape=context.image_shape,
        originals=context.shown(cells),
        reconstructions=context.shown(rebuilt),
        samples=context.shown(made),
        feature_names=None if context.feature_names is None else list(context.feature_names),
        latent_map=None
        if measured.guide_moments is None
        else latent_map_of(np.asarray(measured.guide_moments.mean), labels),
        table=None if context.schema is None or not context.by_column else _table(context.schema, cells, rebuilt, new),
    )


def _table(
    schema: Schema,
    rows: Num[np.ndarray, "k features"],
    rebuilt: Num[np.ndarray, "k features"],
    made: Num[np.ndarray, "k features"],
) -> ExampleRows:
    """The columns of rows as people have them: categories by name, dates as dates, a hole as None."""
    known = [(column, span.start) for column, span in schema.spans if column.block is None]
    columns, places = tuple(column for column, _ in known), [place for _, place in known]

    def texts(values: Num[np.ndarray, "k features"]) -> list[list[str | None]]:
        frame = decode(Schema(columns=columns), np.asarray(values, np.float64)[:TABLE_ROWS_SHOWN, places])
        return [[_cell(value) for value in row.values()] for row in frame.to_pylist()]

    return ExampleRows(
        columns=[column.name for column in columns],
        originals=texts(rows),
        reconstructions=texts(rebuilt),
        samples=texts(made),
    )


def _cell(value: Any) -> str | None:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"


def _new_rows(model: AbstractModel, like: DataLike, *, key: RandomKey) -> Num[np.ndarray, "k features"]:
    """Draws of x from p(z) p(x|z): at the covariates of these rows, with no cell missing."""
    like = as_datum(like)
    whole = like if like.observed is None else like.seen_as(np.ones_like(like.observed))
    return as_datum(drawn_rows(model, rows_on_device(whole), key)[0]).with_nan()


def _rows_shown(measured: Measured) -> list[FigureRow]:
    """Rows evenly spaced in the order of their log p(x), so that a picture of them shows the whole range."""
    result, log_p = measured.encoder, measured.log_p if measured.exact is not None else measured.encoder.log_p
    walks, refined = measured.rows.walks, measured.rows.refined
    order = np.argsort(log_p, kind="stable")
    chosen = order[np.unique(np.linspace(0, len(order) - 1, min(ROWS_SHOWN, len(order))).astype(int))]
    return [
        FigureRow(
            row=int(measured.numbers[i]),
            elbo=float(result.elbo[i]),
            log_p=float(log_p[i]),
            std_error=0.0 if measured.exact is not None else float(result.log_p_error[i]),
            khat=float(min(result.khat[i], 1e6)),
            ess=float(result.ess[i]),
            lower=None if walks is None else float(walks.lower[i]),
            upper=None if walks is None or measured.checks.withdrawn else float(walks.upper[i]),
            amortisation=None if refined is None or measured.family is None else float(refined.amortisation[i]),
        )
        for i in chosen
    ]


def latent_map_of(means: Float[np.ndarray, "n latents"], labels: np.ndarray | None) -> LatentMap | None:
    """Posterior means in two dimensions: as they are, or principal components, which one row alone has not."""
    step = -(-len(means) // POINTS_SHOWN)
    means = means[::step].astype(np.float64)
    shown = None if labels is None else [str(label) for label in labels[::step]]
    if means.shape[1] == 1:
        return LatentMap(axes=("latent 0", ""), x=_short(means[:, 0]), y=[0.0] * len(means), labels=shown)
    if means.shape[1] == 2:
        return LatentMap(axes=("latent 0", "latent 1"), x=_short(means[:, 0]), y=_short(means[:, 1]), labels=shown)
    if len(means) < 2:
        return None
    centred = means - means.mean(axis=0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    share = sizes**2 / max(float(np.sum(sizes**2)), np.finfo(float).tiny)
    first, second = (centred @ directions[:2].T).T
    names = [f"principal component {i + 1} of the posterior means ({share[i]:.0%} of variance)" for i in (0, 1)]
    return LatentMap(axes=(names[0], names[1]), x=_short(first), y=_short(second), labels=shown)


def _reconstructions(model: AbstractModel, guide: AbstractGuide, data: DataLike) -> Float[np.ndarray, "n features"]:
    """E[x|z] at the posterior mean of each of a few rows."""
    if not guide.amortised:
        guide = jax.device_put(take(guide, slice(rows_in(data))))
    return np.asarray(_rebuilt(model, guide, rows_on_device(data)))


@eqx.filter_jit
def _rebuilt(model: AbstractModel, guide: AbstractGuide, data: DataLike) -> Float[Array, "n features"]:
    along = (None if guide.amortised else 0, 0)
    one = eqx.filter_vmap(lambda g, x: mean_of(model.given(x).likelihood(mean_of(g(x)))), in_axes=along)
    return one(guide, data)


def _samples(model: AbstractModel, data: DataLike, count: int, *, key: RandomKey) -> Float[np.ndarray, "count entries"]:
    """E[x|z] at draws of z from the prior; covariates, where there are any, are those of a few rows in turn."""
    templates = rows_on_device(take(data, np.arange(count) % rows_in(data)))
    return np.asarray(_means(model, templates, key))


@eqx.filter_jit
def _means(model: AbstractModel, templates: DataLike, key: RandomKey) -> Float[Array, "k features"]:
    latents = jax.vmap(lambda key: one_draw(model.prior(), key=key))(jr.split(key, rows_in(templates)))
    return jax.vmap(lambda z, x: mean_of(model.given(x).likelihood(z)))(latents, templates)


def _in_unit_range(values: Num[np.ndarray, "n features"], low: float, high: float) -> list[list[float]]:
    """Values brought to [0, 1], rounded to what a picture can show."""
    scaled = np.clip((values.astype(np.float64) - low) / max(high - low, np.finfo(float).tiny), 0.0, 1.0)
    return [[round(float(v), 3) for v in row] for row in scaled]


def _thinned(history: list[HistoryRow]) -> list[HistoryRow]:
    """At most 500 epochs, evenly spaced: a curve needs no more."""
    if len(history) <= 500:
        return history
    return [history[i] for i in np.unique(np.linspace(0, len(history) - 1, 500).astype(int))]


def _short(values: Float[np.ndarray, "n"]) -> list[float]:
    return [float(f"{v:.4g}") for v in values]
