"""Which latents carry nothing, and whether the model or the encoder causes it."""

from taut.auditing.verdicts.evidence import named
from taut.record import Account, Verdict


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
    )
