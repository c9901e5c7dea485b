"""One shard of one mapping: reads in order, spreads over lanes, delivers, keeps the checkpoint."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lab.cloud.event_source_mappings import filters
from lab.cloud.event_source_mappings.collector import PAYLOAD_LIMIT_BYTES, Collector, payload
from lab.cloud.event_source_mappings.delivery import Delivery, Windowing
from lab.cloud.event_source_mappings.metrics import Metrics
from lab.cloud.event_source_mappings.progress import Progress
from lab.cloud.event_source_mappings.sources import Source, SourceGoneError, StreamRecord
from lab.cloud.event_source_mappings.windows import Window, seconds_left, window_of, with_window

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lab.cloud.event_source_mappings.bell import Bell
    from lab.cloud.event_source_mappings.mapping import Mapping, Surroundings

IDLE_POLL_SECONDS = 1.0
"""Lambda polls an idle Kinesis shard once a second; here writes wake the reader, and the poll only finds the rest."""
READ_AHEAD_BATCHES = 2
"""How many batches per lane are read ahead of what is under way."""
READ_LIMIT_RECORDS = 10_000
HOLD_UP_LOOK_SECONDS = 0.1
"""How often a read that a fault holds up looks whether the fault is still set."""
READ_AHEAD_BYTES = 2 * PAYLOAD_LIMIT_BYTES
"""And how many bytes: records may be 10 MB large."""
READ_AT_ONCE_RECORDS = 500


class Lane:
    """A strand of a shard whose batches follow one another; ParallelizationFactor is their number."""

    def __init__(self, collector: Collector, delivery: Delivery) -> None:
        self.collector = collector
        self.delivery = delivery
        self.under_way: asyncio.Task[None] | None = None


class ShardReader:
    """Reads one shard until it is closed and read to its end, or the mapping stops.

    Args:
        mapping: the mapping.
        source: the stream.
        shard_id: the shard.
        position: where it stands: `after` (a sequence number or None), `ended`; kept up to date here.
        surroundings: the cloud.
    """

    def __init__(
        self, mapping: Mapping, source: Source, shard_id: str, position: dict[str, Any], surroundings: Surroundings
    ) -> None:
        self._mapping = mapping
        self._source = source
        self._shard_id = shard_id
        self._position = position
        self._surroundings = surroundings
        self._read_up_to: str | None = position["after"]
        self._progress = Progress(position["after"])
        self._stopping = asyncio.Event()
        self._told_closed = False
        self._window_opened: float | None = None
        self._metrics = Metrics(lambda: mapping.configuration)
        self._patterns = [
            pattern for text in mapping.configuration.filter_patterns if (pattern := filters.parse_pattern(text))
        ]
        configuration = mapping.configuration
        self._lanes = [
            Lane(
                Collector(configuration.batch_size, surroundings.clock.scaled(configuration.window_seconds)),
                Delivery(
                    lambda: mapping.configuration,
                    source=source,
                    shard_id=shard_id,
                    invoke=surroundings.invoke,
                    clock=surroundings.clock,
                    faults=surroundings.faults,
                    metrics=self._metrics,
                    trace=self._trace,
                    result=self._set_result,
                    stopping=self._stopping,
                ),
            )
            for _ in range(configuration.parallelization_factor)
        ]

    async def run(self) -> None:
        """Read and deliver until the shard is closed and all of it has ended, or until `stop`."""
        try:
            while not self._stopping.is_set():
                bell = self._source.bell(self._shard_id)
                seen = bell.rings
                if slow := self._read_delay():
                    await self._hold_up(slow)
                before = self._read_up_to
                closed = self._read()
                if slow and self._read_up_to != before:
                    self._surroundings.faults.read_was_slow(self._source.arn, self._place())
                self._start_batches(closed=closed)
                if (
                    closed
                    and not self._progress
                    and not any(lane.under_way for lane in self._lanes)
                    and not self._window()
                ):
                    self._position["ended"] = True
                    self._trace("shard_ended")
                    self._mapping.changed()
                    self._source.bell().ring()  # children of this shard may start
                    return
                await self._wait(bell, seen)
            under_way = [lane.under_way for lane in self._lanes if lane.under_way]
            if under_way:
                await asyncio.wait(under_way)
        finally:
            for lane in self._lanes:
                if lane.under_way:
                    lane.under_way.cancel()

    def stop(self) -> None:
        """Begin nothing new; `run` returns when the invocations under way have ended."""
        self._stopping.set()

    def _room(self) -> int:
        configuration = self._mapping.configuration
        wanted = configuration.batch_size * configuration.parallelization_factor * READ_AHEAD_BATCHES
        waiting = sum(len(lane.collector) for lane in self._lanes)
        if sum(lane.collector.size_bytes for lane in self._lanes) >= READ_AHEAD_BYTES * len(self._lanes):
            return 0
        # Records that wait behind a slow lane also count: memory stays flat however long the stream is.
        return min(wanted - waiting, 2 * READ_LIMIT_RECORDS - len(self._progress), READ_LIMIT_RECORDS)

    def _read_delay(self) -> float:
        return self._surroundings.faults.read_delay(self._source.arn, self._shard_id)

    async def _hold_up(self, seconds: float) -> None:
        """Wait before a read, as a fault wants it, as long as the fault is set."""
        clock = self._surroundings.clock
        until = clock.monotonic() + seconds
        while not self._stopping.is_set() and (left := until - clock.monotonic()) > 0 and self._read_delay():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, HOLD_UP_LOOK_SECONDS)):
                    await self._stopping.wait()

    def _read(self) -> bool:
        """Read what there is room for; say whether the shard has no more to give."""
        if self._room() <= 0:
            return False
        if not self._mapping.may_read():
            self._set_result("PROBLEM: Access denied. Please check the function role's permissions on the stream.")
            return False
        try:
            closed = self._read_ahead()
        except SourceGoneError:
            return False  # the mapping stays, as on AWS, until someone deletes it
        if closed and not self._told_closed:
            self._told_closed = True
            self._trace("shard_closed")
        return closed

    def _read_ahead(self) -> bool:
        """Take over records until there is no more room; say whether the shard is closed and read to its end."""
        while (room := self._room()) > 0:
            records = self._source.read(self._shard_id, self._read_up_to, min(room, READ_AT_ONCE_RECORDS))
            if not records:
                return self._shard_is_closed()
            self._take_over(records)
        return False

    def _take_over(self, records: list[StreamRecord]) -> None:
        now = self._surroundings.clock.monotonic()
        unwanted: list[str] = []
        self._metrics.count("PolledEventCount", len(records))
        for each in records:
            sequence_number = each.record.sequence_number
            self._read_up_to = sequence_number
            self._progress.read(sequence_number)
            if self._patterns and not filters.matches_any(self._patterns, self._source.filter_document(each.event)):
                unwanted.append(sequence_number)
                continue
            self._lane_of(each.order_key).collector.add(each.collected(), now)
        if unwanted:
            self._metrics.count("FilteredOutEventCount", len(unwanted))
            self._trace("filtered", count=len(unwanted), first=unwanted[0], last=unwanted[-1])
            self._ended(unwanted)

    def _shard_is_closed(self) -> bool:
        return any(shard.shard_id == self._shard_id and shard.closed for shard in self._source.shards())

    def _lane_of(self, order_key: str) -> Lane:
        if len(self._lanes) == 1:
            return self._lanes[0]
        digest = hashlib.md5(order_key.encode(), usedforsecurity=False).digest()
        return self._lanes[int.from_bytes(digest, "big") % len(self._lanes)]

    def _start_batches(self, *, closed: bool) -> None:
        now = self._surroundings.clock.monotonic()
        for lane in self._lanes:
            if lane.under_way and lane.under_way.done():
                lane.under_way.result()  # an error of ours must not vanish
                lane.under_way = None
            if lane.under_way is None and not self._stopping.is_set():
                # A window that was open when windows were switched off is still closed properly.
                if self._mapping.configuration.tumbling_window_seconds or self._window():
                    self._start_windowed(lane, now, closed=closed)
                elif lane.collector.due(now, closed=closed) == 0.0:
                    batch = lane.collector.take(now)
                    lane.under_way = asyncio.create_task(lane.delivery.deliver(batch, self._ended))

    def _start_windowed(self, lane: Lane, now: float, *, closed: bool) -> None:
        """Start the next batch of the window the shard is in, or close the window."""
        arrivals = lane.collector.arrivals()
        window = self._window()
        if window and self._window_is_over(window, arrivals, closed=closed):
            windowing = Windowing(window, self._keep_window)
            lane.under_way = asyncio.create_task(lane.delivery.close_window(windowing))
            return
        if arrivals is None:
            return
        first, last = arrivals
        if window is None:
            window = window_of(first, self._window_seconds())
        over = closed or not window.holds(last) or not self._seconds_left(window)
        if lane.collector.due(now, closed=over) == 0.0:
            if self._window() is None:
                self._trace("window_opened", window_start=window.start, window_end=window.end)
            windowing = Windowing(window, self._keep_window)
            attributes = with_window(
                payload([]), window, shard_id=self._shard_id, stream_arn=self._source.arn, final=False
            )
            batch = lane.collector.take(now, window.holds, beside_bytes=len(attributes) - len(payload([])))
            lane.under_way = asyncio.create_task(lane.delivery.deliver(batch, self._ended, windowing))

    def _window_is_over(self, window: Window, arrivals: tuple[float, float] | None, *, closed: bool) -> bool:
        switched_off = not self._mapping.configuration.tumbling_window_seconds
        if window.ended_early or switched_off:
            return True
        if arrivals:
            return not window.holds(arrivals[0])
        return closed or not self._seconds_left(window)

    def _seconds_left(self, window: Window) -> float:
        clock = self._surroundings.clock
        if self._window_opened is None:
            self._window_opened = clock.monotonic()
        return seconds_left(window, clock.now(), self._window_opened, clock.monotonic())

    def _window_seconds(self) -> float:
        return self._surroundings.clock.scaled(self._mapping.configuration.tumbling_window_seconds)

    def _window(self) -> Window | None:
        kept = self._position.get("window")
        return Window(**kept) if kept else None

    def _keep_window(self, window: Window | None) -> None:
        self._position["window"] = asdict(window) if window else None
        if window is None:
            self._window_opened = None
        self._mapping.changed()

    async def _wait(self, bell: Bell, seen: int) -> None:
        """Wait for a write, the end of a batch, or the end of a window, whichever comes first."""
        now = self._surroundings.clock.monotonic()
        dues = [due for lane in self._lanes if lane.under_way is None and (due := lane.collector.due(now)) is not None]
        if (window := self._window()) and not self._lanes[0].under_way:
            dues.append(self._seconds_left(window))
        timeout = min([IDLE_POLL_SECONDS, *dues])
        under_way = [lane.under_way for lane in self._lanes if lane.under_way]
        waits: list[asyncio.Task[Any]] = [*under_way, asyncio.create_task(self._stopping.wait())]
        # A reader that is full, or whose lanes are all busy, has nothing to gain from a write.
        if not under_way or (self._room() > 0 and len(under_way) < len(self._lanes)):
            waits.append(asyncio.create_task(bell.wait(seen, timeout)))
        try:
            await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits[len(under_way) :]:
                task.cancel()

    def _ended(self, sequence_numbers: Iterable[str]) -> None:
        if self._progress.end(sequence_numbers):
            self._position["after"] = self._progress.checkpoint
            self._trace("checkpoint", at=self._progress.checkpoint)
            self._mapping.changed()

    def _set_result(self, result: str) -> None:
        self._mapping.last_result = result

    def _trace(self, event: str, **fields: Any) -> int:
        return self._surroundings.trace(event, **self._place(), **fields)

    def _place(self) -> dict[str, str]:
        configuration = self._mapping.configuration
        return {"mapping": configuration.uuid, "function": configuration.function_name, "shard": self._shard_id}
