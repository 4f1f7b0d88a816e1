"""The prior against the aggregated posterior, and latents that carry nothing."""

import math
import re

from taut.auditing.verdicts.evidence import named, surely_above, surely_below
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
            "to the ELBO. The lever is the prior: let its means and scales be learned (`gaussian`, or `taut.fit_prior` "
            "for the model as it is), or train until q(z) meets it.",
            evidence=f"prior_gain = {gain}" + ("" if excess is None else f", marginal_kl = {excess}"),
            lever="prior",
            promise=excess or gain,
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
            "best prior would add as much to the ELBO. The lever is the prior: a richer one (`mixture`, `vamp` or "
            "`flow`; `taut.fit_prior` for the model as it is).",
            evidence=evidence,
            lever="prior",
            promise=excess,
        )
    return Verdict(
        code="prior-unclear",
        severity="note",
        text=f"Mutual information is near its ceiling log N = {ceiling:.2f}, so that the marginal KL of "
        f"{excess.value:.2f} nats may be due to few rows as well as to the prior. The lever is more data: audit more "
        "rows.",
        evidence=evidence,
        lever="prior",
        promise=excess,
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


def use(ledger: Account) -> Verdict | None:
    """All in use, or some idle in the model, or for a reason that was not measured.

    A latent is active where its posterior mean moves with the data: variance above 0.01 (Burda et al. 2016, §5).
    """
    latents = ledger.latents
    if not latents:
        return None
    idle = [number for number, latent in enumerate(latents) if not latent.active]
    evidence = f"active_units = {len(latents) - len(idle)} of {len(latents)}"
    if not idle:
        return Verdict(
            code="latents-used", severity="good", text=f"All {len(latents)} latents carry information.",
            evidence=evidence,
        )  # fmt: skip
    ours = [number for number in idle if latents[number].collapse != "amortisation"]
    if not ours:
        return None
    # Caused by the model: the refined posteriors do not use them either (METHODS §3.4; Wang, Blei & Cunningham 2021).
    in_the_model = all(latents[number].collapse == "model" for number in ours)
    why = (
        ", and refining q for each row does not change that: it is the decoder that ignores them"
        if in_the_model
        else ""
    )
    return Verdict(
        code="latents-idle",
        severity="problem" if len(ours) == len(latents) else "note",
        text=f"{len(ours)} of {len(latents)} latents carry nothing ({named(ours)}){why}. A smaller latent dimension "
        "would do as well; if more were expected, let the divergence warm up (`kl_warm_up`).",
        evidence=f"{evidence}, latents.active = false for {named(ours)}"
        + (", latents.collapse = model" if in_the_model else ""),
        lever="latents",
    )


def amortisation(ledger: Account) -> Verdict | None:
    """Idle in the encoder only: the refined posteriors of the rows use them."""
    latents = ledger.latents
    idle = [number for number, latent in enumerate(latents) if latent.collapse == "amortisation"]
    if not idle:
        return None
    return Verdict(
        code="latents-collapse-amortisation",
        severity="problem" if len(idle) == len(latents) else "warning",
        text=f"The encoder leaves {len(idle)} of {len(latents)} latents idle ({named(idle)}) that are of use once q is "
        "refined for each row. The lever is the encoder: train it longer against the decoder as it is, make it "
        "wider, or let the divergence warm up (`kl_warm_up`).",
        evidence=f"latents.collapse = amortisation for {named(idle)}",
        lever="encoder",
    )
