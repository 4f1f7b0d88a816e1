"""The kill matrix as a page: python -m tests.mutants > docs/mutants.md."""

import os

# As in the tests: on the CPU, with code that is ready sooner.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")

import sys
import time

import jax

from tests.mutants.matrix import page


def main() -> None:
    """Print the page, and on the side how far it is."""
    jax.config.update("jax_numpy_rank_promotion", "raise")
    began = time.monotonic()

    def say(what: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:6.0f} s  {what}\n")

    sys.stdout.write(page(say))


if __name__ == "__main__":
    main()
