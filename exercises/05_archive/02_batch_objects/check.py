"""Checks `batch_objects`: one object for a batch and day, a line for each record, the same object at each delivery."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import json
import os
import random
import uuid
from typing import TYPE_CHECKING, Any

from lab.sample_events import kinesis_event
from lab.workbook import failures
from lab.workbook.attempt import Failed

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

SHARD = "shardId-000000000001"
BINARY = b"\xff\x00\xfe no text"


class Bucket:
    """A function and the bucket that it stores in."""

    def __init__(self, attempt: Attempt, cloud: Workbench) -> None:
        self._attempt, self._cloud = attempt, cloud
        self.name = os.environ["S3_BUCKET_NAME"] = cloud.bucket()
        attempt.load("handler.py")
        self._function = cloud.function(environment={"S3_BUCKET_NAME": self.name, "TZ": "America/Lima"})

    def after(self, event: dict[str, Any]) -> dict[str, bytes]:
        """Deliver a batch and return all objects."""
        _answer, error = self._cloud.invoke(self._function, event)
        if error:
            place = self._attempt.exercise.shown_path("handler.py")
            raise Failed(failures.raised("lambda_handler(event, context)", error, place))
        return self._cloud.objects(self.name)


def check(attempt: Attempt) -> None:
    """Two batches, one of them again, then one around midnight."""
    bucket = Bucket(attempt, attempt.cloud())
    noon = _noon()
    first, second = (_batch(random.randint(20, 40), noon + offset) for offset in (0, 1))
    objects = bucket.after(first)
    sent = len(first["Records"])
    attempt.require(objects, "nothing_stored", sent=sent)
    attempt.require(len(objects) < sent, "object_each", sent=sent, objects=len(objects))
    attempt.require(len(objects) == 1, "several_objects", sent=sent, objects=len(objects))
    name, content = next(iter(objects.items()))
    lines = _lines(attempt, name, content, sent)
    _right_lines(attempt, lines, first)
    day = dt.datetime.fromtimestamp(noon, dt.UTC).date().isoformat()
    attempt.require(name.startswith(f"dt={day}/"), "not_by_day", name=name, day=day)
    both = bucket.after(second)
    attempt.require(len(both) == len(objects) + 1 and both.get(name) == content, "overwritten", name=name)
    again = bucket.after(first)
    attempt.require(len(again) == len(both), "of_the_attempt", objects=len(again), expected=len(both))
    attempt.require(_all_lines(attempt, again) == _all_lines(attempt, both), "not_the_same")
    _midnight(attempt, bucket, again)


def _midnight(attempt: Attempt, bucket: Bucket, before: dict[str, bytes]) -> None:
    midnight = _noon() + 12 * 3600
    batch = _batch(10, midnight - 0.005)  # five before, five after
    new = {name: content for name, content in bucket.after(batch).items() if name not in before}
    for name, content in sorted(new.items()):
        for line in _lines(attempt, name, content, len(batch["Records"])):
            day = str(line.get("arrival", ""))[:10]
            attempt.require(name.startswith(f"dt={day}/"), "two_days", name=name, arrival=line.get("arrival"))
    stored = sum(len(_lines(attempt, name, content, 0)) for name, content in new.items())
    attempt.require(stored == len(batch["Records"]), "lost_at_midnight", stored=stored, sent=len(batch["Records"]))
    attempt.require(len(new) == 2, "several_objects", sent=len(batch["Records"]), objects=len(new))  # noqa: PLR2004


def _lines(attempt: Attempt, name: str, content: bytes, sent: int) -> list[dict[str, Any]]:
    try:
        text = gzip.decompress(content).decode()
    except (OSError, EOFError):
        attempt.fail("not_gzip", name=name, begins=content[:20])
    lines = text.splitlines()
    try:
        found = [json.loads(line) for line in lines]
    except ValueError:
        attempt.fail("not_lines", lines=len(lines), sent=sent, first=lines[0] if lines else "")
    attempt.require(
        all(isinstance(line, dict) for line in found), "not_lines", lines=len(lines), sent=sent, first=lines[0]
    )
    return found


def _all_lines(attempt: Attempt, objects: dict[str, bytes]) -> list[Any]:
    return [_lines(attempt, name, content, 0) for name, content in sorted(objects.items())]


def _right_lines(attempt: Attempt, lines: list[dict[str, Any]], batch: dict[str, Any]) -> None:
    records = batch["Records"]
    attempt.expect(len(lines), len(records), "other_count")
    for line, record in zip(lines, records, strict=True):
        expected = _line(record)
        if "data_base64" in expected:
            attempt.require(line.get("data_base64") == expected["data_base64"], "not_text", got=line, expected=expected)
        got = {key: line.get(key) for key in expected if key != "arrival"}
        attempt.expect(got, {key: value for key, value in expected.items() if key != "arrival"}, "other_line")
        arrival = str(line.get("arrival", ""))
        try:
            moment = dt.datetime.fromisoformat(arrival)
        except ValueError:
            attempt.fail("other_arrival", got=arrival, expected=expected["arrival"])
        right = moment.tzinfo is not None and abs(moment.timestamp() - _arrival(record)) < 1
        attempt.require(
            right and moment.utcoffset() == dt.timedelta(0), "other_arrival", got=arrival, expected=expected["arrival"]
        )


def _line(record: dict[str, Any]) -> dict[str, Any]:
    kinesis = record["kinesis"]
    data = base64.b64decode(kinesis["data"])
    return {
        "shard": SHARD,
        "sequence_number": kinesis["sequenceNumber"],
        "partition_key": kinesis["partitionKey"],
        "arrival": dt.datetime.fromtimestamp(_arrival(record), dt.UTC).isoformat(timespec="milliseconds"),
        **({"data_base64": kinesis["data"]} if data == BINARY else {"data": data.decode()}),
    }


def _arrival(record: dict[str, Any]) -> float:
    return record["kinesis"]["approximateArrivalTimestamp"]


def _noon() -> float:
    """Return a moment at 12:00 UTC, some days ago."""
    today = dt.datetime.now(dt.UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    return (today - dt.timedelta(days=random.Random(os.getpid()).randint(2, 6))).timestamp()


def _batch(count: int, begins: float) -> dict[str, Any]:
    """Return a batch of one shard; a record each millisecond from `begins` on."""
    payloads = [f"São Paulo {uuid.uuid4()}\nsecond line".encode() for _each in range(count)]
    if count > 10:  # noqa: PLR2004
        payloads[count // 2] = BINARY
    event = kinesis_event(payloads, key="-", region="us-east-1")
    for number, record in enumerate(event["Records"]):
        # As Kinesis' numbers do, it grows with the time.
        sequence_number = str(49 * 10**54 + int(begins * 1000) * 10**20 + number)
        record["eventID"] = f"{SHARD}:{sequence_number}"
        record["kinesis"] |= {
            "partitionKey": f"PartitionKey{number % 3 + 1}",
            "sequenceNumber": sequence_number,
            "approximateArrivalTimestamp": round(begins + number / 1000, 3),
        }
    return event
