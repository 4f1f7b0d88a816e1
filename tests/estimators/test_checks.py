"""scikit-learn's own checks of an estimator, all of them, for each of ours."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import taut

SMALL = {
    "latent_dim": 1,
    "hidden": (),
    "max_epochs": 1,
    "validation_fraction": 0.0,
    "random_state": 0,
    "verbose": False,
}
# scikit-learn marks the same check for its own estimators that draw, such as `IsolationForest`. Here: other draws for a
# row that is there twice than for one of weight two, scales of the start that are of the rows, and single precision,
# in which sums over 15 and over 30 rows differ by more than the 1e-7 that are asked for. `test_row_weights.py` has the
# noise-free case.
EXPECTED = {"check_sample_weight_equivalence_on_dense_data": "training draws, in single precision"}


def estimators(**more):
    options = SMALL | more
    return [taut.VAE(**options), taut.VAEImputer(**options), taut.VAEOutlierDetector(contamination=0.1, **options)]


def expected(estimator):
    return {} if isinstance(estimator, taut.VAEImputer) else EXPECTED


# Each of these fits once or several times, by roads that the others take, too.
FITS_OFTEN = {
    "check_sample_weight_equivalence_on_dense_data",
    "check_estimators_dtypes",
    "check_fit_score_takes_y",
    "check_dtype_object",
    "check_pipeline_consistency",
    "check_sample_weights_pandas_series",
    "check_sample_weights_list",
    "check_fit2d_1feature",
    "check_estimators_overwrite_params",
    "check_positive_only_tag_during_fit",
    "check_estimators_fit_returns_self",
    "check_readonly_memmap_input",
    "check_estimator_sparse_matrix",
    "check_f_contiguous_array_estimator",
    "check_transformer_data_not_an_array",
    "check_transformer_n_iter",
    "check_array_api_input",
    "check_dict_unchanged",
    "check_fit_check_is_fitted",
    "check_n_features_in",
    "check_sample_weights_not_an_array",
    "check_sample_weights_not_overwritten",
    "check_estimators_pickle",
}


def in_seconds(checks):
    """The same table of checks, with those that fit often marked slow."""

    def marked(row):
        estimator, check = getattr(row, "values", row)
        if check.func.__name__ not in FITS_OFTEN:
            return row
        return pytest.param(estimator, check, marks=[*getattr(row, "marks", ()), pytest.mark.slow])

    names, rows = checks.args
    return pytest.mark.parametrize(names, [marked(row) for row in rows], **checks.kwargs)


@in_seconds(parametrize_with_checks(estimators()[:1], expected_failed_checks=expected))
def test_it_keeps_to_the_manners_of_an_estimator(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(
    [*estimators()[1:], *estimators(max_epochs=3), *estimators(max_epochs=None)], expected_failed_checks=expected
)
def test_it_keeps_to_them_however_long_it_trains(estimator, check):
    check(estimator)
