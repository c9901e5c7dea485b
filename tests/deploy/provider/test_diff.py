"""What a change of inputs means; no cloud is needed to say it."""

from __future__ import annotations

from typing import Any

from lab.deploy import property_values as pv
from lab.deploy.protocol import provider_pb2
from lab.deploy.provider import AwsProvider
from tests.deploy.provider.driver import CONTEXT, Deployed

PROVIDER = AwsProvider()
ROLE = {"role": "r", "handler": "h", "runtime": "python3.13", "name": "votes-0123456"}


def diff(type_: str, old: dict[str, Any], new: dict[str, Any], *ignored: str) -> provider_pb2.DiffResponse:
    return Deployed(PROVIDER, type_, "votes", old).diff(new, ignored)


def stream(old: dict[str, Any], new: dict[str, Any], *ignored: str) -> provider_pb2.DiffResponse:
    return diff("aws:kinesis/stream:Stream", old, new, *ignored)


def kinds(response: provider_pb2.DiffResponse) -> dict[str, str]:
    return {
        path: provider_pb2.PropertyDiff.Kind.Name(difference.kind) for path, difference in response.detailedDiff.items()
    }


def archive(content: str) -> dict[str, str]:
    return {pv.SIGNATURE: pv.ARCHIVE, "hash": content, "path": f"/somewhere/{content}"}


def test_nothing_changes() -> None:
    response = stream({"name": "n", "shardCount": 1}, {"shardCount": 1.0, "name": "n"})
    assert response.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert response.hasDetailedDiff


def test_saying_the_default_is_no_change() -> None:
    assert stream({}, {"retentionPeriod": 24, "tags": {}}).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_change_is_told_in_detail() -> None:
    response = stream(
        {"name": "n", "shardCount": 1, "tags": {"a": "1", "b": "2"}}, {"name": "n", "shardCount": 2, "tags": {"a": "3"}}
    )
    assert list(response.diffs) == ["shardCount", "tags"]
    assert kinds(response) == {"shardCount": "UPDATE", "tags.a": "UPDATE", "tags.b": "DELETE"}
    assert (list(response.replaces), response.deleteBeforeReplace) == ([], False)
    assert set(response.stables) == {"name", "arn"}


def test_an_archive_is_its_hash() -> None:
    function = "aws:lambda/function:Function"
    moved = {**archive("one"), "path": "/elsewhere"}
    same = diff(function, {**ROLE, "code": archive("one")}, {**ROLE, "code": moved})
    assert same.changes == provider_pb2.DiffResponse.DIFF_NONE
    other = diff(function, {**ROLE, "code": archive("one")}, {**ROLE, "code": archive("two")})
    assert kinds(other) == {"code": "UPDATE"}
    assert "codeSha256" not in other.stables
    assert "arn" in other.stables


def test_a_policy_is_its_meaning_and_a_set_has_no_order() -> None:
    policy = diff("aws:iam/rolePolicy:RolePolicy", {"policy": '{"a": 1, "b": 2}'}, {"policy": '{"b":2,"a":1}'})
    assert policy.changes == provider_pb2.DiffResponse.DIFF_NONE
    one, two = {"name": "a", "type": "S"}, {"name": "b", "type": "N"}
    table = diff("aws:dynamodb/table:Table", {"attributes": [one, two]}, {"attributes": [two, one]})
    assert table.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_what_is_not_known_yet_differs() -> None:
    response = diff("aws:lambda/permission:Permission", {"function": "one"}, {"function": pv.UNKNOWN})
    assert list(response.replaces) == ["function"]
    assert kinds(response) == {"function": "UPDATE_REPLACE"}


def test_ignored_changes_do_not_count() -> None:
    response = stream({"shardCount": 1, "tags": {"a": "1"}}, {"shardCount": 2, "tags": {"a": "2"}}, "shardCount")
    assert list(response.diffs) == ["tags"]


def test_only_a_name_that_is_given_and_kept_makes_a_replacement_delete_first() -> None:
    def first(old: str, new: str) -> bool:
        table = "aws:dynamodb/table:Table"
        return diff(table, {"name": old, "hashKey": "a"}, {"name": new, "hashKey": "b"}).deleteBeforeReplace

    assert first("EventLogs", "EventLogs")
    assert not first("EventLogs", "OtherLogs")
    assert not first("logs-0123456", "logs-0123456")  # the replacement's Check makes another name
    mapping = "aws:lambda/eventSourceMapping:EventSourceMapping"
    assert diff(mapping, {"startingPosition": "LATEST"}, {"startingPosition": "TRIM_HORIZON"}).deleteBeforeReplace


def test_another_region_is_another_provider_and_another_port_is_not() -> None:
    def config(old: dict[str, Any], new: dict[str, Any]) -> provider_pb2.DiffResponse:
        request = provider_pb2.DiffRequest(old_inputs=pv.to_struct(old), news=pv.to_struct(new))
        return PROVIDER.DiffConfig(request, CONTEXT)

    assert list(config({"region": "us-east-1"}, {"region": "us-west-2"}).replaces) == ["region"]
    moved = config({"endpoints": "[1]"}, {"endpoints": "[2]"})
    assert (list(moved.diffs), list(moved.replaces)) == (["endpoints"], [])
    assert config({"region": "us-east-1"}, {"region": "us-east-1"}).changes == provider_pb2.DiffResponse.DIFF_NONE
