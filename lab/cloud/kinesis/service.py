"""The Kinesis service as the rest of the cloud sees it: its API's handler, and its records without the API."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from lab.cloud import emulator
from lab.cloud.emulator.streams import ShardRecord
from lab.cloud.kinesis import iterators, tokens, wire
from lab.cloud.kinesis.call import TRANSITION_SECONDS, Call, Surroundings
from lab.cloud.kinesis.consumers import consumer_of_arn
from lab.cloud.kinesis.errors import KinesisError, internal_failure
from lab.cloud.kinesis.limits import Limits
from lab.cloud.kinesis.measures import MEASURED
from lab.cloud.kinesis.operations import CHECKED, CHECKING_THEMSELVES, SUBSCRIBE
from lab.cloud.kinesis.sequence_numbers import microseconds, parse
from lab.cloud.kinesis.store import Store
from lab.cloud.kinesis.subscriptions import Subscriptions
from lab.cloud.kinesis.validation import serialization_error
from lab.hash_keys import hash_key
from lab.json_values import is_object

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Literal

    from lab.cloud.emulator.app import Answer
    from lab.cloud.event_source_mappings.bell import Bell
    from lab.cloud.kinesis.measures import Measures
    from lab.cloud.kinesis.model import Shard, Stream
    from lab.cloud.kinesis.records import KinesisRecord
    from lab.cloud.kinesis.sequence_numbers import Ticker

EXPIRY_SECONDS = 60
"""How often expired records are removed; they cannot be read from the moment they expire."""
_log = logging.getLogger(__name__)


class KinesisService:
    """Kinesis Data Streams. What an earlier life left in the folder is there from the beginning.

    Args:
        folder: where streams are kept; None keeps them in memory only.
        forward: told of accepted records: the stream's ARN, its partition keys and data.
        transition_seconds: how long a stream is CREATING or UPDATING.
        ticker: gives out stamps.
        measures: writes the streams' figures into CloudWatch.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        forward: Callable[[str, list[tuple[str, bytes]]], None] | None = None,
        transition_seconds: float = TRANSITION_SECONDS,
        ticker: Ticker | None = None,
        measures: Measures | None = None,
    ) -> None:
        self.limits = Limits()
        """What shards take and serve: switches that may be turned at any time."""
        self._store = Store(folder, ticker)
        self._world = Surroundings(self._store, self.limits, forward, transition_seconds)
        self._subscriptions = Subscriptions()
        self._measures = measures
        self._expiring: asyncio.TimerHandle | None = None
        self._seen: tuple[bytes, Any] | None = None
        self._store.load()

    # --- life --------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to remove what expires; there is a running event loop."""
        self._expiring = asyncio.get_running_loop().call_later(EXPIRY_SECONDS, self._expire)

    def _expire(self) -> None:
        try:
            self._store.expire()
        except (KinesisError, OSError) as error:
            _log.warning("Expired records could not be removed: %s", error)
        self.start()

    def stop(self) -> None:
        """Give the files back; everything is on disk already."""
        if self._expiring:
            self._expiring.cancel()
        self._store.close()

    def reset(self) -> None:
        """Forget every stream."""
        self._store.clear()

    # --- the API -----------------------------------------------------------------------------------------------------

    async def handle(
        self,
        _method: str,
        _path: str,
        headers: dict[str, str],
        body: bytes,
        _query: dict[str, list[str]],
    ) -> Answer:
        """Answer a request; this is an emulator's `Handler`."""
        as_cbor = wire.is_cbor(headers)
        operation = headers.get("x-amz-target", "").partition(".")[2]
        request = None
        try:
            request = self._decoded(body, as_cbor=as_cbor)
            if operation == SUBSCRIBE:
                return self._subscribe(request, as_cbor=as_cbor)
            answer = self.perform(operation, request, *emulator.current_scope())
            if self._measures and operation in MEASURED and answer:
                self._measures.answered(operation, self._named(request), request, answer)
            return wire.answer(answer, as_cbor=as_cbor)
        except KinesisError as error:
            if self._measures and operation in MEASURED:
                self._measures.refused(operation, self._named(request), error.code)
            return wire.error_answer(error, as_cbor=as_cbor)
        except Exception:  # noqa: BLE001  (an error of ours is InternalFailure to the caller, and in the log to us)
            _log.exception("%s failed", operation)
            return wire.error_answer(internal_failure(), as_cbor=as_cbor)

    def perform(self, operation: str, request: Any, account: str, region: str) -> dict[str, Any] | None:
        """Perform an operation of the API; its answer, None when it tells nothing.

        Args:
            operation: the operation's name.
            request: its members, as JSON or CBOR give them.
            account: whose call it is.
            region: where.

        Raises:
            KinesisError: what the API answers as an error.
        """
        own = CHECKING_THEMSELVES.get(operation)
        checked = CHECKED.get(operation)
        if own is None and checked is None:
            raise KinesisError("UnknownOperationException", None)
        if not isinstance(request, dict):
            raise serialization_error("Start of structure or map expected.")
        call = Call(self._world, operation, request, account, region)  # pyright: ignore[reportUnknownArgumentType]
        if own:
            return own(call)
        assert checked  # noqa: S101
        call.validate()
        return checked(call)

    def _subscribe(self, request: Any, *, as_cbor: bool) -> Answer:
        call = Call(self._world, SUBSCRIBE, request, *emulator.current_scope())
        call.validate()
        subscription = self._subscriptions.subscribe(call, as_cbor=as_cbor)
        return 200, {"Content-Type": "application/vnd.amazon.eventstream"}, emulator.streaming(subscription.run)

    def _decoded(self, body: bytes, *, as_cbor: bool) -> Any:
        # Authorization has read this very body a moment ago: 500 records are not parsed twice.
        seen, self._seen = self._seen, None
        return seen[1] if seen and seen[0] is body else wire.decode(body, as_cbor=as_cbor)

    # --- authorization -----------------------------------------------------------------------------------------------

    def resource_of(self, headers: dict[str, str], body: bytes, account: str, region: str) -> str | None:
        """Return the ARN that a request is about; None when it names none (`*` for IAM).

        Args:
            headers: the request's.
            body: the request's.
            account: whose call it is.
            region: where.
        """
        try:
            request = wire.decode(body, as_cbor=wire.is_cbor(headers))
        except KinesisError:
            return None
        self._seen = (body, request)
        if not isinstance(request, dict):
            return None
        return self._resource_named(request, account, region)  # pyright: ignore[reportUnknownArgumentType]

    def _named(self, request: Any) -> str | None:
        """Return the ARN that a request names."""
        return self._resource_named(request, *emulator.current_scope()) if is_object(request) else None

    def _resource_named(self, request: dict[str, Any], account: str, region: str) -> str | None:
        # An iterator comes first: whatever else the request says, this is what would be read.
        if isinstance(iterator := request.get("ShardIterator"), str):
            return iterators.stream_arn(iterator)
        for name in ("ConsumerARN", "ResourceARN", "StreamARN"):
            if isinstance(arn := request.get(name), str):
                return arn
        if isinstance(name := request.get("StreamName"), str):
            return f"arn:aws:kinesis:{region}:{account}:stream/{name}"
        stream_id = request.get("StreamId")
        if isinstance(token := request.get("NextToken"), str):
            try:
                stream_id = tokens.decode("ListShards", token)["stream"]
            except KinesisError:
                return None
        stream = self._store.by_id(stream_id) if isinstance(stream_id, str) else None
        return stream.arn if stream else None

    def policy_of(self, arn: str) -> tuple[str, str] | None:
        """Return the resource policy (empty: none) and the account of a stream or consumer; None when it is unknown."""
        stream = self._store.by_arn(arn)
        if stream is None or not (stream.arn == arn or consumer_of_arn(stream, arn)):
            return None
        return stream.policies.get(arn, ""), stream.account

    def describe(self, stream_arn: str) -> dict[str, Any] | None:
        """Return the API's summary of a stream, None when it is unknown."""
        stream = self._store.by_arn(stream_arn)
        if stream is None or stream.arn != stream_arn:
            return None
        answer = self.perform("DescribeStreamSummary", {"StreamARN": stream_arn}, stream.account, stream.region)
        return answer["StreamDescriptionSummary"] if answer else None

    def tags(self, account: str, region: str) -> list[tuple[str, dict[str, str]]]:
        """Return the ARNs of an account's streams, and their tags."""
        return [
            (stream.arn, stream.tags) for stream in self._store if (stream.account, stream.region) == (account, region)
        ]

    # --- records without the API -------------------------------------------------------------------------------------

    def shards(self, stream_arn: str) -> list[ShardRecord] | None:
        """List the shards that can be read, closed ones too; None when there is no such stream.

        Args:
            stream_arn: the stream, or one of its consumers.
        """
        stream = self._store.by_arn(stream_arn)
        if stream is None:
            return None
        return [
            ShardRecord(
                shard.shard_id,
                tuple(f"shardId-{parent:012d}" for parent in shard.parents),
                closed=shard.closed is not None,
            )
            for shard in stream.shards.values()
        ]

    def read(self, stream_arn: str, shard_id: str, after: str | None, limit: int) -> list[KinesisRecord] | None:
        """Read records of a shard.

        Args:
            stream_arn: the stream, or one of its consumers.
            shard_id: the shard.
            after: sequence number behind which to read; None reads from the oldest record.
            limit: at most so many.

        Returns:
            the records, or None when stream or shard are gone.
        """
        found = self._shard(stream_arn, shard_id)
        if found is None:
            return None
        stream, shard = found
        horizon = stream.horizon(self._store.ticker.now())
        records = shard.records.read(max(_stamp(after), horizon - 1), limit)
        if self._measures:
            self._measures.read(stream.arn, records)
        return records

    def retention_hours(self, stream_arn: str) -> int | None:
        """Return how long a stream keeps its records, None when there is no such stream."""
        stream = self._store.by_arn(stream_arn)
        return stream.retention_hours if stream else None

    def position(
        self,
        stream_arn: str,
        shard_id: str,
        kind: Literal["LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"],
        timestamp: float | None = None,
    ) -> str | None:
        """Return the sequence number behind which a starting position begins; None: at the oldest record.

        Args:
            stream_arn: the stream, or one of its consumers.
            shard_id: the shard.
            kind: the starting position.
            timestamp: for AT_TIMESTAMP, seconds since the epoch.
        """
        found = self._shard(stream_arn, shard_id)
        if found is None or kind == "TRIM_HORIZON":
            return None
        _stream, shard = found
        if kind == "AT_TIMESTAMP" and timestamp is not None:
            return shard.number_of(max(0, microseconds(timestamp) - 1))
        return shard.number_of(self._store.ticker.last)

    def behind(self, stream_arn: str, shard_id: str, after: str | None) -> tuple[int, float]:
        """Say how far behind a reader is: how many records it has not read, and the first one's age in seconds.

        Args:
            stream_arn: the stream, or one of its consumers.
            shard_id: the shard.
            after: sequence number of the last record it read; None: it has read nothing.
        """
        found = self._shard(stream_arn, shard_id)
        if found is None:
            return 0, 0.0
        stream, shard = found
        now = self._store.ticker.now()
        stamp = max(_stamp(after), stream.horizon(now) - 1)
        first = shard.records.first_after(stamp)
        return shard.records.count_after(stamp), max(0.0, (now - first) / 1e6) if first is not None else 0.0

    def bell(self, stream_arn: str, shard_id: str | None = None) -> Bell | None:
        """Return what rings at every write to a shard; without a shard, what rings when the shards have changed.

        Args:
            stream_arn: the stream, or one of its consumers.
            shard_id: the shard.
        """
        if shard_id is None:
            stream = self._store.by_arn(stream_arn)
            return stream.bell if stream else None
        found = self._shard(stream_arn, shard_id)
        return found[1].bell if found else None

    def put(self, stream_arn: str, partition_key: str, data: bytes) -> bool:
        """Store a record from inside the cloud; False when the stream does not take it."""
        stream = self._store.by_arn(stream_arn)
        if stream is None or stream.status == "CREATING":
            return False
        shard = stream.shard_for(hash_key(partition_key))
        if not self._allowed(stream, shard, len(data) + len(partition_key)):
            return False
        try:
            self._store.put(stream, [(shard, partition_key, data)])
        except KinesisError:
            return False
        shard.bell.ring()
        return True

    def _allowed(self, stream: Stream, shard: Shard, size: int) -> bool:
        limited = self.limits.on_writes_to(stream.arn)
        return not limited or self.limits.allow_write((stream.created, shard.number), size)

    def _shard(self, stream_arn: str, shard_id: str) -> tuple[Stream, Shard] | None:
        stream = self._store.by_arn(stream_arn)
        shard = stream.shard_named(shard_id) if stream else None
        return (stream, shard) if stream and shard else None


def _stamp(sequence_number: str | None) -> int:
    place = parse(sequence_number) if sequence_number is not None else None
    return place.stamp if place else 0
