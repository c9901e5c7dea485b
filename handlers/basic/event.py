"""What becomes of an event of the stream: the item in the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handlers.shared.payload import read_json_object
from handlers.shared.times import iso_time

if TYPE_CHECKING:
    from handlers.shared.kinesis import KinesisRecord
    from handlers.shared.table import Item

LONGEST_INDEX_KEY = 2048
"""Bytes that the partition key of a table or an index may have."""


def event_item(record: KinesisRecord) -> Item:
    """Return the item of an event.

    It is made from the record alone, the key from its id: delivered again, the record writes the same item over
    itself. `sensor` stands beside the payload because an index can only be made over attributes of the item; an event
    that names no sensor is stored all the same and is only missing from the index.

    Raises:
        PermanentFailure: the payload is not a JSON object, or not one that DynamoDB can hold.
    """
    payload = read_json_object(record.data)
    item: Item = {"eventId": record.event_id, "timestamp": iso_time(record.arrival), "data": payload}
    sensor = payload.get("sensor")
    if _can_be_key(sensor):
        item["sensor"] = sensor
    return item


def _can_be_key(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value.encode()) <= LONGEST_INDEX_KEY
