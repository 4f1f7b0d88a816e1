"""A table column by column: each cell given the others of its row, hidden cells filled in, samples beside the data."""

from taut.auditing.columns.account import STAGES, TableFound, account_of_table

__all__ = ["STAGES", "TableFound", "account_of_table"]
