"""A small ledger made by hand for the verdicts, with only what cannot be missing, and its variations."""

import dataclasses

from taut.record import (
    FORMAT,
    Annealing,
    Calibration,
    ColumnAccount,
    ColumnCalibration,
    Control,
    Coverage,
    Estimate,
    Evidence,
    Figures,
    Gap,
    Generalisation,
    Interval,
    LatentUse,
    Ledger,
    MaskedCells,
    Outliers,
    Predictive,
    Quantiles,
    Simulated,
    WeightHealth,
)


def near(value, error=0.01, **more):
    return Estimate(value=value, std_error=error, **more)


def quantiles(median, maximum=None):
    top = median if maximum is None else maximum
    return Quantiles(minimum=median, q25=median, median=median, q75=median, maximum=top)


def health(over=0.0, ess=90.0):
    return WeightHealth(draws=100, khat=quantiles(0.3), ess=quantiles(ess), threshold=0.5, over_threshold=over)


def base():
    """400 rows, a gap of 0.1, light weights, two latents in use; log p(x) from below by importance weights."""
    nothing = Figures(
        rows=[],
        history=[],
        outcome=None,
        image_shape=None,
        originals=[],
        reconstructions=[],
        samples=[],
        feature_names=None,
        latent_map=None,
    )
    return Ledger(
        format=FORMAT,
        taut="0",
        created="",
        title="",
        likelihood="",
        discrete=False,
        rows=400,
        datum=3,
        latent=2,
        data_digest="",
        model_digest="",
        seconds=0.0,
        settings={},
        elbo=near(-10.1),
        evidence=Evidence(
            lower=Estimate(value=-10.0, status="certified-lower"), upper=None, importance=near(-10.0), prior=None
        ),
        gap=Gap(inference=Interval(lower=near(0.1), upper=None)),
        rate=None,
        distortion=None,
        latents=[LatentUse(kl=1.0, variance_of_mean=0.5, active=True) for _ in range(2)],
        active_units=2,
        weights=health(),
        prior_weights=None,
        bits_per_dim=None,
        verdicts=[],
        notes=[],
        figures=nothing,
    )


def but(ledger, changes):
    """The same with other values at some dotted places."""
    for place, value in changes.items():
        ledger = _set(ledger, place.split("."), value)
    return ledger


def _set(record, path, value):
    inner = value if len(path) == 1 else _set(getattr(record, path[0]), path[1:], value)
    return dataclasses.replace(record, **{path[0]: inner})


def known():
    """log p(x) is exact."""
    exact = Estimate(value=-10.0, status="exact")
    return but(
        base(),
        {
            "evidence.lower": exact,
            "evidence.upper": exact,
            "gap.inference": Interval(lower=near(0.1), upper=near(0.1)),
        },
    )


def bracketed(width=0.04):
    """log p(x) between walks, with all the checks behind the bracket, none of which finds anything."""
    upper = Estimate(value=-10.0 + width, std_error=0.0, status="conditional-upper")
    return but(
        base(),
        {
            "evidence.upper": upper,
            "evidence.bridge": near(-10.0 + width / 2),
            "evidence.width": width,
            "gap.inference": Interval(lower=near(0.1), upper=near(0.1 + width)),
            "annealing": Annealing(
                start="each row's refined Gaussian",
                chains=4,
                leapfrogs=3,
                temperatures=quantiles(50.0),
                acceptance=quantiles(0.7),
                rhat=quantiles(1.05, 1.5),
                failed_chains=0,
                asked=None,
                controls=[
                    Control(start="the encoder", rows=32, excess=near(-0.3)),
                    Control(start="the prior", rows=32, excess=near(0.0)),
                ],
            ),
            "simulated": Simulated(
                rows=64,
                lower=near(-9.0),
                upper=near(-8.9),
                matched=64,
                comparable=0.9,
                allowance=near(0.01),
                allowance_q95=0.05,
            ),
        },
    )


def causes(amortisation, approximation, full=0.0, family="diagonal", error=0.01):
    """The bracketed ledger with a gap of these causes."""
    total = amortisation + approximation
    return but(
        bracketed(),
        {
            "gap.inference": Interval(lower=near(total - 0.04, error), upper=near(total, error)),
            "gap.amortisation": near(amortisation, error),
            "gap.approximation": near(approximation, error, status="conditional-upper"),
            "gap.full_covariance": near(full, error),
            "gap.family": family,
        },
    )


def generalising(evidence=0.0, encoder=0.0, error=0.1):
    return but(
        base(),
        {"gap.generalisation": Generalisation(rows=400, evidence=near(evidence, error), encoder=near(encoder, error))},
    )


def split(information, excess, error=0.01, **more):
    """Mutual information and marginal KL over 400 rows, log 400 = 5.99."""
    return but(base(), {"mutual_information": near(information, error), "marginal_kl": near(excess, error), **more})


def calibrated(z_sd=1.0, covered=0.9, biased=(), latent=2, rows=500):
    found = Calibration(
        rows=rows,
        draws=99,
        z_mean=0.0,
        z_sd=z_sd,
        coverage=[Coverage(level=0.5, observed=0.5), Coverage(level=0.9, observed=covered)],
        ranks=[50] * 20,
        band=(30.0, 70.0),
        biased=list(biased),
    )
    return but(base(), {"calibration": found, "latent": latent})


def outlying(improbable=0.01, regretful=0.01, rows=400):
    found = Outliers(reference=256, improbable=improbable, regret=3.0, regretful=regretful, rows=[7, 3])
    return but(base(), {"outliers": found, "rows": rows})


def predicting(statistic, observed, simulated, half=0.01):
    found = Predictive(
        statistic=statistic, observed=observed, simulated=simulated, low=simulated - half, high=simulated + half
    )
    usual = Predictive(statistic="spread", observed=1.0, simulated=1.0, low=0.9, high=1.1)
    return but(base(), {"predictive": [usual, found]})


def using(*states):
    """Latents, each True (active), False (idle), or idle with its collapse."""
    latents = [
        LatentUse(
            kl=1.0, variance_of_mean=0.5, active=state is True, collapse=state if isinstance(state, str) else None
        )
        for state in states
    ]
    return but(base(), {"latents": latents, "latent": len(latents), "active_units": sum(s is True for s in states)})


def column(name, gain=0.5, association=0.5, shape="right", said=0.9, covered=0.9, **more):
    """A Gaussian column that the others tell about, right in every respect."""
    found = ColumnCalibration(
        cells=400,
        pit=[40] * 10,
        band=(25.0, 56.0),
        ks=0.2,
        p_value=1e-6,
        inner=0.5,
        below=0.01,
        above=0.01,
        shape=shape,
    )
    hidden = MaskedCells(cells=100, said=said, covered=near(covered, 0.03), score="rmse", value=0.5, baseline=1.0)
    kind = {"kind": "real", "family": "gaussian", "measure": "density", "unit": "unit"} | more
    return ColumnAccount(
        name=name,
        reason="",
        cells=400,
        observed=1.0,
        distortion=near(1.0),
        independent_baseline=near(-1.5),
        conditional=near(-1.5 + gain),
        gain=near(gain, 0.005),
        partner="other",
        association=association,
        calibration=found,
        masked=hidden,
        **kind,
    )


def tabled(*columns):
    """A ledger of a table with these columns, and one in which nothing is wrong."""
    return but(base(), {"columns": [column("fine"), *columns]})
