"""What of MiniStack uses Kinesis, led to ours: IAM's resource policies, DynamoDB's destination, Firehose, DSQL."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_log = logging.getLogger(__name__)


class Streams(Protocol):
    """What those need of the Kinesis service."""

    def policy_of(self, arn: str) -> tuple[str, str] | None:
        """Return the resource policy and the account of a stream or consumer; None when it is unknown."""
        ...

    def put(self, stream_arn: str, partition_key: str, data: bytes) -> bool:
        """Store a record; False when the stream does not take it."""
        ...


def lead_to_streams(streams: Streams) -> None:
    """Let MiniStack's services use a Kinesis service of ours.

    Args:
        streams: the service.
    """
    from ministack.services import kinesis

    def resolve(stream_arn: str) -> dict[str, Any] | None:
        known = ":stream/" in stream_arn and "/consumer/" not in stream_arn and streams.policy_of(stream_arn)
        return {"StreamARN": stream_arn, "StreamStatus": "ACTIVE"} if known else None

    kinesis.stream_policy_for_arn = streams.policy_of
    kinesis.put_record_internal = streams.put
    kinesis._resolve_stream_by_arn = resolve


def deliver_to_firehose(stream_arn: str, records: list[tuple[str, bytes]]) -> None:
    """Hand records to the Firehose streams that read a Kinesis stream.

    Args:
        stream_arn: the Kinesis stream.
        records: partition keys and data.
    """
    firehose: Any = sys.modules.get("ministack.services.firehose")  # not loaded: nobody has used it
    if firehose is None:
        return
    try:
        firehose.ingest_from_kinesis_source(stream_arn, records)
    except Exception:  # noqa: BLE001
        _log.exception("Firehose could not take records of %s", stream_arn)  # a put never fails because of it


def streaming(run: Callable[[Any, Any], Awaitable[None]]) -> Any:
    """Return the body of an answer that is sent piece by piece.

    Args:
        run: sends it, given ASGI's `send` and `receive`.
    """
    from ministack.core.responses import StreamingResponse

    return StreamingResponse(run)
