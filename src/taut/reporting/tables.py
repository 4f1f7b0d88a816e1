"""The small tables of the page as rows of text: data that are no images, quantiles, and how it was measured."""

from __future__ import annotations

import dataclasses

from taut.record import ExampleRows, Figures, Ledger
from taut.reporting import words
from taut.reporting.checks import quantile_rows

_MOST_FEATURES, _MOST_ROWS = 30, 3
_HEADINGS = ["first row", "second row", "third row"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ValueTable:
    """Rows of data beside their reconstructions: for each feature, pairs of texts."""

    headings: list[str]
    features: list[tuple[str, list[tuple[str, str]]]]
    is_shortened: bool


def value_table(figures: Figures) -> ValueTable | None:
    """The first rows, feature by feature; None where there are none or where they are images."""
    if figures.table is not None:
        return _of_texts(figures.table)
    shape = figures.image_shape
    pairs = list(zip(figures.originals, figures.reconstructions, strict=False))[:_MOST_ROWS]
    if not pairs or (shape is not None and len(pairs[0][0]) == shape[0] * shape[1]):
        return None
    width = min(len(values) for pair in pairs for values in pair)
    names = figures.feature_names or []
    features = [
        (
            names[place] if place < len(names) else f"column {place}",
            [(words.general(original[place]), words.general(rebuilt[place])) for original, rebuilt in pairs],
        )
        for place in range(min(width, _MOST_FEATURES))
    ]
    return ValueTable(headings=_HEADINGS[: len(pairs)], features=features, is_shortened=width > _MOST_FEATURES)


def _of_texts(table: ExampleRows) -> ValueTable | None:
    pairs = list(zip(table.originals, table.reconstructions, strict=False))[:_MOST_ROWS]
    if not pairs:
        return None
    features = [
        (name, [(original[place] or "missing", rebuilt[place] or "missing") for original, rebuilt in pairs])
        for place, name in enumerate(table.columns[:_MOST_FEATURES])
    ]
    return ValueTable(
        headings=_HEADINGS[: len(pairs)], features=features, is_shortened=len(table.columns) > _MOST_FEATURES
    )


def new_rows(figures: Figures) -> ValueTable | None:
    """Rows drawn from the model, as texts; None where the data are no table."""
    table = figures.table
    if table is None or not table.samples:
        return None
    features = [
        (name, [(sample[place] or "missing", "") for sample in table.samples[:_MOST_ROWS]])
        for place, name in enumerate(table.columns[:_MOST_FEATURES])
    ]
    headings = _HEADINGS[: len(table.samples)]
    return ValueTable(headings=headings, features=features, is_shortened=len(table.columns) > _MOST_FEATURES)


def quantile_table(ledger: Ledger) -> list[tuple[str, list[str]]]:
    """Quantiles over rows: k̂ and effective sample size with the encoder, and with the prior where it was tried."""
    healths = [ledger.weights, *([ledger.prior_weights] if ledger.prior_weights else [])]
    return quantile_rows([column for health in healths for column in ((health.khat, 2), (health.ess, 1))])


def fact_table(ledger: Ledger) -> list[tuple[str, str]]:
    """Versions, digests, time, then the settings of the audit as they were given."""
    facts = [
        ("taut", ledger.taut),
        ("ledger format", str(ledger.format)),
        ("created", ledger.created),
        ("took", f"{words.fixed(ledger.seconds, 1)} seconds"),
        ("entries per row", str(ledger.datum)),
        ("latents", str(ledger.latent)),
        ("digest of the data", ledger.data_digest),
        ("digest of the model", ledger.model_digest),
    ]
    return [*facts, *((name.replace("_", " "), words.setting(value)) for name, value in ledger.settings.items())]
