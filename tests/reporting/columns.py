"""A ledger of a table made by hand: columns of every sort, one of them with everything wrong."""

import dataclasses
import random

from taut.record import (
    ColumnAccount,
    ColumnCalibration,
    Dependence,
    Estimate,
    ExampleRows,
    Ledger,
    LeftOut,
    Marginal,
    MaskedCells,
    PairDifference,
    Part,
    Quantiles,
    TableAccount,
)

NAMES = ["age", "income <b>", "price in $", "a_rather_long_name_of_a_column_from_somebody’s_file", "x^2$y$", "region"]
FAMILIES = [("real", "gaussian"), ("positive", "log-normal"), ("date", "gaussian"), ("count", "poisson")]
CODED = [("binary", "bernoulli"), ("categorical", "categorical")]


def with_columns(ledger: Ledger, count: int = 6) -> Ledger:
    """The same audit as one of a table with so many columns, coherent: their distortions add up to the ledger's."""
    source = random.Random(0)
    columns = [_column(source, place) for place in range(count)]
    names = [column.name for column in columns]
    share = ledger.distortion.value / sum(column.distortion.value for column in columns)
    columns = [
        dataclasses.replace(c, distortion=Estimate(value=share * c.distortion.value, std_error=0.01)) for c in columns
    ]
    parts = [_part(kind, columns) for kind in dict.fromkeys(column.kind for column in columns)]
    texts = [[f"cell {name[:9]}" if place % 5 else None for place, name in enumerate(names)] for _ in range(3)]
    return dataclasses.replace(
        ledger,
        discrete=False,
        bits_per_dim=None,
        likelihood="mixed",
        predictive=[],
        columns=columns,
        table=TableAccount(
            meaning="log p(x) is a sum of logs of densities and of probabilities: of the observed cells of a row.",
            cells=297 * count,
            missing=41,
            rows_with_holes=38,
            densities=_sum(parts, "density"),
            probabilities=_sum(parts, "probability"),
            parts=parts,
            left_out=[LeftOut(name="id", kind="identifier", reason="text, all 297 values distinct; ignored")],
            looked_at=297,
            simulated=297,
            draws=500,
            ess=Quantiles(minimum=9.1, q25=310.2, median=377.5, q75=405.9, maximum=447.3),
            dependence=_dependence(source, names[:40]),
        ),
        figures=dataclasses.replace(
            ledger.figures,
            image_shape=None,
            originals=[],
            reconstructions=[],
            samples=[],
            feature_names=names,
            table=ExampleRows(columns=names, originals=texts, reconstructions=texts, samples=texts),
        ),
    )


def renamed(ledger: Ledger, name: str) -> Ledger:
    """Every column with this name, and with it as its reason."""
    columns = [dataclasses.replace(column, name=name, reason=name, partner=name) for column in ledger.columns]
    assert ledger.table is not None
    left_out = [LeftOut(name=name, kind="text", reason=name)]
    return dataclasses.replace(ledger, columns=columns, table=dataclasses.replace(ledger.table, left_out=left_out))


def _column(source: random.Random, place: int) -> ColumnAccount:
    kind, family = (FAMILIES + CODED)[place % 6]
    name = NAMES[place] if place < len(NAMES) else f"column_number_{place}"
    discrete = kind in ("count", "binary", "categorical")
    alone, gain = -source.uniform(1, 4), source.uniform(0, 1)
    return ColumnAccount(
        name=name,
        kind=kind,
        family=family,
        measure="probability" if discrete else "density",
        unit=None if discrete else "day" if kind == "date" else "unit",
        reason="numbers, positive with a long right tail",
        cells=290,
        observed=290 / 297,
        distortion=Estimate(value=source.uniform(0.5, 3)),
        independent_baseline=Estimate(value=alone, std_error=0.02),
        conditional=Estimate(value=alone + gain, std_error=0.02),
        gain=Estimate(value=gain, std_error=0.012),
        partner=NAMES[(place + 1) % 6],
        association=round(source.random(), 4),
        calibration=_calibration(source, place),
        masked=_hidden(source, kind),
        marginal=_marginal(source, kind),
    )


def _calibration(source: random.Random, place: int) -> ColumnCalibration:
    counts = [29 + source.randint(-8, 8) for _ in range(10)] if place else [70, 60, 20, 10, 5, 5, 10, 20, 60, 70]
    return ColumnCalibration(
        cells=290,
        pit=counts,
        band=(16.0, 44.0),
        ks=0.03 if place else 0.19,
        p_value=round(0.9 - 0.001 * place, 4) if place else 1e-9,
        inner=0.5,
        below=0.01,
        above=0.01,
        shape="right" if place else "too narrow",
    )


def _hidden(source: random.Random, kind: str) -> MaskedCells:
    coded = kind in ("binary", "categorical")
    covered = source.uniform(0.8, 0.95)
    return MaskedCells(
        cells=87,
        said=0.72 if coded else 0.9,
        covered=Estimate(value=covered, std_error=0.031),
        score="accuracy" if coded else "rmse",
        value=covered if coded else 12.34,
        baseline=0.51 if coded else 23.45,
    )


def _marginal(source: random.Random, kind: str) -> Marginal:
    coded = kind in ("binary", "categorical")
    labels = ["no", "yes <b>"] if kind == "binary" else ["north", "south", "east", "a very long label of a category"]
    size = len(labels) if coded else 20
    shares = [[source.random() for _ in range(size)] for _ in range(2)]
    real, synthetic = ([round(value / sum(side), 6) for value in side] for side in shares)
    edges = None if coded else [18.0 + 2 * edge for edge in range(21)]
    ends = (labels[0], labels[-1]) if coded else ("2019-04-01", "2021-12-31") if kind == "date" else ("18", "58")
    return Marginal(
        labels=labels if coded else None,
        edges=edges,
        ends=ends,
        real=real,
        synthetic=synthetic,
        distance=round(source.random() / 4, 4),
        p_value=0.2,
    )


def _part(kind: str, columns: list[ColumnAccount]) -> Part:
    own = [column for column in columns if column.kind == kind]
    total = sum(column.distortion.value for column in own)
    return Part(kind=kind, measure=own[0].measure, columns=len(own), cells=290 * len(own), distortion=total)


def _sum(parts: list[Part], measure: str) -> float:
    return sum(part.distortion for part in parts if part.measure == measure)


def _dependence(source: random.Random, names: list[str]) -> Dependence:
    real, synthetic = ([[round(source.uniform(-1, 1), 3) for _ in names] for _ in names] for _ in range(2))
    largest = [PairDifference(first=names[0], second=names[-1], real=0.81, synthetic=0.22)]
    return Dependence(columns=names, real=real, synthetic=synthetic, largest=largest)
