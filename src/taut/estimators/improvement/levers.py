"""Which change of options pulls which lever: one row for each."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from taut.data import kind_of, read_schema
from taut.estimators.config import VAEConfig
from taut.estimators.part_building import OWN, name_of
from taut.estimators.training import Fitted, Moved
from taut.guides import GUIDES
from taut.likelihoods import all_families
from taut.models import PRIORS
from taut.objectives import OBJECTIVES
from taut.record import Estimate, Ledger, Lever, Verdict

# The share of what is lost that a simple cure must win back to be tried before a richer one.
MOST_OF_IT = 0.5
# Draws of an importance-weighted objective.
DRAWS = 8
# Latents of a guide with all correlations, and how many directions of them one of more latents has; the least width of
# a wider encoder.
MOST_FULL, RANK, NARROWEST = 32, 8, 64


class Best(NamedTuple):
    """The best model so far, and its ledger on the rows that select."""

    config: VAEConfig
    fitted: Fitted
    ledger: Ledger


class Change(NamedTuple):
    """Options that differ from those of the best model so far, and how they are said.

    `moved` says what is trained, one after the other. Where that is the guide alone the model is the same, and the ELBO
    rises by what the KL to the posterior falls.
    """

    said: str
    options: Mapping[str, Any]
    moved: tuple[Moved, ...] = ("all",)

    @property
    def of_the_guide(self) -> bool:
        """Whether the model stays as it is."""
        return self.moved == ("guide",)


Row = Callable[[Best], Change | None]


class Pull(NamedTuple):
    """A change to try, the nats that it promises where they are known, and the verdict that asks for it, if any."""

    change: Change
    lever: Lever
    promise: Estimate | None = None
    verdict: Verdict | None = None


MOVED: dict[str, tuple[Moved, ...]] = {"guide": ("guide",), "prior": ("prior", "all")}


def _part(option: str, name: str) -> Row:
    """A part by its name, where there is one and the run has another that has a name, too."""
    known = {"guide": GUIDES, "prior": PRIORS, "objective": OBJECTIVES}[option].named

    def row(best: Best) -> Change | None:
        own = getattr(best.config, option)
        if name.partition(":")[0] not in known or own == name or name_of(own) == OWN:
            return None
        return Change(f"{option} = {name}", {option: name}, MOVED.get(option, ("all",)))

    return row


def _taught(best: Best) -> Change | None:
    """The encoder alone, from its weights."""
    return Change("encoder taught", {}, ("guide",))


def _correlated(best: Best) -> Change | None:
    """Correlations for a Gaussian guide that has none: all, or of many latents the strongest."""
    own, latents = best.config.guide or best.config.covariance, best.config.latent_dim
    gap = best.ledger.gap
    if own != "diagonal" or latents == 1 or not _wins_most(gap.full_covariance, gap.approximation):
        return None
    name = "full" if latents <= MOST_FULL else f"low-rank:{RANK}"
    return Change(f"guide = {name}", {"guide": name}, ("guide",))


def _gaussian_prior(best: Best) -> Change | None:
    """A Gaussian that is free, where the moments of q(z) are most of what the prior lacks."""
    if not _wins_most(best.ledger.prior_gain, best.ledger.marginal_kl):
        return None
    return _part("prior", "gaussian")(best)


def _wins_most(gain: Estimate | None, lost: Estimate | None) -> bool:
    """Whether the simplest cure wins back at least half; so it is called where that was not measured."""
    return gain is None or lost is None or gain.value >= MOST_OF_IT * lost.value


def _longer(best: Best) -> Change | None:
    """The same options from the weights of the run."""
    return Change("trained on", {})


def _wider(best: Best) -> Change | None:
    """An encoder of twice the width, where it is a perceptron or linear."""
    given = best.config.encoder
    if given not in (None, "linear") and not (isinstance(given, str) and given.startswith("perceptron")):
        return None
    _, colon, numbers = (given or "perceptron").partition(":")
    own = [int(width) for width in numbers.split(",")] if colon else [] if given == "linear" else best.config.hidden
    name = "perceptron:" + (",".join(str(max(2 * width, NARROWEST)) for width in own) or f"{NARROWEST},{NARROWEST}")
    return Change(f"encoder = {name}", {"encoder": name}, ("guide",))


def _narrower(best: Best) -> Change | None:
    """Half the width."""
    widths = tuple(width // 2 for width in best.config.hidden if width > 8)
    if not widths:
        return None
    return Change(f"hidden = {','.join(map(str, widths))}", {"hidden": widths})


def _fewer_latents(best: Best) -> Change | None:
    """As many latents as are in use, where some are not; else half of them."""
    latents = best.config.latent_dim
    fewer = best.ledger.active_units if 0 < best.ledger.active_units < latents else latents // 2
    return Change(f"latent_dim = {fewer}", {"latent_dim": fewer}) if fewer else None


def _more_latents(best: Best) -> Change | None:
    """Twice the latents."""
    more = 2 * best.config.latent_dim
    return Change(f"latent_dim = {more}", {"latent_dim": more})


# The family to try by the family that is there and by how its cells differ; those of a kind cover the same values.
FAMILIES = {
    ("gaussian", "heavy tails"): "student-t",
    ("gaussian", "long tail above"): "mixture",
    ("gaussian", "long tail below"): "mixture",
    ("gaussian", "another shape"): "mixture",
    ("gaussian", "too wide"): "mixture",
    ("gaussian", "too narrow"): "student-t",
    ("student-t", "long tail above"): "mixture",
    ("student-t", "long tail below"): "mixture",
    ("student-t", "another shape"): "mixture",
    ("poisson", "too narrow"): "negative-binomial",
    ("poisson", "heavy tails"): "negative-binomial",
    ("poisson", "long tail above"): "negative-binomial",
    ("poisson", "another shape"): "zero-inflated-negative-binomial",
    ("negative-binomial", "another shape"): "zero-inflated-negative-binomial",
    ("logit-normal", "another shape"): "beta",
    ("beta", "another shape"): "logit-normal",
}


def _families_of_columns(best: Best) -> Change | None:
    """Another family of its kind for each column that does not fit."""
    shapes = {one.name: one.calibration.shape for one in best.ledger.columns if one.calibration is not None}
    found: dict[str, dict[str, str]] = {}
    for column in best.fitted.schema.modelled:
        family = FAMILIES.get((column.family or "", shapes.get(column.name, "right")))
        if family is not None and family in kind_of(column).families:
            found[column.name] = {"kind": column.kind, "family": family}
    if not found:
        return None
    own = best.config.schema
    known = dict(own) if isinstance(own, Mapping) else {} if own is None else read_schema(own)
    said = ", ".join(f"{name}: {one['family']}" for name, one in found.items())
    return Change(f"schema = {said}", {"schema": known | found})


def _family_of_block(name: str) -> Row:
    """Another likelihood for a block of numbers that has one of as many outcomes."""

    def row(best: Best) -> Change | None:
        block = best.fitted.schema.one_block
        if block is None or block.family in (name, OWN) or best.fitted.binarisation.kind != "none":
            return None
        known = {one.name: one for one in all_families() if one.arrays}
        if name not in known or block.family not in known:
            return None
        own, other = known[block.family], known[name]
        # Units and supports must be those of the run, or the two are no densities of the same.
        if (own.discrete, own.units, own.largest is None) != (other.discrete, other.units, other.largest is None):
            return None
        return Change(f"likelihood = {name}", {"likelihood": name})

    return row


MORE_DRAWS = _part("objective", f"dreg:{DRAWS}")

# In the order in which they are tried. A name that no part has yet is passed over.
CHANGES: dict[Lever, tuple[Row, ...]] = {
    "encoder": (_taught, _wider, _part("objective", "annealed:3"), MORE_DRAWS, _longer),
    "guide": (
        _correlated,
        _part("guide", "mixture:4"),
        _part("guide", "flow"),
        _part("guide", "refined:3"),
    ),
    "prior": (
        _gaussian_prior,
        _part("prior", "mixture:20"),
        _part("prior", "vamp:50"),
        _part("prior", "flow"),
    ),
    "likelihood": (
        _families_of_columns,
        *(
            _family_of_block(name)
            for name in (
                "logistic-mixture",
                "discretised-logistic",
                "categorical",
                "student-t",
                "gaussian",
                "negative-binomial",
            )
        ),
    ),
    "decoder": (_narrower, _fewer_latents, MORE_DRAWS),
    "training": (_longer,),
    "latents": (_more_latents, _fewer_latents, _longer),
}
# Tried when no verdict asks for anything: what often helps and no number of the ledger promises.
UNASKED: tuple[tuple[Lever, Row], ...] = (("training", MORE_DRAWS), ("training", _longer))
# A promise of fewer standard errors is none.
SURE = 2.0


def pulls(best: Best) -> Iterator[Pull]:
    """Changes in the order in which they are to be tried: the largest promise first, then those without a number.

    What is only a note, and may not be, comes after what is a warning.
    """
    for asked in sorted(filter(_promises, _asked(best.ledger)), key=_urgency):
        for row in CHANGES[asked.lever]:
            if (change := row(best)) is not None:
                yield Pull(change, *asked)
    for lever, row in UNASKED:
        if (change := row(best)) is not None:
            yield Pull(change, lever)


class _Asked(NamedTuple):
    """A lever, what it promises, and the verdict that says so."""

    lever: Lever
    promise: Estimate | None
    verdict: Verdict | None = None


def _asked(ledger: Ledger) -> list[_Asked]:
    """The levers of the verdicts; and the prior, which may promise more than they where no verdict speaks of it."""
    asked = [_Asked(one.lever, one.promise, one) for one in ledger.verdicts if one.lever in CHANGES]
    if ledger.marginal_kl is not None and all(one.lever != "prior" for one in asked):
        asked.append(_Asked("prior", ledger.marginal_kl))
    return asked


def _promises(asked: _Asked) -> bool:
    promise = asked.promise
    return promise is None or promise.value > SURE * (promise.std_error or 0.0)


def _urgency(asked: _Asked) -> tuple[bool, bool, float]:
    verdict, promise = asked.verdict, asked.promise
    is_note = verdict is not None and verdict.severity == "note"
    return is_note, promise is None, 0.0 if promise is None else -promise.value


def changed(config: VAEConfig, change: Change) -> VAEConfig:
    """The options with the change."""
    return dataclasses.replace(config, **change.options)
