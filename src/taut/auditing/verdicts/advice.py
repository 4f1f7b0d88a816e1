"""Of each verdict a title of a few words, and what to type to pull its lever."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

from taut.auditing.verdicts.gap import wins_most
from taut.record import Account, Verdict

IMPROVE = "taut improve RUN --seconds 600"
MORE_ROWS = "taut audit RUN DATA"


class Advice(NamedTuple):
    """A title, and the command where there is one; … in it stands for the data and the options of the run."""

    title: str
    command: str | Callable[[Account], str] | None = None


def _fit(option: str) -> str:
    return f"taut fit … {option}"


def _richer_guide(account: Account) -> str:
    if account.gap.family in ("mixture", "flow"):
        return _fit("--guide refined:3")
    return _fit("--guide full" if wins_most(account) else "--guide mixture:4")


def _longer(account: Account) -> str:
    history = account.figures.history
    return _fit(f"--max-epochs {2 * len(history)}") if history else IMPROVE


def _latents_in_use(account: Account) -> str:
    return _fit(f"--latent-dim {account.active_units}") if account.active_units else _fit("--kl-warm-up 10")


ADVICE = {
    "audit-incomplete": Advice("The audit was stopped.", "taut audit RUN"),
    "rows-seen": Advice("Training has seen some of these rows.", MORE_ROWS),
    "rows-set-aside": Advice("Some rows have no finite bound."),
    "gap-small": Advice("q is close to the posterior."),
    "gap-large": Advice("q is far from the posterior.", _richer_guide),
    "encoder-weak": Advice("A q fitted to each row does better.", IMPROVE),
    "family-narrow": Advice("The family of q cannot follow the posterior.", _richer_guide),
    "contradiction": Advice("The two bounds contradict one another.", _richer_guide),
    "mode-missed": Advice("The posterior has a mode that q misses.", _fit("--guide mixture:4")),
    "upper-withdrawn": Advice("Nothing bounds log p(x) from above.", _fit("--guide mixture:4")),
    "bracket-tight": Advice("log p(x) is known well."),
    "bracket-wide": Advice("log p(x) is known roughly.", "taut audit RUN --seconds 600"),
    "starts-biased": Advice("On simulated rows the bound from above is too low.", _richer_guide),
    "not-comparable": Advice("Few rows look like rows of the model.", _fit("--prior flow")),
    "weights-good": Advice("The importance weights are healthy."),
    "weights-heavy": Advice("Some rows have heavy importance weights.", _richer_guide),
    "weights-short": Advice("The importance-weighted value is too low.", _richer_guide),
    "latents-used": Advice("All latents are in use."),
    "latents-idle": Advice("Some latents carry nothing.", _latents_in_use),
    "latents-collapse-amortisation": Advice("The encoder leaves useful latents idle.", IMPROVE),
    "prior-mismatch": Advice("The latents do not follow the prior.", _fit("--prior mixture:20")),
    "prior-unclear": Advice("The latents may not follow the prior.", MORE_ROWS),
    "prior-estimate": Advice("Draws from the prior miss the posterior."),
    "guide-miscalibrated": Advice("q is not calibrated.", IMPROVE),
    "overfitting-encoder": Advice("The encoder serves training rows better.", _fit("--guide refined:3")),
    "training-short": Advice("Training ended while the ELBO still rose.", _longer),
    "overfitting-model": Advice("The model fits training rows better.", IMPROVE),
    "out-of-distribution": Advice("Many rows are unlike rows of the model.", "taut score RUN DATA --out scores.csv"),
    "likelihood-misfit": Advice("Simulated rows differ from the data.", IMPROVE),
    "heavy-tails": Advice("Some columns have heavier tails than the model.", IMPROVE),
    "column-misfit": Advice("Some columns do not fit their likelihoods.", IMPROVE),
    "coverage-off": Advice("Intervals of hidden cells are off.", IMPROVE),
    "column-ignored": Advice("The model misses how columns go together.", IMPROVE),
    "column-apart": Advice("Some columns go with no other."),
}


def advised(verdict: Verdict, account: Account) -> Verdict:
    """The verdict with its title and, where the account is of a run that commands know, what to type."""
    title, command = ADVICE[verdict.code]
    if "training_data" not in account.settings:
        command = None
    return dataclasses.replace(verdict, title=title, command=command(account) if callable(command) else command)
