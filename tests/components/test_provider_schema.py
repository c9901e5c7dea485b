"""Everything that is registered is what the AWS provider takes, whatever the settings are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pulumi
import pytest

from components.settings import RetentionDays
from lab.deploy.provider.resources import RESOURCES
from tests.components import provider_schema, ways
from tests.components.provider_facts import FACTS, at, broken

if TYPE_CHECKING:
    from tests.components.conftest import Deploy, Registered

# pulumi_aws.s3 warns of classes of its own when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")


def refused(token: str, name: str, inputs: dict[str, Any]) -> list[str]:
    return provider_schema.faults(token, inputs) or broken(token, name, inputs)


@pytest.fixture
def registered(deploy: Deploy) -> list[Registered]:
    """What is registered in all the ways together."""
    return [each for number in range(ways.COUNT) for each in deploy(**ways.way(number)).resources.values()]


def test_the_provider_takes_every_input_whatever_is_set(registered: list[Registered]):
    faults = {fault for each in registered for fault in refused(each.type, each.name, each.inputs)}
    assert faults == set()
    assert {each.type for each in registered} == set(FACTS)

    # And what was set is what may be set, from end to end.
    def given(kind: str, path: str) -> set[Any]:
        return {value for each in registered if kind in each.type for value in at(each.inputs, path)}

    destinations = given("eventSourceMapping", "destinationConfig.onFailure.destinationArn")
    assert {arn.split(":")[2] for arn in destinations} == {"sqs", "sns", "s3"}
    assert given("eventSourceMapping", "startingPosition") == {"LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"}
    assert given("eventSourceMapping", "maximumRetryAttempts") == {-1, 0, 10_000}
    assert given("kinesis/stream", "retentionPeriod") == {24, 8760}
    assert given("kinesis/stream", "streamModeDetails.streamMode") == {"PROVISIONED", "ON_DEMAND"}
    functions = [each.inputs for each in registered if each.type == KINDS["function"][0]]
    assert {"name" in inputs for inputs in functions} == {True, False}
    assert {inputs["role"].endswith("/LabRole") for inputs in functions} == {True, False}


def test_every_retention_of_logs_is_one_that_the_provider_takes():
    for days in get_args(RetentionDays):
        assert refused("aws:cloudwatch/logGroup:LogGroup", "logs", {"retentionInDays": float(days)}) == []


STREAM = {"streamModeDetails": {"streamMode": "PROVISIONED"}, "shardCount": 1.0, "retentionPeriod": 24.0}
MAPPING = {
    "eventSourceArn": "arn:aws:kinesis:us-east-1:123456789012:stream/s",
    "functionName": "f",
    "startingPosition": "LATEST",
}
FUNCTION = {
    "code": pulumi.FileArchive("f.zip"),
    "handler": "f.handler",
    "runtime": "python3.13",
    "role": "arn:aws:iam::123456789012:role/r",
}
TABLE = {"hashKey": "a", "attributes": [{"name": "a", "type": "S"}], "billingMode": "PAY_PER_REQUEST"}
KINDS = {
    "stream": ("aws:kinesis/stream:Stream", STREAM),
    "mapping": ("aws:lambda/eventSourceMapping:EventSourceMapping", MAPPING),
    "function": ("aws:lambda/function:Function", FUNCTION),
    "table": ("aws:dynamodb/table:Table", TABLE),
}
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("stream", {"shards": 1.0}, "shards is not known"),
    ("stream", {"shardCount": 1.5}, "no int"),
    ("stream", {"shardCount": None}, "shards are given in the mode PROVISIONED"),
    ("stream", {"streamModeDetails": {"streamMode": "ON_DEMAND"}}, "shards are given in the mode PROVISIONED"),
    ("stream", {"streamModeDetails": {}}, "streamMode is missing"),
    ("stream", {"retentionPeriod": 23.0}, "24 to 8760"),
    ("stream", {"name": "a stream"}, "like"),
    ("stream", {"tags": {"aws:mine": "x"}}, "none of AWS's own"),
    ("mapping", {"functionName": None}, "functionName is missing"),
    ("mapping", {"maximumRecordAgeInSeconds": 59.0}, "60 to 604800"),
    ("mapping", {"startingPositionTimestamp": "2026-01-01T00:00:00Z"}, "only where startingPosition"),
    ("mapping", {"destinationConfig": {"onFailure": {"destinationArn": "queue"}}}, "like"),
    ("mapping", {"functionResponseTypes": ["Everything"]}, "one of"),
    ("function", {"code": None}, "exactly one of"),
    ("function", {"name": "f" * 65}, "like"),
    ("function", {"environment": {"variables": {"LONG": "x" * 4096}}}, "at most 4 KB"),
    ("function", {"timeout": 901.0}, "1 to 900"),
    ("table", {"attributes": []}, "what is declared are the keys"),
    ("table", {"readCapacity": 5.0}, "only where billingMode"),
    ("table", {"ttl": {"enabled": True}}, "an attribute where it is enabled"),
]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_right_is_not_refused(kind: str):
    token, inputs = KINDS[kind]
    assert refused(token, "name", inputs) == []


@pytest.mark.parametrize(("kind", "change", "said"), WRONG)
def test_what_is_wrong_is_refused(kind: str, change: dict[str, Any], said: str):
    token, inputs = KINDS[kind]
    given = {name: value for name, value in {**inputs, **change}.items() if value is not None}
    assert said in "\n".join(refused(token, "name", given))


def test_the_local_provider_knows_no_input_that_aws_does_not():
    for token, resource in RESOURCES.items():
        known = provider_schema.input_type_types(provider_schema.args_of(token))
        assert resource.inputs.keys() - known.keys() == set(), token
