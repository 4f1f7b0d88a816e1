"""Data before any model: readers, the `Table` they return, checks, splits, digests, writers.

read, as_table             a file or folder, or what a person passes → Table
check_…                    one fault each, one sentence each
split                      which rows train, which are held out
digest, row_hashes         what was seen
grey_levels, binarise_fixed
write                      columns → a file, whole or not at all
"""

from taut.data.checks import (
    check_dimensions,
    check_enough_rows,
    check_finite,
    check_not_empty,
    check_numeric,
    check_same_features,
    check_varies,
)
from taut.data.digests import count_seen, digest, row_hashes
from taut.data.door import as_table
from taut.data.greys import binarise_fixed, grey_levels
from taut.data.reading import read
from taut.data.splitting import split
from taut.data.table import Table
from taut.data.writing import write

__all__ = [
    "Table",
    "as_table",
    "binarise_fixed",
    "check_dimensions",
    "check_enough_rows",
    "check_finite",
    "check_not_empty",
    "check_numeric",
    "check_same_features",
    "check_varies",
    "count_seen",
    "digest",
    "grey_levels",
    "read",
    "row_hashes",
    "split",
    "write",
]
