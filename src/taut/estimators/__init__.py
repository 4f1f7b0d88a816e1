"""scikit-learn manners: words in, a fitted estimator out, and the folder that it is kept in.

Names are imported when first used: what is in a folder can be said without JAX, and rows scored without scikit-learn.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from taut.estimators.comparison import RunComparison, check_runs, compare, compare_runs
    from taut.estimators.config import ImputerConfig, OutlierConfig, VAEConfig
    from taut.estimators.detector import VAEOutlierDetector
    from taut.estimators.evaluation import encode
    from taut.estimators.improvement import training_data_of
    from taut.estimators.imputer import VAEImputer
    from taut.estimators.imputing import Imputation, check_fillable, impute
    from taut.estimators.loading import load
    from taut.estimators.manifest import CHECKPOINTS, check_free, check_width, describe, is_cut_off, reading_run
    from taut.estimators.outliers import outlier_p_values
    from taut.estimators.own_fit import Run, fit
    from taut.estimators.own_parts import own_parts_of
    from taut.estimators.progress import audit_bar, fit_bar, improvement_bar, schema_lines
    from taut.estimators.runs import read_fitted, read_manifest
    from taut.estimators.scoring import account, conditional_log_p, log_p
    from taut.estimators.training import Fitted
    from taut.estimators.uses import AbstractUses
    from taut.estimators.vae import VAE

__all__ = [
    "CHECKPOINTS",
    "VAE",
    "AbstractUses",
    "Fitted",
    "Imputation",
    "ImputerConfig",
    "OutlierConfig",
    "Run",
    "RunComparison",
    "VAEConfig",
    "VAEImputer",
    "VAEOutlierDetector",
    "account",
    "audit_bar",
    "check_fillable",
    "check_free",
    "check_runs",
    "check_width",
    "compare",
    "compare_runs",
    "conditional_log_p",
    "describe",
    "encode",
    "fit",
    "fit_bar",
    "improvement_bar",
    "impute",
    "is_cut_off",
    "load",
    "log_p",
    "outlier_p_values",
    "own_parts_of",
    "read_fitted",
    "read_manifest",
    "reading_run",
    "schema_lines",
    "training_data_of",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "comparison": ["RunComparison", "check_runs", "compare", "compare_runs"],
        "config": ["ImputerConfig", "OutlierConfig", "VAEConfig"],
        "detector": ["VAEOutlierDetector"],
        "evaluation": ["encode"],
        "imputer": ["VAEImputer"],
        "improvement": ["training_data_of"],
        "imputing": ["Imputation", "check_fillable", "impute"],
        "loading": ["load"],
        "manifest": ["CHECKPOINTS", "check_free", "check_width", "describe", "is_cut_off", "reading_run"],
        "outliers": ["outlier_p_values"],
        "own_fit": ["Run", "fit"],
        "own_parts": ["own_parts_of"],
        "progress": ["audit_bar", "fit_bar", "improvement_bar", "schema_lines"],
        "runs": ["read_fitted", "read_manifest"],
        "scoring": ["account", "conditional_log_p", "log_p"],
        "training": ["Fitted"],
        "uses": ["AbstractUses"],
        "vae": ["VAE"],
    },
)
