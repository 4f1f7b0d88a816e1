"""`python -m tests.archive.make`: a small run of each kind in the format of today, for the tests of all days to come.

A folder `format-N` is made once, when format N is released, and stays as it is. It holds run folders with their
ledgers, rows of the data of each, and the numbers that the run gave for them.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
from pyarrow import csv

import taut
from taut.estimators.manifest import FORMAT

HERE = Path(__file__).parent
ROWS = 8
OPTIONS: dict[str, Any] = {"hidden": (6,), "max_epochs": 2, "random_state": 0}


def kinds() -> dict[str, tuple[Any, Any]]:
    """For each kind an estimator, and the rows that it is fitted to."""
    digits, birds = taut.datasets.digits()[0][:160], taut.datasets.penguins().native
    given = {"likelihood": "negative-binomial", "condition_on": ["batch"], "size_factor": "total"}
    return {
        "block": (taut.VAE(2, prior="mixture:2", **OPTIONS), digits),
        "table": (taut.VAE(2, missing="informative", **OPTIONS), birds),
        "counts": (taut.VAE(2, **given, **OPTIONS), counts()),
        "imputer": (taut.VAEImputer(2, **OPTIONS), birds),
        "detector": (taut.VAEOutlierDetector(2, **OPTIONS), digits[:, 20:28]),
    }


def counts() -> pa.Table:
    """Counts of six genes in two batches of cells."""
    genes = np.random.default_rng(0).poisson(3.0, (120, 6))
    return pa.table({f"gene{number}": genes[:, number] for number in range(6)} | {"batch": ["a", "b"] * 60})


def numbers_of(estimator: Any, rows: Any) -> list[float | None]:
    """What an estimator says of rows, as one list: their scores and embeddings, or their filled cells."""
    if isinstance(estimator, taut.VAEImputer):
        filled = nw.from_native(estimator.transform(rows.native)).select(nw.selectors.numeric()).to_numpy()
        return filled.ravel().tolist()
    if isinstance(estimator, taut.VAEOutlierDetector):
        return estimator.decision_function(rows).tolist()
    return [*estimator.score_samples(rows).tolist(), *np.ravel(estimator.transform(rows)).tolist()]


def main() -> None:
    """Write the folder of today's format."""
    new = HERE / f"format-{FORMAT}"
    shutil.rmtree(new, ignore_errors=True)
    for kind, (estimator, data) in kinds().items():
        fitted = estimator.fit(data)
        fitted.save(new / kind)
        rows = data[:ROWS] if isinstance(data, np.ndarray) else data.slice(0, ROWS)
        if isinstance(rows, pa.Table):
            csv.write_csv(rows, new / f"{kind}.csv")
        else:
            np.save(new / f"{kind}.npy", rows)
        read = taut.data.read(next(new.glob(f"{kind}.[cn]*")))
        (new / f"{kind}.json").write_text(json.dumps(numbers_of(fitted, read)) + "\n")
        if isinstance(fitted, taut.VAE):
            fitted.audit(draws=20, bracket=False).to_json(new / kind / "ledger.json")


if __name__ == "__main__":
    main()
