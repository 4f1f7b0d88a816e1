"""The explorable page in a real browser, held against `exact_terms`, closed forms and draws of our own."""

import math
import re
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from jaxtyping import Array, Float
from scipy.optimize import minimize

from taut.bounds import exact_terms
from taut.guides import Constant
from taut.models import AbstractModel

FILE = Path(__file__).parents[2] / "docs" / "explore.html"
PAGE = FILE.read_text("utf-8")
NAMES = ("mean", "width", "slope", "bend", "noise", "x")
FROM, TO = np.array([-3, 0.1, -2, -1, 0.2, -3]), np.array([3, 2, 2, 1, 1.5, 3])
SETTINGS = [
    [-0.6, 0.8, 0.6, 0.4, 0.6, 1.2],
    [0.0, 1.0, 1.0, 0.0, 0.5, 1.2],
    [1.2, 0.2, 0.2, 0.7, 0.35, 1.2],
    [-3.0, 0.1, 2.0, -1.0, 0.2, 3.0],
    [3.0, 2.0, -2.0, 1.0, 1.5, -3.0],
    [0.5, 0.1, 0.0, 0.0, 0.2, 0.0],
    *(FROM + (TO - FROM) * np.random.default_rng(1).random((14, 6))).tolist(),
]
SCREENS = [(1280, "light"), (390, "light"), (390, "dark")]
QUESTION = (Path(__file__).parent / "explore.js").read_text("utf-8")


class Curve(AbstractModel):
    """The model of the page: x | z ~ N(slope z + bend z², noise²), z ~ N(0, 1)."""

    slope: Float[Array, ""]
    bend: Float[Array, ""]
    noise: Float[Array, ""]

    def prior(self):
        return dist.Normal(jnp.zeros(1), 1.0).to_event(1)

    def likelihood(self, z):
        return dist.Normal(self.slope * z + self.bend * z**2, self.noise).to_event(1)


@pytest.fixture(scope="module")
def screens(browser):
    fragments = ["&".join(f"{name}={value}" for name, value in zip(NAMES, row, strict=True)) for row in SETTINGS]
    found = []
    for width, scheme in SCREENS:
        browser.open(FILE.as_uri(), width, scheme)
        below = browser.below_aa()
        found.append(
            browser.ask(QUESTION.replace("SETTINGS", str(fragments))) | {"below": below, "faults": browser.faults}
        )
    return found


@pytest.fixture(scope="module")
def told(screens):
    return screens[0]


def test_its_numbers_are_those_of_a_closed_form_and_of_another_quadrature(told):
    for setting, said in zip(SETTINGS, told["settings"], strict=True):
        evidence = _log_evidence(setting)
        assert np.allclose(_terms(said), [evidence, _elbo(setting), evidence - _elbo(setting)], rtol=0, atol=1e-4), (
            setting
        )
        assert math.isclose(float(said["layers"]), math.exp(evidence), rel_tol=1e-3, abs_tol=1e-6)


@pytest.mark.slow
def test_its_numbers_are_the_exact_terms_at_twenty_settings(told, float64):
    assert len(told["settings"]) == 20
    for setting, said in zip(SETTINGS, told["settings"], strict=True):
        mean, width, slope, bend, noise, x = jnp.asarray(setting)
        guide = Constant(dist.Normal(mean[None], width[None]).to_event(1))
        expected = exact_terms(Curve(slope, bend, noise), guide, x[None])
        assert np.allclose(_terms(said), expected, rtol=0, atol=1e-4), setting


def test_bounds_of_several_draws_are_those_of_draws_of_our_own(told):
    rng = np.random.default_rng(2)
    for setting, said in zip(SETTINGS[:3], told["settings"], strict=False):
        for source, (mean, width) in {"q": setting[:2], "prior": (0.0, 1.0)}.items():
            u = rng.standard_normal((4000, 50))
            z = mean + width * u
            log_w = _log_joint(setting, z) + 0.5 * u**2 + math.log(width) + 0.5 * math.log(2 * math.pi)
            for draws in (5, 50):
                values = np.logaddexp.reduce(log_w.reshape(-1, draws), axis=1) - math.log(draws)
                error = math.hypot(np.std(values) / math.sqrt(len(values)), float(said[source][f"error{draws}"]))
                assert abs(float(said[source][f"bound{draws}"]) - np.mean(values)) < 5 * error


def test_phi_exchanges_elbo_and_kl_and_theta_moves_all_three(told):
    (evidence, *before), *moved = map(_terms, [told["start"], *told["phi"]])
    for same, elbo, kl in moved:
        assert same == evidence
        assert abs(elbo - before[0]) > 0.1
        assert math.isclose(elbo - before[0], before[1] - kl, abs_tol=1e-8)
        before = [elbo, kl]
    assert all(abs(new - old) > 0.05 for new, old in zip(_terms(told["theta"]), moved[-1], strict=True))
    assert _terms(told["reset"]) == _terms(told["start"])


def test_no_other_optimiser_gets_further_from_where_the_climbs_end(told):
    evidence, _, _ = _terms(told["start"])
    for said, climbed in ((told["top"], 2), (told["both"], 5), (told["straight"], 2)):
        setting = [float(said["handles"][name]) for name in NAMES]
        bounds = list(zip(FROM[:climbed], TO[:climbed], strict=True))
        best = minimize(lambda free, rest=setting[climbed:]: -_elbo([*free, *rest]), setting[:climbed], bounds=bounds)
        assert math.isclose(_terms(said)[1], -best.fun, abs_tol=1e-3)
    assert _terms(told["top"])[0] == evidence
    assert _terms(told["both"])[0] > evidence + 0.1


def test_it_says_what_remains(told):
    assert f"A KL of {_terms(told['top'])[2]:.2f} nats remains" in told["top"]["remains"]
    assert told["straight"]["remains"].startswith("Nothing remains")
    assert _terms(told["straight"])[2] < 1e-6


def test_it_is_legible_wide_narrow_and_dark(screens):
    for (width, _), screen in zip(SCREENS, screens, strict=True):
        assert screen["wide"] <= width
        assert screen["contrast"][0] >= 4.5, screen["contrast"]
        assert screen["unnamed"] == screen["small"] == 0
        assert screen["below"] == screen["faults"] == []


def test_it_is_one_file_that_asks_for_nothing():
    assert set(re.findall(r'(?:src|href)="([^"]*)"', PAGE)) == {"data:,", "index.html"}
    assert not re.search(r"@import|url\((?!#)|fetch\(|XMLHttpRequest|import\(", PAGE)
    assert "default-src 'none'" in PAGE
    assert len(re.findall(r"<li data-when", PAGE)) == 7


def _terms(said) -> list[float]:
    return [float(said[name]) for name in ("logEvidence", "elbo", "kl")]


def _log_joint(setting, z):
    _, _, slope, bend, noise, x = setting
    return -0.5 * (z**2 + ((x - slope * z - bend * z**2) / noise) ** 2) - math.log(noise) - math.log(2 * math.pi)


def _log_evidence(setting) -> float:
    z = np.linspace(-12, 12, 200_001)
    return float(np.logaddexp.reduce(_log_joint(setting, z)) + math.log(z[1] - z[0]))


def _elbo(setting) -> float:
    """In closed form, by the first four moments of a Gaussian."""
    mean, width, slope, bend, noise, x = setting
    second, third = mean**2 + width**2, mean**3 + 3 * mean * width**2
    fourth = mean**4 + 6 * mean**2 * width**2 + 3 * width**4
    decoded, square = slope * mean + bend * second, slope**2 * second + 2 * slope * bend * third + bend**2 * fourth
    misfit = (x**2 - 2 * x * decoded + square) / noise**2
    return -0.5 * (second + misfit) - math.log(noise) + math.log(width) + 0.5 - 0.5 * math.log(2 * math.pi)
