"""What else of the cloud meets our streams: IAM, event source mappings, DynamoDB, Firehose, CloudFormation."""

from __future__ import annotations

import base64
import json
import urllib.request
from typing import Any

import pytest
from boto3 import Session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from lab.cloud.client import Cloud
from lab.cloud.kinesis import KinesisService, cbor
from tests.cloud.conftest import Workshop, eventually
from tests.cloud.event_source_mappings.pipeline import KINESIS_READ, Pipeline
from tests.cloud.test_authorization import ANYONE, as_role

FIRST = "shardId-000000000000"


def name_of(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def client(cloud: Cloud, service: str) -> Any:
    return Session("test", "test", region_name="us-east-1").client(service, endpoint_url=cloud.url)


def data_in(workshop: Workshop, stream: str) -> list[bytes]:
    iterator = workshop.clients.kinesis.get_shard_iterator(
        StreamARN=stream, ShardId=FIRST, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return [record["Data"] for record in workshop.clients.kinesis.get_records(ShardIterator=iterator)["Records"]]


# --- IAM


def test_iam_asks_about_the_stream_that_an_iterator_or_a_token_reads(workshop: Workshop, local_cloud: Cloud):
    stream, other = workshop.stream(2), workshop.stream(2)
    role = as_role(workshop, local_cloud, (["kinesis:GetRecords", "kinesis:ListShards"], stream))("kinesis")
    foreign = workshop.clients.kinesis.get_shard_iterator(
        StreamARN=other, ShardId=FIRST, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    with pytest.raises(ClientError, match="AccessDenied"):
        role.get_records(ShardIterator=foreign, StreamARN=stream)
    own, theirs = (
        workshop.clients.kinesis.list_shards(StreamARN=arn, MaxResults=1)["NextToken"] for arn in (stream, other)
    )
    assert len(role.list_shards(NextToken=own)["Shards"]) == 1
    with pytest.raises(ClientError, match="AccessDenied"):
        role.list_shards(NextToken=theirs)


def test_iam_asks_about_the_consumer(workshop: Workshop, local_cloud: Cloud):
    stream = workshop.stream()
    consumers = [
        workshop.clients.kinesis.register_stream_consumer(StreamARN=stream, ConsumerName=name)["Consumer"][
            "ConsumerARN"
        ]
        for name in ("mine", "theirs")
    ]
    role = as_role(workshop, local_cloud, ("kinesis:DescribeStreamConsumer", consumers[0]))("kinesis")
    assert role.describe_stream_consumer(ConsumerARN=consumers[0])["ConsumerDescription"]["ConsumerName"] == "mine"
    with pytest.raises(ClientError, match="AccessDenied"):
        role.describe_stream_consumer(ConsumerARN=consumers[1])
    workshop.clients.kinesis.delete_stream(StreamARN=stream, EnforceConsumerDeletion=True)


def test_cbor_is_spoken_and_authorized(workshop: Workshop, local_cloud: Cloud):
    stream = workshop.stream()
    role = workshop.role(("kinesis:*", stream), trust=ANYONE)
    keys = workshop.clients.sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    def call(operation: str, **request: Any) -> dict[str, Any]:
        headers = {
            "Content-Type": "application/x-amz-cbor-1.1",
            "X-Amz-Target": f"Kinesis_20131202.{operation}",
        }
        signed = AWSRequest("POST", local_cloud.url, headers, cbor.encode(request))
        SigV4Auth(credentials, "kinesis", "us-east-1").add_auth(signed)
        prepared = signed.prepare()
        sent = urllib.request.Request(local_cloud.url, prepared.body, dict(prepared.headers), method="POST")
        with urllib.request.urlopen(sent, timeout=10) as answer:
            assert answer.headers["Content-Type"] == "application/x-amz-cbor-1.1"
            return cbor.decode(answer.read() or b"\xa0")

    put = call("PutRecord", StreamName=name_of(stream), PartitionKey="k", Data=b"\x00bytes")
    assert len(put["SequenceNumber"]) == 56
    arrived = call("DescribeStreamSummary", StreamARN=stream)["StreamDescriptionSummary"]["StreamCreationTimestamp"]
    assert isinstance(arrived, cbor.Timestamp)
    iterator = call(
        "GetShardIterator", StreamARN=stream, ShardId=FIRST, ShardIteratorType="AT_TIMESTAMP", Timestamp=arrived
    )
    (record,) = call("GetRecords", ShardIterator=iterator["ShardIterator"])["Records"]
    assert record["Data"] == b"\x00bytes"


# --- event source mappings


def test_a_mapping_reads_on_through_scaling_and_loses_nothing(workshop: Workshop):
    stream = workshop.stream()
    name = name_of(stream)
    kinesis = workshop.clients.kinesis
    pipeline = Pipeline(workshop, stream, KINESIS_READ)
    sent: list[list[int]] = []

    def send(step: int) -> None:
        for number in range(5):
            for key in range(6):
                kinesis.put_record(
                    StreamName=name, PartitionKey=str(key), Data=json.dumps([key, step, number]).encode()
                )
                sent.append([key, step, number])

    send(0)
    for step, target in enumerate((2, 3, 2, 1), 1):
        kinesis.update_shard_count(StreamName=name, TargetShardCount=target, ScalingType="UNIFORM_SCALING")
        send(step)
    got: list[list[int]] = []

    def take() -> bool:
        """Take what was noted off the queue: there may be as many batches as records."""
        url = pipeline.log
        found = workshop.clients.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            events = json.loads(message["Body"])["Records"]
            got.extend(json.loads(base64.b64decode(event["kinesis"]["data"])) for event in events)
            workshop.clients.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(got) >= len(sent)

    eventually(take)
    assert sorted(got) == sorted(sent), "every record once"
    for key in range(6):
        mine = [record for record in got if record[0] == key]
        assert mine == sorted(mine), "children begin after their parents have been read"


# --- DynamoDB, Firehose, CloudFormation


def test_a_table_streams_into_kinesis(workshop: Workshop, local_cloud: Cloud):
    stream, table = workshop.stream(), workshop.name("table")
    dynamodb = client(local_cloud, "dynamodb")
    dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.enable_kinesis_streaming_destination(TableName=table, StreamArn=stream)
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}})
    (data,) = eventually(lambda: data_in(workshop, stream))
    assert json.loads(data)["dynamodb"]["Keys"] == {"pk": {"S": "a"}}


def test_firehose_reads_from_kinesis(workshop: Workshop, local_cloud: Cloud):
    stream, bucket, name = workshop.stream(), workshop.name("bucket"), workshop.name("firehose")
    s3, firehose = client(local_cloud, "s3"), client(local_cloud, "firehose")
    s3.create_bucket(Bucket=bucket)
    role = workshop.role()
    firehose.create_delivery_stream(
        DeliveryStreamName=name,
        DeliveryStreamType="KinesisStreamAsSource",
        KinesisStreamSourceConfiguration={"KinesisStreamARN": stream, "RoleARN": role},
        ExtendedS3DestinationConfiguration={"BucketARN": f"arn:aws:s3:::{bucket}", "RoleARN": role},
    )
    eventually(
        lambda: (
            firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"][
                "DeliveryStreamStatus"
            ]
            == "ACTIVE"
        )
    )
    workshop.put(stream, b"through")

    def delivered() -> list[bytes]:
        found = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return [s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in found]

    assert eventually(delivered) == [b"through"]


def test_cloudformation_makes_streams_of_ours(workshop: Workshop, local_cloud: Cloud):
    cloudformation, name = client(local_cloud, "cloudformation"), workshop.name("stack")
    properties = {"Name": name, "ShardCount": 2, "RetentionPeriodHours": 48, "Tags": [{"Key": "a", "Value": "1"}]}
    template = {"Resources": {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": properties}}}
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))

    def summary() -> dict[str, Any] | None:
        try:
            return dict(workshop.clients.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"])
        except ClientError:
            return None

    made = eventually(lambda: (found := summary()) and found["RetentionPeriodHours"] == 48 and found)
    assert made["OpenShardCount"] == 2
    assert workshop.clients.kinesis.list_tags_for_stream(StreamName=name)["Tags"] == [{"Key": "a", "Value": "1"}]
    cloudformation.delete_stack(StackName=name)
    eventually(lambda: summary() is None)


# --- limits


def test_write_limits_are_switched_on_while_the_cloud_runs():
    kinesis = KinesisService(None, transition_seconds=0)
    here = ("000000000000", "us-east-1")
    kinesis.perform("CreateStream", {"StreamName": "s", "ShardCount": 2}, *here)
    records = [{"PartitionKey": "k", "Data": ""}] * 500

    def put() -> dict[str, Any]:
        return kinesis.perform("PutRecords", {"StreamName": "s", "Records": records}, *here) or {}

    assert [put()["FailedRecordCount"] for _ in range(4)] == [0] * 4
    kinesis.limits.enforce = True
    kinesis.limits.clock = lambda: 100.0
    assert [put()["FailedRecordCount"] for _ in range(3)] == [0, 0, 500]
    kinesis.limits.clock = lambda: 100.25
    answer = put()
    assert answer["FailedRecordCount"] == 250
    assert answer["Records"][-1] == {
        "ErrorCode": "ProvisionedThroughputExceededException",
        "ErrorMessage": "Rate exceeded for shard shardId-000000000001 in stream s under account 000000000000.",
    }
    with pytest.raises(Exception, match="Rate exceeded for shard") as refused:
        kinesis.perform("PutRecord", {"StreamName": "s", "PartitionKey": "k", "Data": ""}, *here)
    assert refused.value.code == "ProvisionedThroughputExceededException"  # type: ignore[attr-defined]
    kinesis.limits.enforce = False
    assert put()["FailedRecordCount"] == 0
