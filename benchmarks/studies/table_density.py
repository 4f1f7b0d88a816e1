"""Held-out log p of a mixed table: taut beside independent columns, each by its best family, and a Gaussian copula.

    python benchmarks/studies/table_density.py german_credit.csv penguins.csv [--folds 5]

Every row is scored by models that were fitted without it (folds by seed 0, default settings, no tuning per table). All
three give the same kind of number: densities for columns that taut models by a density, probabilities for the others.
The copula has the same margins as the independent columns; its correlations are the posterior mean of a Gibbs sampler
over latent normals (Hoff 2007, arXiv:math/0610413), and its probabilities are computed by the GHK simulator with 500
draws. Rows with holes are left out, because the copula would need another simulator for them.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from scipy import stats

import taut
from taut.data import Schema, decode, encode, infer_schema, read_sheet

CONTINUOUS = ("gaussian", "student-t", "log-normal")
MARGINS = (stats.norm, stats.t, stats.lognorm, stats.gamma)
DRAWS, SWEEPS = 500, 200


class Margin:
    """One column alone: shares of its codes, or the best of a few continuous families by its training rows."""

    def __init__(self, cells: np.ndarray, codes: int) -> None:
        self.codes = codes
        if codes:
            counts = np.bincount(cells.astype(int), minlength=codes) + 0.5
            self.log_shares = np.log(counts / counts.sum())
            self.ends = np.clip(np.concatenate([[0.0], np.cumsum(counts) / counts.sum()]), 1e-9, 1 - 1e-9)
            return
        fits = [(m, m.fit(cells, **({"floc": 0} if m in MARGINS[2:] else {}))) for m in self._possible(cells)]
        found = max(fits, key=lambda fit: fit[0].logpdf(cells, *fit[1]).sum() - len(fit[1]))
        self.best = found[0](*found[1])

    def log_p(self, cells: np.ndarray) -> np.ndarray:
        """Log density or log probability of each cell."""
        return self.log_shares[cells.astype(int)] if self.codes else self.best.logpdf(cells)

    def scores(self, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The interval of latent normals that gives these cells; a point for a continuous column."""
        if self.codes:
            ends = stats.norm.ppf(self.ends)
            ends[0], ends[-1] = -np.inf, np.inf
            return ends[cells.astype(int)], ends[cells.astype(int) + 1]
        z = stats.norm.ppf(np.clip(self.best.cdf(cells), 1e-9, 1 - 1e-9))
        return z, z

    @staticmethod
    def _possible(cells: np.ndarray) -> tuple:
        return MARGINS if cells.min() > 0 else MARGINS[:2]


def between(low: np.ndarray, high: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    a, b = stats.norm.cdf(low), stats.norm.cdf(high)
    return stats.norm.ppf(np.clip(a + draw.random(np.shape(a)) * (b - a), 1e-12, 1 - 1e-12))


def correlations(low: np.ndarray, high: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Posterior mean correlations of the latent normals."""
    n, d = low.shape
    z = np.where(low == high, low, between(low, high, draw))
    total = np.zeros((d, d))
    for sweep in range(SWEEPS):
        scale = stats.invwishart(d + 2 + n, np.eye(d) + z.T @ z).rvs(random_state=draw)
        for j in range(d):
            if (low[:, j] == high[:, j]).all():
                continue
            others = np.delete(np.arange(d), j)
            weights = np.linalg.solve(scale[np.ix_(others, others)], scale[others, j])
            deviation = np.sqrt(scale[j, j] - scale[j, others] @ weights)
            mean = z[:, others] @ weights
            z[:, j] = mean + deviation * between((low[:, j] - mean) / deviation, (high[:, j] - mean) / deviation, draw)
        if sweep >= SWEEPS // 4:
            diagonal = np.sqrt(np.diag(scale))
            total += scale / np.outer(diagonal, diagonal)
    return total / (SWEEPS - SWEEPS // 4)


def copula_log_p(low: np.ndarray, high: np.ndarray, corr: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Log of the copula's part: density of the points, then GHK over intervals, over the product of the margins'."""
    order = np.argsort([(low[:, j] != high[:, j]).any() for j in range(low.shape[1])], kind="stable")
    root = np.linalg.cholesky(corr[np.ix_(order, order)])
    e = np.zeros((len(low), DRAWS, len(order)))
    log_p = np.zeros((len(low), DRAWS))
    for place, j in enumerate(order):
        mean = e[:, :, :place] @ root[place, :place]
        a, b = ((side[:, j, None] - mean) / root[place, place] for side in (low, high))
        if (low[:, j] == high[:, j]).all():
            log_p += stats.norm.logpdf(a) - np.log(root[place, place]) - stats.norm.logpdf(low[:, j])[:, None]
            e[:, :, place] = a
        else:
            chance = np.maximum(stats.norm.cdf(b) - stats.norm.cdf(a), 1e-300)
            alone = stats.norm.cdf(high[:, j]) - stats.norm.cdf(low[:, j])
            log_p += np.log(chance) - np.log(alone)[:, None]
            e[:, :, place] = between(a, b, draw)
    return np.logaddexp.reduce(log_p, axis=1) - np.log(DRAWS)


def baselines(schema: Schema, train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    codes = [0 if c.family in CONTINUOUS else len(c.categories or ()) or 2 for c in schema.modelled]
    shift = np.array([c.offset for c in schema.modelled])
    train, test = train + shift, test + shift
    margins = [Margin(train[:, j], codes[j]) for j in range(len(codes))]
    independent = sum(m.log_p(test[:, j]) for j, m in enumerate(margins))
    ends = [[np.stack(side, 1) for side in zip(*(m.scores(x[:, j]) for j, m in enumerate(margins)), strict=True)]
            for x in (train, test)]  # fmt: skip
    draw = np.random.default_rng(0)
    return independent, independent + copula_log_p(*ends[1], correlations(*ends[0], draw), draw)


def study(path: Path, folds: int, options: dict) -> None:
    sheet = read_sheet(path)
    schema = infer_schema(sheet)
    values = encode(schema, sheet).values
    values = values[~np.isnan(values).any(axis=1)]
    fold = np.random.default_rng(0).permutation(len(values)) % folds
    scores = {name: np.zeros(len(values)) for name in ("taut", "independent", "copula")}
    began = time.perf_counter()
    for k in range(folds):
        train, test = values[fold != k], values[fold == k]
        scores["independent"][fold == k], scores["copula"][fold == k] = baselines(schema, train, test)
        given = {c.name: {"kind": c.kind, "family": c.family, **({"categories": c.categories} if c.categories else {})}
                 for c in schema.modelled}  # fmt: skip
        frames = [decode(schema, part) for part in (train, test)]
        vae = taut.VAE(schema=given, random_state=0, verbose=False, **options).fit(frames[0])
        scores["taut"][fold == k] = vae.score_samples(frames[1])
    print(f"{path.name}: {len(values)} rows in {folds} folds, {time.perf_counter() - began:.0f} s, {options}")
    for name, own in scores.items():
        difference = scores["taut"] - own
        error = difference.std(ddof=1) / np.sqrt(len(own))
        print(f"  {name:12s} {own.mean():9.3f} nats a row; taut is better by {difference.mean():.3f} ± {error:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--option", action="append", default=[], help="name=value of taut.VAE, to try another setting")
    parsed = parser.parse_args()
    options = {key: float(value) if "." in value or "e" in value else int(value)
               for key, value in (pair.split("=") for pair in parsed.option)}  # fmt: skip
    for path in parsed.data:
        study(path, parsed.folds, options)


if __name__ == "__main__":
    main()
