"""The checks behind the bracket, as lines for a terminal and as small tables for the page."""

from taut.record import Annealing, Calibration, Control, LatentUse, Ledger, Quantiles
from taut.reporting import standing, words
from taut.reporting.line import Line, line_of

COLLAPSES = {"model": "collapsed: model", "amortisation": "collapsed: amortisation"}
_MOST_LATENTS = 64


def check_lines(ledger: Ledger) -> list[Line]:
    """What a terminal shows of the checks; the page has a section for each."""
    simulated, lines = ledger.simulated, []
    if simulated is not None:
        fine = words.decimals_between(simulated.lower, simulated.upper)
        rows = f"{simulated.rows} simulated rows"
        lines += [
            line_of(f"log p(x) of {rows}, from below", simulated.lower, "", fine),
            line_of(f"log p(x) of {rows}, from above", simulated.upper, "", fine),
        ]
        if simulated.matched:
            lines.append(line_of(f"Start’s effect on {simulated.matched} of them", simulated.allowance, ""))
    if ledger.calibration is not None:
        lines.append(_calibration_line(ledger.calibration))
    return lines + [
        Line(name=part[:1].upper() + part[1:], value="–", status="not measured: the time was spent", meaning="")
        for part in ledger.not_measured
    ]


def _calibration_line(calibration: Calibration) -> Line:
    coverage = ", ".join(f"{words.level(c.level)}: {words.percent(c.observed)}" for c in calibration.coverage)
    return Line(
        name="Calibration, sd of z (1 is right)",
        value=words.plain(calibration.z_sd),
        status=f"intervals cover {coverage}" if coverage else "",
        meaning="",
    )


def annealing_facts(ledger: Ledger) -> list[tuple[str, str]]:
    """How the bracket was annealed: what was set, what was asked, what was reached."""
    annealing = ledger.annealing
    if annealing is None:
        return []
    facts = [
        ("start of the walks", annealing.start),
        ("chains per row", str(annealing.chains)),
        ("leapfrog steps at each temperature", str(annealing.leapfrogs)),
        ("failed chains, counted as weight zero", str(annealing.failed_chains)),
    ]
    if annealing.asked is not None:
        facts.append(("width asked", f"{words.general(annealing.asked)} nats"))
    if ledger.evidence.width is not None:
        facts.append(("width reached, mean over rows", f"{words.plain(ledger.evidence.width)} nats"))
    return facts


def annealing_quantiles(annealing: Annealing | None) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Headings, then a row of texts for each quantile over rows."""
    if annealing is None:
        return [], []
    columns: list[tuple[str, Quantiles, int]] = [
        ("Temperatures", annealing.temperatures, 0),
        ("Acceptance", annealing.acceptance, 2),
    ]
    if annealing.rhat is not None:
        columns.append(("R̂ of starts", annealing.rhat, 3))
    return [name for name, _, _ in columns], quantile_rows([(column, digits) for _, column, digits in columns])


def quantile_rows(columns: list[tuple[Quantiles, int]]) -> list[tuple[str, list[str]]]:
    """The five quantiles down, the given columns across, each with its number of decimals."""
    names = [
        ("minimum", "minimum"),
        ("lower quartile", "q25"),
        ("median", "median"),
        ("upper quartile", "q75"),
        ("maximum", "maximum"),
    ]
    return [
        (name, [words.fixed(getattr(column, field), digits) for column, digits in columns]) for name, field in names
    ]


def control_sentence(control: Control) -> str:
    """One control and how to read it."""
    rows = "one row" if control.rows == 1 else f"{control.rows} rows"
    return (
        f"Started from {control.start}, on {rows}: the bound from below minus the main one is "
        f"{words.number(control.excess)} nats on average ({standing.claim(control.excess)})."
    )


def latent_table(latents: list[LatentUse]) -> list[tuple[str, list[str]]]:
    """For each latent, largest KL first: KL, refined KL, marginal KL, and its state."""
    ordered = sorted(enumerate(latents), key=lambda pair: (-pair[1].kl, pair[0]))[:_MOST_LATENTS]
    return [
        (
            str(place),
            [
                words.plain(latent.kl),
                "–" if latent.refined_kl is None else words.plain(latent.refined_kl),
                "–" if latent.marginal_kl is None else words.plain(latent.marginal_kl),
                state_of(latent),
            ],
        )
        for place, latent in ordered
    ]


def state_of(latent: LatentUse) -> str:
    """Whether a latent is in use, and if not, what causes it."""
    if latent.collapse is not None:
        return COLLAPSES[latent.collapse]
    return "active" if latent.active else "not active"


def collapsed(latents: list[LatentUse], kind: str) -> str | None:
    """The numbers of the latents with this collapse, in words; None where there is none."""
    return named([place for place, latent in enumerate(latents) if latent.collapse == kind])


def named(places: list[int]) -> str | None:
    """Latents by number; None where there are none.

    >>> named([2, 6]), named([3]), named([])
    ('latents 2 and 6', 'latent 3', None)
    """
    if not places:
        return None
    return f"latent{'s' if len(places) > 1 else ''} {words.listed([str(place) for place in places])}"
