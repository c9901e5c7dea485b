"""The streams of a cloud: in memory to be read, on disk to come back.

Every stream has a folder of its own: its log, and its catalogue (shards, tags, consumers: everything but the records),
a small file that is replaced as a whole. The two never contradict each other: records name their shard, and a shard is
in the catalogue before it takes its first record. A folder without a catalogue is a stream that was not quite made, or
not quite deleted, when the process was killed; it goes at the next start.
"""

from __future__ import annotations

import json
import logging
import secrets
import shutil
import string
import threading
from typing import TYPE_CHECKING

from lab.cloud.kinesis.errors import internal_failure
from lab.cloud.kinesis.log import OpenFiles, StreamLog
from lab.cloud.kinesis.model import Stream, from_catalogue, to_catalogue
from lab.cloud.kinesis.sequence_numbers import Ticker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.cloud.kinesis.model import Mode, Shard

_CATALOGUE = "stream.json"
_log = logging.getLogger(__name__)

Key = tuple[str, str, str]
"""Account, region, name."""
Put = tuple["Shard", str, bytes]
"""A record to be stored: its shard, partition key, data."""


class Store:
    """All streams.

    Args:
        folder: where they are kept; None keeps them in memory only.
        ticker: gives out stamps.
    """

    def __init__(self, folder: Path | None, ticker: Ticker | None = None) -> None:
        self.ticker = ticker or Ticker()
        self._folder = folder
        self._streams: dict[Key, Stream] = {}
        self._logs: dict[int, StreamLog] = {}
        self._files = OpenFiles()
        self._unsaved: set[int] = set()
        """Streams whose catalogue on disk is older than they are: they take no record before it is written."""
        # Puts come from the event loop, but what MiniStack forwards may come from a thread of its own.
        self._writing = threading.Lock()

    def __iter__(self) -> Iterator[Stream]:
        """Give every stream."""
        return iter(list(self._streams.values()))

    def get(self, account: str, region: str, name: str) -> Stream | None:
        """Return a stream."""
        return self._streams.get((account, region, name))

    def by_arn(self, arn: str) -> Stream | None:
        """Return the stream of an ARN; of a consumer's ARN its stream."""
        parts = arn.split(":", 5)
        if len(parts) < 6 or parts[2] != "kinesis" or not parts[5].startswith("stream/"):  # noqa: PLR2004
            return None
        return self._streams.get((parts[4], parts[3], parts[5].split("/")[1]))

    def by_id(self, stream_id: str) -> Stream | None:
        """Return the stream with a stream id."""
        return next((stream for stream in self if stream.stream_id == stream_id), None)

    # --- life --------------------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Bring back what an earlier life left."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self._folder.iterdir()):
            try:
                saved = json.loads((path / _CATALOGUE).read_text())
                stream = from_catalogue(saved)
            except (OSError, ValueError, KeyError, TypeError) as error:
                _log.warning("No stream can be read from %s, so it is removed: %r", path, error)
                shutil.rmtree(path, ignore_errors=True)
                continue
            self.ticker.seen(saved["last_stamp"])
            self._load_records(stream, path)

    def _load_records(self, stream: Stream, path: Path) -> None:
        log = self._logs[stream.created] = StreamLog(path, self._files)
        shards = stream.shards
        stamp = 0
        for number, stamp, key, data in log.replay():
            if shard := shards.get(number):
                shard.records.append(stamp, key, data)
        self.ticker.seen(stamp)
        self._streams[stream.account, stream.region, stream.name] = stream

    def create(self, account: str, region: str, name: str, *, shards: int, mode: Mode, **settings: object) -> Stream:
        """Make a stream; it is on disk when this returns."""
        characters = string.ascii_lowercase + string.digits
        stream_id = "".join(secrets.choice(characters) for _ in range(23))
        stream = Stream(name, account, region, f"{stream_id[:20]}-{stream_id[20:]}", self.ticker.next(), mode=mode)
        for setting, value in settings.items():
            setattr(stream, setting, value)
        stream.add_shards(shards, self.ticker)
        if self._folder is not None:
            try:
                self._path(stream).mkdir(parents=True)
            except OSError as error:
                raise internal_failure() from error
            self._logs[stream.created] = StreamLog(self._path(stream), self._files)
        self.save(stream)
        self._streams[account, region, name] = stream
        return stream

    def save(self, stream: Stream) -> None:
        """Write a stream's catalogue; a crash at any moment leaves the old one or the new one."""
        if self._folder is None:
            return
        path = self._path(stream) / _CATALOGUE
        temporary = path.with_suffix(".tmp")
        try:
            temporary.write_text(json.dumps(to_catalogue(stream, self.ticker.last)))
            temporary.replace(path)
        except OSError as error:
            self._unsaved.add(stream.created)
            raise internal_failure() from error
        self._unsaved.discard(stream.created)

    def delete(self, stream: Stream) -> None:
        """Forget a stream and everything in it."""
        self._streams.pop((stream.account, stream.region, stream.name), None)
        if log := self._logs.pop(stream.created, None):
            log.close()
        self._unsaved.discard(stream.created)
        if self._folder is not None:
            (self._path(stream) / _CATALOGUE).unlink(missing_ok=True)
            shutil.rmtree(self._path(stream), ignore_errors=True)
        stream.bell.ring()
        for shard in stream.shards.values():
            shard.bell.ring()

    def clear(self) -> None:
        """Forget everything."""
        for stream in self:
            self.delete(stream)

    def close(self) -> None:
        """Give the files back."""
        for log in self._logs.values():
            log.close()

    def _path(self, stream: Stream) -> Path:
        assert self._folder is not None  # noqa: S101  (callers have looked)
        # The stamp tells apart what a file system without upper case, or a name like "..", would not.
        return self._folder / f"{stream.created:018d}-{stream.name}"

    # --- records -----------------------------------------------------------------------------------------------------

    def put(self, stream: Stream, puts: list[Put]) -> int:
        """Store records, all or none, in their order; return the first one's stamp, the others follow one by one.

        Raises:
            KinesisError: they could not be written down, so they are not accepted.
        """
        if stream.created in self._unsaved:
            self.save(stream)
        with self._writing:
            first = self.ticker.next(len(puts))
            if log := self._logs.get(stream.created):
                try:
                    log.append(
                        [(shard.number, stamp, key, data) for stamp, (shard, key, data) in enumerate(puts, first)]
                    )
                except OSError as error:
                    _log.warning("A put to %s could not be written down: %s", stream.arn, error)
                    raise internal_failure() from error
            for stamp, (shard, key, data) in enumerate(puts, first):
                shard.records.append(stamp, key, data)
        return first

    def expire(self) -> None:
        """Forget the records that have expired, and the closed shards whose last record has."""
        now = self.ticker.now()
        for stream in self:
            horizon = stream.horizon(now)
            log = self._logs.get(stream.created)
            shards_went = stream.expire(horizon)
            # Before the newest record goes from the log, its stamp goes into the catalogue.
            if shards_went or (log and log.has_expired(horizon)):
                self.save(stream)
            if log:
                log.expire(horizon)
            if shards_went:
                stream.bell.ring()
