"""The audit of a model and a guide on given data, whose result is a Ledger.

Names are imported when first used: the options of an audit can be said without JAX.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from taut.auditing.audits import Audit, audit, audit_by_row
    from taut.auditing.comparison import Comparison, Difference, compare_brackets, paired_difference
    from taut.auditing.figures import Context, latent_map_of
    from taut.auditing.imputation import ImputedRows, impute_rows, refined_posterior
    from taut.auditing.measurement import MOST_LATENTS
    from taut.auditing.options import AuditOptions
    from taut.auditing.predictive import simulated_p_values
    from taut.auditing.rows import RowAccount, RowResult, account_for_rows

__all__ = [
    "MOST_LATENTS",
    "Audit",
    "AuditOptions",
    "Comparison",
    "Context",
    "Difference",
    "ImputedRows",
    "RowAccount",
    "RowResult",
    "account_for_rows",
    "audit",
    "audit_by_row",
    "compare_brackets",
    "impute_rows",
    "latent_map_of",
    "paired_difference",
    "refined_posterior",
    "simulated_p_values",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "audits": ["Audit", "audit", "audit_by_row"],
        "comparison": ["Comparison", "Difference", "compare_brackets", "paired_difference"],
        "figures": ["Context", "latent_map_of"],
        "imputation": ["ImputedRows", "impute_rows", "refined_posterior"],
        "measurement": ["MOST_LATENTS"],
        "options": ["AuditOptions"],
        "predictive": ["simulated_p_values"],
        "rows": ["RowAccount", "RowResult", "account_for_rows"],
    },
)
