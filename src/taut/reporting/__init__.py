"""A Ledger → a page, pictures and tables. Sees the record only: what is not in the file cannot appear.

render_page    one self-contained HTML file
render_text    a plain table, what `print(ledger)` shows
rich_table     the same for a terminal, with colour
"""

from taut.reporting.page import render_page
from taut.reporting.text import render_text, rich_table

__all__ = ["render_page", "render_text", "rich_table"]
