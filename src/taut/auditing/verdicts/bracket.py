"""log p(x) between two bounds: how tight, and whether a check contradicts the upper one (METHODS §2.2, §2.4)."""

from taut.auditing.verdicts.evidence import SURE, is_checked, is_exact, share_error, surely_above
from taut.record import Account, Verdict

# Nats: the widest mean bracket where nothing was asked, and how much wider than asked it may be.
WIDE, BEYOND_ASKED = 0.5, 1.5
# Nats, and standard errors, by which another start must find more before a mode counts as missed.
MISSED, MISSED_ERRORS = 0.1, 3.0
# Nats by which its lower bound must pass the upper one: rounding does not.
PASSED = 0.01
# The share of real rows within the range of the simulated ones, below which the calibration is of other rows.
COMPARABLE = 0.5


def order(ledger: Account) -> Verdict | None:
    """A certified lower bound above the upper one falsifies what the upper one assumes (METHODS §2.4 B5)."""
    lower, upper = ledger.evidence.lower, ledger.evidence.upper
    if upper is None or is_exact(ledger) or lower.value <= upper.value:
        return None
    return Verdict(
        code="contradiction",
        severity="problem",
        text=f"The lower bound lies {lower.value - upper.value:.3f} nats above the upper one: "
        "the assumption of the upper bound does not hold. The lever is the guide, so that walks start nearer to the "
        "posterior, then longer walks.",
        evidence=f"evidence.lower = {lower}, evidence.upper = {upper}",
        lever="guide",
    )


def modes(ledger: Account) -> Verdict | None:
    """Walks from another start find more than the bracket has room for: the main ones missed a mode.

    Less than the bracket's own width would only say that the main lower bound is loose.
    """
    if ledger.annealing is None:
        return None
    least = max(MISSED, ledger.evidence.width or 0.0)
    found = [
        control
        for control in ledger.annealing.controls
        if surely_above(control.excess, least, errors=MISSED_ERRORS)
        and (control.above is None or surely_above(control.above, PASSED, errors=MISSED_ERRORS))
    ]
    if not found:
        return None
    worst = max(found, key=lambda control: control.excess.value)
    return Verdict(
        code="mode-missed",
        severity="problem",
        text=f"Walks started from {worst.start} find {worst.excess.value:.2f} nats a row more than the main ones on "
        f"{worst.rows} rows: the main walks and the upper bound missed a mode. The lever is the guide: a family with "
        "room for several modes.",
        evidence=f"annealing.controls.excess = {worst.excess}, evidence.width = {_plain(ledger.evidence.width)}",
        lever="guide",
    )


def withdrawn(ledger: Account) -> Verdict | None:
    """A check of the same audit contradicts the upper end, so that there is none."""
    reason, annealing = ledger.evidence.withdrawn, ledger.annealing
    if reason is None or annealing is None:
        return None
    above = ", ".join(f"{control.above}" for control in annealing.controls)
    return Verdict(
        code="upper-withdrawn",
        severity="warning",
        text=f"{reason.removesuffix('.')}: the upper end is withdrawn. The lever is the guide: a richer "
        "family, then longer walks.",
        evidence=f"annealing.controls.above = {above or 'not measured'}, annealing.moved = {annealing.moved}, "
        f"annealing.heavy = {annealing.heavy}",
        lever="guide",
    )


def width(ledger: Account) -> Verdict | None:
    """As tight as was asked, or not. A bracket that a check contradicts is not called tight."""
    reached, annealing = ledger.evidence.width, ledger.annealing
    if reached is None or annealing is None or order(ledger) is not None:
        return None
    asked = annealing.asked
    evidence = f"evidence.width = {reached:.3f}, annealing.asked = {'nothing' if asked is None else f'{asked:g}'}"
    if reached > (WIDE if asked is None else BEYOND_ASKED * asked):
        wanted = "" if asked is None else f", where {asked:g} were asked"
        return Verdict(
            code="bracket-wide",
            severity="warning",
            text=f"log p(x) is known to {reached:.2f} nats a row{wanted}. The lever is more draws, in longer "
            "walks and more time, then the guide.",
            evidence=evidence,
            lever="time",
        )
    doubted = modes(ledger) is not None or starts(ledger) is not None
    return Verdict(
        code="bracket-tight",
        severity="note" if doubted or not is_checked(ledger) else "good",
        text=f"log p(x) is known to {max(reached, 0.0):.3f} nats a row, if the assumption of the upper bound holds"
        + (", which a check contradicts." if doubted else "."),
        evidence=evidence,
    )


def starts(ledger: Account) -> Verdict | None:
    """On rows whose exact upper bound is known, the usual starts give one too low by more than the bracket is wide."""
    simulated, reached = ledger.simulated, ledger.evidence.width
    if simulated is None or reached is None or simulated.allowance.value <= reached:
        return None
    if not surely_above(simulated.allowance, max(reached, 0.0)):
        return None
    return Verdict(
        code="starts-biased",
        severity="warning",
        text=f"On {simulated.matched} matched simulated rows the starts of the reverse walks lower the upper bound by "
        f"{simulated.allowance.value:.3f} nats, which is more than the width of the bracket: allow for it. "
        "The lever is the guide, then longer walks.",
        evidence=f"simulated.allowance = {simulated.allowance}, evidence.width = {reached:.3f}",
        lever="guide",
    )


def transfer(ledger: Account) -> Verdict | None:
    """Real rows have no matches among the simulated ones: usual where q(z) is not p(z) (METHODS §2.4 B4)."""
    simulated = ledger.simulated
    if simulated is None:
        return None
    share = simulated.comparable
    if share + SURE * share_error(share, ledger.rows) >= COMPARABLE:
        return None
    return Verdict(
        code="not-comparable",
        severity="note",
        text=f"Only {share:.0%} of the rows resemble simulated rows: the check of the starts on simulated rows does "
        "not cover the others. The lever is the prior and the decoder: a model that makes such data.",
        evidence=f"simulated.comparable = {share:.3f}, rows = {ledger.rows}",
        lever="prior",
    )


def _plain(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"
