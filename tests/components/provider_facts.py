"""What the AWS provider, or AWS behind it, takes of what its schema does not tell: ranges, words, names, conflicts.

From the Terraform AWS provider's documentation of each resource (`aws_kinesis_stream` and so on; Pulumi's provider is
made from it) and, where a fact begins with the name of an operation, from that service's API reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

import pulumi_aws as aws

from components.settings import RetentionDays

AUTO_SUFFIX = "-1a2b3c4"
"""What Pulumi adds to the logical name where the program gives no physical one: a hyphen and seven digits."""


@dataclass(frozen=True)
class Fact:
    """Something that is so of every resource of a type.

    Attributes:
        path: where in the inputs, such as `destinationConfig.onFailure.destinationArn`; empty for all of them.
        said: what is so.
        holds: whether it is, of one value.
    """

    path: str
    said: str
    holds: Callable[[Any], bool]


def between(path: str, least: float, most: float, *also: float) -> Fact:
    return Fact(path, f"{least} to {most} {also or ''}", lambda value: least <= value <= most or value in also)


def one_of(path: str, *values: Any) -> Fact:
    return Fact(path, f"one of {values}", lambda value: value in values)


def like(path: str, pattern: str) -> Fact:
    return Fact(path, f"like {pattern}", lambda value: re.fullmatch(pattern, value) is not None)


def longest(path: str, characters: int) -> Fact:
    return Fact(path, f"at most {characters} characters", lambda value: len(value) <= characters)


def only_with(path: str, other: str, *values: Any) -> Fact:
    """An input that is only allowed where another has one of these values."""
    said = f"{path} only where {other} is one of {values}"
    return Fact("", said, lambda inputs: path not in inputs or next(at(inputs, other), None) in values)


def exactly_one(*paths: str) -> Fact:
    return Fact("", f"exactly one of {paths}", lambda inputs: sum(path in inputs for path in paths) == 1)


def is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def keys_are_declared(table: Mapping[str, Any]) -> bool:
    """CreateTable refuses a key that is not declared; the provider refuses what is declared and is no key."""
    keys = {table.get("hashKey"), table.get("rangeKey")} - {None}
    for index in table.get("globalSecondaryIndexes", []):
        keys |= {key["attributeName"] for key in index.get("keySchemas", [])}
    return keys == {attribute["name"] for attribute in table["attributes"]}


def is_moment(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is not None


ARN = r"arn:aws[a-z-]*:[a-z0-9-]+:([a-z]{2}(-[a-z]+)+-\d)?:(\d{12})?:.+"
POLICY = Fact("", "policies are JSON", lambda inputs: all(is_json_object(v) for k, v in inputs.items() if "olicy" in k))
TAGS = Fact(
    "tags",
    "at most 50, keys to 128 and values to 256 characters, none of AWS's own",
    lambda tags: (
        len(tags) <= 50
        and all(0 < len(key) <= 128 and len(value) <= 256 and not key.startswith("aws:") for key, value in tags.items())
    ),
)

FACTS: dict[str, tuple[Fact, ...]] = {
    "aws:apigatewayv2/api:Api": (
        one_of("protocolType", "HTTP", "WEBSOCKET"),
        between("corsConfiguration.maxAge", -1, 86_400),
        longest("name", 128),
    ),
    "aws:apigatewayv2/integration:Integration": (
        one_of("integrationType", "AWS_PROXY", "HTTP_PROXY"),
        one_of("payloadFormatVersion", "1.0", "2.0"),
        between("timeoutMilliseconds", 50, 30_000),
    ),
    "aws:apigatewayv2/route:Route": (
        one_of("authorizationType", "NONE", "AWS_IAM", "CUSTOM", "JWT"),
        like("routeKey", r"\$default|(ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) /.*"),
        like("target", r"integrations/.{1,128}"),
    ),
    "aws:apigatewayv2/stage:Stage": (
        like("name", r"\$default|[a-zA-Z0-9_-]{1,128}"),
        between("defaultRouteSettings.throttlingBurstLimit", 0, 2**31 - 1),
        between("defaultRouteSettings.throttlingRateLimit", 0, 2**31 - 1),
    ),
    "aws:athena/namedQuery:NamedQuery": (
        longest("name", 128),
        longest("description", 1024),
        longest("query", 262_144),
        longest("database", 255),
    ),
    "aws:athena/workgroup:Workgroup": (
        like("name", r"[a-zA-Z0-9._-]{1,128}"),
        between("configuration.bytesScannedCutoffPerQuery", 10_485_760, 2**53),
        like("configuration.resultConfiguration.outputLocation", r"s3://.+"),
    ),
    "aws:cloudwatch/logGroup:LogGroup": (
        like("name", r"[a-zA-Z0-9_/.#-]{1,512}"),
        one_of("retentionInDays", 0, *get_args(RetentionDays)),
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": (
        longest("name", 255),
        longest("alarmDescription", 1024),
        longest("metricName", 255),
        like("namespace", r"[^:].{0,254}"),
        one_of(
            "comparisonOperator",
            *("GreaterThanOrEqualToThreshold", "GreaterThanThreshold"),
            *("LessThanThreshold", "LessThanOrEqualToThreshold"),
        ),
        one_of("statistic", "SampleCount", "Average", "Sum", "Minimum", "Maximum"),
        one_of("treatMissingData", "missing", "ignore", "breaching", "notBreaching"),
        between("evaluationPeriods", 1, 2**31 - 1),
        Fact("period", "10, 20, 30, or minutes", lambda period: period in {10, 20, 30} or period % 60 == 0),
        Fact("", "at most a day of periods", lambda alarm: alarm["period"] * alarm["evaluationPeriods"] <= 86_400),
        Fact("dimensions", "at most 30", lambda dimensions: len(dimensions) <= 30),
        exactly_one("metricName", "metricQueries"),
        exactly_one("statistic", "extendedStatistic"),
        exactly_one("threshold", "thresholdMetricId"),
    ),
    "aws:dynamodb/table:Table": (
        like("name", r"[a-zA-Z0-9_.-]{3,255}"),
        one_of("billingMode", "PROVISIONED", "PAY_PER_REQUEST"),
        one_of("attributes.type", "S", "N", "B"),
        one_of("streamViewType", "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"),
        only_with("streamViewType", "streamEnabled", True),
        only_with("readCapacity", "billingMode", "PROVISIONED"),
        only_with("writeCapacity", "billingMode", "PROVISIONED"),
        one_of("globalSecondaryIndexes.projectionType", "ALL", "INCLUDE", "KEYS_ONLY"),
        like("globalSecondaryIndexes.name", r"[a-zA-Z0-9_.-]{3,255}"),
        one_of("globalSecondaryIndexes.keySchemas.keyType", "HASH", "RANGE"),
        Fact(
            "globalSecondaryIndexes",
            "keySchemas, or hashKey and rangeKey",
            lambda index: ("keySchemas" in index) != ("hashKey" in index),
        ),
        Fact("ttl", "an attribute where it is enabled", lambda ttl: not ttl.get("enabled") or "attributeName" in ttl),
        Fact("", "what is declared are the keys", keys_are_declared),
    ),
    "aws:glue/catalogDatabase:CatalogDatabase": (like("name", r"[a-z0-9_]{1,255}"),),
    "aws:glue/catalogTable:CatalogTable": (
        like("name", r"[a-z0-9_]{1,255}"),
        like("databaseName", r"[a-z0-9_]{1,255}"),
        one_of("tableType", "EXTERNAL_TABLE", "VIRTUAL_VIEW"),
        longest("viewOriginalText", 409_600),
        longest("viewExpandedText", 409_600),
        longest("storageDescriptor.columns.type", 131_072),
        like("storageDescriptor.location", r"s3://.+"),
        longest("parameters.*", 512_000),
    ),
    "aws:iam/role:Role": (like("name", r"[a-zA-Z0-9+=,.@_-]{1,64}"), POLICY),
    "aws:iam/rolePolicy:RolePolicy": (
        like("name", r"[a-zA-Z0-9+=,.@_-]{1,128}"),
        like("role", r"[a-zA-Z0-9+=,.@_-]{1,64}"),
        longest("policy", 10_240),
        POLICY,
    ),
    "aws:kinesis/stream:Stream": (
        like("name", r"[a-zA-Z0-9_.-]{1,128}"),
        between("retentionPeriod", 24, 8760),
        between("shardCount", 1, 10_000),
        one_of("streamModeDetails.streamMode", "PROVISIONED", "ON_DEMAND"),
        Fact(
            "",
            "shards are given in the mode PROVISIONED, and only there",
            lambda stream: (
                ("shardCount" in stream)
                == (stream.get("streamModeDetails", {}).get("streamMode", "PROVISIONED") == "PROVISIONED")
            ),
        ),
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": (
        like("eventSourceArn", ARN),
        exactly_one("eventSourceArn", "selfManagedEventSource"),
        like("destinationConfig.onFailure.destinationArn", ARN),
        between("batchSize", 1, 10_000),
        between("maximumBatchingWindowInSeconds", 0, 300),
        between("maximumRecordAgeInSeconds", 60, 604_800, -1),
        between("maximumRetryAttempts", -1, 10_000),
        between("parallelizationFactor", 1, 10),
        one_of("startingPosition", "LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"),
        one_of("functionResponseTypes", "ReportBatchItemFailures"),
        one_of("metricsConfig.metrics", "EventCount"),
        only_with("startingPositionTimestamp", "startingPosition", "AT_TIMESTAMP"),
        Fact("startingPositionTimestamp", "RFC 3339, with its zone", is_moment),
        Fact(
            "",
            "CreateEventSourceMapping: AT_TIMESTAMP is Kinesis's alone",
            lambda mapping: mapping["startingPosition"] != "AT_TIMESTAMP" or ":kinesis:" in mapping["eventSourceArn"],
        ),
    ),
    "aws:lambda/function:Function": (
        like("name", r"[a-zA-Z0-9_-]{1,64}"),
        like("role", ARN),
        like("handler", r"\S{1,128}"),
        between("memorySize", 128, 10_240),
        between("timeout", 1, 900),
        one_of("architectures", "arm64", "x86_64"),
        one_of("runtime", *(runtime.value for runtime in aws.lambda_.Runtime)),
        like("environment.variables.!", r"[a-zA-Z]([a-zA-Z0-9_])+"),
        Fact(
            "environment.variables",
            "CreateFunction: at most 4 KB together",
            lambda variables: sum(len((key + value).encode()) for key, value in variables.items()) <= 4096,
        ),
        one_of("loggingConfig.logFormat", "Text", "JSON"),
        only_with("loggingConfig.applicationLogLevel", "loggingConfig.logFormat", "JSON"),
        exactly_one("code", "imageUri", "s3Bucket"),
    ),
    "aws:lambda/permission:Permission": (
        like("action", r"lambda:(\*|[a-zA-Z]+)"),
        like("function", r"(arn:aws:lambda:\S+|[a-zA-Z0-9_-]{1,64})"),
        like("sourceArn", ARN),
    ),
    "aws:s3/bucket:Bucket": (like("bucket", r"(?!xn--)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        longest("rules.id", 255),
        one_of("rules.status", "Enabled", "Disabled"),
        between("rules.expiration.days", 1, 2**31 - 1),
        Fact("rules.filter", "at most one condition", lambda conditions: len(conditions) <= 1),
    ),
    "aws:sns/topic:Topic": (like("name", r"[a-zA-Z0-9_-]{1,256}"),),
    "aws:sqs/queue:Queue": (
        like("name", r"[a-zA-Z0-9_-]{1,80}"),
        between("messageRetentionSeconds", 60, 1_209_600),
        between("visibilityTimeoutSeconds", 0, 43_200),
    ),
}
NAMED = {"aws:s3/bucket:Bucket": "bucket"}
"""The input that is the physical name, where it is not `name`."""
NAMELESS = {
    "aws:apigatewayv2/integration:Integration",
    "aws:apigatewayv2/route:Route",
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    "aws:lambda/permission:Permission",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
}


def broken(token: str, logical_name: str, inputs: Mapping[str, Any]) -> list[str]:
    """Return which facts do not hold of a resource, its physical name given or made by Pulumi."""
    named = {} if token in NAMELESS else {NAMED.get(token, "name"): logical_name + AUTO_SUFFIX}
    given = {**named, **inputs}
    return [
        f"{token}.{fact.path}: {value!r}, must be {fact.said}"
        for fact in (*FACTS[token], TAGS)
        for value in at(given, fact.path)
        if not fact.holds(value)
    ]


def at(value: Any, path: str) -> Iterator[Any]:
    """Yield what lies at a path, of every member of a list; `*` is every value of a map, `!` every key."""
    if isinstance(value, list):
        for each in value:
            yield from at(each, path)
        return
    name, _dot, rest = path.partition(".")
    if not name:
        yield value
    elif name == "!":
        yield from value
    elif name == "*":
        for each in value.values():
            yield from at(each, rest)
    elif name in value:
        yield from at(value[name], rest)
