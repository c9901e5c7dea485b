"""Every resource type, from its creation to its end, against the local cloud."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from lab.deploy import property_values as pv
from lab.deploy.protocol import provider_pb2
from lab.deploy.provider import AwsProvider
from lab.deploy.provider.resources import RESOURCES
from tests.deploy.provider.conftest import STREAM_POLICY, TRUST
from tests.deploy.provider.driver import Deployed

Base = dict[str, Any]
TAGS = {"project": "streamlab", "lesson": "basic"}
OTHER_TAGS = {"project": "streamlab", "student": "ana"}
LOG_GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:access"
VOLATILE = {"lastModified", "lastProcessingResult", "stateTransitionReason"}
"""Outputs that AWS changes by itself."""


@dataclass
class Case:
    """A resource to make, the updates it must take one after another, and the changes that make another one."""

    inputs: dict[str, Any]
    updates: list[dict[str, Any]]
    replaces: dict[str, Any]


def document(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def attributes(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "type": "S"} for name in names]


def index(name: str, key: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "hashKey": key, "projectionType": "ALL", **more}


CASES: dict[str, Callable[[Base], Case]] = {
    "aws:kinesis/stream:Stream": lambda _: Case(
        {"shardCount": 1, "tags": TAGS},
        [
            {"shardCount": 5},
            {"shardCount": 2, "retentionPeriod": 48},
            {"retentionPeriod": None},
            {"tags": OTHER_TAGS, "enforceConsumerDeletion": True},
            {"encryptionType": "KMS", "kmsKeyId": "alias/aws/kinesis"},
            {"encryptionType": None, "kmsKeyId": None},
            {"shardCount": 1, "tags": None},
        ],
        {"name": "another"},
    ),
    "aws:kinesis/streamConsumer:StreamConsumer": lambda base: Case(
        {"streamArn": base["streams"][0], "tags": TAGS},
        [{"tags": OTHER_TAGS}, {"tags": None}],
        {"name": "another", "streamArn": base["streams"][1]},
    ),
    "aws:dynamodb/table:Table": lambda _: Case(
        {"hashKey": "pk", "attributes": attributes("pk"), "billingMode": "PAY_PER_REQUEST", "tags": TAGS},
        [
            {"streamEnabled": True, "streamViewType": "NEW_IMAGE"},
            {"streamViewType": "NEW_AND_OLD_IMAGES"},
            {
                "attributes": attributes("pk", "a", "b"),
                "globalSecondaryIndexes": [index("one", "a"), index("two", "b", rangeKey="a")],
            },
            {
                "attributes": attributes("pk", "b"),
                "globalSecondaryIndexes": [
                    {
                        "name": "two",
                        "keySchemas": [{"attributeName": "b", "keyType": "HASH"}],
                        "projectionType": "INCLUDE",
                        "nonKeyAttributes": ["c"],
                    }
                ],
            },
            {"attributes": attributes("pk"), "globalSecondaryIndexes": None},
            {"ttl": {"attributeName": "expires", "enabled": True}, "pointInTimeRecovery": {"enabled": True}},
            {"ttl": {"attributeName": "ends", "enabled": True}},
            {"ttl": None, "pointInTimeRecovery": None, "tags": OTHER_TAGS},
            {"deletionProtectionEnabled": True},
            {"deletionProtectionEnabled": False, "streamEnabled": None, "streamViewType": None},
            {"billingMode": "PROVISIONED", "readCapacity": 2, "writeCapacity": 1},
        ],
        {"name": "another", "hashKey": "other", "rangeKey": "sort"},
    ),
    "aws:iam/role:Role": lambda _: Case(
        {"assumeRolePolicy": TRUST, "tags": TAGS},
        [
            {"assumeRolePolicy": TRUST.replace("lambda.", "glue.")},
            {"description": "for a test", "maxSessionDuration": 7200},
            {"description": None, "tags": OTHER_TAGS},
            {"permissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess", "forceDetachPolicies": True},
            {"permissionsBoundary": None},
        ],
        {"name": "another", "path": "/students/"},
    ),
    "aws:iam/rolePolicy:RolePolicy": lambda base: Case(
        {"role": base["role"], "policy": document("s3:GetObject")},
        [{"policy": document("s3:GetObject", "s3:PutObject")}],
        {"name": "another", "role": "another"},
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": lambda base: Case(
        {"role": base["role"], "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        [],
        {"role": "another", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
    ),
    "aws:lambda/function:Function": lambda base: Case(
        {
            "code": base["code"],
            "role": base["role_arn"],
            "runtime": "python3.13",
            "handler": "app.handler",
            "environment": {"variables": {"TABLE": "one"}},
            "architectures": ["arm64"],
            "loggingConfig": {"logFormat": "JSON"},
            "reservedConcurrentExecutions": 2,
            "tags": TAGS,
        },
        [
            {
                "environment": {"variables": {"TABLE": "two"}},
                "timeout": 30,
                "memorySize": 256,
                "description": "changed",
                "loggingConfig": {"logFormat": "Text", "logGroup": "/lessons/basic"},
                "layers": [base["layer"]],
                "tags": OTHER_TAGS,
            },
            {"code": base["other_code"], "reservedConcurrentExecutions": 1},
            {
                "environment": None,
                "timeout": None,
                "description": None,
                "layers": None,
                "reservedConcurrentExecutions": None,
                "loggingConfig": None,
            },
        ],
        {"name": "another"},
    ),
    "aws:lambda/permission:Permission": lambda base: Case(
        {
            "function": base["function_name"],
            "action": "lambda:InvokeFunction",
            "principal": "apigateway.amazonaws.com",
            "sourceArn": "arn:aws:execute-api:us-east-1:000000000000:abc/*/*",
        },
        [],
        {"action": "lambda:GetFunction", "function": "another", "principal": "s3.amazonaws.com", "sourceArn": None},
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": lambda base: Case(
        {
            "eventSourceArn": base["streams"][0],
            "functionName": base["functions"][0],
            "startingPosition": "TRIM_HORIZON",
            "functionResponseTypes": ["ReportBatchItemFailures"],
            "destinationConfig": {"onFailure": {"destinationArn": base["queues"][0]}},
            "maximumRetryAttempts": 2,
            "tags": TAGS,
        },
        [
            {"batchSize": 10, "maximumBatchingWindowInSeconds": 1, "parallelizationFactor": 2},
            {"maximumRetryAttempts": 5, "maximumRecordAgeInSeconds": 120, "bisectBatchOnFunctionError": True},
            {"destinationConfig": {"onFailure": {"destinationArn": base["queues"][1]}}},
            {"filterCriteria": {"filters": [{"pattern": '{"data": {"kind": ["sale"]}}'}]}},
            {"enabled": False, "tags": OTHER_TAGS},
            {"functionName": base["functions"][1], "enabled": True},
            {"filterCriteria": None, "destinationConfig": None, "functionResponseTypes": None, "batchSize": None},
            {"parallelizationFactor": None, "tumblingWindowInSeconds": 30, "tags": None},
        ],
        {"eventSourceArn": base["streams"][1], "startingPosition": "LATEST"},
    ),
    "aws:cloudwatch/logGroup:LogGroup": lambda _: Case(
        {"retentionInDays": 7, "tags": TAGS},
        [{"retentionInDays": 14}, {"retentionInDays": None, "tags": OTHER_TAGS}],
        {"name": "another"},
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": lambda base: Case(
        {
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 1,
            "metricName": "Errors",
            "namespace": "AWS/Lambda",
            "dimensions": {"FunctionName": base["function_name"]},
            "period": 60,
            "statistic": "Sum",
            "threshold": 0.5,
            "tags": TAGS,
        },
        [
            {"threshold": 3, "evaluationPeriods": 2, "treatMissingData": "notBreaching"},
            {"alarmDescription": "The function failed.", "alarmActions": [base["queues"][0]], "actionsEnabled": False},
            {"alarmDescription": None, "alarmActions": None, "tags": OTHER_TAGS},
        ],
        {"name": "another"},
    ),
    "aws:sqs/queue:Queue": lambda base: Case(
        {"messageRetentionSeconds": 3600, "tags": TAGS},
        [
            {"visibilityTimeoutSeconds": 60, "messageRetentionSeconds": None, "tags": OTHER_TAGS},
            {"redrivePolicy": json.dumps({"deadLetterTargetArn": base["queues"][0], "maxReceiveCount": 3})},
            {"redrivePolicy": None, "delaySeconds": 5},
        ],
        {"name": "another", "fifoQueue": True},
    ),
    "aws:sqs/queuePolicy:QueuePolicy": lambda base: Case(
        {"queueUrl": base["queue_url"], "policy": STREAM_POLICY},
        [{"policy": document("sqs:SendMessage")}],
        {"queueUrl": "http://127.0.0.1/another"},
    ),
    "aws:sns/topic:Topic": lambda _: Case(
        {"tags": TAGS},
        [{"displayName": "Failures"}, {"displayName": None, "tags": OTHER_TAGS}],
        {"name": "another", "fifoTopic": True},
    ),
    "aws:s3/bucket:Bucket": lambda _: Case(
        {"tags": TAGS},
        [{"forceDestroy": True}, {"versioning": {"enabled": True}, "tags": OTHER_TAGS}, {"versioning": None}],
        {"bucket": "another"},
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": lambda base: Case(
        {
            "bucket": base["bucket"],
            "rules": [
                {"id": "results", "status": "Enabled", "filter": {"prefix": "results/"}, "expiration": {"days": 7}},
            ],
        },
        [
            {
                "rules": [
                    {"id": "results", "status": "Disabled", "filter": {"prefix": "old/"}, "expiration": {"days": 1}},
                    {
                        "id": "parts",
                        "status": "Enabled",
                        "filter": {"prefix": ""},
                        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 2},
                    },
                ]
            }
        ],
        {"bucket": "another"},
    ),
    "aws:apigatewayv2/api:Api": lambda _: Case(
        {
            "protocolType": "HTTP",
            "corsConfiguration": {"allowOrigins": ["https://one.example"], "allowMethods": ["POST"], "maxAge": 60},
            "tags": TAGS,
        },
        [
            {"description": "votes", "corsConfiguration": {"allowOrigins": ["https://two.example"]}},
            {"name": "renamed", "corsConfiguration": None},
            {"description": None, "tags": OTHER_TAGS},
        ],
        {"protocolType": "WEBSOCKET"},
    ),
    "aws:apigatewayv2/integration:Integration": lambda base: Case(
        {
            "apiId": base["api"],
            "integrationType": "AWS_PROXY",
            "integrationUri": base["invoke_arns"][0],
            "payloadFormatVersion": "2.0",
            "description": "of this test",
        },
        [
            {"integrationUri": base["invoke_arns"][1], "timeoutMilliseconds": 5000},
            {"description": None, "payloadFormatVersion": "1.0"},
        ],
        {"apiId": "another", "integrationType": "HTTP_PROXY"},
    ),
    "aws:apigatewayv2/route:Route": lambda base: Case(
        {"apiId": base["api"], "routeKey": "POST /votes", "target": f"integrations/{base['integrations'][0]}"},
        [
            {"target": f"integrations/{base['integrations'][1]}", "authorizationType": "AWS_IAM"},
            {"routeKey": "GET /votes", "authorizationType": None},
        ],
        {"apiId": "another"},
    ),
    "aws:apigatewayv2/stage:Stage": lambda base: Case(
        {"apiId": base["api"], "name": "$default", "autoDeploy": True, "tags": TAGS},
        [
            {"defaultRouteSettings": {"throttlingBurstLimit": 5, "throttlingRateLimit": 2.5}},
            {"accessLogSettings": {"destinationArn": LOG_GROUP, "format": "$context.status"}},
            {"accessLogSettings": None},
            {
                "routeSettings": [{"routeKey": "POST /votes", "throttlingRateLimit": 1}],
                "stageVariables": {"some_Name": "x"},
            },
            {"routeSettings": None, "stageVariables": None, "defaultRouteSettings": None, "tags": OTHER_TAGS},
            {"autoDeploy": False, "description": "by hand"},
        ],
        {"apiId": "another", "name": "another"},
    ),
    "aws:glue/catalogDatabase:CatalogDatabase": lambda _: Case(
        {"name": "compras", "tags": TAGS},
        [{"description": "purchases", "parameters": {"some.Key": "x"}}, {"description": None, "tags": OTHER_TAGS}],
        {"name": "another", "catalogId": "111111111111"},
    ),
    "aws:glue/catalogTable:CatalogTable": lambda base: Case(
        {
            "databaseName": base["database"],
            "name": "compras_json",
            "tableType": "EXTERNAL_TABLE",
            "parameters": {"projection.enabled": "true"},
            "partitionKeys": [{"name": "year", "type": "int"}],
            "storageDescriptor": {
                "location": "s3://lake/compras/",
                "columns": [{"name": "a", "type": "string"}, {"name": "b", "type": "struct<c:int>"}],
                "serDeInfo": {"serializationLibrary": "org.openx.data.jsonserde.JsonSerDe", "parameters": {"p.Q": "1"}},
            },
        },
        [
            {"parameters": {"projection.enabled": "false"}, "description": "changed"},
            {"storageDescriptor": {"location": "s3://other/", "columns": [{"name": "a", "type": "bigint"}]}},
            {"description": None, "partitionKeys": None},
            {
                "tableType": "VIRTUAL_VIEW",
                "viewOriginalText": "/* Presto View: e30= */",
                "viewExpandedText": "/* Presto View */",
            },
        ],
        {"name": "another", "databaseName": "another"},
    ),
    "aws:athena/workgroup:Workgroup": lambda _: Case(
        {
            "configuration": {
                "bytesScannedCutoffPerQuery": 10_485_760,
                "enforceWorkgroupConfiguration": True,
                "resultConfiguration": {"outputLocation": "s3://results/a/"},
            },
            "forceDestroy": True,
            "tags": TAGS,
        },
        [
            {
                "configuration": {
                    "enforceWorkgroupConfiguration": False,
                    "resultConfiguration": {
                        "outputLocation": "s3://results/b/",
                        "encryptionConfiguration": {"encryptionOption": "SSE_S3"},
                    },
                },
                "description": "changed",
            },
            {"configuration": {"publishCloudwatchMetricsEnabled": False}, "tags": OTHER_TAGS},
            {"state": "DISABLED", "forceDestroy": False},
            {"configuration": None, "description": None, "tags": None},
        ],
        {"name": "another"},
    ),
    "aws:athena/namedQuery:NamedQuery": lambda _: Case(
        {"database": "compras", "query": "SELECT 1", "description": "one"},
        [],
        {"name": "another", "database": "another", "query": "SELECT 2", "workgroup": "another", "description": "two"},
    ),
}


def test_every_type_has_a_case() -> None:
    assert set(CASES) == set(RESOURCES)


@pytest.mark.parametrize("type_", CASES)
def test_a_resource_from_its_creation_to_its_end(type_: str, provider: AwsProvider, base: Base) -> None:
    case, resource = CASES[type_](base), RESOURCES[type_]
    deployed = Deployed(provider, type_, "round-trip", case.inputs)
    assert deployed.create(preview=True).id == ""
    assert {deployed.outputs[name] for name in resource.computed} <= {pv.UNKNOWN}
    deployed.create()
    assert_read_equals(deployed)
    assert deployed.find() == deployed.id
    for changes in case.updates:
        update(deployed, changes)
        assert_read_equals(deployed)
    for name, value in case.replaces.items():
        difference = deployed.diff(deployed.changed({name: value}))
        assert list(difference.replaces) == [name]
    deployed.delete()
    deployed.delete()
    assert deployed.read() == ("", {}, {})
    assert deployed.find() is None


@pytest.mark.parametrize(("stage", "segment"), [("$default", ""), ("prod", "prod")])
def test_the_url_of_a_stage_opens_once_the_function_permits_it(
    provider: AwsProvider, base: Base, stage: str, segment: str
) -> None:
    made: list[Deployed] = []

    def make(type_: str, **inputs: Any) -> Deployed:
        made.append(Deployed(provider, type_, f"open-{segment}", inputs).create())
        return made[-1]

    api = make("aws:apigatewayv2/api:Api", protocolType="HTTP")
    integration = make(
        "aws:apigatewayv2/integration:Integration",
        apiId=api.id,
        integrationType="AWS_PROXY",
        integrationUri=base["invoke_arns"][0],
        payloadFormatVersion="2.0",
    )
    target = f"integrations/{integration.id}"
    make("aws:apigatewayv2/route:Route", apiId=api.id, routeKey="GET /{proxy+}", target=target)
    url = make("aws:apigatewayv2/stage:Stage", apiId=api.id, name=stage, autoDeploy=True).outputs["invokeUrl"]
    assert url == f"{api.outputs['apiEndpoint']}/{segment}"
    with pytest.raises(HTTPError) as refused:
        urlopen(f"{url.rstrip('/')}/votes")
    assert refused.value.code == HTTPStatus.INTERNAL_SERVER_ERROR
    make(
        "aws:lambda/permission:Permission",
        action="lambda:InvokeFunction",
        function=base["function_name"],
        principal="apigateway.amazonaws.com",
        sourceArn=f"{api.outputs['executionArn']}/*/*",
    )
    with urlopen(f"{url.rstrip('/')}/votes") as response:
        assert json.load(response)["pathParameters"] == {"proxy": "votes"}
    for resource in reversed(made):
        resource.delete()


def test_indexes_with_capacity_of_their_own(provider: AwsProvider) -> None:
    """Capacity can be changed in place; a local index is there from the beginning or not at all."""

    def capacity(units: int) -> dict[str, Any]:
        return {"globalSecondaryIndexes": [index("by-a", "a", readCapacity=units, writeCapacity=1)]}

    table = Deployed(
        provider,
        "aws:dynamodb/table:Table",
        "indexes",
        {
            "hashKey": "pk",
            "rangeKey": "sk",
            "attributes": attributes("pk", "sk", "a"),
            "readCapacity": 1,
            "writeCapacity": 1,
            "localSecondaryIndexes": [{"name": "local", "rangeKey": "a", "projectionType": "KEYS_ONLY"}],
            **capacity(1),
        },
    ).create()
    assert_read_equals(table)
    update(table, capacity(3))
    assert_read_equals(table)
    assert list(table.diff(table.changed({"localSecondaryIndexes": None})).replaces) == ["localSecondaryIndexes"]
    table.delete()


def update(deployed: Deployed, changes: dict[str, Any]) -> None:
    """Update a resource; its preview must know all that the update does not change."""
    resource = RESOURCES[deployed.type]
    news = deployed.changed(changes)
    difference = deployed.diff(news)
    assert set(difference.diffs) <= set(changes), changes
    assert (list(difference.replaces), difference.changes) == ([], provider_pb2.DiffResponse.DIFF_SOME), changes
    before = deployed.outputs
    previewed = deployed.update(news, preview=True)
    outputs = deployed.update(news)
    affected = {output for name in difference.diffs for output in resource.inputs[name].affects}
    assert {name for name, value in previewed.items() if value == pv.UNKNOWN} == affected
    for name, value in previewed.items():
        if name not in affected:
            assert value == outputs[name], (name, changes)
    for name in resource.computed:
        assert name in affected | VOLATILE or outputs[name] == before[name], (name, changes)
    assert deployed.diff(news).changes == provider_pb2.DiffResponse.DIFF_NONE


def assert_read_equals(deployed: Deployed) -> None:
    """Read a resource: it must be what was deployed, and so nothing to do; also for who knows only what was wanted."""
    id_, inputs, outputs = deployed.read()
    assert id_ == deployed.id
    assert inputs == deployed.inputs
    assert without_volatile(outputs) == without_volatile(deployed.outputs)
    _, inputs, outputs = replace(deployed, outputs=deployed.inputs).read()
    assert {name: inputs.get(name) for name in deployed.inputs} == deployed.inputs
    assert without_volatile(outputs) == without_volatile(deployed.outputs)


def without_volatile(outputs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in outputs.items() if name not in VOLATILE}
