"""From numbers to sentences: what is wrong, or right, and which lever moves it.

A rule is a short pure function of a ledger that gives a verdict or None. It returns None for what was not measured, and
for a difference within two standard errors. A new rule is a function in one of these files, a line
here, an entry of the glossary with its title, and in `advice` what to type, if there is something.
"""

from collections.abc import Callable
from typing import NamedTuple

from taut.auditing.verdicts import bracket, columns, data, gap, guide, prior
from taut.auditing.verdicts.advice import advised
from taut.record import Account, Verdict


class Rule(NamedTuple):
    """A function from an account to a verdict or None, and the codes that its verdict may have."""

    verdict: Callable[[Account], Verdict | None]
    codes: tuple[str, ...]


RULES: tuple[Rule, ...] = (
    Rule(data.completeness, ("audit-incomplete",)),
    Rule(data.seen, ("rows-seen",)),
    Rule(data.set_aside, ("rows-set-aside",)),
    Rule(gap.size, ("gap-small", "gap-large")),
    Rule(gap.amortisation, ("encoder-weak",)),
    Rule(gap.family, ("family-narrow",)),
    Rule(bracket.order, ("contradiction",)),
    Rule(bracket.modes, ("mode-missed",)),
    Rule(bracket.withdrawn, ("upper-withdrawn",)),
    Rule(bracket.width, ("bracket-tight", "bracket-wide")),
    Rule(bracket.starts, ("starts-biased",)),
    Rule(bracket.transfer, ("not-comparable",)),
    Rule(guide.tails, ("weights-good", "weights-heavy", "weights-short")),
    Rule(prior.use, ("latents-used", "latents-idle")),
    Rule(prior.amortisation, ("latents-collapse-amortisation",)),
    Rule(prior.mismatch, ("prior-mismatch", "prior-unclear")),
    Rule(prior.naive, ("prior-estimate",)),
    Rule(guide.calibration, ("guide-miscalibrated",)),
    Rule(guide.generalisation, ("overfitting-encoder",)),
    Rule(data.training, ("training-short",)),
    Rule(data.generalisation, ("overfitting-model",)),
    Rule(data.outliers, ("out-of-distribution",)),
    Rule(data.predictive, ("likelihood-misfit",)),
    Rule(columns.tails, ("heavy-tails",)),
    Rule(columns.misfit, ("column-misfit",)),
    Rule(columns.coverage, ("coverage-off",)),
    Rule(columns.ignored, ("column-ignored",)),
    Rule(columns.apart, ("column-apart",)),
)

ORDER = ("problem", "warning", "note", "good")

__all__ = ["RULES", "Rule", "verdicts_on"]


def verdicts_on(account: Account) -> list[Verdict]:
    """All verdicts on an account, the worst first."""
    found = (rule.verdict(account) for rule in RULES)
    verdicts = (advised(verdict, account) for verdict in found if verdict is not None)
    return sorted(verdicts, key=lambda v: ORDER.index(v.severity))
