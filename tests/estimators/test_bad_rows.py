import numpy as np
import pytest

import taut
from taut import errors


def small(**options):
    return taut.VAE(
        **{"latent_dim": 2, "hidden": (8,), "max_epochs": 1, "random_state": 0, "verbose": False, **options}
    )


def one_sentence(caught):
    return "\n" not in str(caught.value) and str(caught.value).rstrip().endswith(".")


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        (np.zeros((50, 4)), "is constant"),
        (np.ones((1, 4)), "row"),
        (np.empty((0, 4)), "0"),
        (np.array([[1.0, np.nan], [0.0, 1.0]]), "can be modelled"),
        (np.array([[1.0, 2.0], [np.inf, 1.0]]), "row 1, column 0"),
        (np.array([["a", "b"], ["c", "d"]]), "can be modelled"),
        (np.array([[{}, 1], [2, 3]], dtype=object), "can be modelled"),
        (np.array([[1 + 2j, 1], [2, 3]]), "omplex"),
    ],
)
def test_rows_that_cannot_be_fitted_are_refused_in_one_sentence(rows, wanted):
    with pytest.raises(errors.TautError) as caught:
        small().fit(rows)
    assert wanted in str(caught.value)
    assert one_sentence(caught)


@pytest.mark.parametrize(
    ("likelihood", "rows"),
    [
        ("bernoulli", np.array([[0, 128], [255, 3]], dtype=np.uint8)),
        ("poisson", np.array([[-1, 2], [3, 4]])),
        ("binomial", np.array([[0.5, 2], [3, 4]])),
        ("categorical", np.array([[-1, 2], [3, 4]])),
        ("continuous-bernoulli", np.array([[0.5, 2.0], [0.1, 0.2]])),
        ("discretised-logistic", np.array([[0, 70_000], [5, 6]])),
    ],
)
def test_a_likelihood_refuses_what_it_cannot_produce(likelihood, rows):
    with pytest.raises(errors.SupportError) as caught:
        small(likelihood=likelihood, batch_size=2, validation_fraction=0.0).fit(rows)
    assert one_sentence(caught)


def test_binarisation_for_bernoulli_are_offered_binarisation():
    with pytest.raises(errors.SupportError, match="binarise"):
        small(likelihood="bernoulli").fit(np.arange(400, dtype=np.uint8).reshape(100, 4))


@pytest.mark.slow
def test_another_width_at_scoring_is_refused(vae):
    with pytest.raises(errors.ShapeError) as caught:
        vae.score_samples(np.zeros((3, 10)))
    assert "64" in str(caught.value)
    assert "10" in str(caught.value)


def test_counts_above_the_binomial_total_are_refused_with_their_place(vae, digits):
    rows = digits[1].copy()
    rows[2, 5] = 40
    with pytest.raises(errors.SupportError, match="row 2, column 5"):
        vae.score_samples(rows)


def test_too_few_or_too_many_labels_are_refused(digits):
    with pytest.raises(errors.DataError, match="label"):
        small().fit(digits[0], np.zeros(3))


def test_latents_of_another_width_are_refused(vae):
    with pytest.raises(errors.DataError, match="shape"):
        vae.inverse_transform(np.zeros((2, 5)))
