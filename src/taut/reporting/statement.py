"""What the audit says about log p(x), in sentences: each end of the bracket with its own mark."""

import dataclasses

from taut.record import Estimate, Interval, Ledger, Simulated
from taut.reporting import words
from taut.reporting.words import Line, is_exact, line_of


def identity_lines(ledger: Ledger) -> list[Line]:
    """ELBO, log p(x) and the KL between them, each from both sides."""
    evidence, gap = ledger.evidence, ledger.gap.inference
    elbo = line_of("ELBO", ledger.elbo, "What training climbs: the mean of log p(x, z) − log q(z|x) under the encoder.")
    if is_exact(ledger):
        return [
            elbo,
            line_of("log p(x)", evidence.lower, "How probable the model finds a row, with every latent averaged out."),
            _kl_line("KL gap", gap, "log p(x) − ELBO: how far the encoder is from the true posterior."),
        ]
    fine = words.decimals_between(evidence.lower, evidence.upper)
    return [
        elbo,
        line_of("log p(x), from below", evidence.lower, "How probable the model finds a row, at least.", fine),
        line_of("log p(x), from above", evidence.upper, _above(ledger), fine),
        *_width_lines(ledger),
        _kl_line("KL gap, from below", gap, "log p(x) − ELBO: the encoder is at least this far from the posterior."),
        line_of("KL gap, from above", gap.upper, "At most this far is the encoder from the posterior."),
    ]


def _kl_line(name: str, gap: Interval, meaning: str) -> Line:
    """The lower end of the KL; what was measured below zero stands beside what holds of any KL."""
    line = line_of(name, gap.lower, meaning)
    if gap.lower.value < 0:
        _, value, known = words.kl_from_below(gap)
        return dataclasses.replace(line, value=value, status=f"{known}; measured: {line.value}, {line.status}")
    return line


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


_Q95 = "95\N{NO-BREAK SPACE}%"


def statement(ledger: Ledger) -> str:
    """The main result (METHODS.md §1): where log p(x) lies, and what each end rests on."""
    lower, upper = ledger.evidence.lower, ledger.evidence.upper
    rows = f"the {ledger.rows} audited rows"
    subject = f"Mean log p(x) over {rows}" if ledger.rows > 1 else "log p(x) of the audited row"
    if is_exact(ledger):
        return f"{subject} is {words.value_of(lower)}, computed exactly."
    if upper is None:
        why = "" if ledger.evidence.withdrawn is None else ", since a check contradicts the bound that was measured"
        return f"{subject} lies {_end(lower, 'above')}; nothing bounds it from above{why}."
    fine = words.decimals_between(lower, upper)
    return f"{subject} lies {_end(lower, 'above', fine)} and {_end(upper, 'below', fine)}.{_moved(ledger)}"


def incomplete(ledger: Ledger) -> str | None:
    """A warning where the audit was stopped; None where it was completed."""
    if ledger.complete:
        return None
    rows = "the one row that was" if ledger.rows == 1 else f"the {ledger.rows} rows that were"
    return (
        f"This audit was stopped before it was done. Every number below is about {rows} finished. Parts that had not "
        "begun are missing."
    )


def direction(ledger: Ledger) -> str:
    """Which way the KL may err; it inherits that from log p(x)."""
    evidence, gap = ledger.evidence, ledger.gap.inference
    if is_exact(ledger):
        return "For this model log p(x) is known exactly, so the KL shown is exact up to the error of the ELBO."
    if evidence.upper is not None:
        doubt = evidence.upper.status == "conditional-upper" and evidence.lower.status == "certified-lower"
        return "Here log p(x) is enclosed between two bounds, and so is the KL." + (
            " The bound from above holds only under its condition. The bound from below needs none." if doubt else ""
        )
    if evidence.lower.status == "estimate":
        return "Here log p(x) is an estimate without a certificate, and so is the KL."
    if gap.lower.value <= 0:
        return "Here the lower bound on the KL is not above zero, which is known anyway: a KL is never negative."
    return (
        "Here log p(x) is bounded from below only, so the KL shown is a lower bound too. The encoder is at least this "
        "far from the posterior, and may be further."
    )


def allowance(simulated: Simulated) -> str:
    """What the start that real rows get was measured to do to the upper bound."""
    if simulated.matched == 0:
        return "None of them resembles the audited rows, so nothing is known of what the start does to real rows."
    where = "They resemble the audited rows. On them"
    if simulated.matched < simulated.rows:
        where = f"On the {simulated.matched} of them that resemble the audited rows,"
    return (
        f"{where} reverse walks were made twice: from the latents that made the row, and from the start that audited "
        f"rows get. The first gives a bound that is higher by {words.number(simulated.allowance)} nats on average "
        f"({words.claim(simulated.allowance)}); the {_Q95} quantile over those rows is "
        f"{words.plain(simulated.allowance_q95)}."
    )


def comparable(simulated: Simulated) -> str:
    """The share of the audited rows that the check covers."""
    return (
        f"{words.percent(simulated.comparable)} of the audited rows lie within the range of the simulated ones in what "
        "they were matched by. The check does not cover the others."
    )


def _end(estimate: Estimate, side: str, fine: int = 0) -> str:
    value = words.value_of(estimate, fine)
    if estimate.status in {"certified-lower", "certified-upper"}:
        chance = "" if not estimate.delta else f"{words.confidence(estimate)}, "
        return f"{side} {value} ({chance}assumption-free)"
    if estimate.status == "conditional-upper":
        chance = "" if not estimate.delta else f" ({words.confidence(estimate)})"
        # what follows a semicolon is said in full beside the number itself
        return f"{side} {value} if {words.assumption(estimate).partition(';')[0]}{chance}"
    return f"{side} {value} ({'exact' if estimate.status == 'exact' else 'an estimate, no certificate'})"


def _moved(ledger: Ledger) -> str:
    """The measured allowance, where the upper end is conditional on its start."""
    simulated, upper = ledger.simulated, ledger.evidence.upper
    if simulated is None or simulated.matched == 0 or upper is None or upper.status != "conditional-upper":
        return ""
    return (
        f" On {simulated.matched} rows drawn from the model, matched to these, the start moved the bound by "
        f"{words.plain(simulated.allowance.value)} ({_Q95} quantile {words.plain(simulated.allowance_q95)})."
    )
