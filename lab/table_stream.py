"""The stream of a table, read as a Kinesis stream is: `lab.stream_reading` need not know which of them it reads.

DynamoDB Streams has the same three calls under other names of members. It has no hash ranges, and cannot be read from a
time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from handlers.shared.exact_json import exact_json
from handlers.shared.table_changes import plain_item
from lab.errors import UsageError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodbstreams.client import DynamoDBStreamsClient
    from mypy_boto3_kinesis.client import KinesisClient


def as_kinesis(streams: DynamoDBStreamsClient) -> KinesisClient:
    """Return what answers `list_shards`, `get_shard_iterator` and `get_records`; a stream's name is its ARN."""
    return cast("KinesisClient", _AsKinesis(streams))


class _AsKinesis:
    def __init__(self, streams: DynamoDBStreamsClient) -> None:
        self._streams = streams

    def list_shards(self, *, StreamName: str) -> dict[str, Any]:  # noqa: N803 - the API's names
        shards: list[Any] = []
        after: dict[str, Any] = {}
        while True:
            described = self._streams.describe_stream(StreamArn=StreamName, **after)["StreamDescription"]
            shards += described.get("Shards", [])
            if not (last := described.get("LastEvaluatedShardId")):
                return {"Shards": shards}
            after = {"ExclusiveStartShardId": last}

    def get_shard_iterator(self, *, StreamName: str, StartingSequenceNumber: str = "", **request: Any) -> Any:  # noqa: N803
        if request["ShardIteratorType"] == "AT_TIMESTAMP":
            raise UsageError(_("The stream of a table cannot be read from a time: it keeps 24 hours, read them all."))
        if StartingSequenceNumber:
            request["SequenceNumber"] = StartingSequenceNumber
        return self._streams.get_shard_iterator(StreamArn=StreamName, **request)

    def get_records(self, *, ShardIterator: str, Limit: int) -> dict[str, Any]:  # noqa: N803
        answer = self._streams.get_records(ShardIterator=ShardIterator, Limit=Limit)
        return {
            "Records": [change_record(record) for record in answer["Records"]],
            "NextShardIterator": answer.get("NextShardIterator"),
            "MillisBehindLatest": 0,  # it does not say; an answer without records is taken for the end
        }


def change_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a change, as DynamoDB Streams or an event has it, in the shape of a record of Kinesis.

    Its key is that of the item; its data is JSON: `eventName`, the images without DynamoDB's types, and where it was a
    service that made the change, `userIdentity`.
    """
    change = record["dynamodb"]
    images = {name: plain_item(change[name]) for name in ("NewImage", "OldImage") if name in change}
    service = {"userIdentity": record["userIdentity"]} if record.get("userIdentity") else {}
    return {
        "SequenceNumber": change["SequenceNumber"],
        "PartitionKey": "/".join(str(value) for value in plain_item(change["Keys"]).values()),
        "ApproximateArrivalTimestamp": change["ApproximateCreationDateTime"],
        "Data": exact_json({"eventName": record["eventName"], **images, **service}).encode(),
    }
