"""A small table in fresh processes: seconds until a fit, a score and an audit, with no program kept and with all.

python benchmarks/cold_start.py [--no-audit]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

WORK = """
import json, sys, time
def passed():
    return time.perf_counter(), time.process_time()
marks = [passed()]
import numpy as np, pyarrow as pa
import taut
rows, audited = int(sys.argv[1]), sys.argv[2] == "audit"
a = np.random.default_rng(0).normal(size=rows)
frame = pa.table({"a": a, "b": a + np.random.default_rng(1).normal(size=rows)})
taut.VAE
marks.append(passed())
vae = taut.VAE(max_epochs=3, random_state=0).fit(frame)
marks.append(passed())
vae.score(frame)
marks.append(passed())
if audited:
    vae.audit(frame.slice(0, rows // 2))
marks.append(passed())
print(json.dumps([[round(y - x, 1) for x, y in zip(b, a)] for b, a in zip(marks, marks[1:])]))
"""


def main() -> None:
    """Print wall and processor seconds of each step, in a first process and in a second."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--no-audit", action="store_true")
    audit = "skip" if parser.parse_args().no_audit else "audit"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JAX_COMPILATION")}
    with tempfile.TemporaryDirectory() as folder:
        for what, cache in (("nothing kept", "off"), ("first process", folder), ("second process", folder)):
            env = kept | {"TAUT_CACHE": cache}
            ran = subprocess.run(
                [sys.executable, "-c", WORK, "120", audit], env=env, check=True, text=True, stdout=subprocess.PIPE
            )
            steps = zip(("import", "fit", "score", "audit"), json.loads(ran.stdout), strict=True)
            print(f"{what}: " + "; ".join(f"{step} {wall} s, {busy} of processor" for step, (wall, busy) in steps))


if __name__ == "__main__":
    main()
