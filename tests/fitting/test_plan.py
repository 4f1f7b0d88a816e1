"""Plans: what they refuse, and the rate at every step."""

import jax.numpy as jnp
import numpy as np
import pytest

from taut import Plan
from taut.errors import OptionError


def rates(plan, steps_per_epoch):
    """The learning rate of every step: Adam moves a parameter with a constant gradient by exactly this."""
    optimiser = plan.optimiser(steps_per_epoch)
    state = optimiser.init(jnp.zeros(()))
    moves = []
    for _ in range(plan.epochs * steps_per_epoch):
        update, state = optimiser.update(jnp.ones(()), state)
        moves.append(-float(update))
    return np.array(moves)


def test_constant_schedule():
    np.testing.assert_allclose(rates(Plan(epochs=3, learning_rate=0.2, schedule="constant"), 4), 0.2, rtol=1e-4)


def test_cosine_schedule_ends_at_a_hundredth():
    seen = rates(Plan(epochs=5, learning_rate=0.2), 4)
    expected = 0.2 * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * np.arange(20) / 20)))
    np.testing.assert_allclose(seen, expected, rtol=1e-4)
    assert seen[0] == pytest.approx(0.2, rel=1e-4)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_warm_up_rises_from_zero_in_its_epochs(schedule):
    seen = rates(Plan(epochs=5, learning_rate=0.2, schedule=schedule, warm_up=1.5), 4)
    np.testing.assert_allclose(seen[:7], 0.2 * np.arange(7) / 6, rtol=1e-4)
    assert seen[7] <= 0.2
    assert (np.diff(seen[6:]) <= 1e-6).all()


def test_warm_up_longer_than_the_fit_still_rises():
    assert (np.diff(rates(Plan(epochs=2, learning_rate=0.2, warm_up=10.0), 4)) > 0).all()


@pytest.mark.parametrize(
    ("option", "value", "wanted"),
    [
        ("epochs", 0, "at least 1"),
        ("batch_size", 0, "at least 1"),
        ("learning_rate", 0.0, "a positive number"),
        ("learning_rate", float("nan"), "a positive number"),
        ("schedule", "linear", "cosine or constant"),
        ("warm_up", -1.0, "zero or more epochs"),
        ("clip", 0.0, "a positive number"),
        ("patience", 0, "at least 1"),
        ("time_limit", 0.0, "a positive number of seconds"),
        ("repeats", 0, "at least 1"),
    ],
)
def test_options_that_make_no_sense(option, value, wanted):
    with pytest.raises(OptionError) as refused:
        Plan(**{option: value})
    assert str(refused.value) == f"`{option}` wants {wanted}; got {value}; change it."
