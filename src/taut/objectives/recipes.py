"""Methods of the literature, each a line of parts with its reference."""

from collections.abc import Callable
from typing import Literal

from taut.bounds import log_mean_weight, mean_log_weight
from taut.errors import OptionError
from taut.objectives.gradients import analytic, doubly_reparameterised, path, total
from taut.objectives.objective import Objective
from taut.parts import NamedPart, PartRegistry


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


def beta(kl_weight: float, draws: int = 1, *, kl_warm_up: float = 0.0) -> Objective:
    """The ELBO with a weighted divergence in its gradient. References: Higgins et al. 2017, β-VAE, ICLR, eq. 4."""
    return Objective(mean_log_weight, total, draws, kl_weight, kl_warm_up)


RECIPES: dict[str, Callable[..., Objective]] = {
    "elbo": elbo,
    "sticking-the-landing": sticking_the_landing,
    "iwae": iwae,
    "dreg": dreg,
}

# With one draw these are the ELBO.
OF_SEVERAL_DRAWS = ("iwae", "dreg")


def _named(name: str, recipe: Callable[..., Objective]) -> NamedPart:
    def build(*own: int, draws: int, kl_warm_up: float) -> Objective:
        draws = own[0] if own else draws
        if name in OF_SEVERAL_DRAWS and draws < 2:
            raise OptionError(
                f"`{name}` wants at least 2 draws, since with one it is the ELBO; got {draws}; ask for 16, say."
            )
        return recipe(draws, kl_warm_up=kl_warm_up)

    return NamedPart(build, "number of draws", most=1)


OBJECTIVES = PartRegistry("objective", {name: _named(name, recipe) for name, recipe in RECIPES.items()}, kind=Objective)
