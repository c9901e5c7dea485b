"""A stream's capacity is changed while it is used: nothing is replaced, no record is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.lessons.conftest import Deployed, eventually
from tests.lessons.needs import Lesson

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("five")]

RECORDS = 40


def test_provisioned_on_demand_and_back(stack: Callable[[str], Deployed]):
    deployed = stack("capacity")
    deployed.up(lessons=["basic"], basic={"alarms": False})
    basic = Lesson(deployed.clients, deployed.outputs()["basic"])
    kinesis, stream = deployed.clients.kinesis, basic.outputs["KinesisStreamArn"]
    made = kinesis.describe_stream_summary(StreamARN=stream)["StreamDescriptionSummary"]
    stored: list[str] = []

    def send() -> None:
        entries: Any = [{"Data": b'{"sensor": "a"}', "PartitionKey": str(number)} for number in range(RECORDS)]
        answer = kinesis.put_records(StreamARN=stream, Records=entries)
        assert not answer["FailedRecordCount"]
        stored.extend(f"{each['ShardId']}:{each['SequenceNumber']}" for each in answer["Records"])

    send()
    # A stream that becomes on-demand keeps its shards (Kinesis developer guide, "Choose the right mode"); only one
    # that is made on-demand begins with four.
    for settings, shards in (({"capacity": "on-demand"}, 1), ({"capacity": "provisioned", "shard_count": 2}, 2)):
        changes = deployed.up(lessons=["basic"], basic={"alarms": False, **settings})
        send()
        now = kinesis.describe_stream_summary(StreamARN=stream)["StreamDescriptionSummary"]
        assert {name: kind for name, (kind, _properties) in changes.items()} == {"basic-stream": "update"}
        assert (now["OpenShardCount"], now["StreamCreationTimestamp"]) == (shards, made["StreamCreationTimestamp"])

    table = basic.outputs["DynamoDBTableName"]

    def items() -> set[str]:
        pages = deployed.clients.dynamodb.get_paginator("scan").paginate(TableName=table)
        return {item["eventId"]["S"] for page in pages for item in page["Items"]}

    assert eventually(lambda: items() == {*stored})
    assert not basic.failures()
