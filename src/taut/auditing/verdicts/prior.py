"""The prior against the aggregated posterior q(z) (Hoffman & Johnson 2016, ELBO surgery)."""

import math
import re

from taut.auditing.verdicts.evidence import surely_above, surely_below
from taut.record import Account, Verdict

# Nats a row: that another prior of the same kind is certain to gain, and that the best one could.
CERTAIN_GAIN, POSSIBLE_GAIN = 0.5, 1.0
# Mutual information this near its ceiling log N says that there are too few rows to see what q(z) is.
NEAR_CEILING = 0.5


def mismatch(ledger: Account) -> Verdict | None:
    """Another prior would gain: for certain, by its first two moments; or as far as the marginal KL can be trusted."""
    gain, excess = ledger.prior_gain, ledger.marginal_kl
    # Two moments of each latent fitted to N rows gain about d/N by chance.
    if gain is not None and surely_above(gain, CERTAIN_GAIN + ledger.latent / _rows(ledger)):
        return Verdict(
            code="prior-mismatch",
            severity="warning",
            text=f"As the prior, independent Gaussians with the moments of q(z) would add {gain.value:.2f} nats a row "
            "to the ELBO. The lever is the prior: let its means and scales be learned, or train until q(z) meets it.",
            evidence=f"prior_gain = {gain}" + ("" if excess is None else f", marginal_kl = {excess}"),
        )
    information = ledger.mutual_information
    if excess is None or information is None or not surely_above(excess, POSSIBLE_GAIN):
        return None
    ceiling = math.log(_rows_of_surgery(ledger))
    evidence = f"marginal_kl = {excess}, mutual_information = {information}, log N = {ceiling:.2f}"
    if surely_below(information, ceiling - NEAR_CEILING):
        return Verdict(
            code="prior-mismatch",
            severity="warning",
            text=f"The aggregated posterior is {excess.value:.2f} nats away from the prior: on these rows the "
            "best prior would add as much to the ELBO. The lever is the prior: a richer one such as a mixture.",
            evidence=evidence,
        )
    return Verdict(
        code="prior-unclear",
        severity="note",
        text=f"Mutual information is near its ceiling log N = {ceiling:.2f}, so that the marginal KL of "
        f"{excess.value:.2f} nats may be due to few rows as well as to the prior. The lever is more data: audit more "
        "rows.",
        evidence=evidence,
    )


def naive(ledger: Account) -> Verdict | None:
    """What averaging p(x|z) over prior draws loses."""
    evidence, weights = ledger.evidence, ledger.prior_weights
    if evidence.prior is None or weights is None:
        return None
    lost = evidence.importance.value - evidence.prior.value
    return Verdict(
        code="prior-estimate",
        severity="note",
        text=f"Averaging p(x|z) over draws from the prior gives {lost:.2f} nats less than the encoder's draws: of "
        f"{weights.draws} prior draws {weights.ess.median:.1f} count in the median row, since few of them land where "
        "the posterior is.",
        evidence=f"prior_weights.ess.median = {weights.ess.median:.2f}, evidence.prior = {evidence.prior}",
    )


def _rows(ledger: Account) -> int:
    """The rows that q(z) is over: all of the data, not only those audited."""
    rows = ledger.settings.get("rows_in_data")
    return rows if isinstance(rows, int) and rows > 0 else ledger.rows


def _rows_of_surgery(ledger: Account) -> int:
    """N as the decomposition of the rate states it, which takes fewer rows than there are where memory ends."""
    condition = None if ledger.mutual_information is None else ledger.mutual_information.condition
    stated = re.search(r"at most log (\d+)", condition or "")
    return int(stated[1]) if stated else _rows(ledger)
