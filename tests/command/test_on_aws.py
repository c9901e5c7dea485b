"""Stacks on AWS: found by the Pulumi CLI's outputs, reached with the person's own credentials, never by mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab import workspace
from lab.aws import Clients

KEYS = "aws_access_key_id = test\naws_secret_access_key = test\n"


@pytest.fixture
def account(local_cloud, tmp_path, monkeypatch) -> Clients:
    """Return an account with one stream; the local cloud plays it, and a Pulumi CLI of ours tells the outputs."""
    clients = Clients.local(local_cloud.url)
    clients.kinesis.create_stream(StreamName="EventStream-dev", ShardCount=1)
    configuration = tmp_path / "config"
    configuration.write_text(f"[default]\nendpoint_url = {clients.endpoint_url}\n{KEYS}")
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps({"basic": {"KinesisStreamName": "EventStream-dev"}}))
    pulumi = tmp_path / "pulumi"
    pulumi.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n[ -f {outputs} ] || exit 255\ncat {outputs}\n')
    pulumi.chmod(0o755)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(configuration))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    yield clients
    clients.kinesis.delete_stream(StreamName="EventStream-dev")


def test_events_are_sent_and_streams_read_in_the_account(lab, account, tmp_path):
    assert lab("send", "basic", "--count", "3", "--stack", "dev").code == 0
    assert (tmp_path / "asked").read_text() == "stack output --json --stack dev --non-interactive\n"
    assert "See what became of them: lab show basic --stack dev" in lab("send", "basic", "--stack", "dev").out
    shown = lab("stream", "describe", "basic", "--stack", "dev")
    assert shown.code == 0
    assert "EventStream-dev" in shown.out
    assert lab("outputs", "--stack", "dev", "--json").json() == {"basic": {"KinesisStreamName": "EventStream-dev"}}


def test_a_shell_that_points_at_a_local_cloud_is_refused(lab, account, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    refused = lab("send", "basic", "--stack", "dev")
    assert refused.code == 1
    assert 'eval "$(lab env --unset)"' in refused.err


def test_without_a_cli_or_a_stack_the_next_step_is_told(lab, account, tmp_path, monkeypatch):
    (tmp_path / "outputs.json").unlink()
    assert "pulumi stack --stack dev" in lab("send", "basic", "--stack", "dev").err
    (tmp_path / "outputs.json").write_text("{}")
    assert "pulumi up --stack dev" in lab("send", "basic", "--stack", "dev").err
    (tmp_path / "outputs.json").write_text("not json")
    assert lab("send", "basic", "--stack", "dev").code == 1
    (tmp_path / "pulumi").unlink()
    refused = lab("send", "basic", "--stack", "dev")
    assert "not installed" in refused.err
    assert "Traceback" not in refused.err


@pytest.mark.parametrize(
    "words",
    [
        ("fault", "throttle", "basic"),
        ("fault", "cut", "basic"),
        ("trace",),
        ("trace", "--function", "basic"),
    ],
)
def test_what_only_the_local_cloud_can_do_is_refused(lab, account, words):
    refused = lab(*words, "--stack", "dev")
    assert refused.code == 1
    assert refused.err.startswith("Stack dev is on AWS, where nobody can look inside")


def test_the_files_of_the_project_keep_local_stacks_local():
    for stack in ("local", "exercises"):
        assert "127.0.0.1" in (Path(workspace.ROOT) / f"Pulumi.{stack}.yaml").read_text()


def test_a_program_that_deploys_a_part_of_a_lesson_is_told_of(lab, account, tmp_path):
    (tmp_path / "outputs.json").write_text(json.dumps({"purchases": {"BucketName": "b"}}))
    told = lab("send", "purchases", "--stack", "dev")
    assert told.code == 1
    assert told.err.startswith("What is deployed as purchases has no DynamoDBTableName.")
