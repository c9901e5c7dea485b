"""IAM is enforced: a role may what its policy says, on exact ARNs, also where streams are read."""

from __future__ import annotations

import functools
import json
import time
import urllib.error
import urllib.request
from typing import Any

import pytest
from boto3 import Session
from botocore.exceptions import ClientError

from lab.cloud.client import Cloud
from tests.cloud.conftest import Workshop, eventually

ANYONE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}


def as_role(workshop: Workshop, cloud: Cloud, *statements: Any) -> Any:
    role = workshop.role(*statements, trust=ANYONE)
    keys = workshop.clients.sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    session = Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name="us-east-1")
    return functools.partial(session.client, endpoint_url=cloud.url)


def test_an_action_that_is_not_allowed_is_denied(workshop: Workshop, local_cloud: Cloud):
    stream = workshop.stream()
    client = as_role(workshop, local_cloud, ("kinesis:DescribeStreamSummary", stream))
    client("kinesis").describe_stream_summary(StreamARN=stream)
    with pytest.raises(ClientError, match="AccessDenied"):
        client("kinesis").put_record(StreamARN=stream, PartitionKey="k", Data=b"1")


def test_kinesis_is_read_with_the_exact_arn_and_the_stream_named_by_the_iterator(
    workshop: Workshop, local_cloud: Cloud
):
    stream, other = workshop.stream(), workshop.stream()
    workshop.put(stream, 1)
    client = as_role(workshop, local_cloud, (["kinesis:GetShardIterator", "kinesis:GetRecords"], stream))
    arguments = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = client("kinesis").get_shard_iterator(StreamARN=stream, **arguments)["ShardIterator"]
    assert len(client("kinesis").get_records(ShardIterator=iterator)["Records"]) == 1
    foreign = workshop.clients.kinesis.get_shard_iterator(StreamARN=other, **arguments)["ShardIterator"]
    with pytest.raises(ClientError, match="AccessDenied"):
        client("kinesis").get_records(ShardIterator=foreign)


def test_dynamodb_streams_are_read_with_the_exact_arn(workshop: Workshop, local_cloud: Cloud):
    def table() -> str:
        return workshop.clients.dynamodb.create_table(
            TableName=workshop.name("table"),
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        )["TableDescription"]["LatestStreamArn"]

    stream, other = table(), table()
    actions = ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"]
    client = as_role(workshop, local_cloud, (actions, stream))
    shard = client("dynamodbstreams").describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = client("dynamodbstreams").get_shard_iterator(
        StreamArn=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    assert client("dynamodbstreams").get_records(ShardIterator=iterator)["Records"] == []
    with pytest.raises(ClientError, match="AccessDenied"):
        client("dynamodbstreams").describe_stream(StreamArn=other)


def test_a_role_that_lambda_may_not_assume_is_refused_and_runs_nothing(workshop: Workshop):
    code = "def handler(event, context):\n    return 1\n"
    lambda_, iam = workshop.clients.lambda_, workshop.clients.iam
    role, other = workshop.role(), workshop.role(trust=ANYONE)
    arn = workshop.function(code, role)
    assert lambda_.invoke(FunctionName=arn)["Payload"].read() == b"1"
    for wrong in (other, "arn:aws:iam::000000000000:role/that-is-not-there"):
        with pytest.raises(ClientError, match=r"InvalidParameterValue.*cannot be assumed by Lambda"):
            workshop.function(code, wrong)
        with pytest.raises(ClientError, match=r"InvalidParameterValue.*cannot be assumed by Lambda"):
            lambda_.update_function_configuration(FunctionName=arn, Role=wrong)
    assert lambda_.get_function_configuration(FunctionName=arn)["Role"] == role
    trusting = workshop.role()
    arn = workshop.function(code, trusting)
    iam.update_assume_role_policy(RoleName=trusting.rsplit("/", 1)[1], PolicyDocument=json.dumps(ANYONE))
    answer = lambda_.invoke(FunctionName=arn)
    assert "cannot be assumed by Lambda" in answer["Payload"].read().decode()


def test_an_unsigned_call_is_refused(local_cloud: Cloud):
    request = urllib.request.Request(
        local_cloud.url, data=b"{}", headers={"X-Amz-Target": "Kinesis_20131202.ListStreams"}, method="POST"
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code in (400, 403)
    refused.value.close()


@pytest.mark.slow
def test_functions_that_call_one_another_for_ever_are_stopped(workshop: Workshop):
    """AWS ends a loop of invocations after about 16 ("Recursive loop detection")."""
    log, log_arn = workshop.queue()
    role = workshop.role(("lambda:InvokeFunction", "*"), ("sqs:SendMessage", log_arn))
    code = (
        "import boto3, os\n"
        "def handler(event, context):\n"
        "    boto3.client('sqs').send_message(QueueUrl=os.environ['LOG'], MessageBody='1')\n"
        "    boto3.client('lambda').invoke(FunctionName=context.function_name, InvocationType='Event', Payload=b'{}')\n"
    )
    arn = workshop.function(code, role, Environment={"Variables": {"LOG": log}})
    workshop.clients.lambda_.invoke(FunctionName=arn, InvocationType="Event")

    def count() -> int:
        attributes = workshop.clients.sqs.get_queue_attributes(
            QueueUrl=log, AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"])

    eventually(lambda: count() >= 10, seconds=30)
    time.sleep(3)
    assert count() <= 20
