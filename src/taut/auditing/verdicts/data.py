"""The data against rows simulated from the model: rows left out, memorised or improbable; the likelihood."""

import math

from taut.auditing.verdicts.evidence import SURE, named, share_error, surely_above
from taut.record import Account, Estimate, Predictive, Verdict

# Of the rows: a few that are equal by chance are no audit of the training data.
MOST_SEEN = 0.05
# Nats a row between training rows and these.
OVERFITTING = 0.5
# Nats a row in the later half of so many epochs or more, after which a fit was not done.
STILL_RISING, FEWEST_EPOCHS = 0.5, 4
# Of the rows, past what one in a hundred simulated rows is past.
EXPECTED, MOST_OUTLIERS = 0.01, 0.05
# By how much a statistic must be off before it matters: its ratio; the odds of a zero, and their share; L-kurtosis, for
# which 0.05 is the step from a Gaussian to a Student-t with some six degrees of freedom.
RELEVANT_RATIO, RELEVANT_ODDS, RELEVANT_SHARE, RELEVANT_KURTOSIS = 1.2, 1.5, 0.01, 0.05

LEVERS = {
    ("kurtosis", True): "heavier tails (Student-t)",
    ("kurtosis", False): "lighter tails",
    ("zeros", True): "more zeros (overdispersed or zero-inflated)",
    ("zeros", False): "fewer zeros",
    ("row totals", True): "more variation from row to row (overdispersed counts, or more latents)",
    ("row totals", False): "less variation from row to row",
    ("spread", True): "wider noise (overdispersed, or a learned scale)",
    ("spread", False): "narrower noise (a learned scale)",
}


def completeness(ledger: Account) -> Verdict | None:
    """An audit that was stopped."""
    if ledger.complete:
        return None
    return Verdict(
        code="audit-incomplete",
        severity="warning",
        text=f"The audit was stopped, and covers the {ledger.rows} rows that were finished. The lever is time: "
        "start it again, and it continues.",
        evidence=f"complete = false, rows = {ledger.rows}",
        lever="time",
    )


def seen(ledger: Account) -> Verdict | None:
    """Rows that training has seen flatter every number (DESIGN, rule 6)."""
    count = ledger.settings.get("rows_seen_in_training")
    if not isinstance(count, int) or count == 0:
        return None
    many = count > MOST_SEEN * int(ledger.settings.get("rows_in_data") or ledger.rows)
    return Verdict(
        code="rows-seen",
        severity="problem" if many else "note",
        text=f"{count} of the rows were in the training data, where every number flatters the model. The lever is "
        "the data: audit rows that training has not seen.",
        evidence=f"settings.rows_seen_in_training = {count}",
        lever="data",
    )


def set_aside(ledger: Account) -> Verdict | None:
    """A mean over the rows with finite bounds does not describe the others."""
    count = ledger.settings.get("rows_set_aside")
    if not isinstance(count, int) or count == 0:
        return None
    return Verdict(
        code="rows-set-aside",
        severity="problem",
        text=f"{count} rows have no finite bound and are in no mean: the model gives them no probability, or fails on "
        "them. The lever is the likelihood, or those rows themselves.",
        evidence=f"settings.rows_set_aside = {count}",
        lever="likelihood",
    )


def generalisation(ledger: Account) -> Verdict | None:
    """The model gives training rows more evidence than these."""
    seen = ledger.gap.generalisation
    if seen is None or not surely_above(seen.evidence, OVERFITTING):
        return None
    return Verdict(
        code="overfitting-model",
        severity="warning",
        text=f"log p(x) of {seen.rows} training rows is {seen.evidence.value:.2f} nats a row above that of these. The "
        "lever is the decoder (fewer weights, earlier stopping), or more data.",
        evidence=f"gap.generalisation.evidence = {seen.evidence}",
        lever="decoder",
        promise=seen.evidence,
    )


def training(ledger: Account) -> Verdict | None:
    """The bound on held-out rows was still rising when the epochs were over."""
    bounds = [row.held_out for row in ledger.figures.history if row.held_out is not None]
    if len(bounds) < FEWEST_EPOCHS or any(not math.isfinite(bound) for bound in bounds):
        return None
    best, half, tenth = max(bounds), len(bounds) // 2, -(-len(bounds) // 10)
    rise = best - max(bounds[:half])
    if best > max(bounds[-tenth:]) or rise < STILL_RISING:
        return None
    condition = "as much as the later half of the epochs won, of the bound on held-out rows: about what is left at most"
    return Verdict(
        code="training-short",
        severity="warning",
        text=f"The bound on held-out rows rose by {rise:.2f} nats a row in the later half of the {len(bounds)} epochs, "
        "and was highest at their end. The lever is training: more epochs (`max_epochs`).",
        evidence=f"figures.history.held_out = {max(bounds[:half]):.3f} at the half, {best:.3f} at the end",
        lever="training",
        promise=Estimate(value=rise, condition=condition),
    )


def outliers(ledger: Account) -> Verdict | None:
    """More rows than by chance differ from those that the model simulates: by log p(x), or by likelihood regret.

    Xiao, Yan & Amit 2020, arXiv:2003.02977. The error is of n rows, and of a threshold from a finite reference.
    """
    found = ledger.outliers
    if found is None:
        return None
    of_threshold = EXPECTED * (1.0 - EXPECTED) / found.reference
    over = {
        name: share
        for name, share in (("improbable", found.improbable), ("regretful", found.regretful))
        if share - SURE * math.sqrt(share_error(share, ledger.rows) ** 2 + of_threshold) > MOST_OUTLIERS
    }
    if not over:
        return None
    rows = f", most so: rows {named(found.rows)}" if "regretful" in over and found.rows else ""
    return Verdict(
        code="out-of-distribution",
        severity="warning",
        text=f"{max(over.values()):.0%} of the rows are outliers beside simulated rows, where {EXPECTED:.0%} are "
        f"expected{rows}. The lever is the data: look at these rows, and leave them out or train on more like them.",
        evidence=f"{', '.join(f'outliers.{name} = {share:.3f}' for name, share in over.items())}, "
        f"outliers.reference = {found.reference}",
        lever="data",
    )


def predictive(ledger: Account) -> Verdict | None:
    """Statistics of the data outside their 98 % range, and by enough to matter (Gelman, Meng & Stern 1996)."""
    off = [found for found in ledger.predictive if not found.low <= found.observed <= found.high and _relevant(found)]
    if not off:
        return None
    levers = [LEVERS.get((found.statistic, found.observed > found.simulated)) for found in off]
    wanted = "; ".join(lever for lever in levers if lever is not None)
    return Verdict(
        code="likelihood-misfit",
        severity="warning",
        text=f"Simulated data differ from the data in {', '.join(found.statistic for found in off)}. "
        f"The lever is the likelihood{f': {wanted}' if wanted else ''}; or the prior, where a verdict says so.",
        evidence=", ".join(
            f"predictive {found.statistic} = {found.observed:.4g} (98 % range {found.low:.4g} to {found.high:.4g})"
            for found in off
        ),
        lever="likelihood",
    )


def _relevant(found: Predictive) -> bool:
    observed, simulated = found.observed, found.simulated
    if found.statistic == "kurtosis":
        return abs(observed - simulated) >= RELEVANT_KURTOSIS
    if found.statistic == "zeros":
        ratio = _ratio(observed * (1.0 - simulated), simulated * (1.0 - observed))
        return ratio >= RELEVANT_ODDS and abs(observed - simulated) >= RELEVANT_SHARE
    return _ratio(observed, simulated) >= RELEVANT_RATIO


def _ratio(one: float, other: float) -> float:
    """The larger divided by the smaller; infinite where the smaller is zero."""
    low, high = sorted((abs(one), abs(other)))
    return high / low if low > 0 else math.inf
