"""The account of each column: cells given the others of their row, masked cells, marginals, dependence."""

from taut.auditing.columns.account import STAGES, TableFound, account_of_table

__all__ = ["STAGES", "TableFound", "account_of_table"]
