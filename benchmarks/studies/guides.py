"""How far the ELBO of each named guide lies below log p(x) on the bundled digits, after as many epochs each.

    python benchmarks/studies/guides.py --epochs 40

One model and guide each, 8 latents, otherwise the defaults. On held-out rows: the ELBO by 1,000 draws of the guide as
it is used; log p(x) from below, by as many draws of a Gaussian refined for each row, or of the guide where that is
more; the distance between the two, paired by row; the share of rows whose weights have k̂ > 0.7.
"""

import argparse
import time

import numpy as np

import taut
from taut.estimators.evaluation import prepared_rows
from taut.estimators.scoring import account, log_p_of

NAMES = "diagonal", "full", "low-rank:4", "mixture:4", "flow:2", "spline:4", "refined:1", "refined:3"
DRAWS = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--rows", type=int, default=100)
    options = parser.parse_args()
    train, held_out = taut.datasets.digits()
    rows = held_out[: options.rows]
    for name in options.names:
        began = time.process_time()
        vae = taut.VAE(8, guide=name, max_epochs=options.epochs, random_state=0, verbose=False).fit(train)
        seconds = time.process_time() - began
        found = account(vae._fitted(), rows, draws=DRAWS, seed=1)
        refined = log_p_of(vae._fitted(), prepared_rows(vae._fitted(), rows), draws=DRAWS, seed=2, refined=True)
        log_p = max(found.log_p, refined, key=np.mean)
        gap = log_p.astype(np.float64) - found.elbo
        error = gap.std(ddof=1) / len(gap) ** 0.5
        print(
            f"{name}: ELBO {found.elbo.mean():.2f}, log p(x) {log_p.mean():.2f}, gap {gap.mean():.2f} ± {error:.2f}, "
            f"k̂ > 0.7 in {np.mean(found.khat > 0.7):.0%}, {seconds:.0f} CPU seconds of fitting",
            flush=True,
        )


if __name__ == "__main__":
    main()
