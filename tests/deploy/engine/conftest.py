"""A place to try the engine in: a fake cloud, a folder for the program, a state."""

import json

import pytest

from lab.deploy import property_values as pv
from lab.deploy.engine import Engine, Project, values
from tests.deploy.engine.fake import Cloud, FakeProvider, write_program

URN = "urn:pulumi:local::demo::"


class Bench:
    """Runs programs against a fake cloud.

    A program is the text behind `from things import *` (see `fake.PROGRAM`).
    """

    def __init__(self, folder, cloud):
        self.folder = folder
        self.cloud = cloud
        self.state_file = folder / "state.json"
        self.events = []

    def engine(self, body="", config=None):
        program = write_program(self.folder / "program", body)
        settings = {"fake:region": "north", **(config or {})}
        project = Project("demo", "local", program, settings, frozenset({"demo:password"}))
        return Engine(project, self.state_file, {"fake": lambda: FakeProvider(self.cloud)})

    def up(self, body, config=None):
        return self._run(body, config, "up")

    def preview(self, body, config=None):
        return self._run(body, config, "preview")

    def refresh(self):
        return self._run("", None, "refresh")

    def destroy(self):
        return self._run("", None, "destroy")

    def _run(self, body, config, verb):
        self.cloud.calls.clear()
        self.events.clear()
        return getattr(self.engine(body, config), verb)(self.events.append)

    @property
    def state(self):
        """The resources in the state, by name; what was replaced and waits to be deleted as `name!`."""
        document = json.loads(self.state_file.read_text())
        return {
            resource["urn"].split("::")[-1] + ("!" if resource.get("delete") else ""): resource
            for resource in document["deployment"].get("resources", [])
        }

    @property
    def pending(self):
        document = json.loads(self.state_file.read_text())
        return [each["resource"]["urn"] for each in document["deployment"].get("pending_operations", [])]

    def told(self, *kinds):
        """Return the names of the resources of which events of these kinds were told, in their order."""
        return [event.name for event in self.events if event.finished and event.kind in kinds]

    def assert_consistent(self):
        """Assert that what the state knows exists, as the state knows it, and no more; nothing is undecided."""
        things = [resource for resource in self.state.values() if resource["type"] == "fake:index:Thing"]
        known = {thing["id"]: pv.strip_secrets(values.from_state(thing["inputs"])) for thing in things}
        assert known == self.cloud.things
        assert self.pending == []
        urns = {resource["urn"] for resource in self.state.values()}
        for resource in self.state.values():
            uses = {resource.get("parent"), resource.get("provider", "").rpartition("::")[0]}
            assert {*uses, *resource.get("dependencies", ())} - {None, ""} <= urns


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path, Cloud())
