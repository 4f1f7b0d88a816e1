"""`python -m tests.fuzzing.guided READER --seconds S`: mutants that follow the branches of taut, by atheris.

atheris (`pip install atheris`) is no dependency. It keeps a mutant that takes a branch that none before it took. The
first byte of an input chooses the whole file that the rest replaces.
"""

import argparse
import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Fuzz one reader; the first failure ends it, with its bytes in a file that atheris names."""
    import atheris

    with atheris.instrument_imports(include=["taut"], enable_loader_override=False):
        import taut.data
        import taut.estimators  # noqa: F401  instrumented
        from tests.fuzzing.harness import Failure, outcome
        from tests.fuzzing.readers import READERS

    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("reader", choices=READERS)
    words.add_argument("--seconds", type=int, default=60)
    words.add_argument("--known", type=Path, help="folder of inputs that were kept, which grows")
    said = words.parse_args()
    reader = READERS[said.reader]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "seeds").mkdir()
        seeds = list(reader.seeds(Path(folder) / "seeds"))
        whole = [seed.read_bytes() for seed in seeds]
        known = said.known or Path(folder) / "known"
        known.mkdir(exist_ok=True)
        for place, content in enumerate(whole):
            (known / f"whole-{place}").write_bytes(bytes([place]) + content)

        def one(content: bytes) -> None:
            place = content[0] % len(seeds) if content else 0
            try:
                seeds[place].write_bytes(content[1:])
                if reader.mend is not None:
                    reader.mend(seeds[place])
                ended = outcome(reader.read, seeds[place])
            finally:
                seeds[place].write_bytes(whole[place])
                if reader.mend is not None:
                    reader.mend(seeds[place])
            if isinstance(ended, Failure):
                raise RuntimeError(f"{ended.what} in {ended.where}")

        flags = [f"-max_total_time={said.seconds}", "-max_len=20000", "-timeout=30", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], *flags, str(known)], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
