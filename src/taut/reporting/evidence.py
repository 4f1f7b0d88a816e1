"""The lines on log p(x) itself: the identity and the bracket, and what is said of the naive value."""

from taut.record import Ledger
from taut.reporting import words
from taut.reporting.line import Line, is_exact, line_of


def identity_lines(ledger: Ledger) -> list[Line]:
    """ELBO, log p(x) and the KL between them, each from both sides."""
    evidence, gap = ledger.evidence, ledger.gap.inference
    elbo = line_of("ELBO", ledger.elbo, "What training climbs: the mean of log p(x, z) − log q(z|x) under the encoder.")
    if is_exact(ledger):
        return [
            elbo,
            line_of("log p(x)", evidence.lower, "How probable the model finds a row, with every latent averaged out."),
            line_of("KL gap", gap.lower, "log p(x) − ELBO: how far the encoder is from the true posterior."),
        ]
    fine = words.decimals_between(evidence.lower, evidence.upper)
    return [
        elbo,
        line_of("log p(x), from below", evidence.lower, "How probable the model finds a row, at least.", fine),
        line_of("log p(x), from above", evidence.upper, _above(ledger), fine),
        *_width_lines(ledger),
        line_of(
            "KL gap, from below", gap.lower, "log p(x) − ELBO: the encoder is at least this far from the posterior."
        ),
        line_of("KL gap, from above", gap.upper, "At most this far is the encoder from the posterior."),
    ]


def _above(ledger: Ledger) -> str:
    reason = ledger.evidence.withdrawn
    return "How probable the model finds a row, at most." if reason is None else f"Withdrawn. {reason}"


def _width_lines(ledger: Ledger) -> list[Line]:
    width = ledger.evidence.width
    if width is None:
        return []
    meaning = "Upper minus lower bound, mean over the rows, before any margin or allowance."
    return [Line(name="Width of the bracket", value=words.plain(width), status="", meaning=meaning)]


def by_prior(ledger: Ledger) -> tuple[str, str]:
    """Name and meaning of the value with the prior as proposal."""
    evidence, weights, prior = ledger.evidence, ledger.weights, ledger.prior_weights
    assert evidence.prior is not None
    draws = evidence.prior.draws or (prior.draws if prior else None)
    name = f"log p(x), naive, {draws} prior draws" if draws else "log p(x), naive, draws from the prior"
    if prior is None:
        return name, "p(x|z) averaged over draws from the prior."
    meaning = (
        f"Effective sample size (median row) {words.fixed(prior.ess.median, 1)} of {prior.draws} draws; "
        f"the encoder’s is {words.fixed(weights.ess.median, 1)} of {weights.draws}."
    )
    if prior.ess.median < weights.ess.median and evidence.prior.value < evidence.importance.value:
        meaning += " Prior draws almost never land where the posterior is, so the value comes out low."
    return name, meaning
