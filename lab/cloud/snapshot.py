"""One consistent picture of everything, taken while the cloud goes on working, and loaded when it starts.

A copy of the process (fork) holds all of memory as it was at one moment; it writes that picture and ends, while the
cloud goes on. So tables, queues, functions, roles, mappings and checkpoints always come back together: what a consumer
had written and the checkpoint it had reached belong to the same moment, and what the stream holds behind the
checkpoint is delivered again. That is why a kill costs an idempotent consumer nothing.

What a kill can cost: the last second (`DATA_SECONDS`, and the time a picture takes) of what was written to tables,
queues and metrics directly. Stream records are not part of this: they are in the stream's own log before a put is
answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import warnings
from typing import TYPE_CHECKING, Any

from lab.cloud.changes import Change
from lab.cloud.emulator import state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DATA_SECONDS = 1.0
"""How long after a change of data the next picture is taken, at most."""
DEPLOYED_SECONDS = 0.1
"""The same after a change of what is deployed."""
CHILD_SECONDS = 60.0
"""A copy that has not ended by then is given up (a lock it inherited may never open)."""

_log = logging.getLogger("lab.snapshot")


class Snapshots:
    """Takes pictures when something has changed.

    Args:
        folder: where they are kept.
        mine: says whether the folder is still this cloud's: another cloud's state must not be written over.
        ours: gives what is ours (mappings and checkpoints), in the moment of the picture.
    """

    def __init__(self, folder: Path, mine: Callable[[], bool], ours: Callable[[], dict[str, Any]]) -> None:
        self._path = folder / "snapshot.json"
        self._unsaved = folder / "unsaved"
        self._mine = mine
        self._ours = ours
        self._timer: asyncio.TimerHandle | None = None
        self._taking: asyncio.Task[None] | None = None
        self._changed = False
        self._deployed_changes = 0

    # --- changes -----------------------------------------------------------------------------------------------------

    def note(self, change: Change) -> None:
        """Note what a request changed; a picture follows soon."""
        if change is Change.NOTHING:
            return
        if not self._mine():
            return
        self._changed = True
        if change is Change.DEPLOYED:
            self._deployed_changes += 1
            self._unsaved.touch()
        self._take_in(DEPLOYED_SECONDS if change is Change.DEPLOYED else DATA_SECONDS)

    def _take_in(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        if self._timer and self._timer.when() <= loop.time() + seconds:
            return
        if self._timer:
            self._timer.cancel()
        self._timer = loop.call_later(seconds, self._due)

    def _due(self) -> None:
        self._timer = None
        if self._taking is None:
            self._taking = asyncio.create_task(self._take())
        # A picture under way is followed by another one when it is done.

    # --- taking ------------------------------------------------------------------------------------------------------

    async def save(self) -> None:
        """Return when all that has happened so far is saved."""
        if self._taking:
            await self._taking
        if self._changed:
            self._due()
            if self._taking:
                await self._taking

    async def _take(self) -> None:
        try:
            self._changed = False
            if not self._mine():
                return
            deployed_changes = self._deployed_changes
            if not await self._take_in_a_copy():
                self._write(prune=False)
            if deployed_changes == self._deployed_changes:
                self._unsaved.unlink(missing_ok=True)
        except OSError:
            # A full disk: the picture before stays, and the next change tries again.
            self._changed = True
            _log.exception("The state could not be saved.")
        finally:
            self._taking = None
            if self._changed:
                self._take_in(DATA_SECONDS)

    async def _take_in_a_copy(self) -> bool:
        """Let a copy of this process write the picture; say whether it did."""
        ending, alive = os.pipe()
        with warnings.catch_warnings():
            # Python warns that a copy of a process with threads may stand still. See CHILD_SECONDS.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            self._be_the_copy(alive)
        os.close(alive)
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(ending, ended.set)  # the kernel closes the copy's end, however it ends
        try:
            async with asyncio.timeout(CHILD_SECONDS):
                await ended.wait()
        except TimeoutError:
            os.kill(child, signal.SIGKILL)
            _log.warning("A copy of the process stood still; the state is saved without one.")
        finally:
            loop.remove_reader(ending)
            os.close(ending)
        _pid, status = os.waitpid(child, 0)  # noqa: ASYNC222  (it has ended)
        return status == 0

    def _be_the_copy(self, alive: int) -> None:
        """Write the picture and end; never returns.

        Everything that the cloud holds open is closed first: a copy that outlives a killed cloud must hold neither its
        port nor its state folder.
        """
        code = 1
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            os.closerange(3, alive)
            os.closerange(alive + 1, 65536)
            self._write(prune=False)
            code = 0
        except BaseException:  # noqa: BLE001, S110  (the parent sees the exit code, and writes the picture itself)
            pass
        finally:
            os._exit(code)

    def _write(self, *, prune: bool) -> None:
        temporary = self._path.with_suffix(f".{os.getpid()}.tmp")
        try:
            with temporary.open("w") as file:
                state.dump(file, self._ours(), prune=prune)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    # --- beginning and end -------------------------------------------------------------------------------------------

    def load(self) -> dict[str, Any] | None:
        """Bring back the last picture; return what is ours of it, None when there is none."""
        for left in self._path.parent.glob("snapshot.*.tmp"):
            left.unlink()
        try:
            with self._path.open() as file:
                return state.load(file)
        except FileNotFoundError:
            return None

    async def close(self) -> None:
        """Save for the last time, when everything has come to rest."""
        if self._taking:
            await self._taking
        if self._timer:
            self._timer.cancel()
        if self._mine():
            self._write(prune=True)
            self._unsaved.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove the picture."""
        self._path.unlink(missing_ok=True)
        self._unsaved.unlink(missing_ok=True)
