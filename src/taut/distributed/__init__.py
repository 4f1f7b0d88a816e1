"""Several devices and several processes: where arrays lie."""

from taut.distributed.placing import kept_whole, on_all_devices, on_own_device, row_mesh, split_rows

__all__ = ["kept_whole", "on_all_devices", "on_own_device", "row_mesh", "split_rows"]
