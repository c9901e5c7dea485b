from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.aws import Clients
from lab.cloud import process
from lab.doctor import account, machine
from tests.command.conftest import with_settings

pytestmark = pytest.mark.slow

Look = Callable[..., dict[str, dict[str, Any]]]


@pytest.fixture(autouse=True)
def no_tools(tmp_path: Path, monkeypatch) -> None:
    """Let there be no tools but a test's own: to ask the real ones takes a second."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def look(lab) -> Look:
    """Return a way to ask the doctor; its findings by what they are about."""

    def run(*arguments: str) -> dict[str, dict[str, Any]]:
        told = lab("doctor", "--json", *arguments)
        assert told.code == int(any(each["verdict"] == "wrong" for each in json.loads(told.out))), told
        return {each["about"]: each for each in json.loads(told.out)}

    return run


def tool(folder: Path, name: str, answer: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{answer}'\n")
    file.chmod(0o755)


# This machine


def test_a_machine_that_has_everything(home, look):
    tool(home, "pulumi", "v3.999.0")
    tool(home, "aws", "aws-cli/2.31.0 Python/3.13.7 Linux/6.1")
    tool(home, "make", "GNU Make 4.3")
    found = look()
    names = ("system", "make", "uv", "pulumi-cli", "aws-cli", "disk", "memory", "terminal", "packages")
    assert {name: found[name]["verdict"] for name in names} == dict.fromkeys(names, "ok")
    assert found["cloud"]["what"] == "does not run"
    assert found["cloud"]["next_step"] == "Start it: lab cloud start"


def test_a_machine_that_lacks_what_only_aws_needs(home, look):
    found = look()
    for name in ("make", "pulumi-cli", "aws-cli"):
        assert (found[name]["verdict"], found[name]["what"][:12]) == ("warn", "is not there")
        assert found[name]["next_step"]
    tool(home, "pulumi", "v3.100.1")
    tool(home, "aws", "aws-cli/1.45.11 Python/3.11.7 Linux/6.1")
    found = look()
    assert "v3.100.1 is older than" in found["pulumi-cli"]["what"]
    assert "knows no --cli-binary-format" in found["aws-cli"]["what"]


def test_a_tool_that_hangs_holds_nobody_up(home, look, monkeypatch):
    monkeypatch.setattr(machine, "_TOOL_SECONDS", 0.2)
    (home / "pulumi").write_text("#!/bin/sh\nexec /bin/sleep 20\n")
    (home / "pulumi").chmod(0o755)
    begin = time.monotonic()
    assert look()["pulumi-cli"]["verdict"] == "warn"
    assert time.monotonic() - begin < 10


@pytest.mark.parametrize(
    ("release", "root", "verdict", "words"),
    [
        ("6.6.87.2-microsoft-standard-WSL2", "/srv/lab", "ok", "WSL"),
        ("6.6.87.2-microsoft-standard-WSL2", "/mnt/c/lab", "warn", "a disk of Windows"),
        ("4.4.0-19041-Microsoft", "/srv/lab", "wrong", "WSL 1"),
    ],
)
def test_windows_is_known_by_its_kernel(monkeypatch, release, root, verdict, words):
    monkeypatch.setattr("platform.release", lambda: release)
    monkeypatch.setattr("lab.workspace.ROOT", Path(root))
    found = machine.system()
    assert found.verdict == verdict
    assert words in found.what


def test_a_disk_that_is_nearly_full(home, look, monkeypatch):
    from shutil import _ntuple_diskusage

    monkeypatch.setattr("shutil.disk_usage", lambda _path: _ntuple_diskusage(10**9, 10**9, 50_000_000))
    found = look()["disk"]
    assert (found["verdict"], found["what"].split(" at ")[0]) == ("wrong", "50 MB free")


# This shell


@pytest.mark.parametrize(
    ("variables", "about", "verdict", "words"),
    [
        ({}, "endpoints", "ok", "reach AWS from this shell"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "endpoints", "warn", "does not listen"),
        ({"AWS_ENDPOINT_URL": "http://10.0.0.1:4566"}, "endpoints", "warn", "not this machine"),
        ({"AWS_ENDPOINT_URL_KINESIS": "http://127.0.0.1:1"}, "endpoints", "warn", "single services"),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "proxies", "warn", "would not reach the local cloud"),
        ({"https_proxy": "http://proxy:3128", "no_proxy": "localhost,127.0.0.1"}, "proxies", "ok", "are spared"),
        ({"AWS_ACCESS_KEY_ID": "test"}, "keys", "ok", "the local cloud's"),
        ({"AWS_ACCESS_KEY_ID": "ASIA1"}, "keys", "wrong", "AWS_SESSION_TOKEN"),
        ({"AWS_ACCESS_KEY_ID": "ASIA1", "AWS_SESSION_TOKEN": "t"}, "keys", "warn", "nobody knows since when"),
        ({"LAB_LANG": "de"}, "terminal", "warn", "LAB_LANG is de"),
    ],
)
def test_what_the_shell_says(home, look, monkeypatch, variables, about, verdict, words):
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(home / "none"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = look()[about]
    assert found["verdict"] == verdict
    assert words in found["what"]


@pytest.mark.parametrize(
    ("content", "minutes", "verdict", "words"),
    [
        ("[default]\naws_session_token = t\n", 35, "ok", "set 35 minutes ago: temporary; in a Learner Lab about 205"),
        ("[default]\naws_session_token = t\n", 250, "warn", "a Learner Lab's last about 4 hours"),
        ("[default]\naws_access_key_id = AKIA1\n", 10_000, "ok", "set 10,000 minutes ago"),
        ("[other]\n", 1, "ok", "none of profile default"),
        ("aws_secret_access_key = hidden\n", 1, "wrong", "cannot be read: line 1"),
        ("[default]\n\naws_secret_access_key hidden\n", 1, "wrong", "cannot be read: line 3"),
        ("[default]\na = hidden\na = hidden\n", 1, "wrong", "cannot be read: line 3"),
    ],
)
def test_since_when_there_are_keys(home, look, monkeypatch, content, minutes, verdict, words):
    file = home / "credentials"
    file.write_text(content)
    since = time.time() - 60 * minutes - 1
    os.utime(file, (since, since))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    found = look()["keys"]
    assert found["verdict"] == verdict
    assert words in found["what"]
    assert "hidden" not in str(found)


# What is deployed, and an account, which the local cloud plays


@pytest.fixture(scope="module")
def clients(tmp_path_factory) -> Iterator[Clients]:
    """Give a cloud of this module's own."""
    folder = tmp_path_factory.mktemp("doctor")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_HOME", str(folder))
        cloud, _ = process.start(port=0, state_folder=folder / "cloud")
        yield Clients.local(cloud.url)
        process.stop()


def deployed(lab) -> list[tuple[str, str]]:
    found = json.loads(lab("doctor", "--json").out)
    return [(each["verdict"], each["what"]) for each in found if each["part"] == "stack"]


def test_the_three_cases_of_the_second_text(lab, clients):
    assert deployed(lab) == [("ok", "nothing; deploy a lesson: lab up basic")]
    assert lab("up", "purchases").code == 0
    [(verdict, what)] = deployed(lab)
    assert verdict == "ok"
    assert what.endswith("resources, all as deployed")

    outputs = lab("outputs", "--json").json()["purchases"]
    table, bucket = outputs["DynamoDBTableName"], outputs["BucketName"]
    clients.dynamodb.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    clients.s3.delete_bucket(Bucket=bucket)
    role = clients.lambda_.get_function_configuration(FunctionName=outputs["ConsumerFunctionName"])["Role"]
    for policy in clients.iam.list_role_policies(RoleName=role.rpartition("/")[2])["PolicyNames"]:
        clients.iam.delete_role_policy(RoleName=role.rpartition("/")[2], PolicyName=policy)
    told = lab("doctor")
    assert told.code == 1
    assert f"Bucket purchases-bucket ({bucket}) is not there any more. What is written into it fails" in told.out
    assert "Table purchases-table was changed since it was deployed: streamEnabled" in told.out
    assert "RolePolicy purchases-consumer-policy" in told.out
    assert "→ Make it again: lab refresh && lab up" in told.out

    assert lab("refresh").code == 0
    assert lab("up").code == 0
    assert "wrong" not in [verdict for verdict, _what in deployed(lab)]
    assert lab("down").code == 0


@pytest.fixture
def aws(clients, tmp_path: Path, monkeypatch) -> Clients:
    """Let a person's own AWS configuration lead to that cloud."""
    configuration = tmp_path / "config"
    keys = "aws_access_key_id = test\naws_secret_access_key = test\n"
    configuration.write_text(f"[default]\nendpoint_url = {clients.endpoint_url}\n{keys}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(configuration))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    return clients


def test_the_account_of_a_stack_on_aws(aws, look):
    found = look("--stack", "dev")
    assert found["account"]["what"] == "000000000000"
    assert found["region"]["what"] == "us-east-1"
    assert found["clock"]["verdict"] == "ok"
    assert found["role"]["verdict"] == "warn", "the local cloud's key is the root user's"
    assert "functions may run at once" in found["concurrency"]["what"]


def test_nobody_is_asked_of_a_stack_on_the_local_cloud(aws, look, monkeypatch):
    monkeypatch.setattr(account, "findings", lambda _files: pytest.fail("asked"))
    look()


def test_a_shell_that_points_at_the_local_cloud_reaches_no_account(aws, look, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", str(aws.endpoint_url))
    found = look("--stack", "dev")
    assert found["account"]["verdict"] == "wrong"
    assert found["account"]["next_step"] == 'Take it back: eval "$(lab env --unset)"'


@pytest.fixture
def answers(monkeypatch) -> Callable[[str, Any], None]:
    """Return a way to have an operation answered otherwise, or fail."""
    from botocore.client import BaseClient

    call: Any = BaseClient._make_api_call

    def answer(wanted: str, with_: Any) -> None:
        def called(client: Any, operation: str, parameters: Any) -> Any:
            if operation != wanted:
                return call(client, operation, parameters)
            if isinstance(with_, Exception):
                raise with_
            return with_

        monkeypatch.setattr(BaseClient, "_make_api_call", called)

    return answer


def identity(arn: str, date: str = "") -> dict[str, Any]:
    return {"Account": "123456789012", "Arn": arn, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}


def test_a_learner_lab_whose_stack_would_make_roles(aws, look, answers):
    answers("GetCallerIdentity", identity("arn:aws:sts::123456789012:assumed-role/voclabs/user1=Ana"))
    found = look("--stack", "dev")
    assert found["role"]["verdict"] == "wrong"
    assert found["role"]["next_step"] == "pulumi config set streamlab:role_mode existing --stack dev"


def test_a_clock_that_is_wrong(aws, look, answers):
    answers("GetCallerIdentity", identity("arn:aws:iam::123456789012:user/ana", "Sun, 01 Jan 2023 00:00:00 GMT"))
    found = look("--stack", "dev")
    assert found["clock"]["verdict"] == "wrong"
    assert "AWS refuses every call" in found["clock"]["what"]


def test_keys_that_have_expired(aws, look, answers):
    from botocore.exceptions import ClientError

    error = {"Error": {"Code": "ExpiredToken", "Message": "The security token included in the request is expired"}}
    answers("GetCallerIdentity", ClientError(error, "GetCallerIdentity"))
    found = look("--stack", "dev")
    assert found["account"]["verdict"] == "wrong"
    assert found["account"]["what"].startswith("The keys of your AWS account have expired.")


def test_a_stack_that_is_not_there(home, look):
    assert look("--stack", "nobody")["stack"]["what"].startswith("There is no stack nobody")


# A class


def test_a_class_that_fits(home, look):
    found = look("--class", "30", "basic")
    assert found["shards"]["what"] == "30 of the 500 that an account has"
    assert found["start"]["next_step"].startswith("Let 10 students at a time run `pulumi up`")
    assert found["cost"]["what"].startswith("0.46 USD an hour")
    assert "on-demand-streams" not in found
    assert look("--class", "1", "basic")["start"]["what"] == "all at once"


def test_a_class_that_does_not_fit(tmp_path):
    run = with_settings(tmp_path, "streamlab:basic: {capacity: on-demand}")
    told = run("doctor", "--class", "60", "basic", "--json")
    found = {each["about"]: each for each in json.loads(told.out)}
    assert told.code == 1
    assert found["on-demand-streams"]["what"] == "60 of the 50 that an account has"
    assert "Or set capacity: provisioned" in found["on-demand-streams"]["next_step"]
