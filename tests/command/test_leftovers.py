from __future__ import annotations

import functools
import io
import json
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.loaders import create_loader

from lab import workspace
from lab.aws import Clients
from lab.cloud import process
from lab.cloud.client import require_cloud, reset
from tests.lessons.conftest import eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("leftovers")]  # one cloud serves them all

YESTERDAY = str(datetime.now(UTC).date() - timedelta(days=2))
FAR_OFF = str(date(2999, 12, 31))
OURS = {"project": "streamlab", "student": "local", "lesson": "basic"}
PAIRS: Any = [{"Key": key, "Value": value} for key, value in OURS.items()]


@pytest.fixture(scope="module")
def cloud_of_its_own(tmp_path_factory) -> Iterator[Clients]:
    """Give a cloud in which nothing lies that other tests made."""
    folder = tmp_path_factory.mktemp("leftovers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_HOME", str(folder))
        # The descriptions of fourteen services take half a second to read; here they are read once for all commands.
        patch.setattr("botocore.session.create_loader", functools.cache(create_loader))
        cloud, _ = process.start(port=0, state_folder=folder / "cloud")
        yield Clients.local(cloud.url)
        process.stop()


@pytest.fixture
def clients(cloud_of_its_own) -> Clients:
    """Give that cloud's clients; it is empty before each test, and nothing is deployed."""
    reset(require_cloud())
    forget_states()
    return cloud_of_its_own


def forget_states() -> None:
    for file in workspace.stack_file("any").parent.glob("*"):
        file.unlink()


def stream(clients: Clients, name: str, **tags: str) -> str:
    clients.kinesis.create_stream(StreamName=name, ShardCount=1, **({"Tags": tags} if tags else {}))
    return eventually(lambda: active(clients, name))


def active(clients: Clients, name: str) -> str | None:
    told = clients.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    return told["StreamARN"] if told["StreamStatus"] == "ACTIVE" else None


def streams(clients: Clients) -> list[str]:
    return clients.kinesis.list_streams()["StreamNames"]


def found(outcome: Any) -> dict[str, dict[str, Any]]:
    """Return what `--json` told, by kind and name."""
    return {f"{each['kind']} {each['name']}": each for each in json.loads(outcome.out)["leftovers"]}


def test_what_is_deployed_is_in_use_and_down_leaves_nothing(lab, clients):
    assert lab("up", "basic").code == 0
    everything = found(lab("leftovers", "--json"))
    assert {each["deployed_by"] for each in everything.values()} == {"local"}
    assert {each["known_by"] for each in everything.values()} == {"tags"}
    assert everything["stream EventStream"]["usd_per_hour"] == 0.015

    # A consumer that a learner registered is paid by the hour, and no state knows it.
    arn = clients.kinesis.describe_stream_summary(StreamName="EventStream")["StreamDescriptionSummary"]["StreamARN"]
    clients.kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="forgotten")
    told = lab("leftovers", "--delete", "--yes")
    assert told.code == 0
    assert "EventStream/forgotten" in told.out
    assert clients.kinesis.list_stream_consumers(StreamARN=arn)["Consumers"] == []
    assert streams(clients) == ["EventStream"]

    told = lab("leftovers")
    assert told.code == 0
    assert "Nothing is left over in" in told.out
    assert "Stack local has deployed" in told.out
    assert lab("down").code == 0
    told = lab("leftovers")
    assert told.code == 0
    assert told.out.startswith("Nothing is left in the local cloud")


def test_a_lesson_whose_state_is_lost_is_found_and_deleted(lab, clients):
    assert lab("up", "basic").code == 0
    forget_states()
    told = lab("leftovers", "--delete", "--yes")
    assert told.code == 0, told.out
    assert "EventStream → basic-consumer-function-" in told.out
    answer = lab("leftovers", "--json").json()
    assert (answer["leftovers"], answer["unseen"], answer["local"]) == ([], [], True)
    roles = [role["RoleName"] for page in clients.iam.get_paginator("list_roles").paginate() for role in page["Roles"]]
    assert not [name for name in roles if name.startswith("basic-")]


def test_what_was_made_by_hand_with_the_labs_tags_goes_with_all_it_holds(lab, clients):
    stream(clients, "by-hand", **OURS)
    clients.s3.create_bucket(Bucket="by-hand")
    clients.s3.put_bucket_tagging(Bucket="by-hand", Tagging={"TagSet": PAIRS})
    clients.s3.put_bucket_versioning(Bucket="by-hand", VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        clients.s3.put_object(Bucket="by-hand", Key="object", Body=b"{}")
    clients.s3.delete_object(Bucket="by-hand", Key="object")
    clients.sqs.create_queue(QueueName="by-hand", tags=OURS)
    clients.sns.create_topic(Name="by-hand", Tags=PAIRS)
    clients.logs.create_log_group(logGroupName="by-hand", tags=OURS)
    clients.athena.create_work_group(Name="by-hand", Tags=PAIRS)
    clients.athena.create_named_query(Name="query", Database="d", QueryString="SELECT 1", WorkGroup="by-hand")
    clients.glue.create_database(DatabaseInput={"Name": "by_hand"}, Tags=OURS)
    clients.glue.create_table(DatabaseName="by_hand", TableInput={"Name": "t", "StorageDescriptor": {}})
    clients.iam.create_role(RoleName="by-hand", AssumeRolePolicyDocument="{}", Tags=PAIRS)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    clients.iam.put_role_policy(RoleName="by-hand", PolicyName="p", PolicyDocument=json.dumps(policy))
    clients.apigatewayv2.create_api(Name="by-hand", ProtocolType="HTTP", Tags=OURS)
    clients.cloudwatch.put_metric_alarm(
        AlarmName="by-hand",
        Namespace="n",
        MetricName="m",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold",
        Tags=PAIRS,
    )
    clients.dynamodb.create_table(
        TableName="by-hand",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        Tags=PAIRS,
    )
    kinds = {name.split(" by")[0] for name in found(lab("leftovers", "--json"))}
    assert kinds == {
        *("stream", "bucket", "queue", "topic", "log group", "workgroup", "database", "role", "api", "alarm", "table")
    }
    deleted = lab("leftovers", "--delete", "--yes")
    assert (deleted.code, deleted.out.splitlines()[-1]) == (0, "11 things deleted.")
    assert found(lab("leftovers", "--json")) == {}


def test_a_name_alone_is_no_proof(lab, clients):
    stream(clients, "EventStream")
    stream(clients, "orders-stream-1a2b3c4", project="another")
    stream(clients, "somebody-elses")
    told = lab("leftovers")
    assert told.code == 1
    assert "by its name only" in told.out
    assert "To delete it too: lab leftovers --by-name --delete" in told.out
    assert lab("leftovers", "--delete", "--yes").code == 1
    assert "EventStream" in streams(clients)
    assert lab("leftovers", "--delete", "--yes", "--by-name").code == 0
    assert streams(clients) == ["orders-stream-1a2b3c4", "somebody-elses"]


def test_a_teacher_sees_every_student_the_expired_first_and_deletes_only_those(lab, clients):
    stream(clients, "of-bruno", project="streamlab", student="bruno", expires=FAR_OFF)
    stream(clients, "of-ana", project="streamlab", student="ana", expires=YESTERDAY)
    stream(clients, "of-nobody", project="streamlab")
    told = lab("leftovers")
    assert "2 other stacks (students) have something here: lab leftovers --all-students" in told.out
    assert "of-ana" not in told.out
    assert "What names no student may be another's: only --all-students deletes it." in told.out
    assert lab("leftovers", "--delete", "--yes").code == 1
    assert len(streams(clients)) == 3, "what names no student may be another's"

    told = lab("leftovers", "--all-students")
    headings = [line for line in told.out.splitlines() if " USD an hour" in line]
    assert headings[0] == f"ana, 0.0150 USD an hour, expired on {YESTERDAY}"
    assert f"bruno, 0.0150 USD an hour, expires on {FAR_OFF}" in headings
    assert lab("leftovers", "--all-students", "--expired", "--delete", "--yes").code == 0
    assert streams(clients) == ["of-bruno", "of-nobody"]
    clients.kinesis.delete_stream(StreamName="of-nobody")
    told = lab("leftovers")
    assert told.code == 0
    assert told.out.startswith("Nothing of stack local is left over in the local cloud")


def at_a_terminal(monkeypatch, answer: str) -> None:
    terminal = io.StringIO(answer)
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stdin", terminal)


def test_nothing_is_deleted_unless_a_person_says_yes(lab, clients, monkeypatch):
    stream(clients, "by-hand", **OURS)
    refused = lab("leftovers", "--delete")
    assert refused.code == 2
    assert refused.err.startswith("Nothing was deleted: there is nobody here to ask.")
    at_a_terminal(monkeypatch, "\n")
    refused = lab("leftovers", "--delete")
    assert refused.code == 1
    assert "Nothing was deleted." in refused.out
    assert "Delete 1 thing, with all that it holds, in the local cloud" in refused.err
    assert streams(clients) == ["by-hand"]
    at_a_terminal(monkeypatch, "Sí\n")
    assert lab("leftovers", "--delete").code == 0
    assert streams(clients) == []


def test_what_cannot_be_deleted_is_told_and_the_rest_goes(lab, clients):
    clients.dynamodb.create_table(
        TableName="kept",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        DeletionProtectionEnabled=True,
        Tags=PAIRS,
    )
    clients.sqs.create_queue(QueueName="by-hand", tags=OURS)
    told = lab("leftovers", "--delete", "--yes")
    assert told.code == 1
    assert "1 thing deleted." in told.out
    assert "table kept was not deleted." in told.out
    answer = lab("leftovers", "--delete", "--yes", "--json")
    assert answer.code == 1
    assert [failure["arn"].rpartition("/")[2] for failure in json.loads(answer.out)["failed"]] == ["kept"]
    clients.dynamodb.update_table(TableName="kept", DeletionProtectionEnabled=False)


# On AWS, which the local cloud plays here: a person's own AWS configuration leads to it.


@pytest.fixture
def aws(clients, tmp_path: Path, monkeypatch) -> Clients:
    """Give an AWS account, and a machine without the Pulumi CLI."""
    configuration = tmp_path / "config"
    keys = "aws_access_key_id = test\naws_secret_access_key = test\n"
    configuration.write_text(f"[default]\nendpoint_url = {clients.endpoint_url}\n{keys}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(configuration))
    monkeypatch.setenv("PATH", str(tmp_path))
    return clients


ON_AWS = ("leftovers", "--stack", "dev", "--aws")


def test_an_account_is_only_asked_when_that_is_said_plainly(lab, aws, monkeypatch):
    refused = lab("leftovers", "--stack", "dev")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("Nothing was asked: stack dev is on AWS.")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    refused = lab(*ON_AWS)
    assert refused.code == 1
    assert 'eval "$(lab env --unset)"' in refused.err
    assert lab("leftovers", "--aws").err.startswith("Stack local is on the local cloud, not on AWS.")


def test_an_account_is_searched_and_tidied_up(lab, aws):
    stream(aws, "forgotten", project="streamlab", student="dev")
    stream(aws, "not-ours")
    told = lab(*ON_AWS)
    assert told.code == 1
    assert "In AWS account 000000000000, region us-east-1:" in told.out
    assert "1 thing: 0.0150 USD an hour, 10.95 USD a month." in told.out
    assert "Nobody knows whether stack dev is deployed" in told.err
    assert "Delete it: lab leftovers --stack dev --aws --delete" in told.out
    assert lab(*ON_AWS, "--delete", "--yes").code == 0
    assert streams(aws) == ["not-ours"]
    assert lab(*ON_AWS).out.startswith("Nothing is left in AWS account 000000000000")


def test_what_the_pulumi_cli_has_deployed_is_in_use(lab, aws, tmp_path: Path):
    arn = stream(aws, "deployed", project="streamlab", student="dev")
    state = {"deployment": {"resources": [{"custom": True, "id": arn, "outputs": {}}]}}
    pulumi = tmp_path / "pulumi"
    pulumi.write_text(f"#!/bin/sh\necho '{json.dumps(state)}'\n")
    pulumi.chmod(pulumi.stat().st_mode | stat.S_IXUSR)
    told = lab(*ON_AWS, "--delete", "--yes")
    assert told.code == 0
    assert "Remove it: pulumi destroy --stack dev" in told.out
    assert streams(aws) == ["deployed"]


@pytest.fixture
def denied(monkeypatch) -> Callable[..., None]:
    """Return a way to have operations denied."""
    from botocore.client import BaseClient

    call: Any = BaseClient._make_api_call

    def deny(*operations: str, code: str = "AccessDeniedException") -> None:
        def answer(client: Any, operation: str, parameters: Any) -> Any:
            if operation in operations:
                error = {"Code": code, "Message": f"not authorized to perform {operation}"}
                raise ClientError({"Error": error}, operation)
            return call(client, operation, parameters)

        monkeypatch.setattr(BaseClient, "_make_api_call", answer)

    return deny


def test_without_the_tagging_api_every_service_is_asked(lab, aws, denied):
    stream(aws, "forgotten", project="streamlab", student="dev")
    denied("GetResources")
    told = lab(*ON_AWS)
    assert "forgotten" in told.out
    assert "The tagging API could not be asked" in told.out
    assert lab(*ON_AWS, "--delete", "--yes").code == 0, "the lists say all"


def test_what_may_not_be_listed_is_told_and_proves_nothing(lab, aws, denied):
    denied("ListRoles")
    told = lab(*ON_AWS)
    assert told.code == 1
    assert told.out.startswith("Nothing was found in AWS account")
    stream(aws, "forgotten", project="streamlab", student="dev")
    denied("ListStreams", "ListRoles")
    told = lab(*ON_AWS)
    assert told.code == 1
    assert "Could not be looked into: stream." in told.out
    assert "Could not be looked into: role." in told.out
    unseen = json.loads(lab(*ON_AWS, "--json").out)
    assert [each["what"] for each in unseen["unseen"]] == ["stream", "role"]
    assert [each["kind"] for each in unseen["leftovers"]] == ["other"], "the tagging API knows it still"


def test_keys_that_have_expired_are_told_of(lab, aws, denied):
    denied("GetCallerIdentity", code="ExpiredToken")
    told = lab(*ON_AWS)
    assert told.code == 1
    assert told.err.startswith("The keys of your AWS account have expired.")
