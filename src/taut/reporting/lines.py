"""The numbers of a ledger in the order in which they are read, each with its direction and one sentence."""

import dataclasses

from taut.record import Estimate, Gap, Ledger
from taut.reporting import words


@dataclasses.dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table of numbers."""

    name: str
    value: str
    status: str
    meaning: str


def number_lines(ledger: Ledger) -> list[Line]:
    """Every line of the table, those that were not measured only where their absence matters."""
    return [
        *_identity_lines(ledger),
        *_evidence_lines(ledger),
        *_cause_lines(ledger.gap),
        *_other_form_lines(ledger),
        *_use_lines(ledger),
    ]


def is_exact(ledger: Ledger) -> bool:
    """Whether log p(x) was computed rather than bounded."""
    upper = ledger.evidence.upper
    return ledger.evidence.lower.status == "exact" and upper is not None and upper.status == "exact"


def _line(name: str, estimate: Estimate | None, meaning: str) -> Line:
    status = "" if estimate is None else words.status(estimate)
    return Line(name=name, value=words.number(estimate), status=status, meaning=meaning)


def _identity_lines(ledger: Ledger) -> list[Line]:
    evidence, gap = ledger.evidence, ledger.gap.inference
    lines = [
        _line("ELBO", ledger.elbo, "What training climbs: the mean of log p(x, z) − log q(z|x) under the encoder.")
    ]
    if is_exact(ledger):
        return [
            *lines,
            _line("log p(x)", evidence.lower, "How probable the model finds a row, with every latent averaged out."),
            _line("KL gap", gap.lower, "log p(x) − ELBO: how far the encoder is from the true posterior."),
        ]
    return [
        *lines,
        _line("log p(x), from below", evidence.lower, "How probable the model finds a row, at least."),
        _line("log p(x), from above", evidence.upper, "How probable the model finds a row, at most."),
        _line("KL gap, from below", gap.lower, "log p(x) − ELBO: at least this far is the encoder from the posterior."),
        _line("KL gap, from above", gap.upper, "At most this far is the encoder from the posterior."),
    ]


def _evidence_lines(ledger: Ledger) -> list[Line]:
    evidence, weights, prior = ledger.evidence, ledger.weights, ledger.prior_weights
    draws = evidence.importance.draws or weights.draws
    prior_draws = evidence.prior.draws or prior.draws
    sizes = (
        f"Effective sample size (median row) {words.fixed(prior.ess.median, 1)} of {prior.draws} draws; "
        f"the encoder’s is {words.fixed(weights.ess.median, 1)} of {weights.draws}."
    )
    reason = " Prior draws almost never land where the posterior is, so the value comes out low."
    fails = prior.ess.median < weights.ess.median and evidence.prior.value < evidence.importance.value
    return [
        _line(
            f"log p(x), importance weighted, {draws} draws",
            evidence.importance,
            "The usual value in papers: low on average, by less the more draws; by itself it certifies nothing.",
        ),
        _line(f"log p(x), naive, {prior_draws} prior draws", evidence.prior, sizes + (reason if fails else "")),
    ]


def _cause_lines(gap: Gap) -> list[Line]:
    causes = [
        ("Gap from the family of q", gap.approximation, "What remains when q is fitted to each row by itself."),
        ("Gap from amortisation", gap.amortisation, "What one encoder for all rows loses against a fit of each row."),
        ("Generalisation", gap.generalisation, "Evidence on training rows minus evidence on held-out rows."),
    ]
    return [_line(name, estimate, meaning) for name, estimate, meaning in causes if estimate is not None]


def _other_form_lines(ledger: Ledger) -> list[Line]:
    return [
        _line("Rate", ledger.rate, "KL( q(z|x) ‖ p(z) ): what the encoder tells about a row, in nats."),
        _line("Distortion", ledger.distortion, "−log p(x|z) under q: what is left to say about x once z is known."),
    ]


def _use_lines(ledger: Ledger) -> list[Line]:
    lines = [
        Line(
            name="Active units",
            value=f"{ledger.active_units} of {ledger.latent}",
            status="",
            meaning="Latents that the encoder moves from row to row; the others carry nothing.",
        )
    ]
    if ledger.bits_per_dim is not None:
        lines.append(
            _line("Bits per dimension", ledger.bits_per_dim, "Code length for one entry of x; lower is better.")
        )
    weights = ledger.weights
    heavy = Line(
        name="Rows with k̂ over the threshold",
        value=words.percent(weights.over_threshold),
        status="",
        meaning=f"Past k̂ = {words.fixed(weights.threshold, 2)} a row’s weights are too heavy-tailed to trust.",
    )
    return [*lines, heavy]
