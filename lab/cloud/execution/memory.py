"""How much memory an environment uses.

A limit on address space (RLIMIT_AS) or data (RLIMIT_DATA) would count what is only reserved, such as thread stacks,
and stop functions that run well on AWS; so resident memory is watched and the environment ended when it is over.
"""

from __future__ import annotations

import os
from pathlib import Path

PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024
WATCH_SECONDS = 0.05
"""How often a running environment is looked at: between two looks it can go over its limit by what it can fill."""


class MemoryGauge:
    """Reads one process's memory from `/proc`; where there is none (macOS) it knows only what it is told.

    Args:
        pid: the process.
    """

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")
        try:
            self._statm = os.open(self._folder / "statm", os.O_RDONLY)
            self._status = os.open(self._folder / "status", os.O_RDONLY)
        except OSError:
            self._statm = self._status = -1

    def now_kib(self) -> int:
        """Return what the process and its children hold now, in KiB; 0 when that cannot be known."""
        try:
            own = int(os.pread(self._statm, 200, 0).split()[1]) * PAGE_KIB
            children = (self._folder / "task" / self._folder.name / "children").read_text().split()
        except (OSError, IndexError):
            return 0
        # A forked child shares most of its parent's pages: only its share of them counts.
        return own + sum(_proportional_kib(Path("/proc") / child) for child in children)

    def peak_kib(self, reported_kib: int) -> int:
        """Return the most the process has held since it began.

        Args:
            reported_kib: what the process itself says; on Linux it can be the peak of the process that started it.
        """
        try:
            status = os.pread(self._status, 4096, 0)
        except OSError:
            return reported_kib
        _, _, rest = status.partition(b"VmHWM:")
        return int(rest.split(None, 1)[0]) if rest else 0

    def close(self) -> None:
        """Let go of the process's files."""
        for descriptor in (self._statm, self._status):
            if descriptor >= 0:
                os.close(descriptor)
        self._statm = self._status = -1


def _proportional_kib(process: Path) -> int:
    try:
        _, _, rest = (process / "smaps_rollup").read_text().partition("\nPss:")
        return int(rest.split(None, 1)[0]) if rest else 0
    except OSError:
        return 0
