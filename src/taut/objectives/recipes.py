"""Objectives with names: a paper is a line of parts, bound × estimator × regulariser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from taut.bounds import log_mean_weight, mean_log_weight
from taut.errors import OptionError
from taut.objectives.aggregated import Discrepancy, TotalCorrelation
from taut.objectives.annealed import FORWARD, Annealed
from taut.objectives.estimators import (
    Apart,
    analytic,
    doubly_reparameterised,
    leave_one_out,
    path,
    sleep,
    summed,
    total,
    wake,
)
from taut.objectives.objective import Objective
from taut.objectives.of_weights import Combination, OfGroups, PowerMean
from taut.objectives.regularisers import FreeBits, MomentMatching


def elbo(draws: int = 1, *, form: Literal["joint", "split"] = "joint", kl_warm_up: float = 0.0) -> Objective:
    """The evidence lower bound, `joint` (sampled) or `split` (reconstruction − closed-form rate).

    References: Kingma & Welling 2014, arXiv:1312.6114, eqs 6 and 7.
    """
    if form not in ("joint", "split"):
        raise OptionError(f"The ELBO has a joint and a split form; got `{form}`; choose one of the two.")
    return Objective(mean_log_weight, analytic if form == "split" else total, draws, kl_warm_up=kl_warm_up)


def sticking_the_landing(draws: int = 1, *, kl_warm_up: float = 0.0) -> Objective:
    """The ELBO by its path derivative. References: Roeder, Wu & Duvenaud 2017, arXiv:1703.09194."""
    return Objective(mean_log_weight, path, draws, kl_warm_up=kl_warm_up)


def iwae(draws: int = 16, *, kl_warm_up: float = 0.0) -> Objective:
    """The importance-weighted bound. References: Burda, Grosse & Salakhutdinov 2016, arXiv:1509.00519, eq. 8."""
    return Objective(log_mean_weight, total, draws, kl_warm_up=kl_warm_up)


def dreg(draws: int = 16, *, kl_warm_up: float = 0.0) -> Objective:
    """The importance-weighted bound, doubly reparameterised. References: Tucker et al. 2019, arXiv:1810.04152."""
    return Objective(log_mean_weight, doubly_reparameterised, draws, kl_warm_up=kl_warm_up)


def miwae(groups: int = 8, draws: int = 8, *, kl_warm_up: float = 0.0) -> Objective:
    """The mean of so many importance-weighted bounds of `draws` draws each: M × K.

    References: Rainforth et al. 2018, arXiv:1802.04537, eq. 10.
    """
    return Objective(OfGroups(log_mean_weight, groups), total, groups * draws, kl_warm_up=kl_warm_up)


def piwae(groups: int = 8, draws: int = 8, *, kl_warm_up: float = 0.0) -> Objective:
    """The model climbs the importance-weighted bound of all M × K draws, the guide the mean over M groups of K.

    References: Rainforth et al. 2018, arXiv:1802.04537, eq. 12.
    """
    of_guide = Apart(OfGroups(log_mean_weight, groups))
    return Objective(log_mean_weight, of_guide, groups * draws, kl_warm_up=kl_warm_up)


def ciwae(share: float = 0.5, draws: int = 16, *, kl_warm_up: float = 0.0) -> Objective:
    """`share` of the ELBO and the rest of the importance-weighted bound.

    References: Rainforth et al. 2018, arXiv:1802.04537, eq. 11.
    """
    _check("ciwae", "a share of the ELBO from 0 to 1", share, 0.0 <= share <= 1.0)
    bound = Combination((mean_log_weight, log_mean_weight), (share, 1.0 - share))
    return Objective(bound, total, draws, kl_warm_up=kl_warm_up)


def renyi(order: float = 0.5, draws: int = 16, *, kl_warm_up: float = 0.0) -> Objective:
    """Rényi's bound of order α: the ELBO at 1, the importance-weighted bound at 0.

    References: Li & Turner 2016, arXiv:1602.02311, eq. 7.
    """
    _check("renyi", "an order of at least 0, since below it is no lower bound", order, order >= 0.0)
    return Objective(PowerMean(1.0 - order), total, draws, kl_warm_up=kl_warm_up)


def chi(order: float = 2.0, draws: int = 16, *, kl_warm_up: float = 0.0) -> Objective:
    """The guide descends the χ upper bound (1/n) log E wⁿ, the model climbs the importance-weighted lower bound.

    The second is what is reported. References: Dieng et al. 2017, arXiv:1611.00328, eq. 5.
    """
    _check("chi", "an order above 1", order, order > 1.0)
    of_guide = Apart(Combination((PowerMean(order),), (-1.0,)), doubly_reparameterised)
    return Objective(log_mean_weight, of_guide, draws, kl_warm_up=kl_warm_up)


def summed_elbo(draws: int = 1, *, kl_warm_up: float = 0.0) -> Objective:
    """The ELBO of categorical latents, summed over all their values; `draws` make no difference."""
    return Objective(mean_log_weight, summed, draws, kl_warm_up=kl_warm_up)


def vimco(draws: int = 16, *, kl_warm_up: float = 0.0) -> Objective:
    """The importance-weighted bound for latents that cannot be reparameterised.

    References: Mnih & Rezende 2016, arXiv:1602.06725.
    """
    return Objective(log_mean_weight, leave_one_out, draws, kl_warm_up=kl_warm_up)


def rloo(draws: int = 4, *, kl_warm_up: float = 0.0) -> Objective:
    """The ELBO for latents that cannot be reparameterised: each draw against the mean of the others.

    References: Kool, van Hoof & Welling 2019, Buy 4 REINFORCE samples, get a baseline for free.
    """
    return Objective(mean_log_weight, leave_one_out, draws, kl_warm_up=kl_warm_up)


def reweighted_wake_sleep(draws: int = 16, *, kl_warm_up: float = 0.0) -> Objective:
    """The importance-weighted bound for the model; the guide learns from its own draws, weighted.

    References: Bornschein & Bengio 2015, arXiv:1406.2751; the wake phase of both, eqs 6 and 10.
    """
    return Objective(log_mean_weight, wake, draws, kl_warm_up=kl_warm_up)


def wake_sleep(draws: int = 16, *, kl_warm_up: float = 0.0) -> Objective:
    """The importance-weighted bound for the model; the guide learns from data and latents that the model draws.

    References: Hinton, Dayan, Frey & Neal 1995; Bornschein & Bengio 2015, arXiv:1406.2751, eqs 6 and 8.
    """
    return Objective(log_mean_weight, sleep, draws, kl_warm_up=kl_warm_up)


def beta(kl_weight: float, draws: int = 1, *, kl_warm_up: float = 0.0) -> Objective:
    """The ELBO with a weighted divergence in its gradient. References: Higgins et al. 2017, β-VAE, ICLR, eq. 4."""
    return Objective(mean_log_weight, total, draws, kl_weight, kl_warm_up)


def annealed(steps: int = 2, draws: int = 1, *, forward: float = FORWARD, kl_warm_up: float = 0.0) -> Objective:
    """The ELBO, whose θ climbs at draws that walked so many steps towards the posterior, see `Annealed`.

    References: Hoffman 2017, PMLR 70.
    """
    if steps < 1 or not 0.0 <= forward <= 1.0:
        raise OptionError(
            f"`annealed` wants at least one step, and `forward` from 0 to 1; got {steps} and {forward:g}; change them."
        )
    return Objective(mean_log_weight, Annealed(steps, forward=forward), draws, kl_warm_up=kl_warm_up)


def free_bits(nats: float = 0.25, draws: int = 1, *, kl_warm_up: float = 0.0) -> Objective:
    """The ELBO, which does not press a latent whose divergence is below so many nats on average over a batch.

    References: Kingma et al. 2016, arXiv:1606.04934, eq. 15.
    """
    _check("free-bits", "at least 0 nats", nats, nats >= 0.0)
    return Objective(mean_log_weight, total, draws, kl_warm_up=kl_warm_up, regulariser=FreeBits(nats))


def beta_tc(weight: float = 6.0, draws: int = 1, *, kl_warm_up: float = 0.0) -> Objective:
    """The ELBO with the total correlation of its aggregated posterior weighted so much instead of once.

    References: Chen et al. 2018, β-TCVAE, arXiv:1802.04942, eq. 4.
    """
    _check("beta-tc", "a weight of at least 0", weight, weight >= 0.0)
    penalty = TotalCorrelation(weight - 1.0)
    return Objective(mean_log_weight, total, draws, kl_warm_up=kl_warm_up, regulariser=penalty)


def mmd(weight: float = 10.0, draws: int = 1, *, kl_warm_up: float = 0.0) -> Objective:
    """The ELBO less so much of the discrepancy of aggregated posterior and prior; with `beta` of 1 − α it is InfoVAE.

    References: Zhao, Song & Ermon 2019, InfoVAE, arXiv:1706.02262, eq. 6.
    """
    _check("mmd", "a weight of at least 0", weight, weight >= 0.0)
    return Objective(mean_log_weight, total, draws, kl_warm_up=kl_warm_up, regulariser=Discrepancy(weight))


def dip_i(weight: float = 10.0, draws: int = 1, *, kl_warm_up: float = 0.0) -> Objective:
    """The ELBO less a penalty on the covariance of q's means over rows, ten times on its diagonal: DIP-VAE-I.

    References: Kumar et al. 2018, arXiv:1711.00848, eq. 6.
    """
    _check("dip-i", "a weight of at least 0", weight, weight >= 0.0)
    penalty = MomentMatching(weight, 10.0 * weight, whole=False)
    return Objective(mean_log_weight, total, draws, kl_warm_up=kl_warm_up, regulariser=penalty)


def dip_ii(weight: float = 10.0, draws: int = 1, *, kl_warm_up: float = 0.0) -> Objective:
    """The ELBO less a penalty on the covariance of the aggregated posterior: DIP-VAE-II.

    References: Kumar et al. 2018, arXiv:1711.00848, eq. 7.
    """
    _check("dip-ii", "a weight of at least 0", weight, weight >= 0.0)
    penalty = MomentMatching(weight, weight, whole=True)
    return Objective(mean_log_weight, total, draws, kl_warm_up=kl_warm_up, regulariser=penalty)


def _check(name: str, wanted: str, got: float, right: bool) -> None:
    if not right:
        raise OptionError(f"`{name}` wants {wanted}; got {got:g}; change it.", option="objective")


RECIPES: dict[str, Callable[..., Objective]] = {
    "elbo": elbo,
    "sticking-the-landing": sticking_the_landing,
    "iwae": iwae,
    "dreg": dreg,
    "miwae": miwae,
    "piwae": piwae,
    "ciwae": ciwae,
    "renyi": renyi,
    "chi": chi,
    "summed": summed_elbo,
    "vimco": vimco,
    "rloo": rloo,
    "rws": reweighted_wake_sleep,
    "wake-sleep": wake_sleep,
    "annealed": annealed,
    "free-bits": free_bits,
    "beta-tc": beta_tc,
    "mmd": mmd,
    "dip-i": dip_i,
    "dip-ii": dip_ii,
}
"""Objectives of papers by their names."""
