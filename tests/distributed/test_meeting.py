"""How processes find one another, and what ends them: judged by what is known, without any that runs."""

import re

import pytest

from taut.distributed import Place, place_of
from taut.distributed.watching import MISSED, Watch
from taut.errors import OptionError

SLURM = {"SLURM_JOB_ID": "7", "SLURM_PROCID": "3", "SLURM_NTASKS": "4", "SLURM_STEP_NODELIST": "a[1-2]"}


@pytest.mark.parametrize(
    ("words", "variables", "place"),
    [
        ((None, None, None), {}, None),
        ((None, None, None), SLURM, None),  # a shell within a job of four tasks is one process
        ((None, None, None), SLURM | {"SLURM_STEP_NUM_TASKS": "1"}, None),
        ((None, None, None), SLURM | {"SLURM_STEP_NUM_TASKS": "4"}, Place(None, 4, 3, asked=True)),
        (("a1:1234", None, None), SLURM | {"SLURM_STEP_NUM_TASKS": "4"}, Place("a1:1234", 4, 3, asked=True)),
        (("a1:1234", 4, 3), SLURM | {"SLURM_STEP_NUM_TASKS": "4"}, Place("a1:1234", 4, 3)),
        ((None, 1, None), SLURM | {"SLURM_STEP_NUM_TASKS": "4"}, None),
        ((None, None, None), {"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "1"}, Place(None, 2, 1, asked=True)),
        ((None, None, None), {"OMPI_COMM_WORLD_SIZE": "1", "OMPI_COMM_WORLD_RANK": "0"}, None),
        ((None, None, None), {"TPU_WORKER_HOSTNAMES": "a,b"}, Place(None, None, None, asked=True)),
        ((None, None, None), {"TPU_WORKER_HOSTNAMES": "localhost"}, None),
        ((None, None, None), {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, None),
        (("[::1]:1234", 2, 0), {}, Place("[::1]:1234", 2, 0)),
    ],
)
def test_several_processes_start_where_several_are_meant(words, variables, place):
    assert place_of(*words, variables=variables) == place


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a:1", None, None), "add `--processes N` and `--process I`"),
        ((None, 2, 0), "add `--coordinator HOST:PORT`"),
        (("a:1", 2, 2), "`--process` wants a number from 0 to 1; got 2"),
        (("a:1", 0, 0), "`--processes` wants 1 or more; got 0"),
        *(
            ((address, 2, 0), f"`--coordinator` wants HOST:PORT of process 0; got `{address}`")
            for address in ("a", "", ":1234", "a:", "a:0", "a:65536", "http://a:1234")
        ),
    ],
)
def test_words_that_make_no_sense_are_refused_in_a_sentence(words, said):
    with pytest.raises(OptionError, match=re.escape(said)):
        place_of(*words, variables={})


def test_a_silent_process_and_one_that_left_end_the_others():
    watch = Watch(0, 3)
    assert [watch.judged({}, {}) for _ in range(MISSED)] == [None] * MISSED, "they may still be starting"
    assert watch.judged({1: "1", 2: "1"}, {}) is None
    assert [watch.judged({1: str(beat), 2: "1"}, {}) for beat in range(2, MISSED + 2)] == [None] * MISSED
    gone = watch.judged({1: "0", 2: "1"}, {})
    assert gone == "Process 2 of 3 has died or hangs: nothing was heard of it for 30 s."
    left = watch.judged({1: "1", 2: "1"}, {1: "Wanted rows; got none."})
    assert left == "Process 1 of 3 has left: Wanted rows; got none."
