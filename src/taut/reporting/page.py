"""The account as one HTML file that asks for nothing: style inside, pictures inside, no script.

Every text of the ledger is escaped by the template; this module only chooses and words.
"""

from __future__ import annotations

from typing import Any

import jinja2

from taut.record import Entry, Ledger, glossary
from taut.reporting import columns, pictures, statement, tables, verdicts, words
from taut.reporting.numbers import number_groups
from taut.reporting.pictures import (
    MOST_COLUMNS,
    calibrated,
    compared,
    is_bracketed,
    is_map_thinned,
    is_shortened,
    is_split,
    is_thinned,
)
from taut.reporting.words import is_exact

# Those of the glossary that the page uses and does not explain where it does.
TERMS = (
    "posterior",
    "prior",
    "encoder",
    "decoder",
    "guide",
    "latent",
    "mode",
    "walk",
    "start",
    "simulated rows",
    "lever",
)


def render_page(ledger: Ledger) -> str:
    """The account as one self-contained HTML page; the same ledger gives the same bytes."""
    context = _main(ledger) | _table(ledger) | _checks(ledger) | _latents(ledger) | _data(ledger)
    return environment().get_template("report.html.jinja").render(context)


def environment() -> jinja2.Environment:
    """Templates that escape every text that they are given."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("taut.reporting"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"words": words, "say": statement, "tabled": tables, "judged": verdicts}
    return environment


def _main(ledger: Ledger) -> dict[str, Any]:
    return {
        "ledger": ledger,
        "incomplete": statement.incomplete(ledger),
        "verdicts": verdicts.by_nats(ledger.verdicts),
        "commands": any(verdict.command for verdict in ledger.verdicts),
        "statement": statement.statement(ledger),
        "direction": statement.direction(ledger),
        "is_exact": is_exact(ledger),
        "groups": number_groups(ledger),
        "waterfall": pictures.waterfall_picture(ledger),
        "rows": pictures.rows_picture(ledger),
        "rows_thinned": is_thinned(ledger),
        "rows_split": is_split(ledger),
        "bracketed": is_bracketed(ledger),
        "brackets": pictures.brackets_picture(ledger),
        "usual_draws": ledger.evidence.importance.draws or ledger.weights.draws,
    }


def _table(ledger: Ledger) -> dict[str, Any]:
    table = ledger.table
    dependence = None if table is None else table.dependence
    return {
        "cells_said": columns.cells_sentence(table) if table else "",
        "sums": columns.sum_rows(ledger),
        "schema_rows": columns.schema_rows(ledger),
        "gain_rows": columns.gain_rows(ledger),
        "masked_rows": columns.masked_rows(ledger),
        "pair_rows": columns.pair_rows(dependence.largest if dependence else []),
        "columns_shortened": columns.is_shortened(ledger),
        "places": pictures.places_picture(ledger),
        "places_shortened": len(calibrated(ledger)) > MOST_COLUMNS,
        "marginals": pictures.marginals_picture(ledger),
        "marginals_shortened": len(compared(ledger)) > MOST_COLUMNS,
        "dependence": pictures.dependence_picture(ledger),
        "dependence_shortened": dependence is not None and len(dependence.columns) < len(ledger.columns),
    }


def _checks(ledger: Ledger) -> dict[str, Any]:
    headings, rows = tables.annealing_quantiles(ledger.annealing)
    biased = ledger.calibration.biased if ledger.calibration else []
    return {
        "crooks": pictures.crooks_picture(ledger),
        "ranks": pictures.ranks_picture(ledger),
        "biased": tables.named(biased),
        "outliers": columns.outlier_sentences(ledger.outliers) if ledger.outliers else [],
        "comparisons": columns.comparisons(ledger.predictive),
        "annealing": tables.annealing_facts(ledger),
        "annealing_columns": headings,
        "annealing_rows": rows,
        "quantiles": tables.quantile_table(ledger),
        "facts": tables.fact_table(ledger),
        "explained": _explained(),
    }


def _explained() -> list[tuple[str, Entry]]:
    words = glossary()
    return [*words["status"].items(), *((term, words["term"][term]) for term in TERMS)]


def _latents(ledger: Ledger) -> dict[str, Any]:
    latents = ledger.latents
    return {
        "latents": pictures.latents_picture(ledger),
        "latents_shortened": is_shortened(ledger),
        "latent_rows": tables.latent_table(latents),
        "has_marginal": any(latent.marginal_kl is not None for latent in latents),
        "has_refined": any(latent.refined_kl is not None for latent in latents),
        "idle_in_model": tables.collapsed(latents, "model"),
        "idle_in_encoder": tables.collapsed(latents, "amortisation"),
        "trade_off": pictures.trade_off_picture(ledger),
    }


def _data(ledger: Ledger) -> dict[str, Any]:
    figures = ledger.figures
    return {
        "training": pictures.training_picture(figures.history),
        "pairs": pictures.pair_tiles(figures),
        "samples": pictures.image_tiles(figures),
        "values": tables.value_table(figures),
        "new_rows": tables.new_rows(figures),
        "map": pictures.latent_map_picture(figures.latent_map),
        "map_thinned": is_map_thinned(figures.latent_map),
        "keys": pictures.legend_keys(figures.latent_map),
    }
