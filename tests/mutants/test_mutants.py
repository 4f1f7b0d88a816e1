"""Bugs met in other libraries, planted here one at a time: each must be noticed by an oracle that is quiet without it.

The list follows the literature and the issue trackers of the field. The oracles are the laws and tests of the suite,
and those of `oracles/` where the suite had none sharp enough. `docs/mutants.md` holds the whole matrix.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import jax
import pytest

from tests.mutants.matrix import ESCAPED
from tests.mutants.oracles import brackets, climbing, latents, refining, walking
from tests.mutants.planting import is_noticed
from tests.mutants.table import FAULTLESS, GROUPS, MUTANTS, oracles

PAGE = Path(__file__).parents[2] / "docs" / "mutants.md"

# Each compiles for some seconds, once for every mutant.
DEAR = {
    climbing.importance_gradient_is_that_of_a_grid,
    latents.exact_posterior_is_calibrated,
    refining.refined_scores_are_those_of_fresh_draws,
    walking.audited_walks_are_unbiased,
}
# Whose programs are small: numbers by hand, densities, weights of exact models.
CHEAP = {
    "tests.laws.checks",
    "tests.laws.test_likelihoods",
    "tests.bounds.test_annealed",
    "tests.objectives.test_values",
}
CHEAP |= {"tests.auditing.test_rate_decomposition", brackets.__name__}
# In every run each mutant that a cheap oracle kills, and of each group the first that a quick one does; the others with
# the slow tests.
PAIRS = [(name, killer) for name, mutant in MUTANTS.items() for killer in mutant.killers]
QUICK = {
    next((name, killer) for name, killer in PAIRS if name in group and killer not in DEAR) for group in GROUPS.values()
} | {(name, mutant.killers[0]) for name, mutant in MUTANTS.items() if mutant.killers[0].__module__ in CHEAP}
CASES = [
    pytest.param(*pair, id=f"{pair[0]} - {pair[1].__name__}", marks=() if pair in QUICK else pytest.mark.slow)
    for pair in PAIRS
]
OWN = [oracle for oracle in oracles(MUTANTS) if oracle.__module__.startswith(f"{__package__}.oracles")]


@pytest.fixture(scope="module", autouse=True)
def _programs_of_mutants_go_with_them() -> Iterator[None]:
    """On the way `planted` lets go of them, so that they do not exhaust the process's memory maps."""
    yield
    jax.clear_caches()


@pytest.mark.parametrize(("mutant", "killer"), CASES)
def test_is_noticed(mutant, killer):
    assert is_noticed(MUTANTS[mutant].bugs, killer)


@pytest.mark.slow
@pytest.mark.parametrize("oracle", OWN, ids=lambda oracle: oracle.__name__)
def test_an_oracle_is_quiet_without_a_bug(oracle):
    """Those of the suite are run where they stand."""
    oracle()


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTLESS)
def test_a_copy_without_its_fault_is_not_noticed(name):
    copy, mutants = FAULTLESS[name]
    for oracle in oracles(mutants):
        assert not is_noticed(copy, oracle), oracle.__name__


def test_names_are_not_given_twice():
    assert sum(len(group) for group in GROUPS.values()) == len(MUTANTS)


def test_the_page_has_every_mutant_and_each_was_killed():
    """After a change here: python -m tests.mutants > docs/mutants.md."""
    rows = dict(re.findall(r"^\| (.+?) \| .+? \|((?: [Ksx·] \|)+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert {name.replace(ESCAPED, "|") for name in rows} == set(MUTANTS)
    assert [name for name, cells in rows.items() if "K" not in cells] == []
