"""The durable log of one stream: what was accepted is on it before the answer is sent.

Each put is one frame, written by one `os.write` at the end of the newest segment: length, checksum, records. Nothing is
synced to the disk: what a process has written survives its death (kill -9) in the kernel's cache; a power cut may cost
the last seconds, and may tear the tail of a segment, which is cut off at the next start like any torn tail.

Segments are named after the stamp of their first record, roll at some MB, and are deleted when all of their records
have expired. A put that cannot be written as a whole (the disk is full) leaves the log as it was.
"""

from __future__ import annotations

import errno
import os
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

SEGMENT_BYTES = 8 * 1024 * 1024
MOST_OPEN = 64
"""How many logs keep their file open; a class on one machine has fewer streams, a test may have a thousand."""
_FRAME = struct.Struct("<II")
_RECORD = struct.Struct("<IQHI")


class Entry(NamedTuple):
    """A record as the log holds it."""

    shard: int
    stamp: int
    key: str
    data: bytes


def frame(entries: Iterable[tuple[int, int, str, bytes]]) -> bytes:
    """Return the frame of records (see `Entry`) that are accepted together."""
    parts: list[bytes] = []
    for shard, stamp, key, data in entries:
        # JSON may carry half a surrogate pair; what was accepted must come back as it was.
        name = key.encode("utf-8", "surrogatepass")
        parts += (_RECORD.pack(shard, stamp, len(name), len(data)), name, data)
    payload = b"".join(parts)
    return _FRAME.pack(len(payload), zlib.crc32(payload)) + payload


def read_frames(content: bytes) -> tuple[list[Entry], int]:
    """Return the records of all whole frames, and how many bytes those frames take."""
    entries: list[Entry] = []
    position = 0
    while position + _FRAME.size <= len(content):
        length, checksum = _FRAME.unpack_from(content, position)
        begin = position + _FRAME.size
        payload = content[begin : begin + length]
        # A frame holds at least one record: zeros, which a power cut leaves behind, are none.
        if not length or len(payload) < length or zlib.crc32(payload) != checksum:
            break
        entries += _records(payload)
        position = begin + length
    return entries, position


def _records(payload: bytes) -> Iterator[Entry]:
    position = 0
    while position < len(payload):
        shard, stamp, key_length, data_length = _RECORD.unpack_from(payload, position)
        key_at = position + _RECORD.size
        data_at = key_at + key_length
        position = data_at + data_length
        key = payload[key_at:data_at].decode("utf-8", "surrogatepass")
        yield Entry(shard, stamp, key, payload[data_at:position])


class _Segment:
    __slots__ = ("last_stamp", "path", "size")

    def __init__(self, path: Path, last_stamp: int = 0, size: int = 0) -> None:
        self.path = path
        self.last_stamp = last_stamp
        self.size = size


class OpenFiles:
    """Keeps the number of open segments of all logs below a bound."""

    def __init__(self, most: int = MOST_OPEN) -> None:
        self._most = most
        self._logs: dict[StreamLog, None] = {}

    def opened(self, log: StreamLog) -> None:
        """Note that a log opened its file; the one that did so first closes its own when there are too many."""
        self._logs[log] = None
        if len(self._logs) > self._most:
            next(iter(self._logs)).close()

    def closed(self, log: StreamLog) -> None:
        """Note that a log closed its file."""
        self._logs.pop(log, None)


class StreamLog:
    """The log of one stream.

    Args:
        folder: where its segments lie.
        files: bounds the number of open files.
        segment_bytes: a segment that has grown past this is followed by a new one.
    """

    def __init__(self, folder: Path, files: OpenFiles | None = None, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder = folder
        self._files = files or OpenFiles()
        self._segment_bytes = segment_bytes
        self._segments: list[_Segment] = []
        self._file: int | None = None

    def replay(self) -> Iterator[Entry]:
        """Give every record of an earlier life, oldest first; the torn tail of a segment is cut off."""
        for path in sorted(self._folder.glob("*.log")):
            content = path.read_bytes()
            entries, size = read_frames(content)
            if not entries:
                path.unlink()
                continue
            if size < len(content):
                os.truncate(path, size)
            self._segments.append(_Segment(path, entries[-1].stamp, size))
            yield from entries

    def append(self, entries: Sequence[tuple[int, int, str, bytes]]) -> None:
        """Write records down; they are written as a whole, or OSError says why not and nothing was."""
        content = frame(entries)
        if not self._segments or self._segments[-1].size > self._segment_bytes:
            self.close()
            self._segments.append(_Segment(self._folder / f"{entries[0][1]:020d}.log"))
        segment = self._segments[-1]
        if self._file is None:
            self._file = os.open(segment.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._files.opened(self)
        try:
            _write(self._file, content)
        except OSError:
            self._give_up(segment)
            raise
        segment.size += len(content)
        segment.last_stamp = entries[-1][1]

    def _give_up(self, segment: _Segment) -> None:
        """Leave a segment as it was before a put that failed."""
        self.close()
        try:
            if segment.size:
                os.truncate(segment.path, segment.size)
            else:
                self._segments.remove(segment)
                segment.path.unlink(missing_ok=True)
        except OSError:
            # Nothing may follow a torn tail, because a restart cuts there: the next put begins a new segment.
            segment.size = self._segment_bytes + 1

    def has_expired(self, horizon: int) -> bool:
        """Say whether a segment holds nothing but records older than a stamp."""
        return bool(self._segments) and self._segments[0].last_stamp < horizon

    def expire(self, horizon: int) -> None:
        """Delete the segments whose records are all older than a stamp."""
        while self.has_expired(horizon):
            if len(self._segments) == 1:
                self.close()
            self._segments.pop(0).path.unlink(missing_ok=True)

    def close(self) -> None:
        """Give the open file back; the next put opens it again."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
            self._files.closed(self)


def _write(file: int, content: bytes) -> None:
    if os.write(file, content) < len(content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
