"""What of the mappings survives a restart: their configuration and, for each shard, the checkpoint."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class Store:
    """One JSON file, replaced as a whole.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> list[dict[str, Any]]:
        """Return what was saved last; nothing when nothing was."""
        try:
            return json.loads(self._path.read_text())
        except FileNotFoundError:
            return []

    def save(self, mappings: list[dict[str, Any]]) -> None:
        """Save; a crash at any moment leaves the old file or the new one."""
        temporary = self._path.with_suffix(".tmp")
        with temporary.open("w") as file:
            json.dump(mappings, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)

    def forget(self) -> None:
        """Remove what was saved."""
        self._path.unlink(missing_ok=True)
