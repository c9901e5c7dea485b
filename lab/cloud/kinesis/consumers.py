"""Enhanced fan-out consumers: registering, describing, listing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from lab.cloud.kinesis import tokens
from lab.cloud.kinesis.cbor import Timestamp
from lab.cloud.kinesis.errors import in_use, invalid, limit_exceeded, not_found
from lab.cloud.kinesis.model import Consumer

if TYPE_CHECKING:
    from lab.cloud.kinesis.call import Call
    from lab.cloud.kinesis.model import Stream

MOST_CONSUMERS = 20
"""Consumers a stream takes ("Quotas and limits")."""
_PAGE = 100


def consumer_of_arn(stream: Stream, arn: str) -> Consumer | None:
    """Return the consumer of a stream with an ARN."""
    return next((consumer for consumer in stream.consumers.values() if consumer.arn == arn), None)


def register_stream_consumer(call: Call) -> dict[str, Any]:
    """Register a consumer."""
    stream, name = call.active_stream(), call.get("ConsumerName")
    where = f"under stream {stream.name} under account {stream.account}"
    if name in stream.consumers:
        raise in_use(f"Consumer {name} {where} already exists.")
    if len(stream.consumers) >= MOST_CONSUMERS:
        raise limit_exceeded(f"Consumer {name} {where} would exceed the limit of {MOST_CONSUMERS} consumers.")
    created = int(time.time())
    consumer = Consumer(
        name,
        f"{stream.arn}/consumer/{name}:{created}",
        created,
        time.monotonic() + call.world.transition_seconds,
    )
    stream.consumers[name] = consumer
    stream.tags_of_consumers.pop(name, None)
    if tags := call.get("Tags"):
        stream.tags_of_consumers[name] = tags
    call.changed(stream)
    return {"Consumer": _answer(consumer)}


def deregister_stream_consumer(call: Call) -> None:
    """Remove a consumer; its subscriptions end."""
    stream, consumer = _meant(call)
    del stream.consumers[consumer.name]
    stream.tags_of_consumers.pop(consumer.name, None)
    stream.policies.pop(consumer.arn, None)
    call.changed(stream)
    for shard in stream.shards.values():
        shard.bell.ring()


def describe_stream_consumer(call: Call) -> dict[str, Any]:
    """Describe a consumer."""
    stream, consumer = _meant(call)
    return {"ConsumerDescription": _answer(consumer) | {"StreamARN": stream.arn}}


def list_stream_consumers(call: Call) -> dict[str, Any]:
    """List a stream's consumers, a page of them."""
    stream = call.stream()
    token = call.get("NextToken")
    after: str = tokens.decode("ListStreamConsumers", token)["after"] if token is not None else ""
    found = [stream.consumers[name] for name in sorted(stream.consumers) if name > after]
    page = found[: call.get("MaxResults", _PAGE)]
    answer: dict[str, Any] = {"Consumers": [_answer(consumer) for consumer in page]}
    if len(page) < len(found):
        answer["NextToken"] = tokens.encode("ListStreamConsumers", after=page[-1].name)
    return answer


def _meant(call: Call) -> tuple[Stream, Consumer]:
    """Return the consumer that a request names by its ARN, or by the stream's and its name."""
    arn, stream_arn, name = call.get("ConsumerARN"), call.get("StreamARN"), call.get("ConsumerName")
    if arn is None and (stream_arn is None or name is None):
        raise invalid("Either ConsumerARN or both StreamARN and ConsumerName must be provided.")
    stream = call.world.store.by_arn(arn) if arn is not None else call.stream()
    if stream:
        consumer = consumer_of_arn(stream, arn) if arn is not None else stream.consumers.get(name)
        matches = consumer and name in (None, consumer.name) and stream_arn in (None, stream.arn)
        if consumer and matches:
            return stream, consumer
    raise not_found(f"Consumer {arn or name}, under account {call.account} not found.")


def _answer(consumer: Consumer) -> dict[str, Any]:
    return {
        "ConsumerName": consumer.name,
        "ConsumerARN": consumer.arn,
        "ConsumerStatus": consumer.status,
        "ConsumerCreationTimestamp": Timestamp(consumer.created),
    }
