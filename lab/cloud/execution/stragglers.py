"""Processes that a handler started and that left its process group, such as daemons."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

ROUNDS = 5
"""A process may start another while we look: look again, but not for ever."""


def kill_stragglers(variable: str) -> None:
    """End every process that has an environment variable, `NAME=value`; only where there is `/proc`.

    Children inherit the environment, wherever they go: on AWS they would be frozen and end with it.
    """
    mark = variable.encode() + b"\0"
    for _ in range(ROUNDS):
        found = [process for process in Path("/proc").glob("[0-9]*") if _has(process, mark)]
        if not found:
            return
        for process in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(process.name), signal.SIGKILL)


def _has(process: Path, mark: bytes) -> bool:
    try:
        return mark in (process / "environ").read_bytes()
    except OSError:  # another user's, or gone
        return False
