"""What the gap is split into for each family of guides: against the ELBO on a grid."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest

from taut.auditing.refinement import RefinementOfRow, named_family
from tests.laws.instances import random_net, rows_of
from tests.laws.test_named_guides import elbo_on_grid, guide

DRAWS = 400

FAMILIES = [("low-rank:1", "low-rank"), ("mixture:3", "mixture"), ("flow:2", "flow")]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "family"), FAMILIES)
def test_family_less_amortisation_is_the_elbo_of_the_guide(name, family, key):
    model, own = random_net(2), guide(name)
    x = rows_of(model, 1)[0].astype(float)
    assert named_family(own(x)) == family
    found = jax.jit(lambda x: RefinementOfRow(DRAWS)(model, own, x, key=key))(x)
    error = float(np.hypot(found.elbo_family_error, found.amortisation_error))
    assert abs(float(found.elbo_family - found.amortisation) - float(elbo_on_grid(model, own, x))) < 5 * error
    # The guide is untrained, and the best diagonal Gaussian belongs to each of these families.
    assert float(found.amortisation) > 3 * float(found.amortisation_error)


def test_a_distribution_without_a_named_family_has_none():
    assert named_family(dist.StudentT(3.0, jnp.zeros(2)).to_event(1)) is None
