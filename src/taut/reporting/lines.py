"""The numbers of a ledger in the order in which they are read, each with its direction and one sentence."""

import dataclasses

from taut.record import Ledger
from taut.reporting import words
from taut.reporting.evidence import evidence_lines, identity_lines
from taut.reporting.line import Line, line_of, measured


@dataclasses.dataclass(frozen=True, kw_only=True)
class LineGroup:
    """Lines that answer one question."""

    heading: str
    lines: list[Line]


def number_groups(ledger: Ledger) -> list[LineGroup]:
    """Every line of the table, those that were not measured only where their absence matters."""
    groups = [
        LineGroup(heading="The identity", lines=identity_lines(ledger)),
        LineGroup(heading="Why the gap is there", lines=_cause_lines(ledger)),
        LineGroup(heading="Estimates of log p(x) without a certificate", lines=evidence_lines(ledger)),
        LineGroup(heading="What the ELBO is made of", lines=_other_form_lines(ledger)),
        LineGroup(heading="Use and reliability", lines=_use_lines(ledger)),
    ]
    return [group for group in groups if group.lines]


def _cause_lines(ledger: Ledger) -> list[Line]:
    gap, family = ledger.gap, ledger.gap.family or "the encoder’s family"
    lines = measured(
        (
            "Gap from amortisation",
            gap.amortisation,
            "What one encoder for all rows loses against a fit of each row: at least this.",
        ),
        (
            "Gap from the family of q",
            gap.approximation,
            f"What remains when q ({family}) is fitted to each row by itself: at most this.",
        ),
        (
            "Gain of a full covariance",
            gap.full_covariance,
            "The part of it that the best Gaussian with any covariance wins back.",
        ),
    )
    if gap.generalisation is None:
        return lines
    rows, seen = gap.generalisation.rows, gap.generalisation
    return [
        *lines,
        line_of(
            "Generalisation of the model",
            seen.evidence,
            f"log p(x) of {rows} training rows minus that of these: above zero, the model knows those better.",
        ),
        line_of(
            "Generalisation of the encoder",
            seen.encoder,
            f"KL gap of these rows minus that of {rows} training rows: above zero, the encoder serves new rows worse.",
        ),
    ]


def _other_form_lines(ledger: Ledger) -> list[Line]:
    return measured(
        ("Distortion", ledger.distortion, "−log p(x|z) under q: what is left to say about x once z is known."),
        ("Rate", ledger.rate, "KL( q(z|x) ‖ p(z) ): what the encoder tells about a row, in nats."),
        ("Mutual information", ledger.mutual_information, "The part of the rate that tells rows apart."),
        (
            "Marginal KL",
            ledger.marginal_kl,
            "The rest of the rate: KL( q(z) ‖ p(z) ) of the aggregated posterior; the best prior would save it.",
        ),
        (
            "Total correlation",
            ledger.total_correlation,
            "The part of the marginal KL that the latents hold about one another.",
        ),
        (
            "Gain of a fitted prior",
            ledger.prior_gain,
            "What independent Gaussians with the moments of q(z) would add to the ELBO as the prior.",
        ),
    )


def _use_lines(ledger: Ledger) -> list[Line]:
    lines = [
        Line(
            name="Active units",
            value=f"{ledger.active_units} of {ledger.latent}",
            status="",
            meaning="Latents that the encoder moves from row to row; the others carry nothing.",
        ),
        *measured(("Bits per dimension", ledger.bits_per_dim, "Code length for one entry of x; lower is better.")),
    ]
    weights = ledger.weights
    heavy = Line(
        name="Rows with k̂ over the threshold",
        value=words.percent(weights.over_threshold),
        status="",
        meaning=f"Past k̂ = {words.fixed(weights.threshold, 2)} a row’s weights are too heavy-tailed to trust.",
    )
    return [*lines, heavy]
