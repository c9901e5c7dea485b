"""What of MiniStack uses Kinesis, led to ours: IAM's resource policies, DynamoDB, Firehose, DSQL, CloudFormation."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING, Any, Protocol

from lab.cloud.emulator.scope import current_scope

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_DEFAULT_HOURS = 24
_POLL_SECONDS = 0.001
_log = logging.getLogger(__name__)


class Streams(Protocol):
    """What those need of the Kinesis service."""

    def policy_of(self, arn: str) -> tuple[str, str] | None:
        """Return the resource policy and the account of a stream or consumer; None when it is unknown."""
        ...

    def put(self, stream_arn: str, partition_key: str, data: bytes) -> bool:
        """Store a record; False when the stream does not take it."""
        ...

    def perform(self, operation: str, request: Any, account: str, region: str) -> dict[str, Any] | None:
        """Perform an operation of the API."""
        ...

    def describe(self, stream_arn: str) -> dict[str, Any] | None:
        """Return the API's summary of a stream, None when it is unknown."""
        ...


def lead_to_streams(streams: Streams) -> None:
    """Let MiniStack's services use a Kinesis service of ours.

    Args:
        streams: the service.
    """
    from ministack.services import kinesis

    kinesis.stream_policy_for_arn = streams.policy_of
    kinesis.put_record_internal = streams.put
    kinesis._resolve_stream_by_arn = streams.describe
    kinesis._streams = _CloudFormationStreams(streams)


class _CloudFormationStreams:
    """MiniStack's store of streams as its CloudFormation uses it: what it writes there becomes a stream of ours."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __setitem__(self, name: str, stream: dict[str, Any]) -> None:
        mode = stream["StreamModeDetails"]
        shards = {"ShardCount": len(stream["shards"])} if mode["StreamMode"] == "PROVISIONED" else {}
        # Only AWS itself may give tags of its own, such as the stack's name.
        tags = {key: value for key, value in stream["tags"].items() if not key.startswith("aws:")}
        given = {"Tags": tags} if tags else {}
        self._perform("CreateStream", StreamName=name, StreamModeDetails=mode, **shards, **given)
        if stream["RetentionPeriodHours"] > _DEFAULT_HOURS:
            while (described := self.get(name)) and described["StreamStatus"] == "CREATING":
                time.sleep(_POLL_SECONDS)
            hours = stream["RetentionPeriodHours"]
            self._perform("IncreaseStreamRetentionPeriod", StreamName=name, RetentionPeriodHours=hours)

    def get(self, name: str) -> dict[str, Any] | None:
        account, region = current_scope()
        return self._streams.describe(f"arn:aws:kinesis:{region}:{account}:stream/{name}")

    def pop(self, name: str, _default: None = None) -> dict[str, Any] | None:
        if found := self.get(name):
            self._perform("DeleteStream", StreamName=name, EnforceConsumerDeletion=True)
        return found

    def _perform(self, operation: str, **request: Any) -> None:
        self._streams.perform(operation, request, *current_scope())

    # MiniStack saves, restores and clears its stores; ours looks after itself.

    def __deepcopy__(self, _memo: Any) -> dict[str, Any]:
        return {}

    def all_items(self) -> list[Any]:
        return []

    def clear(self) -> None:
        pass


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
