"""What tests of deployed lessons share: stacks with settings of their own, deployed in this process."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from lab import workspace
from lab.aws import Clients
from lab.cloud.client import Cloud
from lab.deploy.engine.events import Event
from lab.deploy.stack import Stack
from lab.deploy.stack_files import StackFiles

Changes = dict[str, tuple[str, tuple[str, ...]]]
"""What an `up` did: the names of resources, and for each what was done and which properties made the difference."""
LESSONS = ("basic", "votes", "purchases", "orders", "archive")
PATIENCE_SECONDS = 20.0


def eventually(check: Callable[[], Any], *, seconds: float = PATIENCE_SECONDS) -> Any:
    """Wait until a check gives something true, and return it; None when it does not in time."""
    deadline = time.monotonic() + seconds
    while not (result := check()):
        if time.monotonic() > deadline:
            return None
        time.sleep(0.02)
    return result


@dataclass(frozen=True)
class Deployed:
    """A stack on the local cloud."""

    files: StackFiles
    clients: Clients

    def up(self, **settings: Any) -> Changes:
        """Deploy the stack with these settings, named without their namespace, and nothing else of ours."""
        config = yaml.safe_load((workspace.ROOT / "Pulumi.local.yaml").read_text())["config"]
        config = {key: value for key, value in config.items() if key.startswith("aws:")}
        config |= {f"streamlab:{key}": value for key, value in settings.items()}
        self.files.file.write_text(json.dumps({"config": config}))
        return self.again()

    def again(self) -> Changes:
        """Deploy what the stack's file says; return what was changed."""
        events: list[Event] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of what the AWS provider's package itself imports
            # What was read of the file is kept; a new object reads it anew.
            result = Stack(StackFiles(self.files.name, self.files.file)).up(None, events.append)
        assert result.ok, result.errors
        return {each.name: (each.kind, each.changes) for each in events if each.kind not in ("same", "log")}

    def down(self) -> None:
        """Remove everything."""
        result = Stack(self.files).down(lambda _event: None)
        assert result.ok, result.errors

    def outputs(self) -> dict[str, Any]:
        """Return the outputs, an object for each lesson."""
        return Stack(self.files).outputs()

    def resources(self) -> list[dict[str, Any]]:
        """Return what is deployed, as it stands in the state."""
        everything = Stack(self.files).export()["deployment"]["resources"]
        return [each for each in everything if each["type"].startswith("aws:")]

    def physical(self, resource_type: str) -> set[str]:
        """Return the ids of the deployed resources of a type, such as `aws:iam/role:Role`."""
        return {each["id"] for each in self.resources() if each["type"] == resource_type}


@pytest.fixture(scope="module")
def stack(local_cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Deployed]]:
    """Give a way to have a stack; what is deployed is removed in the end."""
    folder = tmp_path_factory.mktemp("stacks")
    made: dict[str, Deployed] = {}

    def find(name: str) -> Deployed:
        files = StackFiles(name, folder / f"Pulumi.{name}.yaml")
        return made.setdefault(name, Deployed(files, Clients.local(local_cloud.url)))

    yield find
    for deployed in made.values():
        deployed.down()
