"""Several devices and several processes: how processes meet, what they agree on, where arrays lie."""

from taut.distributed.agreeing import from_first, is_first_process, shared_clock
from taut.distributed.joining import Place, joined, place_of
from taut.distributed.placing import kept_whole, on_all_devices, on_own_device, row_mesh, split_rows
from taut.distributed.watching import LOST

__all__ = [
    "LOST",
    "Place",
    "from_first",
    "is_first_process",
    "joined",
    "kept_whole",
    "on_all_devices",
    "on_own_device",
    "place_of",
    "row_mesh",
    "shared_clock",
    "split_rows",
]
