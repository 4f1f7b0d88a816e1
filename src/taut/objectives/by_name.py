"""Objectives by name, with the numbers behind it."""

from collections.abc import Callable

from taut.errors import OptionError
from taut.objectives.objective import Objective
from taut.objectives.recipes import RECIPES
from taut.parts import NamedPart, PartRegistry

# With one draw these are the ELBO, or nothing.
OF_SEVERAL_DRAWS = ("iwae", "dreg", "miwae", "piwae", "ciwae", "renyi", "chi", "vimco", "rloo", "rws", "wake-sleep")
# What the numbers behind a name are, where they are more than the number of draws: decimals first.
SETTINGS: dict[str, dict[str, str]] = {
    "miwae": {"groups": "number of groups"},
    "piwae": {"groups": "number of groups"},
    "ciwae": {"share": "share of the ELBO"},
    "renyi": {"order": "order"},
    "chi": {"order": "order"},
    "annealed": {"steps": "number of steps"},
    "free-bits": {"nats": "free nats of each latent"},
    **{name: {"weight": "weight of the penalty"} for name in ("beta-tc", "mmd", "dip-i", "dip-ii")},
}
WHOLE = ("groups", "steps", "draws")


def _named(name: str, recipe: Callable[..., Objective]) -> NamedPart:
    settings = SETTINGS.get(name, {}) | {"draws": "number of draws"}

    def build(*own: int | float, draws: int, kl_warm_up: float) -> Objective:
        given = {"draws": draws, **dict(zip(settings, own, strict=False))}
        if name in OF_SEVERAL_DRAWS and given["draws"] < 2:
            raise OptionError(
                f"`{name}` wants at least 2 draws, since with one it is the ELBO; got {given['draws']}; ask for 16, "
                "say."
            )
        return recipe(**given, kl_warm_up=kl_warm_up)

    decimals = sum(setting not in WHOLE for setting in settings)
    return NamedPart(build, ", then ".join(settings.values()), most=len(settings), decimals=decimals)


OBJECTIVES = PartRegistry("objective", {name: _named(name, recipe) for name, recipe in RECIPES.items()}, kind=Objective)
"""Objectives that have a name, as an option of `VAE` and of the command line."""
