"""Lesson basic: sensor readings into the stream; items of the table out of it."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.findings import plain
from lab.lessons.stream import StreamSender
from lab.lessons.telling import tell_of_older_ones
from lab.numbers import whole
from lab.sensors import sensor_events
from lab.short_names import short_event
from lab.terminal import say, styled, table
from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_dynamodb.client import DynamoDBClient

    from lab.target import Target


def sender(target: Target, outputs: Mapping[str, Any], advanced: Callable[[int], None]) -> StreamSender:
    """Return what sends sensor readings to the stream."""
    return StreamSender(
        target,
        outputs["KinesisStreamName"],
        lambda order: sensor_events(order.count, keys=order.keys, poison=order.poison),
        advanced,
    )


def outcome(target: Target, outputs: Mapping[str, Any], *, limit: int) -> Items:
    """Read the table."""
    return read_items(target.clients.dynamodb, outputs["DynamoDBTableName"], newest=limit)


@dataclass(frozen=True)
class Items:
    """The items of the table."""

    table: str
    count: int
    newest: list[dict[str, Any]]
    """Some of them, newest first: eventId, timestamp, data, and what else the handler stored."""
    by_shard: Counter[str]

    def as_data(self) -> dict[str, Any]:
        """Return them for a program."""
        return {"items": {"count": self.count, "newest": self.newest}}

    def tell(self) -> None:
        """Print them as a table."""
        text = ngettext("{count} item in table {table}", "{count} items in table {table}", self.count)
        say(styled(text.format(count=whole(self.count), table=self.table), "bold"))
        if not self.newest:
            say("  " + _("Nothing has arrived yet. Send something: lab send {lesson}").format(lesson="basic"))
            return
        tell_each_item(self.newest)
        if self.count > len(self.newest):
            tell_of_older_ones(self.count - len(self.newest))


def read_items(dynamodb: DynamoDBClient, table: str, *, newest: int) -> Items:
    """Read the whole table (a lesson's table is small); keep the `newest` items."""
    by_shard: Counter[str] = Counter()

    def counted() -> Iterator[dict[str, Any]]:
        for page in dynamodb.get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                by_shard[_text(item, "eventId").partition(":")[0]] += 1
                yield item

    kept = heapq.nlargest(newest, counted(), key=lambda item: (_text(item, "timestamp"), _text(item, "eventId")))
    items = [{name: plain(value) for name, value in item.items()} for item in kept]
    return Items(table, by_shard.total(), items, by_shard)


def tell_each_item(items: list[dict[str, Any]]) -> None:
    """Print items as the rows of a table."""
    rows = [
        (short_event(str(item.get("eventId", ""))), item.get("timestamp", ""), _sensor(item), _data(item))
        for item in items
    ]
    table(("eventId", "timestamp", "sensor", "data"), rows)


def _text(item: dict[str, Any], attribute: str) -> str:
    """Return an attribute that is a text; "" where it is something else, or missing."""
    return str(item.get(attribute, {}).get("S", ""))


def _sensor(item: dict[str, Any]) -> str:
    data = item.get("data")
    return str(data.get("sensor", "")) if isinstance(data, dict) else ""  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def _data(item: dict[str, Any]) -> str:
    return json.dumps(item.get("data"), ensure_ascii=False, default=str)
