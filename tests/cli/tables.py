"""A table as people have them, small: columns of every kind, holes, and two columns that no model wants."""

import csv
from pathlib import Path

import numpy as np

HEADER = ["id", "age", "income", "height", "city", "member", "joined", "note"]
CITIES = ("Bonn", "Köln", "Ulm")


def people(rows: int = 90, seed: int = 0) -> list[list[str]]:
    """Cells as text: older people earn more, members are taller; each column but the first two has holes."""
    draw = np.random.default_rng(seed)
    age = draw.poisson(40, rows)
    income = np.exp(6 + age / 40 + draw.normal(0, 0.3, rows))
    member = draw.random(rows) < 0.5
    height = 165 + 8 * member + draw.normal(0, 5, rows)
    cells = [
        [f"u{number:03d}" for number in range(rows)],
        [str(value) for value in age],
        [f"{value:.2f}" for value in income],
        [f"{value:.1f}" for value in height],
        [CITIES[place] for place in draw.integers(0, 3, rows)],
        ["yes" if each else "no" for each in member],
        [f"20{10 + day // 300:02d}-{1 + day % 12:02d}-{1 + day % 28:02d}" for day in draw.integers(0, 3000, rows)],
        [f"words about person {number}, none of them of use to any model of data" for number in range(rows)],
    ]
    for column in cells[2:]:
        for row in draw.choice(np.arange(1, rows), 5, replace=False):
            column[row] = "NA"
    return [list(row) for row in zip(*cells, strict=True)]


def written(path: Path, rows: list[list[str]], header: list[str] | None = HEADER, sign: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=sign, lineterminator="\n")
        if header is not None:
            writer.writerow(header)
        writer.writerows(rows)
    return path


def read(path: Path, sign: str = ",") -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter=sign))
