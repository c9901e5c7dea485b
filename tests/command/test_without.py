"""Each command without a running cloud, or without a deployed lesson, says what to do."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from lab import workspace

NEEDS_A_LESSON = [
    ["outputs"],
    ["send", "basic"],
    ["show", "basic"],
    ["logs", "basic"],
    ["stream", "describe", "basic"],
    ["stream", "read", "basic"],
]
NEEDS_A_CLOUD = [
    ["up", "basic"],
    ["preview", "basic"],
    ["cloud", "status"],
    ["cloud", "reset"],
    ["logs", "some-function"],
    ["stream", "read", "EventStream"],
]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("typed", NEEDS_A_CLOUD, ids=" ".join)
def test_without_a_cloud(lab, typed):
    outcome = lab(*typed)
    assert outcome.err == "The local cloud is not running.\nStart it with: lab cloud start\n"
    assert (outcome.code, outcome.out) == (1, "")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("typed", NEEDS_A_LESSON, ids=" ".join)
def test_without_a_lesson(lab, typed):
    outcome = lab(*typed)
    assert outcome.err == "Nothing is deployed in stack local.\nDeploy a lesson: lab up basic\n"
    assert (outcome.code, outcome.out) == (1, "")


@pytest.mark.usefixtures("home")
def test_there_is_nothing_to_stop_or_to_remove(lab):
    assert lab("cloud", "stop").out == "No local cloud was running.\n"
    assert lab("down").out.startswith("Done: nothing to do")
    assert lab("refresh").out.startswith("Done: nothing to do")


@pytest.mark.usefixtures("home")
def test_status_for_a_program(lab):
    outcome = lab("cloud", "status", "--json")
    assert (outcome.code, outcome.out) == (1, '{\n  "running": false\n}\n')


@pytest.mark.usefixtures("home")
def test_a_stack_that_is_not_there(lab):
    outcome = lab("outputs", "--stack", "nowhere")
    assert outcome.err.startswith("There is no stack nowhere: Pulumi.nowhere.yaml does not exist.\n")
    assert outcome.code == 1


@pytest.mark.usefixtures("home")
def test_a_stack_on_aws_is_refused_before_anything_is_called(lab):
    outcome = lab("up", "basic", "--stack", "dev")
    assert "To deploy it to AWS: pulumi up --stack dev" in outcome.err
    assert outcome.code == 1


@pytest.mark.usefixtures("home")
@pytest.mark.skipif(not shutil.which("/bin/sh"), reason="needs a POSIX shell")
def test_a_shell_hears_that_env_set_nothing(lab):
    outcome = lab("env")
    assert outcome.err == "The local cloud is not running.\nStart it with: lab cloud start\n"
    assert outcome.code == 1
    done = subprocess.run(
        ["/bin/sh", "-c", 'eval "$0" && echo went on', outcome.out], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Nothing was set: ")
    assert lab("env", "--json").out == ""


def test_env_takes_nothing_from_the_person(lab, local_cloud, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", "https://kinesis.us-east-1.amazonaws.com")
    lines = lab("env").out.splitlines()
    assert lines[0].startswith("unset AWS_PROFILE ")
    assert lines[0].endswith(" AWS_ENDPOINT_URL_KINESIS")
    assert f"export AWS_ENDPOINT_URL={local_cloud.url}" in lines
    assert "export AWS_ACCESS_KEY_ID=test" in lines
    assert lab("env", "--json").json()["AWS_REGION"] == "us-east-1"
    unset, path = lab("env", "--unset").out.splitlines()
    assert unset.startswith("unset ")
    assert path.startswith("export PATH=")
    assert {line.split()[1].split("=")[0] for line in lines[1:]} == {*unset.split()[1:], "PATH"}


@pytest.mark.skipif(not shutil.which("/bin/sh"), reason="needs a POSIX shell")
def test_a_shell_takes_what_env_says(lab, local_cloud, tmp_path):
    script = tmp_path / "env.sh"
    script.write_text(lab("env").out + 'echo "$AWS_ENDPOINT_URL $AWS_REGION"\n' + lab("env", "--unset").out + "env\n")
    said = subprocess.run(["/bin/sh", script], capture_output=True, text=True, check=True, cwd=workspace.ROOT).stdout
    assert said.splitlines()[0] == f"{local_cloud.url} us-east-1"
    assert "AWS_" not in "".join(said.splitlines()[1:])


def test_the_cloud_says_where_it_is(lab, local_cloud):
    assert local_cloud.url in lab("cloud", "status").out
    assert lab("cloud", "status", "--json").json()["port"] == local_cloud.port
    assert lab("cloud", "start").out == f"The local cloud is already running on {local_cloud.url}.\n"
    assert "already running on port" in lab("cloud", "start", "--port", "4").err


def test_a_stream_and_a_function_that_are_not_there(lab, local_cloud):
    assert local_cloud
    assert lab("stream", "read", "Nowhere").err.startswith("There is no stream Nowhere.\nStreams: ")
    assert lab("logs", "nobody").err.startswith("There is no function nobody.\nFunctions: ")
