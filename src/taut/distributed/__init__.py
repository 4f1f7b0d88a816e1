"""Several devices and several processes: how processes meet, what they agree on, where arrays lie."""

from taut.distributed.agreeing import from_first, is_first_process, same_everywhere, several_processes, shared_clock
from taut.distributed.joining import Place, joined, place_of
from taut.distributed.placing import (
    batches_on_devices,
    by_device,
    kept_whole,
    on_all_devices,
    on_own_device,
    row_mesh,
    rows_on_devices,
    split_rows,
)
from taut.distributed.watching import LOST

__all__ = [
    "LOST",
    "Place",
    "batches_on_devices",
    "by_device",
    "from_first",
    "is_first_process",
    "joined",
    "kept_whole",
    "on_all_devices",
    "on_own_device",
    "place_of",
    "row_mesh",
    "rows_on_devices",
    "same_everywhere",
    "several_processes",
    "shared_clock",
    "split_rows",
]
