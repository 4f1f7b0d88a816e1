"""An audit of all test images to 0.05 nats, checks included.

python benchmarks/whole_audit.py --data mnist.npz --model RUN --json whole_audit.json
"""

import evidence
import fitted
import results

AIM = 170.0
# Rows before the clock starts: enough that the programs of a long audit are compiled, and not those of little work.
WARM_UP = 512
ABOUT = (
    f"One audit after one of {WARM_UP} rows that compiled its programs. Its rows come first, then the checks on "
    "simulated rows."
)


def main() -> None:
    options = results.options(__doc__, **fitted.MODEL, rows={"type": int})
    vae, test = fitted.autoencoder(options)
    x = test[: 100 if options.quick else options.rows]
    evidence.bracketed(vae, x[:WARM_UP], evidence.WIDTH)
    seconds, (audit, of_rows) = results.timed(lambda: evidence.bracketed(vae, x, evidence.WIDTH))
    known = audit.ledger.evidence
    row = {
        "what": f"{len(x)} rows", "seconds": results.significant(seconds), "of the rows": results.significant(of_rows),
        "lower": round(known.lower.value, 4), "upper": round(known.upper.value, 4), "wide": round(known.width, 4),
    }  # fmt: skip
    if len(x) == 10_000:
        row["aim"] = evidence.verdict(seconds, known.width, at_most=AIM)
    results.write(options, "Audit of all test images", [row], about=ABOUT)


if __name__ == "__main__":
    main()
