"""SubscribeToShard: records pushed over one long answer, as `vnd.amazon.eventstream`, for five minutes at most."""

from __future__ import annotations

import asyncio
import contextlib
import time
import zlib
from typing import TYPE_CHECKING, Any

from lab.cloud.kinesis import wire
from lab.cloud.kinesis.consumers import consumer_of_arn
from lab.cloud.kinesis.errors import KinesisError, in_use, not_found
from lab.cloud.kinesis.reading import MOST_RECORDS, child_shards, millis_behind, position, record_answers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lab.cloud.kinesis.call import Call
    from lab.cloud.kinesis.model import Consumer, Shard, Stream

    Send = Callable[[dict[str, Any]], Awaitable[None]]
    Receive = Callable[[], Awaitable[Any]]

LIFE_SECONDS = 300
"""How long a subscription lasts ("SubscribeToShard")."""
TAKE_OVER_SECONDS = 5
"""A second call within this time is refused; later it takes the subscription over."""
IDLE_SECONDS = 5
"""How often an event without records says that the subscription is alive."""
EVENT_BYTES = 1024 * 1024
_STRING_HEADER = b"\x07"


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """Return one message of an event stream: two lengths, headers, payload, and checksums of it all."""
    head = b"".join(
        bytes([len(name)]) + name.encode() + _STRING_HEADER + len(value).to_bytes(2, "big") + value.encode()
        for name, value in headers.items()
    )
    prelude = (len(head) + len(payload) + 16).to_bytes(4, "big") + len(head).to_bytes(4, "big")
    whole = prelude + zlib.crc32(prelude).to_bytes(4, "big") + head + payload
    return whole + zlib.crc32(whole).to_bytes(4, "big")


class Subscriptions:
    """The subscriptions that are under way, by consumer and shard."""

    def __init__(self) -> None:
        self._current: dict[tuple[str, int], Subscription] = {}

    def subscribe(self, call: Call, *, as_cbor: bool) -> Subscription:
        """Begin a subscription.

        Raises:
            KinesisError: there is no such consumer or shard, or it has been subscribed to a moment ago.
        """
        arn: str = call.get("ConsumerARN")
        stream = call.world.store.by_arn(arn)
        consumer = consumer_of_arn(stream, arn) if stream else None
        if stream is None or consumer is None:
            raise not_found(f"Consumer {arn} not found.")
        about = f"Consumer {consumer.name} with creation timestamp {consumer.created} under stream {stream.name}"
        if consumer.status != "ACTIVE":
            raise in_use(f"{about}, account {stream.account} is not in ACTIVE status.")
        shard = stream.shard_named(call.get("ShardId"))
        if shard is None:
            raise not_found(
                f"Shard {call.get('ShardId')} in stream {stream.name} under account {stream.account} does not exist"
            )
        start: dict[str, Any] = call.get("StartingPosition")
        after = position(call, stream, shard, start["Type"], start.get("SequenceNumber"), start.get("Timestamp"))
        key = (arn, shard.number)
        before = self._current.get(key)
        if before and time.monotonic() - before.begun < TAKE_OVER_SECONDS:
            raise in_use(f"Another active subscription exists for this consumer: {arn}")
        subscription = Subscription(self, call, stream, shard, consumer, after, as_cbor=as_cbor)
        self._current[key] = subscription
        if before:
            shard.bell.ring()  # it notices that it is no longer the current one
        return subscription

    def is_current(self, subscription: Subscription) -> bool:
        """Say whether no other call has taken a subscription over."""
        return self._current.get(subscription.key) is subscription

    def end(self, subscription: Subscription) -> None:
        """Forget a subscription."""
        if self.is_current(subscription):
            del self._current[subscription.key]


class Subscription:
    """One subscription."""

    def __init__(
        self,
        all_of_them: Subscriptions,
        call: Call,
        stream: Stream,
        shard: Shard,
        consumer: Consumer,
        after: int,
        *,
        as_cbor: bool,
    ) -> None:
        self.begun = time.monotonic()
        self.key = (consumer.arn, shard.number)
        self._all = all_of_them
        self._store = call.world.store
        self._stream = stream
        self._shard = shard
        self._consumer = consumer
        self._after = after
        self._as_cbor = as_cbor

    async def run(self, send: Send, receive: Receive) -> None:
        """Push records until the time is over, the shard has ended, or the caller has gone.

        Args:
            send: takes the ASGI messages of the answer's body.
            receive: gives the ASGI messages of the request; after the body only that the caller has gone.
        """
        gone = asyncio.create_task(_until_gone(receive))
        pushing = asyncio.create_task(self._push(send))
        try:
            await asyncio.wait((gone, pushing), return_when=asyncio.FIRST_COMPLETED)
            if pushing.done():
                pushing.result()
        finally:
            gone.cancel()
            pushing.cancel()
            self._all.end(self)
            with contextlib.suppress(OSError):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _push(self, send: Send) -> None:
        async def push(content: bytes) -> None:
            await send({"type": "http.response.body", "body": content, "more_body": True})

        await push(self._message("event", "initial-response", {}))
        silent_since = 0.0
        bell = self._shard.bell
        while (now := time.monotonic()) < self.begun + LIFE_SECONDS:
            seen = bell.rings
            if (error := self._ended_by()) is not None:
                await push(self._message("exception", error.code, {"message": error.message}))
                return
            event = self._event()
            if event["Records"] or "ChildShards" in event or now - silent_since >= IDLE_SECONDS:
                await push(self._message("event", "SubscribeToShardEvent", event))
                silent_since = now
            if "ChildShards" in event:
                return
            if not event["Records"]:
                await bell.wait(seen, min(IDLE_SECONDS, self.begun + LIFE_SECONDS - now))

    def _event(self) -> dict[str, Any]:
        after = max(self._after, self._stream.horizon(self._store.ticker.now()) - 1)
        records = self._shard.records.read(after, MOST_RECORDS, EVENT_BYTES)
        if records:
            self._after = after = int(records[-1].sequence_number[2:20])
        event: dict[str, Any] = {
            "Records": record_answers(self._stream, records),
            "ContinuationSequenceNumber": self._shard.number_of(max(self._after, self._shard.opened)),
            "MillisBehindLatest": millis_behind(self._shard, after, self._store.ticker.now()),
        }
        if self._shard.closed is not None and not self._shard.records.count_after(after):
            event["ChildShards"] = child_shards(self._stream, self._shard)
        return event

    def _ended_by(self) -> KinesisError | None:
        if not self._all.is_current(self):
            return in_use(f"Another active subscription exists for this consumer: {self._consumer.arn}")
        if self._store.by_arn(self._stream.arn) is not self._stream:
            return not_found(f"Stream {self._stream.name} under account {self._stream.account} not found.")
        if self._stream.consumers.get(self._consumer.name) is not self._consumer:
            return not_found(f"Consumer {self._consumer.arn} not found.")
        return None

    def _message(self, kind: str, name: str, values: dict[str, Any]) -> bytes:
        type_header = ":event-type" if kind == "event" else ":exception-type"
        content_type = wire.content_type(as_cbor=self._as_cbor)
        headers = {":message-type": kind, type_header: name, ":content-type": content_type}
        return message(headers, wire.encode(values, as_cbor=self._as_cbor))


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
