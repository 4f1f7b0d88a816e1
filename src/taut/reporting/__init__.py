"""A Ledger → a page, pictures and tables. Sees the record only: what is not in the file cannot appear.

render_page    one self-contained HTML file
render_text    a plain table, what `print(ledger)` shows
rich_table     the same for a terminal, with colour
rich_summary   what is read first of it, on one screen
notebook_tables the first of it for a notebook
LedgerPlots    the pictures of the page in axes of matplotlib, what `ledger.plot` is
render_improvement, improvement_text, improvement_table   the same of an Improvement
"""

from taut.reporting.improvement import improvement_table, improvement_text, render_improvement
from taut.reporting.notebook import notebook_tables
from taut.reporting.page import render_page
from taut.reporting.pictures import (
    FORMATS,
    Picture,
    latent_map_picture,
    pairs_picture,
    samples_picture,
    training_picture,
)
from taut.reporting.plots import PICTURES, LedgerPlots, found_picture, picture_of
from taut.reporting.summary import rich_summary
from taut.reporting.text import render_text, rich_table

__all__ = [
    "FORMATS",
    "PICTURES",
    "LedgerPlots",
    "Picture",
    "found_picture",
    "improvement_table",
    "improvement_text",
    "latent_map_picture",
    "notebook_tables",
    "pairs_picture",
    "picture_of",
    "render_improvement",
    "render_page",
    "render_text",
    "rich_summary",
    "rich_table",
    "samples_picture",
    "training_picture",
]
