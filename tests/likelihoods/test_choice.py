"""Which likelihood the data get, which they are refused, and in what words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.datasets import load_digits

from taut import likelihoods
from taut.errors import OptionError, SupportError

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (RNG.integers(0, 2, (50, 4)), "bernoulli"),
        (RNG.random((50, 4)) < 0.5, "bernoulli"),
        (RNG.integers(0, 2, (50, 4)).astype(np.float32), "bernoulli"),
        (np.zeros((5, 2)), "bernoulli"),
        (load_digits().data, "binomial"),
        (load_digits().data.astype(np.uint8), "binomial"),
        (
            np.where(RNG.random((50, 20)) < 0.8, 0, RNG.integers(0, 256, (50, 20))).astype(np.uint8),
            "discretised-logistic",
        ),
        (RNG.random((50, 4)), "continuous-bernoulli"),
        (RNG.random((50, 4)).astype(np.float32), "continuous-bernoulli"),
        (RNG.normal(size=(500, 4)), "gaussian"),
        (RNG.normal(size=(500, 4)).round() - 10, "gaussian"),
        (RNG.standard_t(2.5, size=(2000, 4)), "student-t"),
        (RNG.poisson(3.0, (500, 4)), "poisson"),
        (RNG.poisson(3.0, (500, 4)).astype(np.uint8), "poisson"),
        (RNG.negative_binomial(1, 0.1, (500, 4)), "negative-binomial"),
        (np.full((10, 2), 2.5), "gaussian"),
        ((RNG.normal(size=(500, 3)) * 1e10).astype(np.float32), "gaussian"),
    ],
)
def test_choice(values, name):
    choice = likelihoods.choose(values)
    assert choice.name == name
    assert choice.reason
    assert not choice.reason.endswith(".")
    likelihoods.check_support(name, values)  # what is chosen is also accepted


def test_pixels_may_be_of_sixteen_bits_and_counts_are_not():
    values = RNG.integers(0, 50_000, (50, 20)).astype(np.uint16)
    assert likelihoods.choose(values, pixels=True).name == "discretised-logistic"
    assert likelihoods.choose(values).name == "negative-binomial"


TABLES = st.one_of(
    arrays.arrays(np.uint8, (6, 3)),
    arrays.arrays(np.int32, (6, 3), elements=st.integers(-1000, 1000)),
    arrays.arrays(np.float32, (6, 3), elements=st.floats(-1e6, 1e6, width=32)),
    arrays.arrays(np.float64, (6, 3), elements=st.floats(0, 1)),
)


@given(TABLES)
def test_every_table_gets_a_likelihood_that_accepts_it(values):
    name = likelihoods.choose(values).name
    likelihoods.check_support(name, values)
    assert likelihoods.named(name, values).features == 3


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("bernoulli", [[0.0, 0.5]], "0.5"),
        ("bernoulli", [[0, 255]], "255"),
        ("continuous-bernoulli", [[0.0, 1.5]], "1.5"),
        ("continuous-bernoulli", [[-0.5, 1.0]], "-0.5"),
        ("poisson", [[0.5, 1.0]], "fractions"),
        ("poisson", [[-1, 1]], "-1"),
        ("negative-binomial", [[-2.0, 1.0]], "-2"),
        ("binomial", [[0.1, 1.0]], "fractions"),
        ("categorical", [[-1, 1]], "-1"),
        ("discretised-logistic", [[0, 70_000]], "70000"),
        ("discretised-logistic", [[0.5, 3]], "fractions"),
    ],
)
def test_a_refusal_is_one_sentence_that_says_what_came_and_what_to_do(name, values, said):
    with pytest.raises(SupportError) as caught:
        likelihoods.check_support(name, np.array(values))
    message = str(caught.value)
    assert said in message
    assert "wanted" in message or "wants" in message
    assert message.endswith(".")
    assert ". " not in message
    assert "\n" not in message
    assert message.count(";") == 2


def test_an_unknown_name_lists_the_known_ones():
    for call in (likelihoods.check_support, likelihoods.named):
        with pytest.raises(OptionError, match="student-t") as caught:
            call("gausian", np.zeros((2, 2)))
        assert "`gausian`" in str(caught.value)


@pytest.mark.parametrize("name", ["gaussian", "gaussian-shared", "gaussian-unit", "student-t"])
def test_columns_that_never_move_keep_a_scale(name):
    import jax.numpy as jnp

    data = RNG.normal(size=(50, 3))
    data[:, 1] = 7.0
    for values in (data, np.full((5, 3), 2.5), np.zeros((5, 3))):
        likelihood = likelihoods.named(name, values)
        assert jnp.isfinite(likelihood(jnp.zeros(3)).log_prob(jnp.asarray(values[0], jnp.float32)))


def test_the_end_of_the_scale_can_be_given():
    assert likelihoods.named("binomial", np.array([[0, 3]])).total == 3
    assert likelihoods.named("binomial", np.array([[0, 3]]), largest=16.0).total == 16
    assert likelihoods.named("categorical", np.array([[0, 3]]), largest=5.0).classes == 6


def test_a_unit_deviation_refuses_numbers_whose_squares_overflow():
    with pytest.raises(SupportError, match="choose `gaussian`"):
        likelihoods.check_support("gaussian-unit", np.array([[0.0], [1e20]]))
    likelihoods.check_support("gaussian-unit", np.array([[1e20], [1e20 + 1e5]]))
