"""Inputs are checked, and named, before anything is made; no cloud is needed for that."""

from __future__ import annotations

import pytest

from lab.deploy import property_values as pv
from lab.deploy.provider import AwsProvider
from lab.deploy.provider.resources import RESOURCES
from tests.deploy.provider.driver import Aborted, Deployed, configured

PROVIDER = AwsProvider()
MAPPING = {"eventSourceArn": "arn:stream", "functionName": "one"}


def resource(type_: str, name: str = "votes") -> Deployed:
    return Deployed(PROVIDER, type_, name, {})


STREAM = resource("aws:kinesis/stream:Stream")


def test_a_type_nobody_wrote_is_refused_by_name() -> None:
    _, failures = resource("aws:ec2/instance:Instance").try_check({})
    assert failures == {
        "": f"aws:ec2/instance:Instance is not among the {len(RESOURCES)} resource types that the local cloud deploys"
    }
    with pytest.raises(Aborted, match="aws:ec2/instance:Instance"):
        resource("aws:ec2/instance:Instance").diff({})


@pytest.mark.parametrize(
    ("type_", "inputs", "faults"),
    [
        ("aws:dynamodb/table:Table", {"hashKey": "pk"}, {"attributes": "attributes must be given"}),
        (
            "aws:lambda/eventSourceMapping:EventSourceMapping",
            {**MAPPING, "startingPosition": "OLDEST"},
            {"startingPosition": "startingPosition must be one of AT_TIMESTAMP, LATEST, TRIM_HORIZON, not OLDEST"},
        ),
        (
            "aws:lambda/eventSourceMapping:EventSourceMapping",
            {**MAPPING, "batchSize": 0},
            {"batchSize": "batchSize must be a whole number from 1 to 10000, not 0"},
        ),
        (
            "aws:kinesis/stream:Stream",
            {"shardCount": 0, "retentionPeriod": 1.5},
            {
                "shardCount": "shardCount must be a whole number from 1 to 10000, not 0",
                "retentionPeriod": "retentionPeriod must be a whole number from 24 to 8760, not 1.5",
            },
        ),
        (
            "aws:lambda/function:Function",
            {"role": "r", "handler": "h", "runtime": "python3.13", "vpcConfig": {}},
            {"vpcConfig": "the local cloud does not know vpcConfig of aws:lambda/function:Function"},
        ),
    ],
)
def test_faults_name_the_property_and_what_is_allowed(
    type_: str, inputs: dict[str, object], faults: dict[str, str]
) -> None:
    assert resource(type_).try_check(inputs)[1] == faults


def test_what_is_not_known_yet_passes_and_stays_unknown() -> None:
    inputs = resource("aws:lambda/eventSourceMapping:EventSourceMapping").check(
        {"eventSourceArn": pv.UNKNOWN, "functionName": pv.UNKNOWN, "startingPosition": pv.UNKNOWN}
    )
    assert inputs == {"eventSourceArn": pv.UNKNOWN, "functionName": pv.UNKNOWN, "startingPosition": pv.UNKNOWN}


def test_secrets_stay_secret() -> None:
    environment = {"variables": {"PASSWORD": pv.secret("pssst")}}
    inputs = resource("aws:lambda/function:Function").check(
        {"role": "r", "handler": "h", "runtime": "python3.13", "environment": environment}
    )
    assert inputs["environment"] == environment


def test_a_name_follows_from_the_seed() -> None:
    first = STREAM.check({})["name"]
    assert first == STREAM.check({})["name"]
    assert first.startswith("votes-")
    assert first != STREAM.check({}, seed="another")["name"]


def test_an_update_keeps_a_made_name_and_a_replacement_gets_another() -> None:
    old = STREAM.check({})
    assert STREAM.check({"shardCount": 2}, old, seed="later")["name"] == old["name"]
    assert STREAM.check({"shardCount": 2}, seed="later")["name"] != old["name"]


def test_a_given_name_counts_and_is_not_kept_when_it_is_taken_away() -> None:
    assert STREAM.check({"name": "EventStream"})["name"] == "EventStream"
    assert STREAM.check({}, {"name": "EventStream"})["name"] != "EventStream"


def test_names_are_as_the_services_want_them() -> None:
    assert resource("aws:s3/bucket:Bucket", "Lake").check({})["bucket"].startswith("lake-")
    assert resource("aws:sqs/queue:Queue").check({"fifoQueue": True})["name"].endswith(".fifo")
    _, failures = resource("aws:iam/role:Role", "r" * 60).try_check({"assumeRolePolicy": "{}"})
    assert "has 68 characters, and AWS takes 64" in failures["name"]
    _, failures = resource("aws:sqs/queue:Queue").try_check({"name": "not a valid name!"})
    assert failures["name"].startswith("not a valid name! is not a name that AWS takes here")


def test_the_provider_s_own_tags_go_on_everything_that_takes_tags() -> None:
    provider = configured("http://127.0.0.1:1", defaultTags={"tags": {"class": "2026", "lesson": "none"}})
    stream = Deployed(provider, "aws:kinesis/stream:Stream", "votes", {})
    assert stream.check({"tags": {"lesson": "votes"}})["tags"] == {"class": "2026", "lesson": "votes"}
    policy = Deployed(provider, "aws:iam/rolePolicy:RolePolicy", "votes", {})
    assert "tags" not in policy.check({"role": "r", "policy": "{}"})
