"""Checks `lost_objects`: an object for each record, the same one when it is delivered again."""

from __future__ import annotations

import datetime as dt
import os
import random
import time
import uuid
from typing import TYPE_CHECKING, Any

from lab.sample_events import kinesis_event
from lab.workbook import failures
from lab.workbook.attempt import Failed

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

HERE = "America/Lima"
"""The time zone of the function: names must not depend on it."""


def check(attempt: Attempt) -> None:
    """Deliver a batch, deliver it again, then a record whose key is a path."""
    cloud = attempt.cloud()
    bucket = os.environ["S3_BUCKET_NAME"] = cloud.bucket()
    attempt.load("handler.py")
    function = cloud.function(environment={"S3_BUCKET_NAME": bucket, "TZ": HERE})
    payloads = [f"event {number} {uuid.uuid4()}".encode() for number in range(random.randint(8, 12))]
    payloads[3] = b"\xff\x00 not a text"
    event = _event(payloads, ("PartitionKey1", "PartitionKey2"))
    _invoke(attempt, cloud, function, event)
    first = cloud.objects(bucket)
    attempt.require(first, "nothing_stored", sent=len(payloads))
    known = {"sent": len(payloads), "objects": len(first), "name": sorted(first)[0]}
    attempt.require(len(first) >= len(payloads), "overwritten", **known)
    attempt.require(len(first) == len(payloads), "too_many", **known)
    attempt.require(set(first.values()) == set(payloads), "other_content")
    time.sleep(1.1)  # names made of the time of the attempt differ now
    _invoke(attempt, cloud, function, event)
    again = _keys(cloud, bucket)
    attempt.require(len(again) == len(first), "of_the_attempt", sent=len(payloads), objects=len(again))
    _names(attempt, event, again)
    _a_path_as_key(attempt, cloud, function, bucket)


def _names(attempt: Attempt, event: dict[str, Any], objects: set[str]) -> None:
    record = event["Records"][0]["kinesis"]
    arrival = record["approximateArrivalTimestamp"]
    utc = dt.datetime.fromtimestamp(arrival, dt.UTC).strftime("%Y-%m-%d-%H%M%S")
    expected = f"{record['partitionKey']}-{utc}-{record['sequenceNumber']}.txt"
    names = [name for name in objects if record["sequenceNumber"] in name]
    name = names[0] if names else sorted(objects)[0]
    local = (dt.datetime.fromtimestamp(arrival, dt.UTC) - dt.timedelta(hours=5)).strftime("%Y-%m-%d-%H%M%S")
    attempt.require(local not in name, "local_time", got=name, expected=expected)
    attempt.expect(name, expected, "other_name")


def _a_path_as_key(attempt: Attempt, cloud: Workbench, function: str, bucket: str) -> None:
    before = _keys(cloud, bucket)
    key = "../shop-2/orders"
    _invoke(attempt, cloud, function, _event([b"not yours"], (key,)))
    new = sorted(_keys(cloud, bucket) - before)
    attempt.require(new, "nothing_stored", sent=1)
    attempt.require("/" not in new[0], "path", key=key, name=new[0])


def _keys(cloud: Workbench, bucket: str) -> set[str]:
    return {found.get("Key", "") for found in cloud.clients.s3.list_objects_v2(Bucket=bucket).get("Contents", [])}


def _event(payloads: list[bytes], keys: tuple[str, ...]) -> dict[str, Any]:
    """Return a batch of records that all arrived a while ago, within a second."""
    event = kinesis_event(payloads, key=keys[0], region="us-east-1")
    arrival = int(time.time()) - random.randint(4_000, 80_000)
    first = random.randint(10**40, 10**41)
    for number, record in enumerate(event["Records"]):
        sequence_number = str(int(record["kinesis"]["sequenceNumber"]) + first + number)
        record["eventID"] = f"{record['eventID'].partition(':')[0]}:{sequence_number}"
        record["kinesis"] |= {
            "partitionKey": keys[number % len(keys)],
            "sequenceNumber": sequence_number,
            "approximateArrivalTimestamp": arrival + number / 100,
        }
    return event


def _invoke(attempt: Attempt, cloud: Workbench, function: str, event: dict[str, Any]) -> None:
    _answer, error = cloud.invoke(function, event)
    if error:
        raise Failed(
            failures.raised("lambda_handler(event, context)", error, attempt.exercise.shown_path("handler.py"))
        )
