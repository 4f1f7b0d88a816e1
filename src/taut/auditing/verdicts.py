"""From numbers to sentences: what is wrong, or right, and which lever moves it."""

from taut.record import Estimate, Evidence, Gap, LatentUse, Verdict, WeightHealth

# A nat is a factor of e in probability for each row: below this the encoder loses little.
SMALL_GAP = 0.5


def verdicts_on(
    *, evidence: Evidence, gap: Gap, latents: list[LatentUse], weights: WeightHealth, prior_weights: WeightHealth
) -> list[Verdict]:
    """All verdicts, the worst first."""
    order = ("problem", "warning", "note", "good")
    found = [
        _on_the_gap(gap.inference.lower, evidence),
        _on_the_weights(weights, exact=evidence.lower.status == "exact"),
        _on_the_latents(latents),
        _on_the_prior(evidence, prior_weights),
    ]
    return sorted(found, key=lambda verdict: order.index(verdict.severity))


def _on_the_gap(gap: Estimate, evidence: Evidence) -> Verdict:
    exact = evidence.lower.status == "exact"
    # The certificate's margin is the price of few rows, not a merit of the encoder: the verdict looks at what was seen.
    seen = gap.value + (0.0 if exact else evidence.importance.value - evidence.lower.value)
    if seen < SMALL_GAP:
        source = "" if exact else ", as far as importance weights can see"
        return Verdict(
            code="gap-small",
            severity="good" if exact else "note",
            text=f"The encoder's ELBO lies {seen:.2f} nats a row below log p(x){source}: climbing one is nearly "
            "climbing the other.",
            evidence=f"gap.inference.lower = {gap}, evidence.importance = {evidence.importance}",
        )
    by = f"by {gap.value:.2f}" if exact else f"by at least {max(gap.value, 0.0):.2f}"
    return Verdict(
        code="gap-large",
        severity="warning",
        text=f"The encoder's ELBO lies below log p(x) {by} nats a row. The lever is the guide: a full covariance, a "
        "wider encoder, or refining q for each row; which of them helps is not measured here.",
        evidence=f"gap.inference.lower = {gap}",
    )


def _on_the_weights(weights: WeightHealth, *, exact: bool) -> Verdict:
    share = weights.over_threshold
    evidence = f"weights.over_threshold = {share:.3f}, weights.khat.median = {weights.khat.median:.2f}"
    if share <= 0.05:
        return Verdict(
            code="weights-good",
            severity="good",
            text=f"Importance weights are light-tailed for {1 - share:.0%} of the rows: the {weights.draws}-draw "
            "value can be trusted.",
            evidence=evidence,
        )
    return Verdict(
        code="weights-heavy",
        severity="note" if exact else "warning",
        text=f"For {share:.0%} of the rows the importance weights have a tail too heavy for {weights.draws} draws "
        f"(Pareto k̂ above {weights.threshold:.2f}): in expectation their value lies below log p(x), by an unknown "
        "distance. The lever is the guide, then more draws.",
        evidence=evidence,
    )


def _on_the_latents(latents: list[LatentUse]) -> Verdict:
    idle = [number for number, latent in enumerate(latents) if not latent.active]
    evidence = f"active_units = {len(latents) - len(idle)} of {len(latents)}"
    if not idle:
        return Verdict(
            code="latents-used",
            severity="good",
            text=f"All {len(latents)} latents carry information.",
            evidence=evidence,
        )
    return Verdict(
        code="latents-idle",
        severity="problem" if len(idle) == len(latents) else "note",
        text=f"{len(idle)} of {len(latents)} latents carry nothing. A smaller latent dimension would do as well; if "
        "more were "
        "expected, let the divergence warm up (`kl_warm_up`).",
        evidence=evidence,
    )


def _on_the_prior(evidence: Evidence, prior_weights: WeightHealth) -> Verdict:
    lost = evidence.importance.value - evidence.prior.value
    return Verdict(
        code="prior-estimate",
        severity="note",
        text=f"Averaging p(x|z) over draws from the prior gives {lost:.2f} nats less than the encoder's draws: of "
        f"{prior_weights.draws} "
        f"prior draws {prior_weights.ess.median:.1f} count in the median row, since few of them land where the "
        "posterior is.",
        evidence=f"prior_weights.ess.median = {prior_weights.ess.median:.2f}, evidence.prior = {evidence.prior}",
    )
