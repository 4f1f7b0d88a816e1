"""Data before any model: readers, the `Table` they return, checks, splits, digests, writers.

read, read_sheet           a file or folder → Sheet of columns of any type, or Table of numbers
open_rows                  a file or folder → its rows a block at a time
as_table, as_sheet         what a person passes → Table of numbers, or Sheet
listed_values              what a person calls missing, as a list
infer_schema               Sheet → Schema: the kind and family of each column, and why
encode, decode, fill       Sheet → Table of codes with NaN, and back
encode_covariates          Sheet → numbers of the columns that a model is given
Sizes, totals              how large each row of counts is
check_…                    one fault each, one sentence each
split                      which rows train, which are held out
digest, row_hashes         what was seen
grey_levels, binarise_fixed
write                      columns → a file, whole or not at all
write_cells                a copy of an .h5ad file with more in it
"""

from taut.data.binarisation import NOT_BINARISED, Binarisation, binarise_fixed, fills_bytes, grey_levels
from taut.data.blocks import FEWEST_COLUMNS, block_of, fields_like, fields_of, is_lists, lists_in, one_thing, table_of
from taut.data.builtin import BUILTIN
from taut.data.categories import OVERDISPERSED
from taut.data.cells import listed_values
from taut.data.coding import encode, match_columns
from taut.data.conversion import as_table, is_cells, write_cells
from taut.data.covariates import (
    Covariate,
    Sizes,
    encode_covariates,
    learn_covariates,
    learn_sizes,
    place_of,
    totals,
    with_given,
)
from taut.data.dense import narrow, narrowed
from taut.data.extracting import cells_like, cells_of, readable_cells
from taut.data.frames import is_lazy
from taut.data.images import check_resizable
from taut.data.inference import infer_schema
from taut.data.kinds import Kind, all_kinds, kind_named, kind_of, register_kind, serve
from taut.data.mapped import ArrayWriter, MappedRows, SparseRows, SparseWriter
from taut.data.opened import OpenedRows
from taut.data.opening import open_rows
from taut.data.picture import check_picturable, write_picture
from taut.data.quantities import HEAVY_TAIL_KURTOSIS, excess_kurtosis
from taut.data.read_errors import in_words
from taut.data.reading import READ, exists, is_only_streamed, read, read_sheet
from taut.data.restoring import decode, fill, restored_block, typed
from taut.data.row_writing import rows_written
from taut.data.schema import Block, Category, Column, Schema, entry_places, listed
from taut.data.schema_files import describe_schema, read_schema, write_schema
from taut.data.sheet import Sheet, as_sheet
from taut.data.sparse import is_sparse
from taut.data.splitting import RowDigest, count_seen, digest, generator, row_hashes, split
from taut.data.support import check_type
from taut.data.table import (
    Table,
    check_dimensions,
    check_enough_rows,
    check_finite,
    check_not_empty,
    check_numeric,
    check_same_features,
    check_varies,
    is_image,
    place,
)
from taut.data.units import Scale, Units, scale_of, too_close, units_of
from taut.data.witnesses import Witnesses
from taut.data.writing import TEXT, Spelled, spell, spelled_in, write

__all__ = [
    "FEWEST_COLUMNS",
    "HEAVY_TAIL_KURTOSIS",
    "NOT_BINARISED",
    "OVERDISPERSED",
    "READ",
    "TEXT",
    "ArrayWriter",
    "Binarisation",
    "Block",
    "Category",
    "Column",
    "Covariate",
    "Kind",
    "MappedRows",
    "OpenedRows",
    "RowDigest",
    "Scale",
    "Schema",
    "Sheet",
    "Sizes",
    "SparseRows",
    "SparseWriter",
    "Spelled",
    "Table",
    "Units",
    "Witnesses",
    "all_kinds",
    "as_sheet",
    "as_table",
    "binarise_fixed",
    "block_of",
    "cells_like",
    "cells_of",
    "check_dimensions",
    "check_enough_rows",
    "check_finite",
    "check_not_empty",
    "check_numeric",
    "check_picturable",
    "check_resizable",
    "check_same_features",
    "check_type",
    "check_varies",
    "count_seen",
    "decode",
    "describe_schema",
    "digest",
    "encode",
    "encode_covariates",
    "entry_places",
    "excess_kurtosis",
    "exists",
    "fields_like",
    "fields_of",
    "fill",
    "fills_bytes",
    "generator",
    "grey_levels",
    "in_words",
    "infer_schema",
    "is_cells",
    "is_image",
    "is_lazy",
    "is_lists",
    "is_only_streamed",
    "is_sparse",
    "kind_named",
    "kind_of",
    "learn_covariates",
    "learn_sizes",
    "listed",
    "listed_values",
    "lists_in",
    "match_columns",
    "narrow",
    "narrowed",
    "one_thing",
    "open_rows",
    "place",
    "place_of",
    "read",
    "read_schema",
    "read_sheet",
    "readable_cells",
    "register_kind",
    "restored_block",
    "row_hashes",
    "rows_written",
    "scale_of",
    "serve",
    "spell",
    "spelled_in",
    "split",
    "table_of",
    "too_close",
    "totals",
    "typed",
    "units_of",
    "with_given",
    "write",
    "write_cells",
    "write_picture",
    "write_schema",
]

register_kind(*BUILTIN)
