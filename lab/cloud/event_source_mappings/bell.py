"""Waking the shard readers when something was written, so that an idle mapping costs nothing."""

from __future__ import annotations

import asyncio
import contextlib


class Bell:
    """Rung by whoever writes, heard by everyone who waits; a ring between two waits is never missed."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self.rings = 0
        """How often it rang: pass the number seen before reading to `wait`."""

    def ring(self) -> None:
        """Wake everyone who waits."""
        self.rings += 1
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self, seen: int, timeout_seconds: float) -> None:
        """Return when the bell rang after `seen`, or when the time is over."""
        if self.rings != seen:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await self._rung.wait()
