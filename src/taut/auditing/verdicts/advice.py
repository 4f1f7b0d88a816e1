"""What to type to pull the lever of a verdict."""

import dataclasses
from collections.abc import Callable

from taut.auditing.verdicts.gap import wins_most
from taut.record import Account, Verdict, glossary

IMPROVE = "taut improve RUN --seconds 600"
MORE_ROWS = "taut audit RUN DATA"


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


# … stands for the data and the options of the run. A verdict that is not here has nothing to type.
COMMANDS: dict[str, str | Callable[[Account], str]] = {
    "audit-incomplete": "taut audit RUN",
    "rows-seen": MORE_ROWS,
    "gap-large": _richer_guide,
    "encoder-weak": IMPROVE,
    "family-narrow": _richer_guide,
    "contradiction": _richer_guide,
    "mode-missed": _fit("--guide mixture:4"),
    "upper-withdrawn": _fit("--guide mixture:4"),
    "bracket-wide": "taut audit RUN --seconds 600",
    "starts-biased": _richer_guide,
    "not-comparable": _fit("--prior flow"),
    "weights-heavy": _richer_guide,
    "weights-short": _richer_guide,
    "latents-idle": _latents_in_use,
    "latents-collapse-amortisation": IMPROVE,
    "prior-mismatch": _fit("--prior mixture:20"),
    "prior-unclear": MORE_ROWS,
    "guide-miscalibrated": IMPROVE,
    "overfitting-encoder": _fit("--guide refined:3"),
    "training-short": _longer,
    "overfitting-model": IMPROVE,
    "out-of-distribution": "taut score RUN DATA --out scores.csv",
    "likelihood-misfit": IMPROVE,
    "heavy-tails": IMPROVE,
    "column-misfit": IMPROVE,
    "coverage-off": IMPROVE,
    "column-ignored": IMPROVE,
}


def advised(verdict: Verdict, account: Account) -> Verdict:
    """The verdict with its title and, where the account is of a run that commands know, what to type."""
    command = COMMANDS.get(verdict.code) if "training_data" in account.settings else None
    title = glossary()["verdict"][verdict.code].title
    return dataclasses.replace(verdict, title=title, command=command(account) if callable(command) else command)
