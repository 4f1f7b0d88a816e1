"""How a process finds the others it works with: by its words, or by what the cluster says that started it."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping

import jax
import numpy as np

from taut.distributed.agreeing import from_first
from taut.distributed.watching import Watch, leave_unless
from taut.errors import OptionError

# JAX ends a process that waited in vain with a stack trace; ours come before, and say what happened.
PATIENCE, OF_JAX = 300.0, 360
# Seconds of silence, of which it may count half before a process dies.
SILENCE_OF_JAX = 120


@dataclasses.dataclass(frozen=True)
class Place:
    """Of this process among the others; what is None, and its devices, JAX learns from a cluster that is `asked`."""

    coordinator: str | None
    processes: int | None
    process: int | None
    asked: bool = False

    @property
    def explicit(self) -> bool:
        """Whether there is nothing to learn from a cluster."""
        return None not in (self.coordinator, self.processes, self.process)


def place_of(
    coordinator: str | None, processes: int | None, process: int | None, *, variables: Mapping[str, str]
) -> Place | None:
    """The place by these words and the variables of the environment; None for a process that works alone.

    Raises OptionError where words are missing or make no sense.

    >>> place_of("10.0.0.1:1234", 2, 1, variables={})
    Place(coordinator='10.0.0.1:1234', processes=2, process=1, asked=False)
    >>> place_of(None, None, None, variables={"SLURM_JOB_ID": "7", "SLURM_STEP_NUM_TASKS": "1"})
    """
    if processes == 1:
        return None
    cluster = _cluster(variables)
    if cluster is None and (coordinator, processes, process) == (None, None, None):
        return None
    known = cluster or Place(None, None, None)
    place = Place(
        known.coordinator if coordinator is None else coordinator,
        known.processes if processes is None else processes,
        known.process if process is None else process,
        asked=cluster is not None and None in (coordinator, processes, process),
    )
    if cluster is None and not place.explicit:
        names = {"--coordinator HOST:PORT": coordinator, "--processes N": processes, "--process I": process}
        missing = [name for name, value in names.items() if value is None]
        raise OptionError(
            "Several processes want to know of one another; no cluster says it here; add "
            f"{' and '.join(f'`{name}`' for name in missing)}."
        )
    _check(place)
    return place


@contextlib.contextmanager
def joined(place: Place) -> Iterator[Watch]:
    """Work with the others: begins when all are there, ends when all have ended; a process that dies ends all.

    Raises OptionError where JAX cannot start them.
    """
    who = f"process {place.process} of {place.processes}" if place.explicit else "this process"
    waited = (
        f"Wanted {place.processes or 'all'} processes together at `{place.coordinator or 'the cluster'}`; not all came "
        f"within {PATIENCE:.0f} s, waits {who}; start each with the same `--coordinator` and `--processes`, its own "
        "`--process`, and a port that can be reached."
    )
    # It would answer SIGTERM in our place.
    jax.config.update("jax_enable_preemption_service", False)
    with leave_unless(PATIENCE, waited):
        try:
            jax.distributed.initialize(
                place.coordinator,
                place.processes,
                place.process,
                cluster_detection_method=None if place.asked else "deactivate",
                initialization_timeout=OF_JAX,
                heartbeat_timeout_seconds=SILENCE_OF_JAX,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise OptionError(
                f"Wanted {place.processes or 'several'} processes to meet; JAX said: {' '.join(str(error).split())}; "
                "give `--coordinator HOST:PORT`, `--processes N` and `--process I`, or `--processes 1` to work alone."
            ) from None
        with _silent_output():
            from_first(np.zeros(1))
    with Watch(jax.process_index(), jax.process_count()).kept() as watch:
        yield watch
    if not watch.left:
        jax.distributed.shutdown()


def _cluster(variables: Mapping[str, str]) -> Place | None:
    """What a cluster that means several processes says of them."""
    # Of the step, not of the job: a shell inside a job of many tasks is one.
    if int(variables.get("SLURM_STEP_NUM_TASKS", 1)) > 1 and "SLURM_PROCID" in variables:
        return Place(None, int(variables["SLURM_STEP_NUM_TASKS"]), int(variables["SLURM_PROCID"]))
    if int(variables.get("OMPI_COMM_WORLD_SIZE", 1)) > 1:
        return Place(None, int(variables["OMPI_COMM_WORLD_SIZE"]), int(variables["OMPI_COMM_WORLD_RANK"]))
    in_indexed_job = {"KUBERNETES_SERVICE_HOST", "JOB_COMPLETION_INDEX"} <= set(variables)
    if in_indexed_job and importlib.util.find_spec("kubernetes") is not None:
        return Place(None, None, None)
    if "," in variables.get("TPU_WORKER_HOSTNAMES", ""):
        return Place(None, None, None)
    return None


def _check(place: Place) -> None:
    if place.processes is not None and place.processes < 2:
        raise OptionError(f"`--processes` wants 1 or more; got {place.processes}; say how many work together.")
    if None not in (place.process, place.processes) and not 0 <= (place.process or 0) < (place.processes or 0):
        raise OptionError(
            f"`--process` wants a number from 0 to {(place.processes or 0) - 1}; got {place.process}; count from 0."
        )
    if place.coordinator is not None and not _is_address(place.coordinator):
        raise OptionError(
            f"`--coordinator` wants HOST:PORT of process 0; got `{place.coordinator}`; write it as in "
            "`--coordinator 10.0.0.1:1234`."
        )


def _is_address(text: str) -> bool:
    """Whether it is HOST:PORT; JAX would wait for minutes at one that nobody can reach."""
    host, _, port = text.rpartition(":")
    return bool(host) and "/" not in host and port.isdecimal() and 0 < int(port) < 2**16


@contextlib.contextmanager
def _silent_output() -> Iterator[None]:
    """Without what the library that connects processors writes to standard output, which belongs to results."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
