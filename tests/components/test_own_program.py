"""The components in a program that is not the lab's: examples/own_program."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from lab.aws import Clients
from lab.cloud.client import Cloud
from lab.deploy.engine.engine import Engine
from lab.deploy.engine.run import Project
from lab.deploy.provider import AwsProvider
from tests.cloud.conftest import eventually
from tests.components.conftest import ROOT
from tests.components.provider_facts import broken
from tests.components.provider_schema import faults

if TYPE_CHECKING:
    from tests.components.conftest import Deploy

# pulumi_aws.s3 warns of classes of its own when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")

PROGRAM = ROOT / "examples" / "own_program" / "__main__.py"


def test_it_registers_what_the_provider_takes(deploy: Deploy):
    deployed = deploy(program=PROGRAM)
    assert deployed.components == {
        "clicks": "streamlab:index:Function",
        "clicks-reader": "streamlab:index:StreamConsumer",
    }
    for each in deployed.resources.values():
        assert faults(each.type, each.inputs) + broken(each.type, each.name, each.inputs) == []
    assert deployed["clicks-function"].inputs["memorySize"] == 128
    assert deployed["clicks-reader-mapping"].inputs["batchSize"] == 500


@pytest.fixture
def outputs(local_cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Deploy it as `pulumi up` would, on the local cloud; give its outputs."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", local_cloud.url)
    local = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text())["config"]
    config = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in local.items()
        if key.startswith("aws:")
    }
    name = yaml.safe_load(PROGRAM.with_name("Pulumi.yaml").read_text())["name"]
    engine = Engine(Project(name, "local", PROGRAM, config), tmp_path / "state.json", {"aws": AwsProvider})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        result = engine.up()
    assert result.ok, result.errors
    yield {name: value for resource in engine.load().resources for name, value in (resource.outputs or {}).items()
           if resource.type == "pulumi:pulumi:Stack"}  # fmt: skip
    assert engine.destroy().ok


def test_on_the_local_cloud_clicks_are_counted_and_what_is_none_is_told(local_cloud: Cloud, outputs: dict[str, Any]):
    clients = Clients.local(local_cloud.url)
    for data in (b'{"page": "/home"}', b"no click"):
        clients.kinesis.put_record(StreamName=outputs["stream"], PartitionKey="1", Data=data)

    def told() -> list[Any]:
        return clients.sqs.receive_message(QueueUrl=outputs["failures"], VisibilityTimeout=0).get("Messages", [])

    (message,) = eventually(told)
    assert json.loads(message.get("Body", ""))["requestContext"]["condition"] == "RetryAttemptsExhausted"
    (group,) = [group.get("logGroupName", "") for group in clients.logs.describe_log_groups(
        logGroupNamePrefix="clicks-logs")["logGroups"]]  # fmt: skip
    eventually(lambda: clients.logs.filter_log_events(logGroupName=group, filterPattern="click")["events"])
