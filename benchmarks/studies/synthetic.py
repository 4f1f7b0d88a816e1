"""Train on synthetic rows, test on real ones: how much a classifier loses.

    python benchmarks/studies/synthetic.py german_credit.csv --target credit_risk [--seeds 5]

For each seed a fifth of the rows is kept for testing. A random forest of 300 trees is fitted to the other rows, and
another to as many rows sampled from `taut.VAE` with default settings fitted to them; both are scored by the area under
the ROC curve on the rows that were kept. Categories enter as indicators.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from sklearn import ensemble, metrics, model_selection

import taut
from taut.data import encode, infer_schema, read_sheet


def features(schema: taut.data.Schema, frame: pa.Table, target: str) -> tuple[np.ndarray, np.ndarray]:
    cells = encode(schema, taut.data.as_sheet(frame)).values
    parts = []
    for j, column in enumerate(schema.modelled):
        if column.name == target:
            wanted = cells[:, j]
        elif column.kind == "categorical":
            parts.append(cells[:, j, None] == np.arange(len(column.categories)))
        else:
            parts.append(cells[:, j, None])
    return np.concatenate(parts, axis=1), wanted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--target", required=True)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    sheet = read_sheet(options.data)
    schema, frame = infer_schema(sheet), sheet.frame.to_arrow()
    strata = np.asarray(frame[options.target].to_pylist(), str)
    areas = []
    for seed in range(options.seeds):
        train, test = model_selection.train_test_split(
            np.arange(len(strata)), test_size=0.2, stratify=strata, random_state=seed
        )
        began = time.perf_counter()
        vae = taut.VAE(random_state=seed, verbose=False).fit(frame.take(train))
        made = vae.sample(len(train), seed=seed)
        seconds = time.perf_counter() - began
        x, y = features(schema, frame.take(test), options.target)
        areas.append([])
        for rows in (frame.take(train), made):
            forest = ensemble.RandomForestClassifier(300, random_state=seed, n_jobs=-1)
            chances = forest.fit(*features(schema, rows, options.target)).predict_proba(x)[:, 1]
            areas[-1].append(metrics.roc_auc_score(y, chances))
        print(
            f"seed {seed}: real {areas[-1][0]:.3f}, synthetic {areas[-1][1]:.3f}; fit and sample {seconds:.0f} s",
            flush=True,
        )
    real, synthetic = np.mean(areas, axis=0)
    lost = np.subtract(*np.transpose(areas))
    error = lost.std(ddof=1) / np.sqrt(len(lost))
    print(f"area under the curve: real {real:.3f}, synthetic {synthetic:.3f}, lost {lost.mean():.3f} ± {error:.3f}")


if __name__ == "__main__":
    main()
