"""The account as one HTML file that asks for nothing: style inside, pictures inside, no script.

Every text of the ledger is escaped by the template; this module only chooses and words.
"""

from __future__ import annotations

from typing import Any

import jinja2

from taut.record import Ledger
from taut.reporting import pictures, tables, words
from taut.reporting.lines import is_exact, number_lines
from taut.reporting.pictures.latent_map import is_map_thinned
from taut.reporting.pictures.latents import is_shortened
from taut.reporting.pictures.rows import is_thinned


def render_page(ledger: Ledger) -> str:
    """The account as one self-contained HTML page; the same ledger gives the same bytes."""
    return _environment().get_template("report.html.jinja").render(_context(ledger))


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("taut.reporting"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["words"] = words
    return environment


def _context(ledger: Ledger) -> dict[str, Any]:
    exhibits = ledger.exhibits
    return {
        "ledger": ledger,
        "verdicts": words.by_urgency(ledger.verdicts),
        "is_exact": is_exact(ledger),
        "direction": _direction(ledger),
        "lines": number_lines(ledger),
        "identity": pictures.identity_picture(ledger),
        "rows": pictures.rows_picture(ledger),
        "rows_thinned": is_thinned(ledger),
        "training": pictures.training_picture(ledger),
        "pairs": pictures.pair_tiles(exhibits),
        "samples": pictures.image_tiles(exhibits),
        "values": tables.value_table(exhibits),
        "map": pictures.latent_map_picture(ledger),
        "map_thinned": is_map_thinned(ledger),
        "keys": pictures.legend_keys(exhibits.latent_map),
        "latents": pictures.latents_picture(ledger),
        "latents_shortened": is_shortened(ledger),
        "quantiles": tables.quantile_table(ledger),
        "facts": tables.fact_table(ledger),
    }


def _direction(ledger: Ledger) -> str:
    """Which way the KL on this page may err; it inherits that from log p(x)."""
    evidence, gap = ledger.evidence, ledger.gap.inference
    if is_exact(ledger):
        return "For this model log p(x) is known exactly, so the KL shown is exact up to the error of the ELBO."
    if evidence.upper is not None:
        return "Here log p(x) is enclosed between two bounds, and so is the KL: between what is lost and what may be."
    if evidence.lower.status == "estimate":
        return "Here log p(x) is an estimate without a certificate, and so is the KL."
    if gap.lower.value <= 0:
        return "Here the lower bound on the KL is not above zero, so it says nothing: a KL is never negative."
    return (
        "Here log p(x) is bounded from below only, so the KL shown is a lower bound too: the encoder is at least this "
        "far from the posterior, and may be further."
    )
