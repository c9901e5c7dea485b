"""The kinds of things that the lessons make: how each is listed, asked for its tags and deleted.

Deleting is the provider's: its classes know in which steps each kind goes, and wait until it is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from lab.deploy.provider.errors import code_of
from lab.deploy.provider.resources import RESOURCES
from lab.deploy.provider.values import tags_from_list
from lab.leftovers.names import LOG_GROUPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lab.deploy.provider.account import Account

Tags: TypeAlias = "Mapping[str, str]"


@dataclass(frozen=True)
class Thing:
    """Something that exists."""

    kind: str
    name: str
    arn: str
    id: str
    """What the provider knows it by."""
    belongs_to: tuple[str, ...] = ()
    """ARNs of what it is useless without: its function, its stream."""
    tags: Tags | None = None
    """None where its list does not tell them."""
    stored_bytes: int | None = None
    """How much it keeps, where that is told."""


@dataclass(frozen=True)
class Kind:
    """A kind of things."""

    name: str
    arns: tuple[str, str]
    """Service and beginning of the resource in its ARNs."""
    found: Callable[[Account], Iterator[Thing]]
    """Lists all of them in the account and region."""
    tags: Callable[[Account, Thing], Tags]
    """Asks for the tags of one."""
    type: str
    """Pulumi's name of the type."""
    for_good: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What its deletion must be told so that what it holds goes with it."""

    def has(self, arn: str) -> bool:
        """Say whether an ARN is of this kind."""
        service, start = self.arns
        parts = arn.split(":", 5)
        return len(parts) == 6 and parts[2] == service and parts[5].startswith(start)  # noqa: PLR2004  (arn:aws:…)

    def delete(self, account: Account, thing: Thing) -> None:
        """Delete one with all that it holds, and wait until it is gone."""
        RESOURCES[self.type].delete(account, thing.id, {**self.for_good})


class _Consumers(Kind):
    """Consumers with enhanced fan-out; no lesson has one, learners register them."""

    def delete(self, account: Account, thing: Thing) -> None:
        """Deregister one, and wait until it is gone."""
        account.kinesis.deregister_stream_consumer(ConsumerARN=thing.arn)
        account.wait_until_gone(lambda: account.kinesis.describe_stream_consumer(ConsumerARN=thing.arn), thing.name)


def _pages(client: Any, operation: str, **parameters: Any) -> Any:
    return client.get_paginator(operation).paginate(**parameters)


def _mappings(account: Account) -> Iterator[Thing]:
    for page in _pages(account.lambda_, "list_event_source_mappings"):
        for each in page["EventSourceMappings"]:
            if each["State"] != "Deleting":
                function, source = each.get("FunctionArn", ""), each.get("EventSourceArn", "")
                uuid = each["UUID"]
                arn = each.get("EventSourceMappingArn") or account.arn("lambda", f"event-source-mapping:{uuid}")
                name = f"{source.split('/stream/')[0].rpartition('/')[2]} → {function.rpartition(':')[2]}"
                # The stream of a table belongs to the table.
                yield Thing("mapping", name, arn, uuid, (function, source.split("/stream/")[0]))


def _functions(account: Account) -> Iterator[Thing]:
    for page in _pages(account.lambda_, "list_functions"):
        for each in page["Functions"]:
            yield Thing("function", each["FunctionName"], each["FunctionArn"], each["FunctionName"])


def _apis(account: Account) -> Iterator[Thing]:
    for page in _pages(account.apigatewayv2, "get_apis"):
        for each in page["Items"]:
            arn = f"arn:aws:apigateway:{account.region}::/apis/{each['ApiId']}"
            yield Thing("api", each["Name"], arn, each["ApiId"], tags=each.get("Tags", {}))


def _alarms(account: Account) -> Iterator[Thing]:
    for page in _pages(account.cloudwatch, "describe_alarms", AlarmTypes=["MetricAlarm"]):
        for each in page["MetricAlarms"]:
            yield Thing("alarm", each["AlarmName"], each["AlarmArn"], each["AlarmName"])


def _streams(account: Account) -> Iterator[Thing]:
    for page in _pages(account.kinesis, "list_streams"):
        for name in page["StreamNames"]:
            arn = account.arn("kinesis", f"stream/{name}")
            yield Thing("stream", name, arn, arn)


def consumers_of(account: Account, stream: Thing) -> Iterator[Thing]:
    """List what reads a stream with enhanced fan-out: no list has these of all streams."""
    for page in _pages(account.kinesis, "list_stream_consumers", StreamARN=stream.arn):
        for each in page["Consumers"]:
            arn = each["ConsumerARN"]
            yield Thing("consumer", f"{stream.name}/{each['ConsumerName']}", arn, arn, (stream.arn,), tags={})


def _tables(account: Account) -> Iterator[Thing]:
    for page in _pages(account.dynamodb, "list_tables"):
        for name in page["TableNames"]:
            yield Thing("table", name, account.arn("dynamodb", f"table/{name}"), name)


def _workgroups(account: Account) -> Iterator[Thing]:
    following: Any = {}
    while True:  # botocore has no paginator for it
        page = account.athena.list_work_groups(**following)
        for each in page.get("WorkGroups", []):
            name = each.get("Name", "")
            yield Thing("workgroup", name, account.arn("athena", f"workgroup/{name}"), name)
        if not (token := page.get("NextToken")):
            return
        following = {"NextToken": token}


def _databases(account: Account) -> Iterator[Thing]:
    for page in _pages(account.glue, "get_databases"):
        for each in page["DatabaseList"]:
            name = each["Name"]
            yield Thing("database", name, account.arn("glue", f"database/{name}"), f"{account.account_id}:{name}")


def _buckets(account: Account) -> Iterator[Thing]:
    for page in _pages(account.s3, "list_buckets"):
        for each in page.get("Buckets", []):
            yield Thing("bucket", each["Name"], f"arn:aws:s3:::{each['Name']}", each["Name"])


def _queues(account: Account) -> Iterator[Thing]:
    for page in _pages(account.sqs, "list_queues", PaginationConfig={"PageSize": 1000}):
        for url in page.get("QueueUrls", []):
            name = url.rpartition("/")[2]
            yield Thing("queue", name, account.arn("sqs", name), url)


def _topics(account: Account) -> Iterator[Thing]:
    for page in _pages(account.sns, "list_topics"):
        for each in page["Topics"]:
            arn = each["TopicArn"]
            yield Thing("topic", arn.rpartition(":")[2], arn, arn)


def _roles(account: Account) -> Iterator[Thing]:
    for page in _pages(account.iam, "list_roles"):
        for each in page["Roles"]:
            yield Thing("role", each["RoleName"], each["Arn"], each["RoleName"])


def _log_groups(account: Account) -> Iterator[Thing]:
    for page in _pages(account.logs, "describe_log_groups"):
        for each in page["logGroups"]:
            name = each["logGroupName"]
            function = account.arn("lambda", f"function:{name.removeprefix(LOG_GROUPS)}")
            owners = (function,) if name.startswith(LOG_GROUPS) else ()
            arn = account.arn("logs", f"log-group:{name}")
            yield Thing("log group", name, arn, name, owners, stored_bytes=each.get("storedBytes", 0))


def _tags_of_bucket(account: Account, thing: Thing) -> Tags:
    try:
        return tags_from_list([*account.s3.get_bucket_tagging(Bucket=thing.id)["TagSet"]])
    except Exception as error:
        if code_of(error) != "NoSuchTagSet":
            raise
        return {}


def _tags_of_stream(account: Account, thing: Thing) -> Tags:
    tags = account.kinesis.list_tags_for_stream(StreamName=thing.name)["Tags"]
    return {tag["Key"]: tag.get("Value", "") for tag in tags}


KINDS: tuple[Kind, ...] = (
    Kind(
        "mapping",
        ("lambda", "event-source-mapping:"),
        _mappings,
        lambda account, thing: account.lambda_.list_tags(Resource=thing.arn).get("Tags", {}),
        "aws:lambda/eventSourceMapping:EventSourceMapping",
    ),
    Kind(
        "api",
        ("apigateway", "/apis/"),
        _apis,
        lambda account, thing: account.apigatewayv2.get_tags(ResourceArn=thing.arn).get("Tags", {}),
        "aws:apigatewayv2/api:Api",
    ),
    Kind(
        "function",
        ("lambda", "function:"),
        _functions,
        lambda account, thing: account.lambda_.list_tags(Resource=thing.arn).get("Tags", {}),
        "aws:lambda/function:Function",
    ),
    Kind(
        "alarm",
        ("cloudwatch", "alarm:"),
        _alarms,
        lambda account, thing: tags_from_list(
            [*account.cloudwatch.list_tags_for_resource(ResourceARN=thing.arn).get("Tags", [])]
        ),
        "aws:cloudwatch/metricAlarm:MetricAlarm",
    ),
    _Consumers("consumer", ("kinesis", "none of its own"), lambda _account: iter(()), lambda _account, _thing: {}, ""),
    Kind(
        "stream",
        ("kinesis", "stream/"),
        _streams,
        _tags_of_stream,
        "aws:kinesis/stream:Stream",
        {"enforceConsumerDeletion": True},
    ),
    Kind(
        "table",
        ("dynamodb", "table/"),
        _tables,
        lambda account, thing: tags_from_list(
            [*account.dynamodb.list_tags_of_resource(ResourceArn=thing.arn).get("Tags", [])]
        ),
        "aws:dynamodb/table:Table",
    ),
    Kind(
        "workgroup",
        ("athena", "workgroup/"),
        _workgroups,
        lambda account, thing: tags_from_list(
            [*account.athena.list_tags_for_resource(ResourceARN=thing.arn).get("Tags", [])]
        ),
        "aws:athena/workgroup:Workgroup",
        {"forceDestroy": True},
    ),
    Kind(
        "database",
        ("glue", "database/"),
        _databases,
        lambda account, thing: account.glue.get_tags(ResourceArn=thing.arn).get("Tags", {}),
        "aws:glue/catalogDatabase:CatalogDatabase",
    ),
    Kind("bucket", ("s3", ""), _buckets, _tags_of_bucket, "aws:s3/bucket:Bucket", {"forceDestroy": True}),
    Kind(
        "queue",
        ("sqs", ""),
        _queues,
        lambda account, thing: account.sqs.list_queue_tags(QueueUrl=thing.id).get("Tags", {}),
        "aws:sqs/queue:Queue",
    ),
    Kind(
        "topic",
        ("sns", ""),
        _topics,
        lambda account, thing: tags_from_list(
            [*account.sns.list_tags_for_resource(ResourceArn=thing.arn).get("Tags", [])]
        ),
        "aws:sns/topic:Topic",
    ),
    Kind(
        "role",
        ("iam", "role/"),
        _roles,
        lambda account, thing: tags_from_list([*account.iam.list_role_tags(RoleName=thing.name).get("Tags", [])]),
        "aws:iam/role:Role",
        {"forceDetachPolicies": True},
    ),
    Kind(
        "log group",
        ("logs", "log-group:"),
        _log_groups,
        lambda account, thing: account.logs.list_tags_for_resource(resourceArn=thing.arn).get("tags", {}),
        "aws:cloudwatch/logGroup:LogGroup",
    ),
)
"""All kinds, in the order in which they are deleted: what uses something goes before it; what may yet be written to
goes last."""

KIND_OF = {kind.name: kind for kind in KINDS}
