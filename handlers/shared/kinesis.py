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
    """A decoded record."""

    event_id: str
    """`shardId:sequenceNumber`."""
    sequence_number: str
    partition_key: str
    arrival: datetime
    """When the stream took the record, UTC."""
    data: bytes
    """The payload as the producer sent it."""


def read_record(record: KinesisEventRecord) -> KinesisRecord:
    """Decode a record of the event.

    Raises:
        PermanentFailure: its data is not base64 (Lambda always sends base64, an event written by hand may not).
    """
    kinesis = record["kinesis"]
    try:
        data = base64.b64decode(kinesis["data"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise PermanentFailure("the record's data is not base64") from error
    return KinesisRecord(
        event_id=record["eventID"],
        sequence_number=kinesis["sequenceNumber"],
        partition_key=kinesis["partitionKey"],
        arrival=datetime.fromtimestamp(kinesis["approximateArrivalTimestamp"], UTC),
        data=data,
    )


def iso_time(moment: datetime) -> str:
    """Return a time as ISO 8601 text, in UTC with milliseconds: texts of this form sort as the times do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
