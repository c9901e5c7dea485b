"""The trace: every decision about a batch as a line of JSON, for people and programs to read afterwards.

No record's data is in it, only where records lie.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 8 * 1024 * 1024
"""A file that has grown past this becomes the previous one: the trace never fills a disk."""


class Trace:
    """Writes the trace to a file.

    Args:
        path: the file; the one before it is kept beside it with `.1` at the end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("a", buffering=64 * 1024)

    def __call__(self, event: str, **fields: Any) -> None:
        """Note an event."""
        line = json.dumps({"time": round(time.time(), 4), "event": event, **fields}, separators=(",", ":"))
        self._file.write(line + "\n")
        if self._file.tell() > MOST_BYTES:
            self._file.close()
            self._path.replace(self._path.with_suffix(".jsonl.1"))
            self._file = self._path.open("a", buffering=64 * 1024)

    def flush(self) -> None:
        """Bring to the file what is still in memory."""
        self._file.flush()

    def close(self) -> None:
        """End the trace."""
        self._file.close()
