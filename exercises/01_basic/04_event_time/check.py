"""Checks `event_time`: an item carries when its event arrived, in UTC, as a text that sorts as time does."""

from __future__ import annotations

import os
import random
import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lab.sample_events import kinesis_event
from lab.workbook.delivering import Context
from lab.workbook.tables import MemoryTable

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt

ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
DAY_SECONDS = 86_400
NOW = timedelta(minutes=1)
ROUNDING = timedelta(milliseconds=1)


def check(attempt: Attempt) -> None:
    """Call the handler with records that came days ago, where clocks show another time than UTC."""
    os.environ["TZ"] = "America/Lima"
    time.tzset()
    handler = attempt.load("handler.py")
    second = int(time.time()) - random.randint(2 * DAY_SECONDS, 5 * DAY_SECONDS)
    arrivals = [second + random.randint(100, 499) / 1000, second + 3600.75]
    for got, arrival in zip(_timestamps(attempt, handler, arrivals), arrivals, strict=True):
        _expect_time(attempt, got, arrival, arrivals[0])
    # Within one second, the first on the second itself: isoformat() leaves out a fraction that is zero.
    close = [float(second), second + 0.001, second + 0.743]
    got = _timestamps(attempt, handler, close)
    attempt.require(len(set(got)) == len(got), "seconds_only", got=got[1], arrival=_seconds(close[1]))
    attempt.require(sorted(got) == got, "unsorted", first=got[0], second=got[1])
    for text, arrival in zip(got, close, strict=True):
        _expect_time(attempt, text, arrival, close[0])


def _expect_time(attempt: Attempt, got: Any, arrival: float, first_arrival: float) -> None:
    attempt.require(isinstance(got, str) and ISO_8601.match(got), "not_iso", got=got)
    try:
        moment = datetime.fromisoformat(got)
    except ValueError:
        attempt.fail("not_iso", got=got)
    expected = datetime.fromtimestamp(arrival, UTC)
    if moment.tzinfo is None:
        _naive(attempt, got, moment, arrival)
    difference = abs(moment - expected)
    if difference > ROUNDING:
        attempt.require(abs(moment - datetime.now(UTC)) > NOW, "processing_time", got=got, arrival=_seconds(arrival))
        first = datetime.fromtimestamp(first_arrival, UTC)
        attempt.require(abs(moment - first) > ROUNDING, "of_the_batch", got=got, arrival=_seconds(arrival))
        thousandth = datetime.fromtimestamp(arrival / 1000, UTC)
        attempt.require(abs(moment - thousandth) > NOW, "milliseconds", got=got, arrival=_seconds(arrival))
        attempt.require(moment != expected.replace(microsecond=0), "seconds_only", got=got, arrival=_seconds(arrival))
        attempt.fail("other_time", got=got, arrival=_seconds(arrival))
    attempt.require(moment.utcoffset() == timedelta(0), "not_utc", got=got)


def _naive(attempt: Attempt, got: str, moment: datetime, arrival: float) -> None:
    """End the check: a time without a zone is none, whichever it was meant to be."""
    if min(abs(moment - datetime.now()), abs(moment - datetime.now(UTC).replace(tzinfo=None))) < NOW:
        attempt.fail("processing_time", got=got, arrival=_seconds(arrival))
    if abs(moment - datetime.fromtimestamp(arrival)) < NOW:
        attempt.fail("local_time", got=got)
    attempt.fail("no_zone", got=got)


def _timestamps(attempt: Attempt, handler: Any, arrivals: list[float]) -> list[Any]:
    """Return the `timestamp` of each item that came of a batch of records with these arrival times."""
    table = handler.table = MemoryTable("eventId")
    event = kinesis_event([b'{"sensor": "temperature", "value": 22.5}'] * len(arrivals), key="1", region="us-east-1")
    for record, arrival in zip(event["Records"], arrivals, strict=True):
        record["kinesis"]["approximateArrivalTimestamp"] = arrival
    error = attempt.error_of(handler.lambda_handler, event, Context())
    if isinstance(error, TypeError) and "Float types" in str(error):
        attempt.fail("number", arrival=_seconds(arrivals[0]))
    if error:
        raise error
    attempt.expect(len(table.items), len(arrivals), "items")
    return [item.get("timestamp") for item in table.calls]


def _seconds(arrival: float) -> str:
    """Return an arrival time as it stands in the record."""
    return f"{arrival:.3f}"
