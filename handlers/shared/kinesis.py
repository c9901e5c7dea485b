"""A record of a Kinesis stream, as an event source mapping hands it to a function."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

from handlers.shared.failures import PermanentFailure


class KinesisData(TypedDict):
    """The part `kinesis` of a record in the event (Lambda developer guide, "Using Lambda with Kinesis")."""

    partitionKey: str
    sequenceNumber: str
    data: str
    """The payload, base64."""
    approximateArrivalTimestamp: float
    """When the stream took the record: seconds since 1970 with three decimals, UTC."""


class KinesisEventRecord(TypedDict):
    """One entry of `Records`."""

    eventID: str
    """`shardId:sequenceNumber`: unique in the stream, and the same in every retry."""
    kinesis: KinesisData


class KinesisEvent(TypedDict):
    """What the function is invoked with: records of one shard, in their order."""

    Records: list[KinesisEventRecord]


@dataclass(frozen=True)
class KinesisRecord:
    """A record, its payload still as it came in the event."""

    event_id: str
    """`shardId:sequenceNumber`."""
    sequence_number: str
    partition_key: str
    arrival: datetime
    """When the stream took the record, UTC."""
    base64_data: str

    @property
    def data(self) -> bytes:
        """The payload as the producer sent it.

        Raises:
            PermanentFailure: it is not base64 (Lambda always sends base64, an event written by hand may not).
        """
        try:
            return base64.b64decode(self.base64_data, validate=True)
        except (binascii.Error, ValueError) as error:
            raise PermanentFailure("the record's data is not base64") from error


def kinesis_records(event: KinesisEvent) -> list[KinesisRecord]:
    """Return the records of the event, in their order."""
    return [
        KinesisRecord(
            event_id=record["eventID"],
            sequence_number=record["kinesis"]["sequenceNumber"],
            partition_key=record["kinesis"]["partitionKey"],
            arrival=datetime.fromtimestamp(record["kinesis"]["approximateArrivalTimestamp"], UTC),
            base64_data=record["kinesis"]["data"],
        )
        for record in event["Records"]
    ]
