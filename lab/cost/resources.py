"""What each type of resource is paid for: one function a type, from its inputs and its use to items of a bill."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lab.cost.prices import GB, LEAST_BYTES_A_QUERY, gb_seconds, gigabytes, on_demand_gb, put_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Inputs = Mapping[str, Any]
    Number = Decimal | int

DAY_HOURS, WEEK_HOURS = 24, 7 * 24
MAPPING_METRICS = 6
"""Metrics that an event source mapping with `EventCount` sends, paid as custom ones (Lambda developer guide)."""
KEY_REQUESTS_AN_HOUR = 2 * 12
"""Kinesis asks KMS for a data key every five minutes, for the producer and for the consumer (its developer guide)."""


@dataclass(frozen=True)
class Use:
    """What the events of a session make of one resource; its function below takes what concerns it."""

    records: int = 0
    """Put into a stream."""
    record_bytes: int = 0
    """Of each of them."""
    calls: int = 0
    """Of a function."""
    milliseconds: int = 0
    """Each call takes."""
    metrics: int = 0
    """Custom metrics that it sends values of."""
    written_bytes: int = 0
    """Of a log, or what stays in a table or a bucket."""
    writes: int = 0
    """Write units of a table, without its indexes."""
    reads: int = 0
    """Read units of a table."""
    objects: int = 0
    """PUT and LIST requests."""
    requests: int = 0
    """To an API, a queue or a topic."""
    queries: int = 0
    """Of the smallest size."""


@dataclass(frozen=True)
class Item:
    """How much of one unit is paid; the units' names are prices.toml's."""

    unit: str
    idle: Number = 0
    """Each hour that the resource exists, used or not."""
    busy: Number = 0
    """Each hour of the session, besides."""
    events: Number = 0
    """For the session's events, together."""
    kept: Number = 0
    """Each hour afterwards, for what the events left behind."""


def _stream(inputs: Inputs, use: Use) -> Iterator[Item]:
    details: Inputs = inputs.get("streamModeDetails", {})
    hours = inputs.get("retentionPeriod", DAY_HOURS)
    if details.get("streamMode") == "ON_DEMAND":
        size = on_demand_gb(use.records, use.record_bytes)
        yield Item("kinesis_on_demand_stream_hours", idle=1)
        yield Item("kinesis_on_demand_gb_in", events=size)
        yield Item("kinesis_on_demand_gb_out", events=size)
        if hours > DAY_HOURS:
            yield Item("kinesis_on_demand_extended_retention_gb_hours", kept=size)
    else:
        shards = inputs.get("shardCount", 1)
        yield Item("kinesis_shard_hours", idle=shards)
        yield Item("kinesis_put_units", events=put_units(use.records, use.record_bytes))
        if hours > DAY_HOURS:
            yield Item("kinesis_extended_retention_shard_hours", idle=shards)
    if hours > WEEK_HOURS:
        yield Item("kinesis_long_term_retention_gb_hours", kept=gigabytes(use.records * use.record_bytes))
    if inputs.get("encryptionType") == "KMS":
        yield Item("kms_requests", idle=KEY_REQUESTS_AN_HOUR)


def _stream_consumer(_inputs: Inputs, _use: Use) -> Iterator[Item]:
    # Paid for each shard of its stream, which the consumer does not know: one, the least there can be.
    yield Item("kinesis_consumer_shard_hours", idle=1)


def _function(inputs: Inputs, use: Use) -> Iterator[Item]:
    architecture = (inputs.get("architectures") or ["x86_64"])[0]
    seconds = gb_seconds(use.calls, use.milliseconds, inputs.get("memorySize", 128))
    yield Item("lambda_requests", events=use.calls)
    yield Item(f"lambda_gb_seconds_{architecture}", events=seconds)
    yield Item("cloudwatch_custom_metric_hours", busy=use.metrics)


def _mapping(inputs: Inputs, _use: Use) -> Iterator[Item]:
    # Reading a stream costs nothing; a metric of one's own does, also while nothing comes.
    if inputs.get("metricsConfig"):
        yield Item("cloudwatch_custom_metric_hours", idle=MAPPING_METRICS)


def _table(inputs: Inputs, use: Use) -> Iterator[Item]:
    indexes: list[Inputs] = inputs.get("globalSecondaryIndexes") or []
    if inputs.get("billingMode") == "PAY_PER_REQUEST":
        # What is written into the table is written into each of its indexes again.
        yield Item("dynamodb_write_units", events=use.writes * (1 + len(indexes)))
        yield Item("dynamodb_read_units", events=use.reads)
    else:
        capacities = [inputs, *indexes]
        yield Item("dynamodb_write_capacity_hours", idle=sum(each.get("writeCapacity", 1) for each in capacities))
        yield Item("dynamodb_read_capacity_hours", idle=sum(each.get("readCapacity", 1) for each in capacities))
    yield Item("dynamodb_storage_gb_hours", kept=gigabytes(use.written_bytes * (1 + len(indexes))))


def _bucket(_inputs: Inputs, use: Use) -> Iterator[Item]:
    yield Item("s3_put_and_list_requests", events=use.objects)
    yield Item("s3_storage_gb_hours", kept=gigabytes(use.written_bytes))


def _log_group(_inputs: Inputs, use: Use) -> Iterator[Item]:
    yield Item("cloudwatch_log_gb_in", events=gigabytes(use.written_bytes))
    yield Item("cloudwatch_log_storage_gb_hours", kept=gigabytes(use.written_bytes))


def _alarm(_inputs: Inputs, _use: Use) -> Iterator[Item]:
    yield Item("cloudwatch_alarm_hours", idle=1)


def _api(_inputs: Inputs, use: Use) -> Iterator[Item]:
    yield Item("http_api_requests", events=use.requests)


def _queue(_inputs: Inputs, use: Use) -> Iterator[Item]:
    yield Item("sqs_requests", events=use.requests)


def _topic(_inputs: Inputs, use: Use) -> Iterator[Item]:
    yield Item("sns_publishes", events=use.requests)


def _workgroup(_inputs: Inputs, use: Use) -> Iterator[Item]:
    yield Item("athena_gb_scanned", events=Decimal(use.queries * LEAST_BYTES_A_QUERY) / GB)


def _key(_inputs: Inputs, _use: Use) -> Iterator[Item]:
    yield Item("kms_key_hours", idle=1)


PRICED: Mapping[str, Callable[[Inputs, Use], Iterator[Item]]] = {
    "aws:kinesis/stream:Stream": _stream,
    "aws:kinesis/streamConsumer:StreamConsumer": _stream_consumer,
    "aws:lambda/function:Function": _function,
    "aws:lambda/eventSourceMapping:EventSourceMapping": _mapping,
    "aws:dynamodb/table:Table": _table,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:apigatewayv2/api:Api": _api,
    "aws:sqs/queue:Queue": _queue,
    "aws:sns/topic:Topic": _topic,
    "aws:athena/workgroup:Workgroup": _workgroup,
    "aws:kms/key:Key": _key,
}
"""What each type is paid for."""

FREE = frozenset(
    {
        "aws:apigatewayv2/integration:Integration",
        "aws:apigatewayv2/route:Route",
        "aws:apigatewayv2/stage:Stage",
        "aws:athena/namedQuery:NamedQuery",
        "aws:glue/catalogDatabase:CatalogDatabase",  # the catalogue's first million objects and requests
        "aws:glue/catalogTable:CatalogTable",
        "aws:iam/role:Role",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:lambda/permission:Permission",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:sqs/queuePolicy:QueuePolicy",
    }
)
"""Types that cost nothing, whatever is done with them."""
