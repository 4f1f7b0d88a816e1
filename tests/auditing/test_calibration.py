"""Calibration: a right guide is found right as often as promised, and each wrong one wrong in its own way."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
import pytest
from scipy import stats

from taut.auditing import calibration
from taut.auditing.calibration import Ranks, calibrate, rank_simulated, summarise
from taut.errors import AuditError, OptionError
from taut.guides import Constant, KnownPosterior, LocalGaussian
from taut.models import LinearGaussian, standard_normal
from taut.numerics import mean_and_cholesky
from tests.auditing.instances import breaking, neural
from tests.quick import quick

REPETITIONS = 40


def observed(latents=2, noise=1.0):
    """Features that mix the latents, so that under the posterior they hang together."""
    weight = jr.normal(jr.key(5), (3, latents)) + 1.0
    return LinearGaussian(weight=weight, offset=jnp.zeros(3), noise=jnp.full(3, noise))


class Altered(eqx.Module):
    """The exact posterior with its standard deviations multiplied, its means shifted by so many of them, or alone."""

    model: LinearGaussian
    stretch: float = 1.0
    shift: float = 0.0
    independent: bool = False

    def __call__(self, x):
        mean, root = mean_and_cholesky(self.model.posterior(x))
        deviation = jnp.sqrt(jnp.sum(root**2, axis=1))
        root = jnp.diag(deviation) if self.independent else root
        return dist.MultivariateNormal(mean + self.shift * deviation, scale_tril=self.stretch * root)


def altered(model, **how):
    return KnownPosterior(Altered(model, **how))


def within(ranks, band):
    return band[0] <= min(ranks) and max(ranks) <= band[1]


def uniform(rows, latents, draws=99, seed=0):
    rank = np.random.default_rng(seed).integers(0, draws + 1, (rows, latents))
    return Ranks(np.zeros((rows, latents)), rank, rank[:, 0], np.ones(rows, bool))


@pytest.mark.slow
@pytest.mark.parametrize("latents", [1, 3])
def test_the_exact_posterior_is_found_calibrated_as_often_as_promised(latents, key):
    model = observed(latents)
    found = [calibrate(model, KnownPosterior(model.posterior), key=k) for k in jr.split(key, REPETITIONS)]
    held = sum(within(one.ranks, one.band) for one in found)
    quiet = sum(not one.biased for one in found)
    for times in (held, quiet):
        assert times >= 0.9 * REPETITIONS
        assert stats.binomtest(times, REPETITIONS, 0.95, alternative="less").pvalue > 0.01


@pytest.mark.parametrize("latents", quick(1, of=[1, 3]))
def test_ranks_and_scores_under_the_exact_posterior(latents, key):
    model = observed(latents)
    first = calibrate(model, KnownPosterior(model.posterior), key=key)
    assert first.rows == 500
    assert sum(first.ranks) == 500 * latents
    assert len(first.ranks) == 20
    assert first.z_mean == pytest.approx(0.0, abs=5 / np.sqrt(500))
    assert first.z_sd == pytest.approx(1.0, abs=5 / np.sqrt(1000))
    assert [cover.level for cover in first.coverage] == pytest.approx([0.5, 0.9])
    for cover in first.coverage:  # the latents of a row hang together: as if there were one
        assert abs(cover.observed - cover.level) < 4 * np.sqrt(cover.level * (1 - cover.level) / 500)


def test_a_guide_twice_too_narrow_is_found_so(key):
    model = observed()
    found = calibrate(model, altered(model, stretch=0.5), key=key)
    assert found.z_sd == pytest.approx(2.0, rel=0.15)
    assert found.z_mean == pytest.approx(0.0, abs=0.4)
    assert found.biased == [0, 1]
    assert not within(found.ranks, found.band)
    for cover in found.coverage:
        truth = 1 - 2 * stats.norm.sf(0.5 * stats.norm.isf((1 - cover.level) / 2))
        assert cover.observed == pytest.approx(truth, abs=4 * np.sqrt(truth * (1 - truth) / 500) + 0.01)
    assert min(found.ranks[0], found.ranks[-1]) > 3 * max(found.ranks[5:15])


def test_a_guide_too_wide_is_found_so(key):
    model = observed()
    found = calibrate(model, altered(model, stretch=2.0), key=key)
    assert found.z_sd == pytest.approx(0.5, rel=0.15)
    assert found.biased == [0, 1]
    assert all(cover.observed > cover.level + 0.05 for cover in found.coverage)


def test_a_shifted_guide_is_found_so(key):
    model = observed()
    found = calibrate(model, altered(model, shift=0.7), key=key)
    assert found.z_mean == pytest.approx(-0.7, abs=0.2)
    assert found.z_sd == pytest.approx(1.0, rel=0.15)
    assert found.biased == [0, 1]
    assert sum(found.ranks[:10]) > 1.5 * sum(found.ranks[10:])


def test_a_missing_correlation_shows_in_the_joint_rank_alone(key):
    model = observed(noise=0.3)
    ranks = rank_simulated(model, altered(model, independent=True), key=key, rows=500, draws=99)
    assert summarise(ranks, draws=99).biased == []
    joint = ranks._replace(rank=ranks.joint_rank[:, None], z_score=ranks.z_score[:, :1])
    assert summarise(joint, draws=99).biased == [0]
    right = rank_simulated(model, KnownPosterior(model.posterior), key=key, rows=500, draws=99)
    assert summarise(right._replace(rank=right.joint_rank[:, None]), draws=99).biased == []


def test_only_the_latent_that_is_wrong_is_named():
    ranks = uniform(500, 4)
    ranks.rank[:, 2] = ranks.rank[:, 2] // 2
    assert summarise(ranks, draws=99).biased == [2]


def test_the_prior_as_its_own_posterior_where_nothing_is_observed(key):
    """A decoder that ignores z: the guide N(0, I) is exact, with ranks of a joint that moves with the prior alone."""
    model = LinearGaussian(weight=jnp.zeros((3, 2)), offset=jnp.zeros(3), noise=jnp.ones(3))
    found = calibrate(model, Constant(standard_normal(2)), key=key)
    assert found.biased == []
    assert within(found.ranks, found.band)


def test_latents_that_move_as_one_count_as_one(key):
    alone = summarise(uniform(500, 1), draws=99)
    copied = uniform(500, 1)._replace(rank=np.repeat(uniform(500, 1).rank, 6, axis=1))
    together = summarise(copied, draws=99)
    assert together.band == pytest.approx([6 * end for end in alone.band], rel=0.1)
    # Independent ones do count: 6 times the ranks, √6 times the width.
    apart = summarise(uniform(500, 6), draws=99)
    assert np.diff(apart.band) == pytest.approx(np.sqrt(6) * np.diff(alone.band), rel=0.15)
    assert sum(apart.band) / 2 == pytest.approx(500 * 6 / 20, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("copies", [1, 4])
def test_bands_hold_with_the_chance_that_they_name(copies):
    held = quiet = 0
    for seed in range(100):
        ranks = uniform(300, 3, seed=seed)
        found = summarise(ranks._replace(rank=np.repeat(ranks.rank, copies, axis=1)), draws=99)
        held, quiet = held + within(found.ranks, found.band), quiet + (not found.biased)
    for times in (held, quiet):
        assert stats.binomtest(times, 100, 0.95, alternative="less").pvalue > 0.01


def test_a_guide_without_moments_of_its_own_is_measured_by_its_draws(key):
    class Mute(dist.MultivariateNormal):
        @property
        def mean(self):
            raise NotImplementedError

    model = observed()

    def mute(x):
        mean, root = mean_and_cholesky(model.posterior(x))
        return Mute(mean, scale_tril=root)

    silent = calibrate(model, KnownPosterior(mute), key=key, draws=199)
    known = calibrate(model, KnownPosterior(model.posterior), key=key, draws=199)
    assert silent.ranks == known.ranks
    assert silent.z_sd == pytest.approx(known.z_sd, rel=0.03)
    assert silent.z_sd != known.z_sd


def test_bits_under_a_neural_decoder(key):
    """Samples of a discrete likelihood are integers; an untrained guide is not the posterior."""
    model, guide, _ = neural()
    found = calibrate(model, guide, key=key, rows=200, draws=19)
    assert (found.rows, found.draws, len(found.ranks)) == (200, 19, 20)
    assert found.biased == [0, 1]


def test_a_row_has_its_draws_by_its_number(key):
    model = observed()
    posterior = KnownPosterior(model.posterior)
    few, many = (rank_simulated(model, posterior, key=key, rows=n, draws=99) for n in (20, 50))
    np.testing.assert_array_equal(few.rank, many.rank[:20])
    np.testing.assert_allclose(few.z_score, many.z_score[:20], atol=1e-5)


def test_equal_values_are_ranked_by_lot(key):
    ranks = jax.jit(jax.vmap(lambda k: calibration._rank(jnp.array(1.0), jnp.array([1.0, 0.0, 1.0, 2.0]), k)))(
        jr.split(key, 3000)
    )
    assert stats.chisquare(np.bincount(ranks, minlength=5)[1:4]).pvalue > 0.001
    assert set(np.asarray(ranks).tolist()) == {1, 2, 3}


@pytest.mark.parametrize(
    ("rows", "draws", "bins"), [(500, 99, 20), (60, 99, 10), (500, 100, None), (9, 99, None), (500, 63, 16)]
)
def test_bins_divide_the_ranks_and_keep_enough_rows(rows, draws, bins):
    if bins is not None:
        assert len(summarise(uniform(rows, 1, draws), draws=draws).ranks) == bins
        return
    with pytest.raises(OptionError, match=f"got {rows} rows and {draws} draws; 500 and 99 are usual"):
        summarise(uniform(rows, 1, draws), draws=draws)


def test_the_smallest_p_value_is_that_of_scipy():
    counts = np.array([[3, 9, 14], [5, 10, 15]])

    def shares(row):
        return zip(row, (0.25, 0.5, 0.75), strict=True)

    expected = [
        min(2 * min(stats.binom.cdf(c, 20, s), stats.binom.sf(c - 1, 20, s)) for c, s in shares(row)) for row in counts
    ]
    np.testing.assert_allclose(calibration._smallest_p(counts, 20), expected)


def test_what_cannot_be_calibrated_is_refused(key):
    model = observed()
    with pytest.raises(OptionError, match="wants an amortised guide over latents that are real vectors"):
        calibrate(model, LocalGaussian(jnp.zeros((5, 2)), jnp.zeros((5, 2)), None), key=key)
    broken = Constant(dist.Normal(jnp.zeros(3), 1.0).to_event(1))
    with pytest.raises(AuditError, match=r"finite latents, draws and log p\(x, z\); \d+ of 500 simulated rows"):
        calibrate(breaking(0.0), broken, key=key)
