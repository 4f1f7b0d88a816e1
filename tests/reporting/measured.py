"""A ledger in which everything is measured, made by hand and coherent.

rate = mutual_information + marginal_kl; evidence = elbo + gap on both sides; approximation = gap.upper − amortisation;
marginal_kl = total_correlation + the sum of the latents' marginal KLs; the rows' brackets average to `width`.
"""

import dataclasses
import random

from taut.record import (
    Annealing,
    Calibration,
    Control,
    Coverage,
    Crooks,
    Estimate,
    Evidence,
    FigureRow,
    Gap,
    Generalisation,
    Interval,
    LatentUse,
    Ledger,
    Outliers,
    OwnTradeOff,
    Predictive,
    Quantiles,
    Simulated,
    TradeOff,
    Verdict,
)

CONDITION = "the starts of the reverse walks are posterior draws"


def measured(ledger: Ledger) -> Ledger:
    """The same audit with the whole account: bracket, causes, parts of the rate, checks."""
    rows = _rows(ledger.figures.rows)
    width = sum(row.upper - row.lower for row in rows) / len(rows)
    return dataclasses.replace(
        ledger,
        evidence=_evidence(ledger.evidence, width),
        gap=_gap(),
        latents=_latents(ledger.latents),
        mutual_information=Estimate(value=5.312, std_error=0.021),
        marginal_kl=Estimate(value=10.559, std_error=0.108),
        total_correlation=Estimate(value=1.842, std_error=0.034),
        prior_gain=Estimate(value=8.104, std_error=0.072, condition="independent Gaussians with the moments of q(z)"),
        annealing=_annealing(),
        outliers=Outliers(reference=500, improbable=0.024, regret=6.113, regretful=0.057, rows=[17, 203, 88]),
        predictive=[
            Predictive(statistic="spread", observed=1.0312, simulated=0.9987, low=0.9714, high=1.0262),
            Predictive(statistic="kurtosis", observed=3.211, simulated=3.304, low=2.953, high=3.671),
        ],
        simulated=_simulated(),
        calibration=_calibration(),
        crooks=_crooks(width),
        trade_off=_trade_off(),
        own_trade_off=OwnTradeOff(rows=32, rate=15.871, distortion=88.342),
        verdicts=_verdicts(),
        figures=dataclasses.replace(ledger.figures, rows=rows),
    )


def as_log_joint(ledger: Ledger) -> Ledger:
    """A log-joint density without a likelihood: no rate, no distortion, no prior to draw from."""
    return dataclasses.replace(
        ledger,
        rate=None,
        distortion=None,
        prior_weights=None,
        evidence=dataclasses.replace(ledger.evidence, prior=None),
        bits_per_dim=None,
        trade_off=[],
        own_trade_off=None,
    )


def conditional(ledger: Ledger, condition: str) -> Ledger:
    """The same with another condition on the bound from above."""
    assert ledger.evidence.upper is not None
    upper = dataclasses.replace(ledger.evidence.upper, condition=condition)
    return dataclasses.replace(ledger, evidence=dataclasses.replace(ledger.evidence, upper=upper))


def stopped(ledger: Ledger) -> Ledger:
    """An audit that was stopped before it was done."""
    return dataclasses.replace(ledger, complete=False)


def _verdicts() -> list[Verdict]:
    return [
        Verdict(
            code="gap-amortisation",
            severity="warning",
            text="Of the gap at least 2.305 nats a row are lost to amortisation: a wider encoder may recover them.",
            evidence="gap.amortisation = 2.305 ± 0.051, gap.approximation = 0.574 ± 0.028",
            lever="encoder",
            promise=Estimate(value=2.305, std_error=0.051),
            title="A q fitted to each row does better.",
            command="taut improve RUN --seconds 600",
        ),
        Verdict(
            code="prior-mismatch",
            severity="warning",
            text="The aggregated posterior is 10.56 nats away from the prior. The lever is the prior: a richer one.",
            evidence="marginal_kl = 10.56 ± 0.11",
            lever="prior",
            promise=Estimate(value=10.56, std_error=0.11),
            title="The latents do not follow the prior.",
            command="taut fit … --prior mixture:20",
        ),
        Verdict(
            code="latents-collapsed",
            severity="note",
            text="Latent 1 is idle in the model, latent 5 only in the encoder.",
            evidence="latents[1].collapse = model, latents[5].collapse = amortisation",
        ),
        Verdict(
            code="bracket-holds",
            severity="good",
            text="log p(x) is bracketed: no check contradicts it.",
            evidence="annealing.controls[0].excess = −0.214 ± 0.083, simulated.allowance = 0.018",
        ),
    ]


def _evidence(old: Evidence, width: float) -> Evidence:
    return dataclasses.replace(
        old,
        lower=Estimate(value=-101.437, std_error=0.905, status="certified-lower", delta=0.005, draws=16),
        upper=Estimate(
            value=-101.334, std_error=0.905, status="conditional-upper", delta=0.005, condition=CONDITION, draws=16
        ),
        refined=Estimate(value=-101.452, std_error=0.905, draws=512),
        bridge=Estimate(value=-101.391, std_error=0.905, draws=32),
        width=width,
    )


def _gap() -> Gap:
    return Gap(
        inference=Interval(
            lower=Estimate(value=2.776, std_error=0.062, condition="error by the central limit"),
            upper=Estimate(value=2.879, std_error=0.062, status="conditional-upper", delta=0.005, condition=CONDITION),
        ),
        family="diagonal Gaussian",
        amortisation=Estimate(value=2.305, std_error=0.051),
        approximation=Estimate(value=0.574, std_error=0.028, status="conditional-upper", condition=CONDITION),
        full_covariance=Estimate(value=0.412, std_error=0.019),
        generalisation=Generalisation(
            rows=297, evidence=Estimate(value=2.214, std_error=0.713), encoder=Estimate(value=-0.318, std_error=0.094)
        ),
    )


def _latents(old: list[LatentUse]) -> list[LatentUse]:
    marginal = [1.6, 0.008, 1.9, 1.2, 1.0, 0.002, 1.75, 1.257]
    refined = [3.214, 0.009, 3.611, 2.406, 2.013, 0.853, 3.305, 2.512]
    collapses = {1: "model", 5: "amortisation"}
    return [
        dataclasses.replace(
            latent, marginal_kl=marginal[place], refined_kl=refined[place], collapse=collapses.get(place)
        )
        for place, latent in enumerate(old)
    ]


def _rows(old: list[FigureRow]) -> list[FigureRow]:
    """Brackets of a few hundredths of a nat, the importance-weighted value mostly below."""
    source = random.Random(1)
    rows = []
    for row in old:
        middle = row.log_p + source.gammavariate(1.1, 0.37)
        half = source.gammavariate(3, 0.0103)
        rows.append(
            dataclasses.replace(
                row,
                lower=round(middle - half, 3),
                upper=round(middle + half, 3),
                amortisation=round(0.8 * (middle - row.elbo), 3),
            )
        )
    return rows


def _annealing() -> Annealing:
    return Annealing(
        start="the refined Gaussian of each row, widened by a fifth",
        chains=16,
        leapfrogs=5,
        temperatures=Quantiles(minimum=32.0, q25=64.0, median=96.0, q75=160.0, maximum=512.0),
        acceptance=Quantiles(minimum=0.512, q25=0.633, median=0.661, q75=0.702, maximum=0.824),
        rhat=Quantiles(minimum=1.0, q25=1.002, median=1.006, q75=1.011, maximum=1.083),
        failed_chains=3,
        asked=0.1,
        controls=[Control(start="the prior", rows=32, excess=Estimate(value=-0.214, std_error=0.083))],
    )


def _simulated() -> Simulated:
    return Simulated(
        rows=128,
        lower=Estimate(value=-97.913, std_error=1.214, status="certified-lower", delta=0.005),
        upper=Estimate(value=-97.829, std_error=1.214, status="certified-upper", delta=0.005),
        matched=96,
        comparable=0.931,
        allowance=Estimate(value=0.018, std_error=0.0042),
        allowance_q95=0.113,
    )


def _calibration() -> Calibration:
    return Calibration(
        rows=400,
        draws=63,
        z_mean=0.012,
        z_sd=1.184,
        coverage=[
            Coverage(level=0.5, observed=0.441),
            Coverage(level=0.8, observed=0.723),
            Coverage(level=0.9, observed=0.836),
            Coverage(level=0.95, observed=0.902),
        ],
        ranks=[246, 189, 172, 161, 158, 149, 146, 139, 141, 137, 140, 138, 143, 147, 152, 155, 163, 170, 191, 263],
        band=(124.0, 198.0),
        biased=[2, 6],
    )


def _crooks(gap: float) -> Crooks:
    source = random.Random(2)
    edges = [round(-1.2 + 0.06 * place, 2) for place in range(41)]
    forward, reverse = [0] * 40, [0] * 40
    for counts, side in ((forward, -1), (reverse, 1)):
        for _ in range(297 * 16):
            value = source.gauss(side * gap / 2, 0.26)
            counts[min(max(int((value + 1.2) / 0.06), 0), 39)] += 1
    return Crooks(
        edges=edges, forward=forward, reverse=reverse, forward_variance=0.0681, reverse_variance=0.0664, gap=gap
    )


def _trade_off() -> list[TradeOff]:
    """Through (13.06, 88.33) at beta = 1, where rate + distortion = −log p(x), whose slope is −1/beta everywhere."""
    betas = [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 4.0, 8.0]
    rates = [0.95, 2.43, 4.1, 6.62, 8.71, 10.02, 11.41, 13.062, 14.483, 16.04, 19.21, 22.14]
    distortions = [191.922, 145.12, 121.503, 103.684, 95.785, 92.653, 90.304, 88.329, 87.128, 86.198, 85.077, 84.559]
    return [
        TradeOff(beta=beta, rate=rate, distortion=distortion)
        for beta, rate, distortion in zip(betas, rates, distortions, strict=True)
    ]
