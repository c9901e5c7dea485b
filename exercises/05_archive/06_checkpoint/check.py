"""Checks `checkpoint`: stops a mapping under load, kills a cloud under load, and compares what was seen."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

SENT, BATCH = 200, 20
CONSUMER = """
import json, os, time, uuid
import boto3

S3 = boto3.client("s3")

def lambda_handler(event, context):
    numbers = [record["kinesis"]["sequenceNumber"] for record in event["Records"]]
    S3.put_object(Bucket=os.environ["BUCKET"], Key=uuid.uuid4().hex, Body=json.dumps(numbers).encode())
    time.sleep(0.05)
"""
HOW_MANY = ("none", "some", "all")


def check(attempt: Attempt) -> None:
    """Ask for all answers and look at what needs no cloud, then make the experiment with half as many records."""
    predicted = {name: attempt.choice(f"prediction.{name}", HOW_MANY) for name in ("stop_twice", "kill_twice")}
    predicted["kill_lost"] = attempt.choice("prediction.kill_lost", HOW_MANY)
    seen = {
        name: attempt.number(f"observed.{name}") for name in ("stop_records", "stop_twice", "kill_records", "kill_twice")
    }
    attempt.require(seen["stop_records"] >= SENT, "stop_early", seen=seen["stop_records"])
    attempt.require(seen["stop_records"] == SENT, "stop_more", seen=seen["stop_records"])
    attempt.require(seen["kill_records"] != SENT, "kill_only_new", seen=seen["kill_records"])
    attempt.require(seen["kill_records"] >= 2 * SENT, "kill_early", seen=seen["kill_records"])
    attempt.require(seen["kill_records"] == 2 * SENT, "kill_more", seen=seen["kill_records"])
    attempt.require(seen["kill_twice"] > 0, "killed_idle")
    attempt.require(seen["kill_twice"] < SENT, "all_twice", seen=seen["kill_twice"])
    there = _experiment(attempt.cloud())
    attempt.require(seen["stop_twice"] == there["stop_twice"], "stop_twice", seen=seen["stop_twice"])
    lost = "none" if there["records"] == there["sent"] else "some"
    for name, right in (("stop_twice", "none"), ("kill_twice", "some"), ("kill_lost", lost)):
        if predicted[name] != right:
            attempt.note(name, predicted=predicted[name])
    attempt.note("found", twice=there["kill_twice"], sent=there["sent"])


def _experiment(cloud: Workbench) -> dict[str, int]:
    """Return how many records were archived twice after the stop and after the kill, and how many there are in all."""
    stream, bucket = cloud.stream(), cloud.bucket()
    function = cloud.function("consumer.lambda_handler", files={"consumer.py": CONSUMER}, environment={"BUCKET": bucket})
    mapping = cloud.mapping(cloud.stream_arn(stream), function, BatchSize=BATCH)
    cloud.put(stream, list(range(SENT // 4)))
    _until(cloud, function, 2)
    _switch(cloud, mapping, on=False)
    cloud.put(stream, list(range(SENT // 4)))
    _switch(cloud, mapping, on=True)
    cloud.eventually(lambda: len(_archived(cloud, bucket)) >= SENT // 2)
    stop_twice = _repeats(_archived(cloud, bucket))
    cloud.put(stream, list(range(SENT // 2)))
    _until(cloud, function, _calls(cloud, function) + 3)
    cloud.kill_and_restart()
    cloud.eventually(lambda: len(_archived(cloud, bucket)) >= SENT)
    found = _archived(cloud, bucket)
    return {"stop_twice": stop_twice, "kill_twice": _repeats(found), "records": len(found), "sent": SENT}


def _switch(cloud: Workbench, mapping: str, *, on: bool) -> None:
    client = cloud.clients.lambda_
    client.update_event_source_mapping(UUID=mapping, Enabled=on)
    wanted = "Enabled" if on else "Disabled"
    cloud.eventually(lambda: client.get_event_source_mapping(UUID=mapping).get("State") == wanted)


def _until(cloud: Workbench, function: str, calls: int) -> None:
    """Wait until so many calls have begun."""
    cloud.eventually(lambda: _calls(cloud, function) >= calls)


def _calls(cloud: Workbench, function: str) -> int:
    return sum(event["event"] == "invoked" for event in cloud.trace(function))


def _archived(cloud: Workbench, bucket: str) -> Counter[str]:
    """Return how many objects each record stands in."""
    return Counter(number for content in cloud.objects(bucket).values() for number in json.loads(content))


def _repeats(archived: Counter[str]) -> int:
    return sum(times > 1 for times in archived.values())
