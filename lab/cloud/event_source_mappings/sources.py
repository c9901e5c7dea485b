"""How a stream is read, and what a function gets to see of its records."""

from __future__ import annotations

import base64
import json
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from lab.cloud import emulator
from lab.cloud.emulator import streams
from lab.cloud.event_source_mappings import filters
from lab.cloud.event_source_mappings.batch import Record
from lab.cloud.event_source_mappings.bell import Bell
from lab.cloud.event_source_mappings.collector import Collected

if TYPE_CHECKING:
    from lab.cloud.kinesis import KinesisRecord, KinesisService

SourceKind = Literal["kinesis", "dynamodb"]
StartingPosition = Literal["LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"]

ShardRecord = streams.ShardRecord


class SourceGoneError(Exception):
    """The stream does not exist (any more)."""


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """A record as a shard reader passes it on.

    Attributes:
        record: its place and age.
        event: the record as the function will see it.
        order_key: records of one key never overlap (partition key; item key).
    """

    record: Record
    event: dict[str, Any]
    order_key: str

    def collected(self) -> Collected:
        """Return what goes to the function."""
        return Collected(self.record, json.dumps(self.event, separators=(",", ":")))


class Source(ABC):
    """A stream that mappings read.

    Args:
        arn: the stream's ARN.
        role: the function's role, which DynamoDB and Kinesis events name.
    """

    kind: ClassVar[SourceKind]
    read_actions: ClassVar[tuple[str, ...]]
    """What the function's role must be allowed to do to the stream."""
    access_message: ClassVar[str]
    """Those actions in the words of AWS's refusal."""

    def __init__(self, arn: str, role: str) -> None:
        self.arn = arn
        self.role = role
        self.region = arn.split(":")[3]

    def readable_by(self, role: str) -> bool:
        """Say whether a role may read the stream."""
        return all(emulator.role_may(role, action, self.arn, region=self.region) for action in self.read_actions)

    @abstractmethod
    def shards(self) -> list[ShardRecord]:
        """List the shards; SourceGoneError when the stream is gone."""

    @abstractmethod
    def read(self, shard_id: str, after: str | None, limit: int) -> list[StreamRecord]:
        """Read at most `limit` records behind a sequence number (None: from the oldest)."""

    @abstractmethod
    def start(self, shard_id: str, position: StartingPosition, timestamp: float | None) -> str | None:
        """Return the sequence number behind which a position begins (None: at the oldest)."""

    @abstractmethod
    def retention_seconds(self) -> float:
        """Return how long a record lives."""

    @abstractmethod
    def bell(self, shard_id: str | None = None) -> Bell:
        """Return what rings when something was written to a shard; without a shard, when the shards have changed."""

    @abstractmethod
    def filter_document(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return what filter patterns are matched against."""


class KinesisSource(Source):
    """A Kinesis data stream, or a consumer of one.

    Args:
        arn: the stream's ARN.
        role: the function's role.
        kinesis: the service that has the stream.
    """

    kind = "kinesis"
    read_actions = ("kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:ListShards")
    access_message = "GetRecords, GetShardIterator, DescribeStream, ListShards, and ListStreams Actions on your stream"

    def __init__(self, arn: str, role: str, kinesis: KinesisService) -> None:
        super().__init__(arn, role)
        self._kinesis = kinesis

    def shards(self) -> list[ShardRecord]:
        """List the shards."""
        shards = self._kinesis.shards(self.arn)
        if shards is None:
            raise SourceGoneError(self.arn)
        return shards

    def read(self, shard_id: str, after: str | None, limit: int) -> list[StreamRecord]:
        """Read records; the event is described in "Using Lambda to process records from Kinesis"."""
        records = self._kinesis.read(self.arn, shard_id, after, limit)
        if records is None:
            raise SourceGoneError(self.arn)
        return [self._record(shard_id, record) for record in records]

    def _record(self, shard_id: str, record: KinesisRecord) -> StreamRecord:
        sequence_number, arrived, partition_key, data = record
        event = {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": partition_key,
                "sequenceNumber": sequence_number,
                "data": base64.b64encode(data).decode(),
                "approximateArrivalTimestamp": arrived,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard_id}:{sequence_number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": self.role,
            "awsRegion": self.region,
            "eventSourceARN": self.arn,
        }
        return StreamRecord(Record(sequence_number, arrived), event, partition_key)

    def start(self, shard_id: str, position: StartingPosition, timestamp: float | None) -> str | None:
        """Return where a position begins."""
        return self._kinesis.position(self.arn, shard_id, position, timestamp)

    def retention_seconds(self) -> float:
        """Return how long a record lives; for ever when the stream is gone, since nothing is read any more."""
        hours = self._kinesis.retention_hours(self.arn)
        return math.inf if hours is None else hours * 3600.0

    def bell(self, shard_id: str | None = None) -> Bell:
        """Return a bell of the stream's; one that never rings when stream or shard are gone."""
        return self._kinesis.bell(self.arn, shard_id) or Bell()

    def filter_document(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the record's data, decoded: the one thing of it that can be filtered by.

        Data that is not JSON is left out, so that it matches no pattern about data.
        """
        try:
            return {"data": filters.parse(base64.b64decode(event["kinesis"]["data"]))}
        except ValueError:
            return {}


class ConsumerSource(KinesisSource):
    """An enhanced fan-out consumer of a Kinesis stream; its ARN is the event source."""

    read_actions = ("kinesis:SubscribeToShard",)
    access_message = "SubscribeToShard, DescribeStream, ListShards, and ListStreams Actions on your stream"

    def readable_by(self, role: str) -> bool:
        """Say whether a role may subscribe to the consumer, and look at the shards of its stream."""
        stream_arn = self.arn.split("/consumer/")[0]
        looks = ("kinesis:DescribeStream", "kinesis:ListShards")
        return super().readable_by(role) and all(
            emulator.role_may(role, action, stream_arn, region=self.region) for action in looks
        )


class DynamoDBSource(Source):
    """The stream of a DynamoDB table.

    Args:
        arn: the stream's ARN.
        role: the function's role.
        bell: rings when the stream has a new record.
    """

    kind = "dynamodb"
    read_actions = ("dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream")
    access_message = "GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions on your stream"

    def __init__(self, arn: str, role: str, bell: Bell) -> None:
        super().__init__(arn, role)
        self._bell = bell

    def shards(self) -> list[ShardRecord]:
        """List the shards: there is one."""
        self._records()
        return [ShardRecord(streams.dynamodb_stream_shard(), (), closed=False)]

    def _records(self) -> list[dict[str, Any]]:
        records = streams.dynamodb_stream(self.arn)
        if records is None:
            raise SourceGoneError(self.arn)
        return records

    def read(self, shard_id: str, after: str | None, limit: int) -> list[StreamRecord]:  # noqa: ARG002  (one shard)
        """Read records; the event is described in "Using Lambda with DynamoDB"."""
        records = self._records()
        begin = streams.first_after(records, after)
        return [self._record(record) for record in records[begin : begin + limit]]

    def _record(self, record: dict[str, Any]) -> StreamRecord:
        change = record["dynamodb"]
        event = {**record, "awsRegion": self.region, "eventSourceARN": self.arn}
        if identity := record.get("userIdentity"):
            # The streams API writes it in upper case, the event that a function gets in lower case.
            event["userIdentity"] = {"type": identity["Type"], "principalId": identity["PrincipalId"]}
        arrived = float(change["ApproximateCreationDateTime"])
        return StreamRecord(
            Record(change["SequenceNumber"], arrived), event, json.dumps(change["Keys"], sort_keys=True)
        )

    def start(self, shard_id: str, position: StartingPosition, timestamp: float | None) -> str | None:  # noqa: ARG002
        """Return where a position begins (AT_TIMESTAMP is Kinesis's alone)."""
        records = self._records()
        return records[-1]["dynamodb"]["SequenceNumber"] if position == "LATEST" and records else None

    def retention_seconds(self) -> float:
        """Return how long a record lives: a day."""
        return 24 * 3600.0

    def bell(self, shard_id: str | None = None) -> Bell:  # noqa: ARG002
        """Return the stream's bell: it has one shard."""
        return self._bell

    def filter_document(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the record with its typed attributes."""
        return event


@dataclass(frozen=True, slots=True)
class Sources:
    """The streams that mappings may read.

    Attributes:
        kinesis: the Kinesis service.
    """

    kinesis: KinesisService
    _table_bells: dict[str, Bell] = field(default_factory=dict[str, Bell])
    """By the ARNs of the tables' streams that somebody reads."""

    def of(self, arn: str, role: str) -> Source:
        """Return the source an ARN names (Kinesis stream or DynamoDB stream)."""
        if ":kinesis:" in arn:
            kind = ConsumerSource if "/consumer/" in arn else KinesisSource
            return kind(arn, role, self.kinesis)
        return DynamoDBSource(arn, role, self._table_bells.setdefault(arn, Bell()))

    def table_changed(self, stream_arn: str) -> None:
        """Wake whoever reads the stream of a table."""
        if bell := self._table_bells.get(stream_arn):
            bell.ring()
