"""What the events of a session make of each lesson's resources: how many calls, writes, objects, bytes of log.

What exists the program says; here stands only what its functions do with an event. The figures are assumptions, and
`assumptions` tells them: sizes and log lines were counted on the local cloud, times are those usual on AWS.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.cost.resources import Use
from lab.numbers import whole
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Resources = Mapping[str, Mapping[str, Any]]
    """The inputs of a lesson's resources, by name."""
    Uses = dict[str, Use]

EVENT_BYTES = 200
KEPT_BYTES = 1024
"""What stays of an event in a table or a bucket."""
CALL_MILLISECONDS = 10
"""A call of a function, without what it asks of other services."""
REQUEST_MILLISECONDS = 10
"""A request of a function to another service…"""
OBJECT_MILLISECONDS = 25
"""… and one that writes an object."""
CALL_LOG_BYTES = 340
"""START, END and REPORT, with what CloudWatch adds to a line."""
BATCH_LOG_BYTES = CALL_LOG_BYTES + 610
EVENT_LOG_BYTES = 500
"""The line of a vote taken, or of an order processed."""
METRICS_LOG_BYTES = 720
"""A line in the embedded metric format, with up to 100 values of a metric."""
PURCHASES_METRICS = 4
ITEMS_A_REQUEST = 25
ORDERS_A_CALL = 500
TRANSACTION_UNITS = 4
"""Write units of a vote that is counted in a transaction: two items, each twice."""


@dataclass(frozen=True)
class Batches:
    """How the events reach a consumer."""

    count: int
    size: int
    """Events in each."""

    @classmethod
    def of(cls, mapping: Mapping[str, Any], events: int) -> Batches:
        """Return full batches of an event source mapping."""
        size = min(events, mapping.get("batchSize", 100))
        return cls(math.ceil(events / size) if size else 0, size)

    def consumer(self, milliseconds: int) -> Use:
        """Return the use of the function that is called with each of them, for so many milliseconds of work."""
        return Use(calls=self.count, milliseconds=CALL_MILLISECONDS + milliseconds)


def _basic(resources: Resources, events: int) -> Uses:
    batches = Batches.of(resources["basic-reader-mapping"], events)
    return {
        "basic-stream": _records(events),
        "basic-consumer-function": batches.consumer(math.ceil(batches.size / ITEMS_A_REQUEST) * REQUEST_MILLISECONDS),
        "basic-consumer-logs": Use(written_bytes=batches.count * BATCH_LOG_BYTES),
        "basic-table": Use(writes=events, written_bytes=events * KEPT_BYTES),
    }


def _votes(resources: Resources, events: int) -> Uses:
    batches = Batches.of(resources["votes-reader-mapping"], events)
    variables = resources["votes-consumer-function"]["environment"]["variables"]
    options = min(batches.size, len(json.loads(variables["VOTE_OPTIONS"])))
    if variables["COUNTING"] == "transactional":
        requests, table = batches.size, Use(writes=events * TRANSACTION_UNITS, written_bytes=events * KEPT_BYTES)
    else:
        # For each option in a batch it reads how far it has counted, and adds.
        requests, table = 2 * options, Use(writes=batches.count * options, reads=batches.count * options)
    return {
        "votes-http-api": Use(requests=events),
        "votes-producer-function": Use(calls=events, milliseconds=CALL_MILLISECONDS + REQUEST_MILLISECONDS),
        "votes-producer-logs": Use(written_bytes=events * (CALL_LOG_BYTES + EVENT_LOG_BYTES)),
        "votes-stream": _records(events),
        "votes-consumer-function": batches.consumer(requests * REQUEST_MILLISECONDS),
        "votes-consumer-logs": Use(written_bytes=batches.count * BATCH_LOG_BYTES),
        "votes-table": table,
    }


def _purchases(resources: Resources, events: int) -> Uses:
    batches = Batches.of(resources["purchases-reader-mapping"], events)
    lines = batches.count * (1 + math.ceil(batches.size / 100))
    consumer = batches.consumer(batches.size * OBJECT_MILLISECONDS)
    return {
        "purchases-table": Use(writes=events, written_bytes=events * KEPT_BYTES),
        "purchases-consumer-function": Use(
            calls=consumer.calls, milliseconds=consumer.milliseconds, metrics=PURCHASES_METRICS if events else 0
        ),
        "purchases-consumer-logs": Use(written_bytes=batches.count * BATCH_LOG_BYTES + lines * METRICS_LOG_BYTES),
        "purchases-bucket": Use(objects=events, written_bytes=events * KEPT_BYTES),
    }


def _orders(resources: Resources, events: int) -> Uses:
    batches = Batches.of(resources["orders-reader-mapping"], events)
    calls = math.ceil(events / ORDERS_A_CALL)
    return {
        "orders-producer-function": Use(calls=calls, milliseconds=CALL_MILLISECONDS + REQUEST_MILLISECONDS),
        "orders-producer-logs": Use(written_bytes=calls * (CALL_LOG_BYTES + EVENT_LOG_BYTES)),
        "orders-stream": _records(events),
        "orders-consumer-function": batches.consumer(0),
        "orders-consumer-logs": Use(written_bytes=batches.count * BATCH_LOG_BYTES + events * EVENT_LOG_BYTES),
    }


def _archive(resources: Resources, events: int) -> Uses:
    batches = Batches.of(resources["archive-reader-mapping"], events)
    by_batch = resources["archive-consumer-function"]["environment"]["variables"]["ARCHIVE_LAYOUT"] == "batch"
    # By batch: a LIST, to see what is there already, and a PUT.
    objects = 2 if by_batch else batches.size
    return {
        "archive-stream": _records(events),
        "archive-consumer-function": batches.consumer(objects * OBJECT_MILLISECONDS),
        "archive-consumer-logs": Use(written_bytes=batches.count * BATCH_LOG_BYTES),
        "archive-bucket": Use(objects=2 * batches.count if by_batch else events, written_bytes=events * KEPT_BYTES),
    }


def _records(events: int) -> Use:
    return Use(records=events, record_bytes=EVENT_BYTES)


WORKLOADS: Mapping[str, Callable[[Resources, int], Uses]] = {
    "basic": _basic,
    "votes": _votes,
    "purchases": _purchases,
    "orders": _orders,
    "archive": _archive,
}
"""For each lesson, its resources and a number of events: the use of those that the events reach.

They raise KeyError where the lesson lacks a resource that its events need.
"""


def assumptions() -> list[str]:
    """Return what is assumed of the session, each a sentence."""
    return [
        _("Each event has {bytes} bytes. Of each, {kept} stay in a table or a bucket.").format(
            bytes=EVENT_BYTES, kept=whole(KEPT_BYTES)
        ),
        _("The events come at once, so that batches are full. One at a time, each would be a batch of its own."),
        _(
            "A call of a function takes {call} ms, and {request} ms more for each request to another service, "
            "{object} ms for each object. A batch writes {line} bytes of log."
        ).format(
            call=CALL_MILLISECONDS, request=REQUEST_MILLISECONDS, object=OBJECT_MILLISECONDS, line=BATCH_LOG_BYTES
        ),
        _("Nothing fails and nothing is tried again. Nobody asks for results, reports or queries."),
        _("No free tier, no tax, no data sent out of AWS."),
    ]
