"""Keeps the trace: the newest events in memory, more of them in a file, and hands new ones to whoever listens."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from lab.json_values import is_object

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Iterator
    from pathlib import Path

MOST_BYTES = 8 * 1024 * 1024
"""A file that has grown past this becomes the previous one: the trace never fills a disk."""
MOST_EVENTS = 10_000
"""How many events are kept in memory; about 5 MB."""
MOST_WAITING = 1_000
"""How many events wait for one listener; what it is too slow for is lost to it, and it is told how many."""
WRITTEN_AFTER_SECONDS = 0.5
"""How long an event may wait for its way into the file."""
MOST_UNWRITTEN = 500
"""How many may."""

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class Entry(NamedTuple):
    """One event.

    Attributes:
        id: its number.
        time: when, seconds since the epoch.
        mapping: UUID of its mapping, None where it has none.
        function: name of its function.
        shard: id of its shard.
        line: all of it, as JSON.
    """

    id: int
    time: float
    mapping: str | None
    function: str | None
    shard: str | None
    line: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events somebody wants to see; None is all.

    Attributes:
        mapping: UUID of a mapping.
        function: name of a function.
        shard: id of a shard.
    """

    mapping: str | None = None
    function: str | None = None
    shard: str | None = None

    def holds(self, entry: Entry) -> bool:
        """Say whether an event is wanted."""
        return (
            (self.mapping is None or self.mapping == entry.mapping)
            and (self.function is None or self.function == entry.function)
            and (self.shard is None or self.shard == entry.shard)
        )


class Listener:
    """What waits for somebody who listens to the trace: bounded, so that a slow one holds nobody up."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._waiting: deque[Entry] = deque()
        self._lost = 0
        self._ended = False
        self._wake = asyncio.Event()

    def tell(self, entry: Entry) -> None:
        """Hand over an event, or count it as lost."""
        if self._wanted.holds(entry):
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.popleft()
                self._lost += 1
            self._waiting.append(entry)
            self._wake.set()

    def end(self) -> None:
        """Tell nothing more."""
        self._ended = True
        self._wake.set()

    async def read(self, keep_alive_seconds: float) -> AsyncIterator[tuple[int, list[Entry]]]:
        """Yield how many events were lost and the events after them; nothing of both to say that all is well."""
        while not self._ended:
            with suppress(TimeoutError):
                async with asyncio.timeout(keep_alive_seconds):
                    await self._wake.wait()
            self._wake.clear()
            lost, entries = self._lost, list(self._waiting)
            self._lost = 0
            self._waiting.clear()
            if not (self._ended and not entries):
                yield lost, entries


class Trace:
    """The trace of a cloud; to be called on the cloud's event loop only.

    Args:
        path: the file; the one before it is kept beside it with `.1` at the end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: deque[Entry] = deque(_read(path), maxlen=MOST_EVENTS)
        self._ids = itertools.count(self._entries[-1].id + 1 if self._entries else 1)
        self._file = path.open("a")
        self._size = self._file.tell()
        # What a killed cloud left may end in the middle of a line.
        self._unwritten = [""] if self._size else []
        self._listeners: list[Listener] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._to_write: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Note on which event loop the cloud runs."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()

    def __call__(self, event: str, **fields: Any) -> int:
        """Tell an event; return its id.

        Args:
            event: its name in `events.EVENTS`.
            fields: what is to be said about it, by their names in `events.FIELDS`.
        """
        number = next(self._ids)
        now = round(time.time(), 4)
        line = _encode({"id": number, "time": now, "event": event, **fields})
        entry = Entry(number, now, fields.get("mapping"), fields.get("function"), fields.get("shard"), line)
        self._entries.append(entry)
        self._write(line)
        for listener in self._listeners:
            listener.tell(entry)
        return number

    def from_anywhere(self, event: str, **fields: Any) -> None:
        """Tell an event, from whatever thread."""
        if self._loop is None or threading.get_ident() == self._thread:
            self(event, **fields)
        else:
            self._loop.call_soon_threadsafe(lambda: self(event, **fields))

    # --- reading -----------------------------------------------------------------------------------------------------

    @property
    def oldest(self) -> int:
        """Id of the oldest event in memory; of the next one when there is none."""
        return self._entries[0].id if self._entries else self.newest + 1

    @property
    def newest(self) -> int:
        """Id of the newest event; 0 when there is none."""
        return self._entries[-1].id if self._entries else 0

    def after(self, number: int, wanted: Wanted) -> Iterator[Entry]:
        """Yield the wanted events behind an id, oldest first."""
        skipped = max(0, number + 1 - self.oldest)
        return (entry for entry in itertools.islice(self._entries, skipped, None) if wanted.holds(entry))

    def before_now(self, wanted: Wanted) -> Iterator[Entry]:
        """Yield the wanted events, newest first."""
        return filter(wanted.holds, reversed(self._entries))

    @contextmanager
    def listener(self, wanted: Wanted) -> Generator[Listener]:
        """Give what hears every wanted event from now on."""
        listener = Listener(wanted)
        self._listeners.append(listener)
        try:
            yield listener
        finally:
            self._listeners.remove(listener)

    # --- the file ----------------------------------------------------------------------------------------------------

    def _write(self, line: str) -> None:
        self._unwritten.append(line)
        if len(self._unwritten) >= MOST_UNWRITTEN:
            self._flush()
        elif self._loop and not self._to_write:
            self._to_write = self._loop.call_later(WRITTEN_AFTER_SECONDS, self._flush)

    def _flush(self) -> None:
        if self._to_write:
            self._to_write.cancel()
            self._to_write = None
        text = "\n".join([*self._unwritten, ""])
        self._unwritten.clear()
        with suppress(OSError):  # a full disk must not stop the cloud
            self._file.write(text)
            self._file.flush()
            self._size += len(text)  # JSON in ASCII
            if self._size > MOST_BYTES:
                self._file.close()
                self._path.replace(_previous(self._path))
                self._file = self._path.open("a")
                self._size = 0

    def end_listening(self) -> None:
        """Let everybody who listens go: the cloud is about to stop."""
        for listener in self._listeners:
            listener.end()

    def close(self) -> None:
        """End the trace."""
        self._flush()
        with suppress(OSError):
            self._file.close()


def _previous(path: Path) -> Path:
    return path.with_suffix(".jsonl.1")


def _read(path: Path) -> Iterator[Entry]:
    """Yield what earlier lives of the cloud left, oldest first; a line that is not whole is left out."""
    for each in (_previous(path), path):
        try:
            with each.open() as file:
                for line in deque(file, maxlen=MOST_EVENTS):
                    if entry := _entry(line.strip()):
                        yield entry
        except (OSError, UnicodeDecodeError):
            continue


def _entry(line: str) -> Entry | None:
    with suppress(ValueError):
        event: Any = json.loads(line)
        if is_object(event) and isinstance(event.get("id"), int):
            when = float(event.get("time", 0))
            return Entry(event["id"], when, event.get("mapping"), event.get("function"), event.get("shard"), line)
    return None
