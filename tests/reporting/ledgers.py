"""Ledgers made by hand: realistic, coherent (elbo = −distortion − rate, gap = log p(x) − ELBO), no device."""

import dataclasses
import random

from taut.record import (
    FORMAT,
    Estimate,
    Evidence,
    FigureRow,
    Figures,
    Gap,
    Generalisation,
    HistoryRow,
    Interval,
    LatentMap,
    LatentUse,
    Ledger,
    Quantiles,
    Verdict,
    WeightHealth,
)


def digits_ledger() -> Ledger:
    """An audit of 8x8 digits, log p(x) bounded from below only."""
    return Ledger(
        format=FORMAT,
        taut="0.1.0",
        created="2025-03-02T10:11:12+00:00",
        title="digits, held out",
        likelihood="discretised logistic",
        discrete=True,
        rows=297,
        datum=64,
        latent=8,
        data_digest="sha256:3f9ac07714c2aa0d",
        model_digest="sha256:b81f2e6600d1cc4e",
        seconds=12.4,
        settings={"draws": 512, "prior_draws": 4096, "seed": 0, "delta": 0.01, "precision": "float32", "chunk": None},
        elbo=Estimate(value=-104.213, std_error=0.912, draws=512),
        evidence=Evidence(
            lower=Estimate(value=-102.37, std_error=0.905, status="certified-lower", delta=0.01, draws=512),
            upper=None,
            importance=Estimate(value=-101.804, std_error=0.903, draws=512),
            prior=Estimate(value=-187.62, std_error=3.41, draws=4096),
        ),
        gap=Gap(
            inference=Interval(
                lower=Estimate(value=1.843, std_error=0.061, status="certified-lower", delta=0.01), upper=None
            )
        ),
        rate=Estimate(value=15.871, std_error=0.112),
        distortion=Estimate(value=88.342, std_error=0.874),
        latents=_latents(),
        active_units=6,
        weights=_weights(512, (2.1, 31.7, 77.4, 140.2, 301.6), 0.121),
        prior_weights=_weights(4096, (1.0, 1.0, 1.2, 1.9, 8.3), 0.986),
        bits_per_dim=Estimate(value=2.308, std_error=0.02, status="certified-upper", delta=0.01),
        verdicts=_verdicts(),
        notes=[
            "The rows were held out: their digest differs from that of the training rows.",
            "float32, highest matmul precision.",
        ],
        figures=_figures(),
    )


def two_sided(ledger: Ledger) -> Ledger:
    """The same with log p(x) bounded from above as well, and the causes of the gap measured."""
    upper = Estimate(value=-101.02, std_error=0.95, status="conditional-upper", condition="the chains mix")
    gap = Interval(
        lower=ledger.gap.inference.lower,
        upper=Estimate(value=3.193, std_error=0.21, status="conditional-upper", condition="the chains mix"),
    )
    return dataclasses.replace(
        ledger,
        evidence=dataclasses.replace(ledger.evidence, upper=upper),
        gap=Gap(
            inference=gap,
            approximation=Estimate(value=1.96, std_error=0.05),
            amortisation=Estimate(value=1.233, std_error=0.04, status="certified-lower", delta=0.01),
            generalisation=Generalisation(
                rows=297, evidence=Estimate(value=2.2, std_error=0.7), encoder=Estimate(value=-0.31, std_error=0.09)
            ),
        ),
    )


def exact(ledger: Ledger) -> Ledger:
    """A model whose evidence is a closed form, of a density."""
    log_p = Estimate(value=3.25, std_error=0.08, status="exact")
    gap = Estimate(value=0.41, std_error=0.002, status="exact")
    return dataclasses.replace(
        ledger,
        discrete=False,
        bits_per_dim=None,
        elbo=Estimate(value=2.84, std_error=0.08),
        rate=Estimate(value=1.1, std_error=0.01),
        distortion=Estimate(value=-3.94, std_error=0.07),
        evidence=Evidence(
            lower=log_p, upper=log_p, importance=Estimate(value=3.249, std_error=0.08), prior=Estimate(value=3.2)
        ),
        gap=Gap(inference=Interval(lower=gap, upper=gap)),
    )


def table(ledger: Ledger) -> Ledger:
    """Rows of a table with named columns instead of images."""
    names = ["age", "income <b>", "price in $", "a_rather_long_name_of_a_column_from_somebody’s_file", "x^2$y$"]
    originals = [[51.0, 23000.5, -1.25, 0.0, 3e-7], [33.0, 41000.25, 2.5, 1.0, 12345678.0]]
    rebuilt = [[48.21, 25310.0, -1.1, 0.13, 2e-7], [35.9, 39800.0, 2.25, 0.94, 11345678.0]]
    changed = dataclasses.replace(
        ledger.figures, image_shape=None, originals=originals, reconstructions=rebuilt, samples=[], feature_names=names
    )
    return dataclasses.replace(ledger, figures=changed)


def bare(ledger: Ledger) -> Ledger:
    """One row, one latent, and nothing that may be missing."""
    empty = Figures(
        rows=ledger.figures.rows[:1],
        history=[],
        outcome=None,
        image_shape=None,
        originals=[],
        reconstructions=[],
        samples=[],
        feature_names=None,
        latent_map=None,
    )
    return dataclasses.replace(
        ledger,
        rows=1,
        datum=1,
        latent=1,
        active_units=1,
        latents=ledger.latents[:1],
        elbo=Estimate(value=-104.213),
        bits_per_dim=None,
        verdicts=[],
        notes=[],
        settings={},
        figures=empty,
    )


def with_labels(ledger: Ledger, labels: list[str] | None) -> Ledger:
    """The same with other labels on the map, repeated until every row has one."""
    old = ledger.figures.latent_map
    assert old is not None
    repeated = None if labels is None else [labels[place % len(labels)] for place in range(len(old.x))]
    figures = dataclasses.replace(ledger.figures, latent_map=dataclasses.replace(old, labels=repeated))
    return dataclasses.replace(ledger, figures=figures)


def _latents() -> list[LatentUse]:
    kls = [2.91, 0.012, 3.402, 2.2, 1.871, 0.004, 3.12, 2.352]
    return [LatentUse(kl=kl, variance_of_mean=round(kl / 3.5, 4), active=kl > 0.05) for kl in kls]


def _weights(draws: int, ess: tuple[float, float, float, float, float], over: float) -> WeightHealth:
    return WeightHealth(
        draws=draws,
        khat=Quantiles(minimum=-0.11, q25=0.31, median=0.48, q75=0.62, maximum=1.27),
        ess=Quantiles(minimum=ess[0], q25=ess[1], median=ess[2], q75=ess[3], maximum=ess[4]),
        threshold=0.63,
        over_threshold=over,
    )


def _verdicts() -> list[Verdict]:
    return [
        Verdict(
            code="bound-holds",
            severity="good",
            text="The bound is certified: log p(x) is at least −102.37 nats on average.",
            evidence="evidence.lower = −102.37, δ = 0.01",
        ),
        Verdict(
            code="encoder-behind",
            severity="warning",
            text="The encoder loses at least 1.843 nats a row; a full covariance or a larger encoder may recover it.",
            evidence="gap.inference.lower = 1.843 ± 0.061",
        ),
        Verdict(
            code="idle-latents",
            severity="note",
            text="6 of 8 latents are active; fewer latents would do.",
            evidence="active_units = 6",
        ),
    ]


def _figures() -> Figures:
    source = random.Random(0)
    originals = [_image(source, 0.0) for _ in range(10)]
    return Figures(
        rows=[_row(source, row) for row in range(297)],
        history=[
            HistoryRow(
                epoch=epoch,
                train=round(-99 - 160 * 0.8**epoch + source.gauss(0, 0.2), 3),
                held_out=round(-104.2 - 150 * 0.8**epoch + source.gauss(0, 0.3), 3),
                seconds=round(0.2 * epoch, 2),
            )
            for epoch in range(1, 41)
        ],
        outcome="Stopped after 40 epochs: the held-out bound had not risen for 10.",
        image_shape=(8, 8),
        originals=originals,
        reconstructions=[[round(0.8 * value + 0.1, 4) for value in image] for image in originals],
        samples=[_image(source, 0.1) for _ in range(24)],
        feature_names=None,
        latent_map=_map(source),
    )


def _row(source: random.Random, row: int) -> FigureRow:
    log_p = round(-101.8 + source.gauss(0, 15), 3)
    gap = round(source.gammavariate(3, 0.8), 3)
    return FigureRow(row=row, elbo=round(log_p - gap, 3), log_p=log_p, std_error=0.1, khat=0.4, ess=77.4)


def _image(source: random.Random, noise: float) -> list[float]:
    centre, radius = (source.uniform(2.5, 4.5), source.uniform(2.5, 4.5)), source.uniform(1.5, 3)
    distances = [abs(((x - centre[0]) ** 2 + (y - centre[1]) ** 2) ** 0.5 - radius) for y in range(8) for x in range(8)]
    return [round(min(max(1 - distance + noise * source.gauss(0, 1), 0.0), 1.0), 4) for distance in distances]


def _map(source: random.Random) -> LatentMap:
    labels = [str(row % 10) for row in range(297)]
    centres = {str(digit): (source.gauss(0, 1.5), source.gauss(0, 1.5)) for digit in range(10)}
    return LatentMap(
        axes=("latent 2, the one with the largest KL", "latent 6, the next"),
        x=[round(centres[label][0] + source.gauss(0, 0.35), 3) for label in labels],
        y=[round(centres[label][1] + source.gauss(0, 0.35), 3) for label in labels],
        labels=labels,
    )
