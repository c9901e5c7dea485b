"""A change of a DynamoDB table's item, as an event source mapping hands it to a function.

A stream with NEW_AND_OLD_IMAGES tells what the item was and what it has become: an INSERT has a new image only, a
REMOVE an old one only. What DynamoDB's time to live removed is a REMOVE too, told apart by who made the change.
"""

from __future__ import annotations

import decimal
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypeAlias, TypedDict

from boto3.dynamodb.types import TypeDeserializer

from handlers.shared.failures import PermanentFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

EventName: TypeAlias = Literal["INSERT", "MODIFY", "REMOVE"]

TypedItem: TypeAlias = "Mapping[str, Mapping[str, Any]]"
"""An item as DynamoDB's API and events have it: each attribute with its type, `{"price": {"N": "99.99"}}`."""

# Who the record says has made the change (DynamoDB developer guide, "DynamoDB Streams and Time to Live").
_TIME_TO_LIVE = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


class ChangeData(TypedDict):
    """The part `dynamodb` of a record in the event."""

    ApproximateCreationDateTime: float
    """When the change was made: seconds since 1970, UTC."""
    SequenceNumber: str
    NewImage: NotRequired[TypedItem]
    OldImage: NotRequired[TypedItem]


class ChangeEventRecord(TypedDict):
    """One entry of `Records` (Lambda developer guide, "Using Lambda with DynamoDB")."""

    eventID: str
    eventName: EventName
    eventSource: str
    awsRegion: str
    dynamodb: ChangeData
    userIdentity: NotRequired[dict[str, str] | None]
    """Only where not a person or program made the change, but a service."""


class TableChangesEvent(TypedDict):
    """What the function is invoked with: changes of one shard, in their order."""

    Records: list[ChangeEventRecord]


@dataclass(frozen=True)
class TableChange:
    """A change, its images still as they came in the event."""

    event_id: str
    event_name: EventName
    event_source: str
    region: str
    sequence_number: str
    """21 to 40 digits; of the changes of one item, the later one has the greater number."""
    arrival: datetime
    """When the change was made, UTC."""
    by_time_to_live: bool
    """Whether the item's time was over, and DynamoDB itself removed it."""
    new_image: TypedItem | None
    old_image: TypedItem | None

    def image(self) -> dict[str, Any]:
        """Return what the item has become; of a removed one, what it was.

        Raises:
            PermanentFailure: the image is not there (the stream's view is another), or is not one of DynamoDB's.
        """
        image = self.old_image if self.event_name == "REMOVE" else self.new_image
        if not image:
            raise PermanentFailure("the change has no image; the stream must have NEW_AND_OLD_IMAGES")
        return plain_item(image)


def table_changes(event: TableChangesEvent) -> list[TableChange]:
    """Return the changes of the event, in their order."""
    return [
        TableChange(
            event_id=record["eventID"],
            event_name=record["eventName"],
            event_source=record["eventSource"],
            region=record["awsRegion"],
            sequence_number=record["dynamodb"]["SequenceNumber"],
            arrival=datetime.fromtimestamp(record["dynamodb"]["ApproximateCreationDateTime"], UTC),
            by_time_to_live=(record.get("userIdentity") or {}).items() >= _TIME_TO_LIVE.items(),
            new_image=record["dynamodb"].get("NewImage"),
            old_image=record["dynamodb"].get("OldImage"),
        )
        for record in event["Records"]
    ]


def plain_item(item: TypedItem) -> dict[str, Any]:
    """Return an item without its types: numbers as Decimal, exactly as stored; binary values as they came.

    Raises:
        PermanentFailure: it is not one of DynamoDB's.
    """
    try:
        return {name: _DESERIALIZER.deserialize(value) for name, value in item.items()}
    except (TypeError, ValueError, AttributeError, decimal.InvalidOperation, RecursionError) as error:
        raise PermanentFailure("the item is not one of DynamoDB's") from error


class _ExactDeserializer(TypeDeserializer):
    """boto3's own, but for two types."""

    def _deserialize_n(self, value: str) -> Decimal:
        # boto3 would refuse 1 followed by 60 zeros, which DynamoDB holds: its context traps what has over 38 digits,
        # zeros too.
        number = Decimal(value)
        if not number.is_finite():
            raise ValueError(value)
        return number

    def _deserialize_b(self, value: str) -> str:
        return value  # base64 in an event, and JSON must have it so again


_DESERIALIZER: Any = _ExactDeserializer()
