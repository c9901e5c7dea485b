"""How shards are read, from outside: order per key, positions, independence of mappings and shards, metrics."""

from __future__ import annotations

import base64
import itertools
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from lab.cloud.asking import ask
from lab.cloud.client import Cloud
from tests.cloud.conftest import Workshop, eventually
from tests.cloud.event_source_mappings.pipeline import DYNAMODB_READ, KINESIS_READ, Pipeline, refused

TIMING = """
import base64, json, os, time, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    began = time.time()
    time.sleep(float(os.environ["SECONDS"]))
    seen = [[r["kinesis"]["partitionKey"], base64.b64decode(r["kinesis"]["data"]).decode()] for r in event["Records"]]
    sqs.send_message(QueueUrl=os.environ["LOG"], MessageBody=json.dumps([began, time.time(), seen]))
"""


def timing(shop: Workshop, stream: str, seconds: float, **settings: Any) -> tuple[str, str]:
    log, log_arn = shop.queue()
    role = shop.role((KINESIS_READ, stream), ("sqs:SendMessage", log_arn))
    function = shop.function(TIMING, role, Environment={"Variables": {"LOG": log, "SECONDS": str(seconds)}})
    return log, shop.mapping(stream, function, **settings)


def test_parallelization_runs_batches_at_once_and_keeps_the_order_of_each_key(workshop: Workshop):
    stream = workshop.stream()
    for number in range(4):
        for key in ("a", "b", "c", "d"):
            workshop.put(stream, number, key=key)
    log, _ = timing(workshop, stream, 0.2, ParallelizationFactor=4, BatchSize=2)

    def all_seen() -> list[Any]:
        found = workshop.messages(log)
        return found if sum(len(seen) for *_, seen in found) == 16 else []

    found = sorted(eventually(all_seen, seconds=20))
    for key in ("a", "b", "c", "d"):
        of_key = [(began, ended, [n for k, n in seen if k == key]) for began, ended, seen in found]
        of_key = [each for each in of_key if each[2]]
        assert [n for *_, numbers in of_key for n in numbers] == ["0", "1", "2", "3"]
        for (_, ended, _), (began, _, _) in itertools.pairwise(of_key):
            assert began >= ended, "records of one key never overlap"
    assert any(second[0] < first[1] for first, second in itertools.pairwise(found)), "some ran at once"


def test_at_timestamp_begins_there(workshop: Workshop):
    stream = workshop.stream()
    workshop.put(stream, "before")
    time.sleep(0.05)
    moment = datetime.now(UTC)
    time.sleep(0.05)
    workshop.put(stream, "after")
    pipeline = Pipeline(
        workshop, stream, KINESIS_READ, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=moment
    )
    eventually(pipeline.events)
    assert pipeline.batches() == [["after"]]


def test_at_timestamp_is_not_for_tables(workshop: Workshop):
    _name, stream = workshop.table()
    function = workshop.function("def handler(e, c): pass", workshop.role((DYNAMODB_READ, stream)))
    code, _ = refused(
        workshop.clients.lambda_.create_event_source_mapping,
        EventSourceArn=stream,
        FunctionName=function,
        StartingPosition="AT_TIMESTAMP",
        StartingPositionTimestamp=datetime.now(UTC),
    )
    assert code == "InvalidParameterValueException"


def test_each_function_gets_every_record_and_a_failing_one_delays_no_other(workshop: Workshop):
    stream = workshop.stream()
    failing = Pipeline(workshop, stream, KINESIS_READ)
    other = Pipeline(workshop, stream, KINESIS_READ, mode="report", MaximumRetryAttempts=0)
    workshop.put(stream, "bad", "good")
    eventually(lambda: ["good"] in other.batches() or ["bad", "good"] in other.batches())
    assert eventually(failing.events)


def test_a_failing_shard_does_not_block_another(workshop: Workshop):
    stream = workshop.stream(2)
    put = workshop.clients.kinesis.put_record
    put(StreamARN=stream, PartitionKey="x", ExplicitHashKey="0", Data=b'"bad"')
    put(StreamARN=stream, PartitionKey="x", ExplicitHashKey=str(2**127), Data=b'"good"')
    pipeline = Pipeline(workshop, stream, KINESIS_READ)
    eventually(lambda: ["good"] in pipeline.batches())


def test_a_window_gathers_records_and_a_full_batch_does_not_wait(workshop: Workshop):
    stream = workshop.stream()
    log, _ = timing(workshop, stream, 0, MaximumBatchingWindowInSeconds=2, BatchSize=3)
    begin = time.time()
    workshop.put(stream, 1, 2, 3, 4)
    (first, second) = eventually(lambda: len(found := workshop.messages(log)) == 2 and sorted(found))
    assert [n for _, n in first[2]] == ["1", "2", "3"]
    assert first[0] - begin < 1.5
    assert [n for _, n in second[2]] == ["4"]
    assert second[0] - begin >= 1.5


def test_metrics_are_written(workshop: Workshop):
    stream = workshop.stream()
    pipeline = Pipeline(workshop, stream, KINESIS_READ, MaximumRetryAttempts=1)
    workshop.put(stream, "bad")
    eventually(lambda: workshop.messages(pipeline.failures))
    name = pipeline.function.rsplit(":", 1)[1]

    of_function = {"FunctionName": name}
    assert total(workshop, "Invocations", of_function) == 2
    assert total(workshop, "Errors", of_function) == 2
    assert total(workshop, "Throttles", of_function) == 0
    assert total(workshop, "Duration", of_function, "Maximum") > 0
    assert total(workshop, "IteratorAge", of_function, "SampleCount") == 2


def test_table_filters_see_typed_attributes_and_numbers_as_texts(workshop: Workshop):
    name, table_stream = workshop.table()
    patterns = [
        {"dynamodb": {"NewImage": {"n": {"N": [{"numeric": [">", 0]}]}}}},
        {"dynamodb": {"NewImage": {"pk": {"S": ["wanted"]}}}},
    ]
    criteria = {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]}
    pipeline = Pipeline(workshop, table_stream, DYNAMODB_READ, FilterCriteria=criteria)
    for key in ("other", "wanted"):
        workshop.clients.dynamodb.put_item(TableName=name, Item={"pk": {"S": key}, "n": {"N": "5"}})
    eventually(pipeline.events)
    keys = [r["dynamodb"]["Keys"]["pk"]["S"] for event in pipeline.events() for r in event["Records"]]
    assert keys == ["wanted"]


def test_a_mapping_outlives_its_table(workshop: Workshop):
    name, table_stream = workshop.table()
    pipeline = Pipeline(workshop, table_stream, DYNAMODB_READ)
    workshop.clients.dynamodb.delete_table(TableName=name)
    time.sleep(0.2)
    assert workshop.clients.lambda_.get_event_source_mapping(UUID=pipeline.mapping)["State"] == "Enabled"


def test_values_out_of_range_are_refused(workshop: Workshop):
    stream = workshop.stream()
    function = workshop.function("def handler(e, c): pass", workshop.role((KINESIS_READ, stream)))
    for name, value in [
        ("BatchSize", 0), ("BatchSize", 10_001), ("MaximumBatchingWindowInSeconds", 301), ("ParallelizationFactor", 11),
        ("MaximumRetryAttempts", 10_001), ("MaximumRetryAttempts", -2), ("MaximumRecordAgeInSeconds", 59),
        ("MaximumRecordAgeInSeconds", 604_801), ("TumblingWindowInSeconds", 901),
    ]:  # fmt: skip
        request = {"EventSourceArn": stream, "FunctionName": function, "StartingPosition": "LATEST", name: value}
        code, _ = refused(unchecked(workshop.clients.lambda_).create_event_source_mapping, **request)
        assert code in ("ValidationException", "InvalidParameterValueException"), (name, value, code)


def unchecked(client: Any) -> Any:
    """Return a client that leaves checking to the cloud."""
    from botocore.config import Config
    from botocore.session import Session

    session = Session()
    session.set_credentials("test", "test")
    return session.create_client(
        "lambda",
        region_name="us-east-1",
        endpoint_url=client.meta.endpoint_url,
        config=Config(parameter_validation=False),
    )


def test_data_is_what_was_put(workshop: Workshop):
    stream = workshop.stream()
    pipeline = Pipeline(workshop, stream, KINESIS_READ)
    data = bytes(range(256))
    workshop.put(stream, data)
    event, *_again = eventually(pipeline.events)  # at least once
    assert base64.b64decode(event["Records"][0]["kinesis"]["data"]) == data


def test_a_record_over_6_mib_as_base64_goes_to_the_destination_and_the_others_to_the_function(
    workshop: Workshop, local_cloud: Cloud
):
    """Streams may allow records of 10 MiB; a function is given 6 MB at most."""
    name = workshop.name("stream")
    workshop.clients.kinesis.create_stream(StreamName=name, ShardCount=1, MaxRecordSizeInKiB=10_240)
    workshop.made.append(lambda: workshop.clients.kinesis.delete_stream(StreamName=name))
    stream = workshop.clients.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    pipeline = Pipeline(workshop, stream, KINESIS_READ, mode="small", MaximumRetryAttempts=0, MetricsConfig=COUNTED)
    fits, too_large = b"x" * 4_600_000, b"x" * 4_720_000
    unlimited = ask(local_cloud, "POST", "/_lab/faults", body={"kind": "limits", "on": False})
    numbers = workshop.put(stream, "before", fits, too_large, "after")
    ask(local_cloud, "DELETE", f"/_lab/faults/{unlimited['id']}")
    (message,) = eventually(lambda: workshop.messages(pipeline.failures))
    assert message["requestContext"]["condition"] == "MaximumPayloadSizeExceeded"
    assert message["requestContext"]["approximateInvokeCount"] == 1
    assert message["responseContext"] is None
    assert message["KinesisBatchInfo"]["batchSize"] == 1
    assert message["KinesisBatchInfo"]["startSequenceNumber"] == numbers[2]
    expected = {numbers[0], numbers[1], numbers[3]}
    eventually(lambda: {number for event in pipeline.events() for number in event["Numbers"]} == expected)
    eventually(lambda: counted(workshop, pipeline.mapping, "OnFailureDestinationDeliveredEventCount") == 1)
    assert counted(workshop, pipeline.mapping, "InvokedEventCount") == 3


COUNTED = {"Metrics": ["EventCount"]}


def total(shop: Workshop, metric: str, dimension: dict[str, str], statistic: str = "Sum") -> float:
    """Return a metric of AWS/Lambda over the last minutes."""
    now = datetime.now(UTC)
    points = shop.clients.cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimension.items()],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=5),
        Period=3600,
        Statistics=[statistic],
    )["Datapoints"]
    return sum(point[statistic] for point in points)


def counted(shop: Workshop, mapping: str, metric: str) -> float:
    return total(shop, metric, {"EventSourceMappingUUID": mapping})


def test_events_are_counted_where_the_mapping_asks_for_it(workshop: Workshop):
    """Two records are wanted, one is not; of the two the first succeeds and the second is sent twice and given up."""
    stream = workshop.stream()
    criteria = {"Filters": [{"Pattern": json.dumps({"data": {"kind": ["good", "bad"]}})}]}
    settings = {"FilterCriteria": criteria, "BatchSize": 1, "MaximumRetryAttempts": 1}
    told = Pipeline(workshop, stream, KINESIS_READ, MetricsConfig=COUNTED, **settings)
    untold = Pipeline(workshop, stream, KINESIS_READ, destination=False, MetricsConfig=COUNTED, **settings)
    uncounted = Pipeline(workshop, stream, KINESIS_READ, **settings)
    workshop.put(stream, {"kind": "other"}, {"kind": "good"}, {"kind": "bad"})
    for pipeline in (told, uncounted):
        eventually(lambda pipeline=pipeline: workshop.messages(pipeline.failures))
    eventually(lambda: counted(workshop, untold.mapping, "DroppedEventCount"))
    eventually(lambda: counted(workshop, told.mapping, "OnFailureDestinationDeliveredEventCount"))
    expected = {
        "PolledEventCount": 3, "FilteredOutEventCount": 1, "InvokedEventCount": 3, "FailedInvokeEventCount": 2,
        "DroppedEventCount": 0, "OnFailureDestinationDeliveredEventCount": 1,
    }  # fmt: skip
    assert {metric: counted(workshop, told.mapping, metric) for metric in expected} == expected
    assert counted(workshop, untold.mapping, "DroppedEventCount") == 1
    assert counted(workshop, untold.mapping, "OnFailureDestinationDeliveredEventCount") == 0
    assert all(counted(workshop, uncounted.mapping, metric) == 0 for metric in expected)
    found = workshop.clients.lambda_.get_event_source_mapping(UUID=told.mapping)
    assert found.get("MetricsConfig") == COUNTED


def test_a_destination_that_cannot_be_told_is_measured(workshop: Workshop):
    stream = workshop.stream()
    pipeline = Pipeline(workshop, stream, KINESIS_READ, MaximumRetryAttempts=0, MetricsConfig=COUNTED)
    workshop.clients.sqs.delete_queue(QueueUrl=pipeline.failures)
    workshop.put(stream, "bad")
    name = pipeline.function.rsplit(":", 1)[1]
    eventually(lambda: total(workshop, "DestinationDeliveryFailures", {"FunctionName": name}))
    eventually(lambda: counted(workshop, pipeline.mapping, "DroppedEventCount") == 1, seconds=20)
    assert counted(workshop, pipeline.mapping, "OnFailureDestinationDeliveredEventCount") == 0
