"""The message to the on-failure destination about discarded records (Lambda guide, "On-failure destinations").

It tells where the records lie, not what they hold; only S3 is also given the records.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lab.cloud.event_source_mappings.batch import Condition, Discard

if TYPE_CHECKING:
    from lab.cloud.event_source_mappings.sources import SourceKind


def build(discard: Discard, *, kind: SourceKind, stream_arn: str, shard_id: str, function_arn: str,
          executed_version: str, now: float) -> dict[str, Any]:  # fmt: skip
    """Return the message.

    Args:
        discard: what was given up and why.
        kind: kind of the stream.
        stream_arn: the stream.
        shard_id: the shard.
        function_arn: the function, as the mapping names it.
        executed_version: the function's version that was invoked last.
        now: seconds since the epoch.
    """
    message: dict[str, Any] = {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": function_arn,
            "condition": discard.condition.value,
            "approximateInvokeCount": discard.invocations,
        }
    }
    if discard.condition is Condition.RETRY_ATTEMPTS_EXHAUSTED:
        message["responseContext"] = {
            "statusCode": 200,
            "executedVersion": executed_version,
            "functionError": discard.function_error,
        }
    elif discard.condition is Condition.MAXIMUM_PAYLOAD_SIZE_EXCEEDED:
        message["responseContext"] = None
    message["version"] = "1.0"
    message["timestamp"] = _iso(now, milliseconds=True)
    first, last = discard.records[0], discard.records[-1]
    # DynamoDB's creation times have no milliseconds (recorded on AWS).
    milliseconds = kind == "kinesis"
    message["KinesisBatchInfo" if kind == "kinesis" else "DDBStreamBatchInfo"] = {
        "shardId": shard_id,
        "startSequenceNumber": first.sequence_number,
        "endSequenceNumber": last.sequence_number,
        "approximateArrivalOfFirstRecord": _iso(first.arrived, milliseconds=milliseconds),
        "approximateArrivalOfLastRecord": _iso(last.arrived, milliseconds=milliseconds),
        "batchSize": len(discard.records),
        "streamArn": stream_arn,
    }
    return message


def with_payload(message: dict[str, Any], event: str) -> dict[str, Any]:
    """Return the message as S3 gets it: with the whole event as an escaped JSON string."""
    return {**message, "payload": event}


def object_key(mapping_id: str, shard_id: str, now: float) -> str:
    """Return the key of the object that holds the message in an S3 destination."""
    moment = datetime.fromtimestamp(now, UTC)
    return f"aws/lambda/{mapping_id}/{shard_id}/{moment:%Y/%m/%d}/{moment:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"


def _iso(timestamp: float, *, milliseconds: bool) -> str:
    moment = datetime.fromtimestamp(timestamp, UTC)
    return moment.isoformat(timespec="milliseconds" if milliseconds else "seconds").replace("+00:00", "Z")
