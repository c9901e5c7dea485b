"""Checks `poison`: good records are stored, the bad one is told of, and the shard goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt

GOOD_RECORDS = 20


def check(attempt: Attempt) -> None:
    """Deploy the program, send a poison record among good ones, see what comes out."""
    cloud = attempt.cloud(time_scale=0.01)
    outputs = cloud.up()["basic"]
    stream, table = outputs["KinesisStreamName"], outputs["DynamoDBTableName"]
    records = [{"sensor": "s", "value": number} for number in range(GOOD_RECORDS)]
    cloud.put(stream, [*records[:5], "temperature;22.5", *records[5:]])
    cloud.eventually(lambda: len(cloud.items(table)) == GOOD_RECORDS, seconds=3)
    stored = len(cloud.items(table))
    attempt.require(stored == GOOD_RECORDS, "shard_stopped", stored=stored, good=GOOD_RECORDS)
    told = cloud.eventually(lambda: cloud.messages(outputs["FailureQueueUrl"]), seconds=2)
    attempt.require(told, "nobody_told")
    attempt.expect(len(told), 1, "too_many_given_up")
