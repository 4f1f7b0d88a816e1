"""Judgement: what a model and a guide are worth on given data, as a Ledger."""

from taut.auditing.audit import Audit, audit, audit_by_row
from taut.auditing.comparison import Comparison, Difference, compare_brackets, paired_difference
from taut.auditing.completing import Completion, complete_rows, refined_for
from taut.auditing.exhibits import Context
from taut.auditing.outliers import simulated_p_values
from taut.auditing.rows import RowAccount, RowResult, account_for_rows

__all__ = [
    "Audit",
    "Comparison",
    "Completion",
    "Context",
    "Difference",
    "RowAccount",
    "RowResult",
    "account_for_rows",
    "audit",
    "audit_by_row",
    "compare_brackets",
    "complete_rows",
    "paired_difference",
    "refined_for",
    "simulated_p_values",
]
