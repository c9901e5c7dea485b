"""CloudWatch of the local cloud from outside: metrics, alarms, what services and functions write."""

from __future__ import annotations

import datetime as dt
import json
import time
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.cloud.conftest import Workshop, eventually

LOGS = ("logs:*", "*")


def minutes_ago(minutes: float) -> dt.datetime:
    return dt.datetime.now(dt.UTC) - dt.timedelta(minutes=minutes)


def dimensions(**values: str) -> list[Any]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


def put(workshop: Workshop, namespace: str, name: str, *values: float, at: dt.datetime | None = None, **has: str):
    datum: dict[str, Any] = {"MetricName": name, "Values": list(values), "Dimensions": dimensions(**has)}
    workshop.clients.cloudwatch.put_metric_data(
        Namespace=namespace, MetricData=[datum | ({"Timestamp": at} if at else {})]
    )


def ask(workshop: Workshop, namespace: str, name: str, *statistics: str, **has: str) -> list[Any]:
    """Return the datapoints of the last ten minutes, by the minute."""
    return workshop.clients.cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=dimensions(**has),
        StartTime=minutes_ago(10),
        EndTime=minutes_ago(-1),
        Period=60,
        Statistics=statistics or ("Sum",),  # pyright: ignore[reportArgumentType]
    )["Datapoints"]


def total(workshop: Workshop, namespace: str, name: str, **has: str) -> float:
    return sum(point.get("Sum", 0) for point in ask(workshop, namespace, name, **has))


def alarm(workshop: Workshop, **settings: Any) -> str:
    """Make an alarm on the sum of ten seconds; return its name."""
    name = workshop.name("alarm")
    usual = {
        "Statistic": "Sum",
        "Period": 10,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    workshop.clients.cloudwatch.put_metric_alarm(AlarmName=name, **usual | settings)
    workshop.made.append(lambda: workshop.clients.cloudwatch.delete_alarms(AlarmNames=[name]))
    return name


def described(workshop: Workshop, name: str) -> Any:
    return workshop.clients.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]


def reaches(workshop: Workshop, name: str, state: str) -> Any:
    eventually(lambda: described(workshop, name)["StateValue"] == state)
    return described(workshop, name)


# --- metrics ---------------------------------------------------------------------------------------------------------


def test_dimensions_are_exact(workshop: Workshop):
    space = workshop.name("space")
    put(workshop, space, "m", 1, function="a")
    put(workshop, space, "m", 2, function="b")
    put(workshop, space, "m", 4, function="a", stage="x")
    put(workshop, space, "m", 8)
    assert total(workshop, space, "m", function="a") == 1
    assert total(workshop, space, "m", stage="x", function="a") == 4
    assert total(workshop, space, "m") == 8
    assert total(workshop, space, "m", function="c") == 0
    found = workshop.clients.cloudwatch.get_metric_data(
        MetricDataQueries=[
            {
                "Id": "q",
                "MetricStat": {"Metric": {"Namespace": space, "MetricName": "m"}, "Period": 60, "Stat": "Sum"},
            }
        ],
        StartTime=minutes_ago(5),
        EndTime=minutes_ago(-1),
    )["MetricDataResults"]
    assert [(result["Label"], result["Values"]) for result in found] == [("m", [8.0])]


def test_statistics_and_percentiles(workshop: Workshop):
    space = workshop.name("space")
    put(workshop, space, "m", *range(1, 101), at=minutes_ago(2))
    asked = {
        "Namespace": space,
        "MetricName": "m",
        "Period": 60,
        "StartTime": minutes_ago(5),
        "EndTime": minutes_ago(0),
    }
    (point,) = workshop.clients.cloudwatch.get_metric_statistics(
        **asked, Statistics=["SampleCount", "Sum", "Average", "Minimum", "Maximum"]
    )["Datapoints"]
    assert [point[name] for name in ("SampleCount", "Sum", "Average", "Minimum", "Maximum")] == [
        100, 5050, 50.5, 1, 100,
    ]  # fmt: skip
    (point,) = workshop.clients.cloudwatch.get_metric_statistics(**asked, ExtendedStatistics=["p0", "p50", "p99.9"])[
        "Datapoints"
    ]
    assert point["ExtendedStatistics"] == {"p0": 1, "p50": 50.5, "p99.9": pytest.approx(99.901)}


def test_periods_are_counted_from_the_minute_of_the_start_and_units_are_apart(workshop: Workshop):
    space = workshop.name("space")
    start = minutes_ago(30).replace(second=17, microsecond=0)
    minute = start.replace(second=0)
    put(workshop, space, "m", 1, at=minute)
    put(workshop, space, "m", 2, at=minute + dt.timedelta(minutes=4, seconds=59))
    put(workshop, space, "m", 4, at=minute + dt.timedelta(minutes=5))
    workshop.clients.cloudwatch.put_metric_data(
        Namespace=space, MetricData=[{"MetricName": "m", "Value": 9, "Unit": "Seconds", "Timestamp": minute}]
    )
    asked = {"Namespace": space, "MetricName": "m", "Period": 300, "StartTime": start, "EndTime": minutes_ago(0)}
    found = workshop.clients.cloudwatch.get_metric_statistics(**asked, Unit="None", Statistics=["Sum"])["Datapoints"]
    assert [(point["Timestamp"], point["Sum"]) for point in found] == [
        (minute, 3.0),
        (minute + dt.timedelta(minutes=5), 4.0),
    ]
    found = workshop.clients.cloudwatch.get_metric_statistics(**asked, Statistics=["Sum"])["Datapoints"]
    assert {(point["Unit"], point["Sum"]) for point in found} == {("None", 3.0), ("None", 4.0), ("Seconds", 9.0)}
    query = {"Namespace": space, "MetricName": "m"}
    newest_first = workshop.clients.cloudwatch.get_metric_data(
        MetricDataQueries=[
            {"Id": "q", "MetricStat": {"Metric": query, "Period": 300, "Stat": "Maximum", "Unit": "None"}},
        ],
        StartTime=start,
        EndTime=minutes_ago(0),
    )["MetricDataResults"][0]
    assert newest_first["Values"] == [4.0, 2.0]


@pytest.mark.parametrize(
    ("operation", "changes", "code"),
    [
        ("get_metric_statistics", {"Period": 7}, "InvalidParameterValue"),
        ("get_metric_statistics", {"StartTime": minutes_ago(-10)}, "InvalidParameterValue"),
        ("get_metric_statistics", {"StartTime": minutes_ago(1442)}, "InvalidParameterCombination"),
        ("put_metric_data", {"Namespace": "AWS/Lambda", "MetricData": []}, "InvalidParameterValue"),
        ("put_metric_data", {"MetricData": [{"MetricName": "m", "Value": float("nan")}]}, "InvalidParameterValue"),
        (
            "put_metric_data",
            {"MetricData": [{"MetricName": "m", "Value": 1, "Timestamp": minutes_ago(60 * 24 * 15)}]},
            "InvalidParameterValue",
        ),
        ("put_metric_data", {"MetricData": [{"MetricName": "m"}]}, "InvalidParameterCombination"),
    ],
)
def test_what_aws_refuses_is_refused(workshop: Workshop, operation: str, changes: dict[str, Any], code: str):
    arguments: dict[str, Any] = {"Namespace": "n"}
    if operation == "get_metric_statistics":
        arguments |= {"MetricName": "m", "Period": 60, "StartTime": minutes_ago(5), "EndTime": minutes_ago(0)}
        arguments["Statistics"] = ["Sum"]
    with pytest.raises(ClientError) as refused:
        getattr(workshop.clients.cloudwatch, operation)(**arguments | changes)
    assert refused.value.response["Error"]["Code"] == code


def test_metrics_are_listed_in_pages(workshop: Workshop):
    space = workshop.name("space")
    data: list[Any] = [{"MetricName": f"m{n}", "Value": n, "Dimensions": dimensions(a=str(n % 2))} for n in range(600)]
    workshop.clients.cloudwatch.put_metric_data(Namespace=space, MetricData=data)
    pages = list(workshop.clients.cloudwatch.get_paginator("list_metrics").paginate(Namespace=space))
    assert [len(page["Metrics"]) for page in pages] == [500, 100]
    pages = workshop.clients.cloudwatch.get_paginator("list_metrics").paginate(
        Namespace=space, Dimensions=[{"Name": "a", "Value": "1"}]
    )
    assert sum(len(page["Metrics"]) for page in pages) == 300


def test_the_query_form_of_older_clients(workshop: Workshop):
    import urllib.request
    from urllib.parse import urlencode

    space = workshop.name("space")

    def call(**form: str) -> str:
        scope = "test/20260101/us-east-1/monitoring/aws4_request"
        root = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=x"
        request = urllib.request.Request(
            workshop.clients.cloudwatch.meta.endpoint_url, urlencode(form).encode(), {"Authorization": root}
        )
        return urllib.request.urlopen(request).read().decode()

    put_it = {"MetricData.member.1.MetricName": "m", "MetricData.member.1.Value": "2.5"}
    of_a = {"Dimensions.member.1.Name": "a", "Dimensions.member.1.Value": "<b>"}
    call(Action="PutMetricData", Namespace=space, **put_it, **{f"MetricData.member.1.{k}": v for k, v in of_a.items()})
    now = dt.datetime.now(dt.UTC)
    answer = call(
        Action="GetMetricStatistics",
        Namespace=space,
        MetricName="m",
        Period="60",
        StartTime=f"{now - dt.timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}",
        EndTime=f"{now + dt.timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}",
        **of_a,
        **{"Statistics.member.1": "Maximum"},
    )
    assert "<Maximum>2.5</Maximum>" in answer
    assert "<Value>&lt;b&gt;</Value>" in call(Action="ListMetrics", Namespace=space)


# --- alarms ----------------------------------------------------------------------------------------------------------


def test_an_alarm_watches_its_own_dimensions_by_itself_and_tells_its_topic(workshop: Workshop):
    topic = workshop.clients.sns.create_topic(Name=workshop.name("topic"))["TopicArn"]
    url, arn = workshop.queue()
    may_send = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may_send]})
    workshop.clients.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    workshop.clients.sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )
    space = workshop.name("space")
    watched: dict[str, Any] = {"Namespace": space, "MetricName": "m", "AlarmActions": [topic], "OKActions": [topic]}
    mine = alarm(workshop, **watched, Dimensions=dimensions(function="a"))
    other = alarm(workshop, **watched, Dimensions=dimensions(function="b"))
    reaches(workshop, other, "OK")
    put(workshop, space, "m", 1, function="a")
    seen = reaches(workshop, mine, "ALARM")
    assert seen["StateReason"].startswith("Threshold Crossed: 1 out of the last 1 datapoints [1.0 (")
    assert json.loads(seen["StateReasonData"])["recentDatapoints"] == [1.0]
    assert described(workshop, other)["StateValue"] == "OK"
    told = eventually(lambda: [m for m in workshop.messages(url) if m["NewStateValue"] == "ALARM"])
    assert [message["AlarmName"] for message in told] == [mine]
    history = workshop.clients.cloudwatch.describe_alarm_history(AlarmName=mine)["AlarmHistoryItems"]
    kinds = [item["HistoryItemType"] for item in history]
    assert sorted(set(kinds)) == ["Action", "ConfigurationUpdate", "StateUpdate"]
    assert any("from OK to ALARM" in item["HistorySummary"] or "to ALARM" in item["HistorySummary"] for item in history)


@pytest.mark.slow
def test_an_alarm_ends_when_what_breached_is_over(workshop: Workshop):
    space = workshop.name("space")
    # One evaluation period of ten seconds: three are looked at. What was 28 s ago is soon out of sight.
    put(workshop, space, "m", 1, at=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=26))
    name = alarm(workshop, Namespace=space, MetricName="m")
    missing = alarm(workshop, Namespace=space, MetricName="m", TreatMissingData="missing")
    reaches(workshop, name, "ALARM")
    reaches(workshop, missing, "ALARM")
    assert "no datapoints were received" in reaches(workshop, name, "OK")["StateReason"]
    assert (
        reaches(workshop, missing, "INSUFFICIENT_DATA")["StateReason"] == "Insufficient Data: 1 datapoint was unknown."
    )


def test_datapoints_to_alarm_and_percentiles(workshop: Workshop):
    space = workshop.name("space")
    now = time.time()
    for seconds in (5, 25):
        put(workshop, space, "m", 1, 1, 9, at=dt.datetime.fromtimestamp(now - seconds, dt.UTC))
    usual: dict[str, Any] = {"Namespace": space, "MetricName": "m", "EvaluationPeriods": 3, "Threshold": 8.0}
    two = alarm(workshop, **usual, DatapointsToAlarm=2, Statistic="Maximum")
    three = alarm(workshop, **usual, Statistic="Maximum")
    half = {key: value for key, value in usual.items() if key != "Threshold"}
    name = workshop.name("alarm")
    workshop.clients.cloudwatch.put_metric_alarm(
        AlarmName=name, **half, Period=10, Threshold=8, ComparisonOperator="GreaterThanThreshold",
        ExtendedStatistic="p50", TreatMissingData="notBreaching",
    )  # fmt: skip
    reaches(workshop, two, "ALARM")
    reaches(workshop, three, "OK")
    assert "Statistic" not in reaches(workshop, name, "OK")
    workshop.clients.cloudwatch.delete_alarms(AlarmNames=[name])


def test_an_alarm_with_one_metric_among_its_queries_watches_it_and_one_with_mathematics_waits(workshop: Workshop):
    space = workshop.name("space")
    put(workshop, space, "m", 3)
    stat = {"Metric": {"Namespace": space, "MetricName": "m"}, "Period": 10, "Stat": "Sum"}
    usual: dict[str, Any] = {"EvaluationPeriods": 1, "Threshold": 2, "ComparisonOperator": "GreaterThanThreshold"}
    names = {workshop.name("alarm"): [{"Id": "m1", "MetricStat": stat, "ReturnData": True}]}
    names[workshop.name("alarm")] = [
        {"Id": "m1", "MetricStat": stat, "ReturnData": False},
        {"Id": "twice", "Expression": "m1 * 2", "ReturnData": True},
    ]
    for name, queries in names.items():
        workshop.clients.cloudwatch.put_metric_alarm(AlarmName=name, **usual, Metrics=queries)  # type: ignore[arg-type]
    plain, mathematics = names
    assert reaches(workshop, plain, "ALARM")["Metrics"][0]["MetricStat"]["Metric"]["Namespace"] == space
    assert described(workshop, mathematics)["StateValue"] == "INSUFFICIENT_DATA"
    workshop.clients.cloudwatch.delete_alarms(AlarmNames=list(names))


@pytest.mark.parametrize(
    "settings",
    [
        {"Period": 15},
        {"EvaluationPeriods": 2, "DatapointsToAlarm": 3},
        {"Period": 60, "EvaluationPeriods": 1441},
        {"ComparisonOperator": "GreaterThan"},
        {"TreatMissingData": "never"},
        {"Statistic": "Median"},
        {"Threshold": float("nan")},
    ],
)
def test_an_alarm_that_makes_no_sense_is_refused(workshop: Workshop, settings: dict[str, Any]):
    with pytest.raises(ClientError) as refused:
        alarm(workshop, **{"Namespace": "n", "MetricName": "m"} | settings)
    assert refused.value.response["Error"]["Code"] in (
        "InvalidParameterValue",
        "ValidationError",
        "ValidationException",
    )


# --- what services and functions write -------------------------------------------------------------------------------


def test_a_queue_tells_what_is_in_it_and_what_happens_to_it(workshop: Workshop):
    url, arn = workshop.queue()
    name = arn.rsplit(":", 1)[-1]
    alarmed = alarm(
        workshop,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=dimensions(QueueName=name),
        Statistic="Maximum",
    )
    sqs = workshop.clients.sqs
    sqs.send_message(QueueUrl=url, MessageBody="one")
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": n, "MessageBody": n} for n in ("a", "b")])
    reaches(workshop, alarmed, "ALARM")
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=received[0]["ReceiptHandle"])

    def greatest(metric: str) -> float:
        return max((p["Maximum"] for p in ask(workshop, "AWS/SQS", metric, "Maximum", QueueName=name)), default=-1)

    eventually(lambda: greatest("ApproximateNumberOfMessagesNotVisible") == 1)
    assert greatest("ApproximateNumberOfMessagesVisible") == 3
    assert greatest("ApproximateAgeOfOldestMessage") >= 0
    for metric, number in (("Sent", 3), ("Received", 2), ("Deleted", 1)):
        assert total(workshop, "AWS/SQS", f"NumberOfMessages{metric}", QueueName=name) == number


def test_a_topic_counts_what_is_published(workshop: Workshop):
    topic = workshop.clients.sns.create_topic(Name=workshop.name("topic"))["TopicArn"]
    workshop.clients.sns.publish(TopicArn=topic, Message="m")
    assert total(workshop, "AWS/SNS", "NumberOfMessagesPublished", TopicName=topic.rsplit(":", 1)[-1]) == 1


def test_a_log_line_in_the_embedded_format_is_a_metric(workshop: Workshop):
    space = workshop.name("space")
    function = workshop.function(
        f"""
import json, time

def handler(event, context):
    directive = {{"Namespace": {space!r}, "Dimensions": [["service"], []],
                  "Metrics": [{{"Name": "orders", "Unit": "Count"}}]}}
    print(json.dumps({{"_aws": {{"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}},
                       "service": "shop", "orders": [1, 2]}}))
    print('{{"_aws": "broken"')
""",
        workshop.role(LOGS),
    )
    alarmed = alarm(workshop, Namespace=space, MetricName="orders", Dimensions=dimensions(service="shop"), Threshold=2)
    workshop.clients.lambda_.invoke(FunctionName=function)
    reaches(workshop, alarmed, "ALARM")
    (point,) = ask(workshop, space, "orders", "Sum", "SampleCount", service="shop")
    assert (point["Sum"], point["SampleCount"], point["Unit"]) == (3, 2, "Count")
    assert total(workshop, space, "orders") == 3


def test_a_stream_tells_what_comes_in_and_how_old_it_is_when_it_is_read(workshop: Workshop):
    arn = workshop.stream()
    name = arn.rsplit("/", 1)[-1]
    workshop.put(arn, b"12345", b"123456")
    workshop.clients.kinesis.put_records(
        StreamARN=arn, Records=[{"Data": bytes(n), "PartitionKey": "k"} for n in (1, 2, 3)]
    )
    assert total(workshop, "AWS/Kinesis", "IncomingRecords", StreamName=name) == 5
    assert total(workshop, "AWS/Kinesis", "IncomingBytes", StreamName=name) == 17
    assert total(workshop, "AWS/Kinesis", "WriteProvisionedThroughputExceeded", StreamName=name) == 0
    iterator = workshop.clients.kinesis.get_shard_iterator(
        StreamARN=arn, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    workshop.clients.kinesis.get_records(ShardIterator=iterator, Limit=2)
    assert total(workshop, "AWS/Kinesis", "GetRecords.Records", StreamName=name) == 2
    (age,) = ask(workshop, "AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", "Maximum", StreamName=name)
    assert 0 <= age["Maximum"] < 10_000


def test_the_tagging_api_lists_what_the_lessons_tag(workshop: Workshop):
    mark = workshop.name("mark")
    tags = {"lesson": mark}
    listed = [{"Key": "lesson", "Value": mark}]
    stream = workshop.stream()
    workshop.clients.kinesis.tag_resource(ResourceARN=stream, Tags=tags)
    alarmed = described(workshop, alarm(workshop, Namespace="n", MetricName="m", Tags=listed))["AlarmArn"]
    assert workshop.clients.cloudwatch.list_tags_for_resource(ResourceARN=alarmed)["Tags"] == listed
    group = f"/lab/{mark}"
    workshop.clients.logs.create_log_group(logGroupName=group, tags=tags)
    workshop.made.append(lambda: workshop.clients.logs.delete_log_group(logGroupName=group))
    api = workshop.clients.apigatewayv2.create_api(Name=mark, ProtocolType="HTTP", Tags=tags)["ApiId"]
    workshop.made.append(lambda: workshop.clients.apigatewayv2.delete_api(ApiId=api))
    tagging: Any = boto3.client(
        "resourcegroupstaggingapi",
        endpoint_url=workshop.clients.endpoint_url,
        region_name=workshop.clients.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    found = tagging.get_resources(TagFilters=[{"Key": "lesson", "Values": [mark]}])["ResourceTagMappingList"]
    assert {each["ResourceARN"] for each in found} == {
        stream,
        alarmed,
        f"arn:aws:logs:us-east-1:000000000000:log-group:{group}",
        f"arn:aws:apigateway:us-east-1::/apis/{api}",
    }
    found = tagging.get_resources(ResourceTypeFilters=["kinesis:stream"], TagFilters=[{"Key": "lesson"}])
    assert stream in [each["ResourceARN"] for each in found["ResourceTagMappingList"]]
    assert alarmed not in [each["ResourceARN"] for each in found["ResourceTagMappingList"]]
