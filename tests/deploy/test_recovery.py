"""A deployment to the local cloud that was cut off in the middle of a resource: the next one finishes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from lab.aws import Clients
from lab.cloud.client import Cloud
from lab.deploy.engine import Engine, Project
from lab.deploy.provider import AwsProvider

PROGRAM = """
import pulumi, pulumi_aws as aws

stream = aws.kinesis.Stream(
    "votes", name="{name}", shard_count=1, retention_period=48, encryption_type="KMS",
    kms_key_id="alias/aws/kinesis", tags={{"lesson": "votes"}},
)
aws.sqs.Queue("failures", tags={{"of": stream.arn}})
"""


@pytest.fixture
def aws(local_cloud: Cloud) -> Clients:
    return Clients.local(local_cloud.url)


@pytest.fixture
def name() -> str:
    return f"half-{uuid4().hex[:8]}"


@pytest.fixture
def engine(tmp_path: Path, local_cloud: Cloud, name: str) -> Engine:
    program = tmp_path / "__main__.py"
    program.write_text(PROGRAM.format(name=name))
    settings = {"aws:region": "us-east-1", "aws:endpoints": json.dumps([{"kinesis": local_cloud.url}])}
    project = Project("demo", "local", program, settings)
    return Engine(project, tmp_path / "state.json", {"aws": AwsProvider})


def cut_off(state: Path, name: str) -> None:
    """Make the state what a run leaves that was killed while it made the stream."""
    document: dict[str, Any] = json.loads(state.read_text())
    deployment = document["deployment"]
    stream = next(resource for resource in deployment["resources"] if resource["urn"].endswith("::votes"))
    deployment["resources"] = [
        resource for resource in deployment["resources"] if not resource["urn"].endswith(("::votes", "::failures"))
    ]
    pending = {key: value for key, value in stream.items() if key not in ("id", "outputs")}
    assert pending["inputs"]["name"] == name
    deployment["pending_operations"] = [{"resource": pending, "type": "creating"}]
    state.write_text(json.dumps(document))


def test_a_stream_that_was_half_made_is_finished(engine: Engine, aws: Clients, name: str, tmp_path: Path) -> None:
    assert engine.up().ok
    state = tmp_path / "state.json"
    whole = description(aws, name)
    remains = state.read_text()
    aws.kinesis.delete_stream(StreamName=name)
    cut_off(state, name)
    aws.kinesis.create_stream(StreamName=name, ShardCount=1)  # the first of its five calls

    result = engine.up()

    assert result.ok, result.errors
    assert result.counts["update"] == 1
    assert description(aws, name) == whole
    assert engine.up().changed is False
    assert engine.destroy().ok
    queue = next(one["id"] for one in json.loads(remains)["deployment"]["resources"] if one["urn"].endswith("failures"))
    aws.sqs.delete_queue(QueueUrl=queue)  # of the first run, which the state was made to forget


def description(aws: Clients, name: str) -> Any:
    """Return what the calls after the first one set."""
    summary = aws.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    tags = aws.kinesis.list_tags_for_stream(StreamName=name)["Tags"]
    return summary["RetentionPeriodHours"], summary.get("EncryptionType"), summary.get("KeyId"), tags
