"""Whatever a file holds, it is read or refused in a sentence; `python -m tests.fuzzing` tries more."""

import pytest

from tests.fuzzing.harness import mentioned, tried
from tests.fuzzing.readers import READERS

# So many mutants of each reader run every time, fewer where one takes long.
QUICK, FEWER = 40, {"manifest": 10, "checkpoints": 20, "run": 10, "ledger": 4, "improvement": 6}
FEWER |= {"text": 20, "h5ad": 10, "streamed": 10}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", READERS)
def test_no_mutant_ends_in_anything_but_a_sentence(name, tmp_path):
    reader = READERS[name]
    seeds = reader.seeds(tmp_path)
    refused, failures = tried(name, reader, seeds, range(FEWER.get(name, QUICK)))
    assert not failures, mentioned(failures)
    assert refused


@pytest.mark.parametrize("name", [name for name in READERS if name != "ledger"])  # tests/archive draws their pages
def test_every_reader_reads_its_seeds(name, tmp_path):
    for seed in READERS[name].seeds(tmp_path):
        READERS[name].read(seed)
