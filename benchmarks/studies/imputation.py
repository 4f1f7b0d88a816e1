"""Imputation of tables half of whose cells are hidden: taut beside scikit-learn's IterativeImputer.

    python benchmarks/studies/imputation.py wine diabetes german_credit.csv [--seeds 5] [--option name=value]

The protocol of Mattei & Frellsen 2019 (MIWAE): half of all cells are hidden at random, numbers are standardised by
what is left, models are fitted to that incomplete table, and one imputation of it is scored by the mean squared error
over hidden numbers. wine, diabetes and wdbc are scikit-learn's; a file is read with its types, and the imputers that
know numbers only receive indicators of its categories. Also printed: hits among hidden categories, beside the most
frequent one, and how many hidden cells lie in 90 % intervals, or, for codes, in the smallest set of codes that has 90
% (filled up at random).
"""

import argparse
import time
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
from sklearn import datasets, ensemble, linear_model
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  the import is what enables it
from sklearn.impute import IterativeImputer

import taut
from taut.auditing import ImputedRows
from taut.data import Schema, Table, decode, encode, infer_schema, kind_of, read_sheet
from taut.estimators.imputing import completed

BUNDLED = {"wine": datasets.load_wine, "diabetes": datasets.load_diabetes, "wdbc": datasets.load_breast_cancer}
LEVEL = 0.9


def loaded(name: str) -> tuple[np.ndarray, Schema | None]:
    """Cells as numbers or codes, and their schema, or None for a table of numbers."""
    if name in BUNDLED:
        return BUNDLED[name]().data.astype(np.float64), None
    sheet = read_sheet(Path(name))
    schema = infer_schema(sheet)
    return encode(schema, sheet).values + [c.offset for c in schema.modelled], schema


def fitted(cells: np.ndarray, schema: Schema | None, seed: int, options: dict) -> tuple[taut.VAE, Table]:
    vae = taut.VAE(random_state=seed, verbose=False, **options)
    if schema is None:
        table = Table(values=cells, name="cells")
        vae.fit(table)
        return vae, encode(vae.schema_, taut.data.as_sheet(table))
    given = {c.name: {"kind": c.kind, "family": c.family, **({"categories": c.categories} if c.categories else {})}
             for c in schema.modelled}  # fmt: skip
    frame = decode(schema, cells - [c.offset for c in schema.modelled])
    vae.set_params(schema=given).fit(frame)
    return vae, encode(vae.schema_, taut.data.as_sheet(pa.table(frame)))


def with_indicators(cells: np.ndarray, coded: np.ndarray) -> np.ndarray:
    """The numbers, then for each code of each coded column an indicator, missing where the cell is."""
    parts = [cells[:, ~coded]]
    for j in np.nonzero(coded)[0]:
        own = cells[:, j]
        codes = np.unique(own[~np.isnan(own)])[1:]
        parts.append(np.where(np.isnan(own)[:, None], np.nan, own[:, None] == codes))
    return np.concatenate(parts, axis=1)


def covered(
    truth: np.ndarray, draws: np.ndarray, low: float, high: float, coded: bool, rng: np.random.Generator
) -> bool:
    if not coded:
        return bool(low <= truth <= high)
    codes, counts = np.unique(draws, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    shares = counts[order] / counts.sum()
    reached = np.cumsum(shares) - shares
    place = np.nonzero(codes[order] == truth)[0]
    return bool(len(place) and rng.random() < (LEVEL - reached[place[0]]) / shares[place[0]])


def baselines_of(cells: np.ndarray, coded: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """The numbers as IterativeImputer fills them; codes are not asked of it."""
    guess, wide = {}, with_indicators(cells, coded)
    for title, model in (
        ("BayesianRidge", linear_model.BayesianRidge()),
        ("RandomForest", ensemble.RandomForestRegressor(100, random_state=seed, n_jobs=2)),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            filled = IterativeImputer(model, random_state=seed).fit_transform(wide)
        guess[title] = np.full_like(cells, np.nan)
        guess[title][:, ~coded] = filled[:, : (~coded).sum()]
    return guess


def hidden_half(name: str, seed: int) -> tuple[np.ndarray, np.ndarray, Schema | None]:
    """The true cells and those that are left, in units of what is left where the table holds numbers only."""
    truth, schema = loaded(name)
    cells = np.where(np.random.default_rng(seed).random(truth.shape) < 0.5, np.nan, truth)
    if schema is None:
        centre, spread = np.nanmean(cells, axis=0), np.nanstd(cells, axis=0)
        truth, cells = (truth - centre) / spread, (cells - centre) / spread
    return truth, cells, schema


def filled_by_taut(vae: taut.VAE, found: ImputedRows, coded: np.ndarray) -> np.ndarray:
    columns = vae.schema_.modelled
    guess = np.where(coded, found.mode, found.mean * [c.unit for c in columns] + [c.offset for c in columns])
    for j, column in enumerate(columns):
        if column.kind == "binary" and not coded[j]:
            # Among numbers, a column of two values is scored like the others: by its mean.
            guess[:, j] = np.interp(found.mean[:, j], [0, 1], column.categories)
    return guess


def coverage(
    vae: taut.VAE, found: ImputedRows, truth: np.ndarray, hidden: np.ndarray, schema: Schema | None, seed: int
) -> dict[str, list[bool]]:
    rng, inside = np.random.default_rng([1, seed]), defaultdict(list)
    for row, j in np.argwhere(hidden):
        column = vae.schema_.modelled[j]
        codes = kind_of(column).coded
        value = truth[row, j] if schema or not codes else column.categories.index(truth[row, j])
        ends = (column.unit * end[row, j] + column.offset for end in (found.low, found.high))
        inside[column.kind].append(covered(value, found.draws[row, :, j], *ends, codes, rng))
    return inside


def study(name: str, seeds: int, options: dict, baselines: bool) -> None:
    errors, hits, inside = defaultdict(list), defaultdict(list), defaultdict(list)
    for seed in range(seeds):
        truth, cells, schema = hidden_half(name, seed)
        hidden = np.isnan(cells) & ~np.isnan(truth)
        coded = np.array([kind_of(c).coded for c in schema.modelled] if schema else [False] * truth.shape[1])
        began = time.perf_counter()
        vae, table = fitted(cells, schema, seed, options)
        found = completed(vae.fitted_, table, draws=200, level=LEVEL, seed=seed)
        seconds = time.perf_counter() - began
        guess = {"taut": filled_by_taut(vae, found, coded)} | (baselines_of(cells, coded, seed) if baselines else {})
        spread = np.nanstd(cells, axis=0)
        for title, own in guess.items():
            errors[title].append(float(np.mean(((own - truth) / spread)[hidden & ~coded] ** 2)))
        for j in np.nonzero(coded)[0]:
            most = np.bincount(cells[~np.isnan(cells[:, j]), j].astype(int)).argmax()
            hits["taut"].extend(found.mode[hidden[:, j], j] == truth[hidden[:, j], j])
            hits["most frequent"].extend(truth[hidden[:, j], j] == most)
        for kind, own in coverage(vae, found, truth, hidden, schema, seed).items():
            inside[kind].extend(own)
        print(f"  {name} seed {seed}: " + ", ".join(f"{t} {e[-1]:.3f}" for t, e in errors.items())
              + f"; taut {seconds:.0f} s", flush=True)  # fmt: skip
    print(f"{name}: mean squared error of hidden numbers, {seeds} seeds, {options}")
    for title, own in errors.items():
        print(f"  {title:14s} {np.mean(own):.4f} (sd {np.std(own):.4f})")
    for title, own in hits.items():
        print(f"  hidden categories hit, {title}: {np.mean(own):.3f}")
    for kind, own in inside.items():
        print(f"  in 90 % intervals, {kind}: {np.mean(own):.3f} of {len(own)}", flush=True)


def _value(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="+")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--alone", action="store_true", help="without the imputers of scikit-learn")
    parser.add_argument("--option", action="append", default=[], help="name=value of taut.VAE, to try another setting")
    parsed = parser.parse_args()
    options = {key: _value(value) for key, value in (pair.split("=") for pair in parsed.option)}
    for name in parsed.tables:
        study(name, parsed.seeds, options, not parsed.alone)


if __name__ == "__main__":
    main()
