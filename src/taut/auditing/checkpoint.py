"""The finished rows of an audit on disk, from which an interrupted one continues."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import jax
import msgspec
import numpy as np

from taut.files import written_whole


class Checkpoint:
    """Finished chunks in one file, for one fingerprint of data, model and settings; without a path, nothing is kept."""

    def __init__(self, path: Path | None, fingerprint: dict[str, Any], template: Any):
        self.path, self.fingerprint = path, msgspec.json.encode(fingerprint, order="sorted").decode()
        self.structure = jax.tree.structure(template)
        self.parts: list[list[np.ndarray]] = []

    def load(self) -> list[Any]:
        """The chunks that an audit of the same fingerprint has finished; none from another's file or a broken one."""
        if self.path is None or not self.path.is_file():
            return []
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                if str(archive["fingerprint"]) != self.fingerprint:
                    return []
                leaves, chunks = range(self.structure.num_leaves), range(int(archive["chunks"]))
                self.parts = [[archive[f"{chunk}.{leaf}"] for leaf in leaves] for chunk in chunks]
        except (ValueError, TypeError, KeyError, EOFError, OSError, zipfile.BadZipFile, zlib.error):
            return []
        return [jax.tree.unflatten(self.structure, part) for part in self.parts]

    def add(self, part: Any) -> None:
        """Keep one more chunk."""
        self.parts.append([np.asarray(leaf) for leaf in jax.tree.leaves(part)])
        if self.path is None:
            return
        arrays: dict[str, Any] = {
            f"{chunk}.{leaf}": array for chunk, part in enumerate(self.parts) for leaf, array in enumerate(part)
        }
        arrays |= {"fingerprint": np.asarray(self.fingerprint), "chunks": np.asarray(len(self.parts))}
        with written_whole(self.path) as place, place.open("wb") as file:
            np.savez(file, **arrays)

    def remove(self) -> None:
        """Drop the file: the audit is complete."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
