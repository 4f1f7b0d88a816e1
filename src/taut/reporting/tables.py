"""The small tables of the page as rows of text: data that are no images, quantiles, and how it was measured."""

from __future__ import annotations

import dataclasses
import math

from taut.record import Annealing, Calibration, Control, ExampleRows, Figures, LatentUse, Ledger, Quantiles
from taut.reporting import words
from taut.reporting.words import Line, line_of

COLLAPSES = {"model": "collapsed: model", "amortisation": "collapsed: amortisation"}
_MOST_LATENTS = 64


def check_lines(ledger: Ledger) -> list[Line]:
    """What a terminal shows of the checks; the page has a section for each."""
    simulated, lines = ledger.simulated, []
    if simulated is not None:
        fine = words.decimals_between(simulated.lower, simulated.upper)
        rows = f"{simulated.rows} simulated rows"
        lines += [
            line_of(f"log p(x) of {rows}, from below", simulated.lower, "", fine),
            line_of(f"log p(x) of {rows}, from above", simulated.upper, "", fine),
        ]
        if simulated.matched:
            lines.append(line_of(f"Start’s effect on {simulated.matched} of them", simulated.allowance, ""))
    if ledger.calibration is not None:
        lines.append(_calibration_line(ledger.calibration))
    return lines + [
        Line(name=part[:1].upper() + part[1:], value="–", status="not measured: the time was spent", meaning="")
        for part in ledger.not_measured
    ]


def _calibration_line(calibration: Calibration) -> Line:
    coverage = ", ".join(f"{words.level(c.level)}: {words.percent(c.observed)}" for c in calibration.coverage)
    return Line(
        name="Calibration, sd of z (1 is right)",
        value=words.plain(calibration.z_sd),
        status=f"intervals cover {coverage}" if coverage else "",
        meaning="",
    )


def annealing_facts(ledger: Ledger) -> list[tuple[str, str]]:
    """How the bracket was annealed: what was set, what was asked, what was reached."""
    annealing = ledger.annealing
    if annealing is None:
        return []
    facts = [
        ("start of the walks", annealing.start),
        ("chains per row", str(annealing.chains)),
        ("leapfrog steps at each temperature", str(annealing.leapfrogs)),
        ("failed chains, counted as weight zero", str(annealing.failed_chains)),
    ]
    if annealing.asked is not None:
        facts.append(("width asked", f"{words.general(annealing.asked)} nats"))
    if ledger.evidence.width is not None:
        facts.append(("width reached, mean over rows", f"{words.plain(ledger.evidence.width)} nats"))
    return facts


def annealing_quantiles(annealing: Annealing | None) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Headings, then a row of texts for each quantile over rows."""
    if annealing is None:
        return [], []
    columns: list[tuple[str, Quantiles, int]] = [
        ("Temperatures", annealing.temperatures, 0),
        ("Acceptance", annealing.acceptance, 2),
    ]
    if annealing.rhat is not None:
        columns.append(("R̂ of starts", annealing.rhat, 3))
    return [name for name, _, _ in columns], quantile_rows([(column, digits) for _, column, digits in columns])


def quantile_rows(columns: list[tuple[Quantiles, int]]) -> list[tuple[str, list[str]]]:
    """The five quantiles down, the given columns across, each with its number of decimals."""
    names = [
        ("minimum", "minimum"),
        ("lower quartile", "q25"),
        ("median", "median"),
        ("upper quartile", "q75"),
        ("maximum", "maximum"),
    ]
    return [
        (name, [words.fixed(getattr(column, field), digits) for column, digits in columns]) for name, field in names
    ]


def control_sentence(control: Control) -> str:
    """One control and how to read it."""
    rows = "one row" if control.rows == 1 else f"{control.rows} rows"
    return (
        f"Started from {control.start}, on {rows}: the bound from below minus the main one is "
        f"{words.number(control.excess)} nats on average ({words.claim(control.excess)})."
    )


def latent_table(latents: list[LatentUse]) -> list[tuple[str, list[str]]]:
    """For each latent, largest KL first: KL, refined KL, marginal KL, and its state."""
    ordered = sorted(enumerate(latents), key=lambda pair: (-pair[1].kl, pair[0]))[:_MOST_LATENTS]
    return [
        (
            str(place),
            [
                words.plain(latent.kl),
                "–" if latent.refined_kl is None else words.plain(latent.refined_kl),
                "–" if latent.marginal_kl is None else words.plain(latent.marginal_kl),
                state_of(latent),
            ],
        )
        for place, latent in ordered
    ]


def state_of(latent: LatentUse) -> str:
    """Whether a latent is in use, and if not, what causes it."""
    if latent.collapse is not None:
        return COLLAPSES[latent.collapse]
    return "active" if latent.active else "not active"


def collapsed(latents: list[LatentUse], kind: str) -> str | None:
    """The numbers of the latents with this collapse, in words; None where there is none."""
    return named([place for place, latent in enumerate(latents) if latent.collapse == kind])


def named(places: list[int]) -> str | None:
    """Latents by number; None where there are none.

    >>> named([2, 6]), named([3]), named([])
    ('latents 2 and 6', 'latent 3', None)
    """
    if not places:
        return None
    return f"latent{'s' if len(places) > 1 else ''} {words.listed([str(place) for place in places])}"


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
    if not pairs or (shape is not None and len(pairs[0][0]) == math.prod(shape)):
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
