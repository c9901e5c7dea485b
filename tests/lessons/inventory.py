"""Everything that is in a cloud, and the tags of what a stack deployed, asked of each service's own API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from lab.aws import Clients


def inventory(clients: Clients) -> dict[str, set[str]]:
    """Return what there is, by kind: names, ids or ARNs."""
    lambda_: Any = clients.lambda_
    functions = _all(lambda_, "list_functions", "Functions[].FunctionName")
    workgroups = {group.get("Name", "") for group in clients.athena.list_work_groups()["WorkGroups"]}
    databases = _all(clients.glue, "get_databases", "DatabaseList[].Name")
    roles = _all(clients.iam, "list_roles", "Roles[].RoleName")
    buckets = {bucket["Name"] for bucket in clients.s3.list_buckets()["Buckets"]}
    apis = {api["ApiId"] for api in clients.apigatewayv2.get_apis()["Items"]}
    return {
        "functions": functions,
        "permissions": {f"{name}: {policy}" for name in functions if (policy := _policy(clients, name))},
        "event source mappings": _all(lambda_, "list_event_source_mappings", "EventSourceMappings[].UUID"),
        "streams": _all(clients.kinesis, "list_streams", "StreamNames[]"),
        "tables": _all(clients.dynamodb, "list_tables", "TableNames[]"),
        "buckets": buckets,
        "queues": _all(clients.sqs, "list_queues", "QueueUrls[]"),
        "topics": _all(clients.sns, "list_topics", "Topics[].TopicArn"),
        "log groups": _all(clients.logs, "describe_log_groups", "logGroups[].logGroupName"),
        "roles": roles,
        "role policies": {
            f"{role}: {policy}"
            for role in roles
            for policy in clients.iam.list_role_policies(RoleName=role)["PolicyNames"]
        },
        "HTTP APIs": apis,
        "alarms": _all(clients.cloudwatch, "describe_alarms", "MetricAlarms[].AlarmName"),
        "workgroups": workgroups,
        "named queries": {
            query
            for group in workgroups
            for query in _all(clients.athena, "list_named_queries", "NamedQueryIds[]", WorkGroup=group)
        },
        "databases": databases,
        "catalogue tables": {
            f"{database}.{table}"
            for database in databases
            for table in _all(clients.glue, "get_tables", "TableList[].Name", DatabaseName=database)
        },
    }


def _all(client: Any, operation: str, path: str, **parameters: Any) -> set[str]:
    return set(client.get_paginator(operation).paginate(**parameters).search(path)) - {None}


def _policy(clients: Clients, function: str) -> str | None:
    try:
        return clients.lambda_.get_policy(FunctionName=function)["Policy"]
    except ClientError:
        return None


def tags_of(clients: Clients, resource: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags of a deployed resource, given as it stands in the stack's state."""
    arn = resource["outputs"].get("arn") or f"arn:aws:s3:::{resource['id']}"
    return TAGS[resource["type"]](clients, arn, resource["id"])


def _pairs(tags: Any, key: str = "Key", value: str = "Value") -> dict[str, str]:
    return {tag[key]: tag[value] for tag in tags}


TAGS: dict[str, Callable[[Clients, str, str], dict[str, str]]] = {
    "aws:apigatewayv2/api:Api": lambda clients, arn, _id: clients.apigatewayv2.get_tags(ResourceArn=arn)["Tags"],
    "aws:apigatewayv2/stage:Stage": lambda clients, arn, _id: clients.apigatewayv2.get_tags(ResourceArn=arn)["Tags"],
    "aws:athena/workgroup:Workgroup": lambda clients, arn, _id: _pairs(
        clients.athena.list_tags_for_resource(ResourceARN=arn)["Tags"]
    ),
    "aws:cloudwatch/logGroup:LogGroup": lambda clients, arn, _id: clients.logs.list_tags_for_resource(resourceArn=arn)[
        "tags"
    ],
    "aws:cloudwatch/metricAlarm:MetricAlarm": lambda clients, arn, _id: _pairs(
        clients.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]
    ),
    "aws:dynamodb/table:Table": lambda clients, arn, _id: _pairs(
        clients.dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]
    ),
    "aws:glue/catalogDatabase:CatalogDatabase": lambda clients, arn, _id: clients.glue.get_tags(ResourceArn=arn)[
        "Tags"
    ],
    "aws:iam/role:Role": lambda clients, _arn, name: _pairs(clients.iam.list_role_tags(RoleName=name)["Tags"]),
    "aws:kinesis/stream:Stream": lambda clients, arn, _id: _pairs(
        clients.kinesis.list_tags_for_resource(ResourceARN=arn)["Tags"]
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": lambda clients, arn, _id: clients.lambda_.list_tags(
        Resource=arn
    )["Tags"],
    "aws:lambda/function:Function": lambda clients, arn, _id: clients.lambda_.list_tags(Resource=arn)["Tags"],
    "aws:s3/bucket:Bucket": lambda clients, _arn, name: _pairs(clients.s3.get_bucket_tagging(Bucket=name)["TagSet"]),
    "aws:sns/topic:Topic": lambda clients, arn, _id: _pairs(
        clients.sns.list_tags_for_resource(ResourceArn=arn)["Tags"]
    ),
    "aws:sqs/queue:Queue": lambda clients, _arn, url: clients.sqs.list_queue_tags(QueueUrl=url)["Tags"],
}
"""How to ask for the tags of a resource of each type, by its ARN or id."""
