"""Streams of tables: what a change record holds, in which order records come, and items that expire."""

from __future__ import annotations

import json
import time
from typing import Any

from lab.aws import Clients
from tests.cloud.conftest import Workshop, eventually
from tests.cloud.event_source_mappings.pipeline import DYNAMODB_READ, Pipeline

TTL_IDENTITY = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def records(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Return every record the function was given, by place in the stream."""
    found = [record for event in pipeline.events() for record in event["Records"]]
    return sorted(found, key=lambda record: int(record["dynamodb"]["SequenceNumber"]))


def stored(clients: Clients, stream_arn: str) -> list[Any]:
    """Return a stream's records as the streams API answers them."""
    streams = clients.dynamodbstreams
    shards = streams.describe_stream(StreamArn=stream_arn)["StreamDescription"].get("Shards", [])
    iterator = streams.get_shard_iterator(
        StreamArn=stream_arn, ShardId=shards[0].get("ShardId", ""), ShardIteratorType="TRIM_HORIZON"
    ).get("ShardIterator", "")
    return streams.get_records(ShardIterator=iterator)["Records"]


def test_an_item_whose_time_to_live_is_over_is_deleted_by_the_service(workshop: Workshop):
    """A delete of TTL's carries userIdentity, a user's does not; what is no number, or five years old, stays."""
    name, stream = workshop.table("NEW_AND_OLD_IMAGES")
    database = workshop.clients.dynamodb
    database.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
    pattern = {"eventName": ["REMOVE"], "userIdentity": {name: [value] for name, value in TTL_IDENTITY.items()}}
    only_expired = Pipeline(
        workshop, stream, DYNAMODB_READ, FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]}
    )
    now = int(time.time())
    for key, expires in {
        "over": {"N": str(now - 1)}, "later": {"N": str(now + 600)}, "text": {"S": str(now - 1)}, "ancient": {"N": "1"},
        "mine": {"N": str(now + 600)},
    }.items():  # fmt: skip
        database.put_item(TableName=name, Item={"pk": {"S": key}, "expires": expires})
    database.delete_item(TableName=name, Key={"pk": {"S": "mine"}})
    (record,) = eventually(lambda: records(only_expired))
    assert record["userIdentity"] == TTL_IDENTITY
    assert record["dynamodb"]["Keys"] == {"pk": {"S": "over"}}
    assert record["dynamodb"]["OldImage"] == {"pk": {"S": "over"}, "expires": {"N": str(now - 1)}}
    left = {item["pk"].get("S") for item in database.scan(TableName=name)["Items"]}
    assert left == {"later", "text", "ancient"}
    removed = [each for each in stored(workshop.clients, stream) if each.get("eventName") == "REMOVE"]
    assert {each["dynamodb"]["Keys"]["pk"]["S"]: each.get("userIdentity") for each in removed} == {
        "mine": None,
        "over": {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"},
    }


def test_a_table_without_time_to_live_keeps_its_items(workshop: Workshop):
    name, _stream = workshop.table()
    database = workshop.clients.dynamodb
    expired = {"pk": {"S": "a"}, "expires": {"N": str(int(time.time()) - 1)}}
    specification = {"Enabled": True, "AttributeName": "expires"}
    database.update_time_to_live(TableName=name, TimeToLiveSpecification=specification)
    database.update_time_to_live(TableName=name, TimeToLiveSpecification=specification | {"Enabled": False})
    other, _stream = workshop.table()
    database.update_time_to_live(TableName=other, TimeToLiveSpecification=specification)
    for table in (name, other):
        database.put_item(TableName=table, Item=expired)
    eventually(lambda: not database.scan(TableName=other)["Items"])
    assert database.scan(TableName=name)["Items"]


def test_change_records_are_complete(workshop: Workshop):
    """The guide's own example: sizes 26, 59 and 38 bytes; a put that changes nothing makes no record."""
    name, stream = workshop.table("NEW_AND_OLD_IMAGES", key=("Id", "N"))
    database = workshop.clients.dynamodb
    first = {"Id": {"N": "101"}, "Message": {"S": "New item!"}}
    second = {"Id": {"N": "101"}, "Message": {"S": "This item has changed"}}
    for item in (first, first, second):
        database.put_item(TableName=name, Item=item)
    database.delete_item(TableName=name, Key={"Id": {"N": "101"}})
    database.delete_item(TableName=name, Key={"Id": {"N": "101"}})
    pipeline = Pipeline(workshop, stream, DYNAMODB_READ)
    found = eventually(lambda: len(all_of := records(pipeline)) == 3 and all_of)
    assert [
        (
            each["eventName"],
            each["dynamodb"].get("OldImage"),
            each["dynamodb"].get("NewImage"),
            each["dynamodb"]["SizeBytes"],
        )
        for each in found
    ] == [("INSERT", None, first, 26), ("MODIFY", first, second, 59), ("REMOVE", second, None, 38)]
    for each in found:
        assert each["dynamodb"]["Keys"] == {"Id": {"N": "101"}}
        assert each["dynamodb"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
        assert each["eventSourceARN"] == stream
        assert 21 <= len(each["dynamodb"]["SequenceNumber"]) <= 40
        assert not each["dynamodb"]["SequenceNumber"].startswith("0")
    assert len({each["eventID"] for each in found}) == 3


def test_each_view_shows_its_images(workshop: Workshop):
    database = workshop.clients.dynamodb
    expected = {"KEYS_ONLY": set(), "NEW_IMAGE": {"NewImage"}, "OLD_IMAGE": {"OldImage"}}
    for view, images in expected.items():
        name, stream = workshop.table(view)
        for number in ("1", "2"):
            database.put_item(TableName=name, Item={"pk": {"S": "a"}, "n": {"N": number}})
        modified = stored(workshop.clients, stream)[1]["dynamodb"]
        assert {"NewImage", "OldImage"} & set(modified) == images
        assert modified["SizeBytes"] == (3 if not images else 9)


def test_batches_and_transactions_make_a_record_for_each_item(workshop: Workshop):
    name, stream = workshop.table("KEYS_ONLY")
    database = workshop.clients.dynamodb
    database.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": {"pk": {"S": key}}}} for key in "abc"]})
    update = {
        "Key": {"pk": {"S": "a"}},
        "UpdateExpression": "SET n = :n",
        "ExpressionAttributeValues": {":n": {"N": "1"}},
    }
    database.transact_write_items(
        TransactItems=[
            {"Update": {"TableName": name, **update}},
            {"Delete": {"TableName": name, "Key": {"pk": {"S": "b"}}}},
        ]
    )
    pipeline = Pipeline(workshop, stream, DYNAMODB_READ)
    found = eventually(lambda: len(all_of := records(pipeline)) == 5 and all_of)
    changes = [(each["eventName"], each["dynamodb"]["Keys"]["pk"]["S"]) for each in found]
    assert changes == [("INSERT", "a"), ("INSERT", "b"), ("INSERT", "c"), ("MODIFY", "a"), ("REMOVE", "b")]


def test_a_write_to_one_table_wakes_only_its_readers(workshop: Workshop):
    """Two tables, two mappings: each function sees its own table's records, soon after the write."""
    database = workshop.clients.dynamodb
    tables = [workshop.table() for _ in range(2)]
    pipelines = [Pipeline(workshop, stream, DYNAMODB_READ) for _, stream in tables]
    for name, _ in tables:
        database.put_item(TableName=name, Item={"pk": {"S": name}})
    for (name, _), pipeline in zip(tables, pipelines, strict=True):
        (record,) = eventually(lambda pipeline=pipeline: records(pipeline))
        assert record["dynamodb"]["Keys"]["pk"]["S"] == name
