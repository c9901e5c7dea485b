"""Checks `least_privilege`: the pipeline works with its role, and IAM allows the role nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

READINGS = 3
NEEDED = ("KinesisStreamName", "DynamoDBTableName", "LimitsTableName", "BucketName", "ConsumerFunctionName",
          "EventSourceMappingId", "FailureQueueUrl", "FailureQueueArn")  # fmt: skip
NO_SUCH_ACTION = "NoSuchAction"
"""Only a wildcard allows it."""
DENIED = re.compile(r"\(AccessDenied\w*\) when calling the (?P<operation>\w+) operation")


def check(attempt: Attempt) -> None:
    """Deploy, use, let it fail; then ask IAM what else the role may do."""
    attempt.read("program.py")
    cloud = attempt.cloud(time_scale=0.01)
    outputs: Any = cloud.up().get("basic") or {}
    missing = [name for name in NEEDED if not outputs.get(name)]
    attempt.require(not missing, "not_exported", output=", ".join(missing))
    _works(attempt, cloud, outputs)
    _nothing_else(attempt, cloud, outputs)


def _works(attempt: Attempt, cloud: Workbench, outputs: Any) -> None:
    cloud.clients.dynamodb.put_item(
        TableName=outputs["LimitsTableName"], Item={"sensor": {"S": "temperature"}, "limit": {"N": "30"}}
    )
    sent: list[Any] = [{"sensor": "temperature", "value": 20 + 10.5 * number} for number in range(READINGS)]
    last = cloud.put(outputs["KinesisStreamName"], [*sent, "not JSON"])[-1]
    cloud.eventually(lambda: any(event.get("at") == last for event in cloud.trace()), seconds=20)
    stored, objects = cloud.items(outputs["DynamoDBTableName"]), cloud.objects(outputs["BucketName"])
    if len(stored) < READINGS or len(objects) < READINGS:
        said = " ".join(event["message"] for event in _log(cloud, outputs["ConsumerFunctionName"]))
        denied = DENIED.search(said)
        found = {"stored": len(stored), "sent": READINGS, "objects": len(objects)}
        if denied:
            on_s3 = denied["operation"] == "PutObject"
            attempt.fail("denied_on_s3" if on_s3 else "denied", operation=denied["operation"], **found)
        attempt.fail("does_not_work", **found)
    marked = sum(bool(item.get("too_high")) for item in stored)
    attempt.require(marked == READINGS - 1, "no_limit_known", marked=marked, expected=READINGS - 1)
    told = cloud.eventually(lambda: cloud.messages(outputs["FailureQueueUrl"]), seconds=1)
    attempt.require(told, "nobody_told")


def _nothing_else(attempt: Attempt, cloud: Workbench, outputs: Any) -> None:
    lambda_ = cloud.clients.lambda_
    role = lambda_.get_function_configuration(FunctionName=outputs["ConsumerFunctionName"]).get("Role", "")
    iam: Any = cloud.clients.iam

    def may(action: str, resource: str) -> bool:
        answer = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=[action], ResourceArns=[resource])
        return answer["EvaluationResults"][0]["EvalDecision"] == "allowed"

    stream = cloud.stream_arn(outputs["KinesisStreamName"])
    dynamodb = cloud.clients.dynamodb
    readings, limits = (
        dynamodb.describe_table(TableName=outputs[name])["Table"].get("TableArn", "")
        for name in ("DynamoDBTableName", "LimitsTableName")
    )
    bucket, queue = f"arn:aws:s3:::{outputs['BucketName']}", outputs["FailureQueueArn"]
    attempt.require(not may("iam:CreateAccessKey", "arn:aws:iam::000000000000:user/somebody"), "everything")
    for service, resource in {
        "dynamodb": readings, "kinesis": stream, "s3": f"{bucket}/readings/1", "sqs": queue, "logs": "*"
    }.items():  # fmt: skip
        attempt.require(not may(f"{service}:{NO_SUCH_ACTION}", resource), "whole_service", service=service)
    needed = (
        ("dynamodb:GetItem", _other(limits)),
        ("dynamodb:PutItem", _other(readings)),
        ("kinesis:GetRecords", _other(stream)),
        ("s3:PutObject", "arn:aws:s3:::somebody-elses-bucket/readings/1"),
        ("sqs:SendMessage", _other(queue)),
    )
    for action, resource in needed:
        attempt.require(not may(action, resource), "any_resource", action=action, resource=resource)
    attempt.require(not may("dynamodb:PutItem", limits), "both_tables", action="dynamodb:PutItem", table="limits")
    attempt.require(not may("dynamodb:GetItem", readings), "both_tables", action="dynamodb:GetItem", table="readings")
    for resource, actions in _needless(readings, limits, stream, bucket, queue).items():
        answer = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=actions, ResourceArns=[resource])
        allowed = [each["EvalActionName"] for each in answer["EvaluationResults"] if each["EvalDecision"] == "allowed"]
        attempt.require(not allowed, "needless", action=", ".join(allowed), resource=resource)
    attempt.require(not may("s3:PutObject", f"{bucket}/invoices/1"), "whole_bucket")


def _needless(readings: str, limits: str, stream: str, bucket: str, queue: str) -> dict[str, list[str]]:
    """Return what nobody calls, by the resource that it could be called on."""
    tables = ("DeleteItem", "UpdateItem", "Scan", "Query", "DeleteTable", "BatchWriteItem", "GetResourcePolicy",
              "PutResourcePolicy")  # fmt: skip
    streams = ("PutRecord", "PutRecords", "DeleteStream", "MergeShards", "GetResourcePolicy")
    queues = ("ReceiveMessage", "DeleteMessage", "PurgeQueue", "DeleteQueue", "SetQueueAttributes")
    return {
        readings: [f"dynamodb:{action}" for action in tables],
        limits: [f"dynamodb:{action}" for action in tables],
        stream: [f"kinesis:{action}" for action in streams],
        f"{bucket}/readings/1": ["s3:GetObject", "s3:DeleteObject", "s3:PutObjectAcl"],
        bucket: ["s3:DeleteBucket", "s3:ListBucket"],
        queue: [f"sqs:{action}" for action in queues],
    }


def _other(arn: str) -> str:
    """Return the ARN of something of the same kind that is somebody else's."""
    begin = re.match(r"(arn:aws:dynamodb:.*:table/|arn:aws:kinesis:.*:stream/|arn:aws:sqs:.*:)", arn)
    return f"{begin[0] if begin else ''}somebody-elses"


def _log(cloud: Workbench, function: str) -> list[dict[str, Any]]:
    logs: Any = cloud.clients.logs
    group = cloud.clients.lambda_.get_function_configuration(FunctionName=function).get("LoggingConfig", {})
    return logs.filter_log_events(logGroupName=group.get("LogGroup", f"/aws/lambda/{function}"))["events"]
