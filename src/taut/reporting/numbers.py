"""The numbers of a ledger as page and terminal show them: a row here for each, in the order in which they are read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from taut.record import Estimate, Ledger
from taut.reporting import words
from taut.reporting.statement import by_prior, identity_lines
from taut.reporting.words import Line

Text = str | Callable[[Ledger], str]


@dataclasses.dataclass(frozen=True)
class Number:
    """One number: its `place` in the ledger, with dots; its name, and one sentence that says what it means.

    `shown` writes a number that is no `Estimate`. A number that is None was not measured, and has no line.
    """

    place: str
    name: Text
    meaning: Text
    shown: Callable[[Ledger], str] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class LineGroup:
    """Lines that answer one question."""

    heading: str
    lines: list[Line]


NUMBERS: dict[str, tuple[Number, ...]] = {
    "Why the gap is there": (
        Number(
            "gap.amortisation",
            "Gap from amortisation",
            "What one encoder for all rows loses against a fit of each row: at least this.",
        ),
        Number(
            "gap.approximation",
            "Gap from the family of q",
            lambda ledger: (
                f"What remains when q ({ledger.gap.family or 'the encoder’s family'}) is fitted to each row by itself: "
                "at most this."
            ),
        ),
        Number(
            "gap.full_covariance",
            "Gain of a full covariance",
            "The part of it that the best Gaussian with any covariance wins back.",
        ),
        Number(
            "gap.generalisation.evidence",
            "Generalisation of the model",
            lambda ledger: (
                f"log p(x) of {_training_rows(ledger)} training rows minus that of these: above zero, the model knows "
                "those better."
            ),
        ),
        Number(
            "gap.generalisation.encoder",
            "Generalisation of the encoder",
            lambda ledger: (
                f"KL gap of these rows minus that of {_training_rows(ledger)} training rows: above zero, the encoder "
                "serves new rows worse."
            ),
        ),
    ),
    "Estimates of log p(x) without a certificate": (
        Number(
            "evidence.bridge",
            "log p(x), forward and reverse walks together",
            "The best single value (Bennett 1976); it has no direction.",
        ),
        Number(
            "evidence.importance",
            lambda ledger: (
                f"log p(x), importance weighted, {ledger.evidence.importance.draws or ledger.weights.draws} draws"
            ),
            "The usual value in papers: low on average, by less the more draws; by itself it certifies nothing.",
        ),
        Number(
            "evidence.refined",
            lambda ledger: f"log p(x), refined Gaussians{_draws(ledger.evidence.refined)}",
            "The same with a Gaussian fitted to each row in place of the encoder.",
        ),
        Number("evidence.prior", lambda ledger: by_prior(ledger)[0], lambda ledger: by_prior(ledger)[1]),
    ),
    "What the ELBO is made of": (
        Number("distortion", "Distortion", "−log p(x|z) under q: what is left to say about x once z is known."),
        Number("rate", "Rate", "KL( q(z|x) ‖ p(z) ): what the encoder tells about a row, in nats."),
        Number("mutual_information", "Mutual information", "The part of the rate that tells rows apart."),
        Number(
            "marginal_kl",
            "Marginal KL",
            "The rest of the rate: KL( q(z) ‖ p(z) ) of the aggregated posterior; the best prior would save it.",
        ),
        Number(
            "total_correlation",
            "Total correlation",
            "The part of the marginal KL that the latents hold about one another.",
        ),
        Number(
            "prior_gain",
            "Gain of a fitted prior",
            "What independent Gaussians with the moments of q(z) would add to the ELBO as the prior.",
        ),
    ),
    "Use and reliability": (
        Number(
            "active_units",
            "Active units",
            "Latents that the encoder moves from row to row; the others carry nothing.",
            shown=lambda ledger: f"{ledger.active_units} of {ledger.latent}",
        ),
        Number("bits_per_dim", "Bits per dimension", "Code length for one entry of x; lower is better."),
        Number(
            "weights.over_threshold",
            "Rows with k̂ over the threshold",
            lambda ledger: (
                f"Past k̂ = {words.fixed(ledger.weights.threshold, 2)} a row’s weights are too heavy-tailed to trust."
            ),
            shown=lambda ledger: words.percent(ledger.weights.over_threshold),
        ),
    ),
}


def number_groups(ledger: Ledger) -> list[LineGroup]:
    """The identity, and a line for each number of `NUMBERS` that was measured."""
    groups = [LineGroup(heading="The identity", lines=identity_lines(ledger))]
    for heading, numbers in NUMBERS.items():
        lines = [_line(number, ledger) for number in numbers if value_at(ledger, number.place) is not None]
        groups.append(LineGroup(heading=heading, lines=lines))
    return [group for group in groups if group.lines]


def value_at(ledger: Ledger, place: str) -> Any:
    """What is at a dotted place of the ledger; None where a part on the way was not measured."""
    found: Any = ledger
    for name in place.split("."):
        found = None if found is None else getattr(found, name)
    return found


def _line(number: Number, ledger: Ledger) -> Line:
    found = value_at(ledger, number.place)
    name, meaning = (text if isinstance(text, str) else text(ledger) for text in (number.name, number.meaning))
    value = words.number(found) if number.shown is None else number.shown(ledger)
    status = words.status(found) if isinstance(found, Estimate) else ""
    return Line(name=name, value=value, status=status, meaning=meaning)


def _training_rows(ledger: Ledger) -> int:
    return 0 if ledger.gap.generalisation is None else ledger.gap.generalisation.rows


def _draws(estimate: Estimate | None) -> str:
    return f", {estimate.draws} draws" if estimate is not None and estimate.draws else ""
