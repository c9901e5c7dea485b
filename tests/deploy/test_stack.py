"""A stack: its files, its cloud, its lessons. The provider is a fake; the cloud is one that only has an identity."""

import json

import pytest

from lab import package, workspace
from lab.cloud import client
from lab.cloud.client import Cloud
from lab.deploy import stack as stacks
from lab.deploy.stack import Stack
from lab.deploy.stack_files import StackFiles
from lab.errors import LabError
from lab.target import Target
from tests.deploy.engine import fake

PROGRAM = """
import json, os, pulumi

class Queue(pulumi.CustomResource):
    def __init__(self, name):
        super().__init__("aws:sqs/queue:Queue", name, {"address": None, "name": None})

for lesson in json.loads(pulumi.Config().require("lessons")):
    if lesson == "wrong":
        raise pulumi.RunError("There is no lesson wrong.")
    pulumi.export(lesson, {"QueueName": Queue(lesson).name, "Packages": os.environ["LAB_PACKAGES"]})
pulumi.export("endpoint", os.environ["AWS_ENDPOINT_URL"])
"""
STACK = """
config:
  aws:region: us-east-1
  aws:skipRegionValidation: true
  aws:endpoints:
    - sqs: {endpoint}
      s3: http://localhost:4566
  streamlab:lessons: [basic]
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Give a project of its own, with a stack `local`, and the fake cloud behind it."""
    (tmp_path / "Pulumi.yaml").write_text("name: streamlab\nruntime: python\n")
    (tmp_path / "Pulumi.local.yaml").write_text(STACK.format(endpoint="http://127.0.0.1:4566"))
    (tmp_path / "__main__.py").write_text(PROGRAM)
    monkeypatch.setattr(workspace, "ROOT", tmp_path)
    monkeypatch.setenv("LAB_HOME", str(tmp_path / ".lab"))
    monkeypatch.setattr(package, "lessons", lambda: ["basic", "votes"])
    place = Place(tmp_path)
    monkeypatch.setattr(package, "build", place.built.append)
    monkeypatch.setattr(stacks, "_aws", lambda: fake.FakeProvider(place.things))
    monkeypatch.setattr(client, "find_cloud", lambda: place.cloud)
    return place


class Place:
    def __init__(self, folder):
        self.folder = folder
        self.cloud = cloud("one", 1)
        self.things = fake.Cloud()
        self.built = []
        self.events = []

    def __getattr__(self, verb):
        if verb.startswith("_"):
            raise AttributeError(verb)

        def call(*lessons):
            self.events.clear()
            method = getattr(Stack.load("local"), verb)
            return method(*([list(lessons) or None] if verb in ("up", "preview") else []), self.events.append)

        return call

    def write(self, stack):
        (self.folder / "Pulumi.local.yaml").write_text(stack.format(endpoint="http://127.0.0.1:4566"))

    def outputs(self):
        return Stack.load("local").outputs()

    def warnings(self):
        return [event.message for event in self.events if event.severity == "warning"]


def cloud(cloud_id, epoch, interruptions=0):
    return Cloud(f"http://127.0.0.1:{4566 + epoch}", 4566 + epoch, 1, cloud_id, epoch, interruptions, "", 1.0)


def test_lessons_of_the_file_are_deployed(place):
    result = place.up()
    assert result.ok, result.errors
    assert place.built == ["basic"]
    assert place.outputs()["basic"]["QueueName"].startswith("basic-")
    assert place.outputs()["basic"]["Packages"] == str(place.folder / ".lab" / "packages")


def test_program_and_provider_are_told_where_the_cloud_is(place, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://before")
    place.up()
    assert place.outputs()["endpoint"] == "http://127.0.0.1:4567"
    assert stacks.os.environ["AWS_ENDPOINT_URL"] == "http://before"
    assert "LAB_PACKAGES" not in stacks.os.environ


def test_the_provider_gets_the_configuration_as_texts(place):
    place.up()
    (configured,) = place.things.requests("Configure")
    assert configured.variables["aws:config:skipRegionValidation"] == "true"
    assert json.loads(configured.variables["aws:config:endpoints"])[0]["sqs"] == "http://127.0.0.1:4566"


def test_lessons_that_were_named_count_until_others_are(place):
    place.up("votes")
    assert set(place.outputs()) == {"votes", "endpoint"}
    assert place.up().counts.keys() == {"same"}
    place.up("basic", "votes")
    assert set(place.outputs()) == {"basic", "votes", "endpoint"}
    assert place.folder.joinpath("Pulumi.local.yaml").read_text() == STACK.format(endpoint="http://127.0.0.1:4566")


def test_it_is_said_when_the_lessons_named_last_are_others_than_the_files(place):
    place.up("votes")
    assert not place.warnings()
    for verb in (place.preview, place.up):
        verb()
        (said,) = place.warnings()
        assert said.startswith("Lessons: votes, as named last time; Pulumi.local.yaml says basic.")


def test_down_forgets_the_lessons_named(place):
    place.up("votes")
    place.down()
    place.up()
    assert set(place.outputs()) == {"basic", "endpoint"}


def test_to_name_the_files_own_lessons_is_to_follow_the_file(place):
    place.up("votes")
    place.up("basic")
    place.write(STACK.replace("[basic]", "[votes]"))
    place.up()
    assert set(place.outputs()) == {"votes", "endpoint"}
    assert not place.warnings()


def test_a_file_that_asks_for_no_lessons_is_told(place):
    place.write(STACK.replace("[basic]", "[]"))
    assert place.up().ok
    assert place.warnings() == [
        "Pulumi.local.yaml asks for no lessons, so none is deployed. To deploy one: lab up basic"
    ]
    place.up("basic")
    assert not place.warnings()


def test_a_lesson_that_does_not_exist_is_not_remembered(place):
    result = place.up("wrong")
    assert result.errors == ("There is no lesson wrong.",)
    assert result.refused
    assert place.up().ok
    assert "basic" in place.outputs()


def test_a_preview_remembers_and_changes_nothing(place):
    place.up()
    result = place.preview("votes")
    assert result.counts == {"same": 1, "create": 1, "delete": 1}
    assert set(place.outputs()) == {"basic", "endpoint"}
    assert place.up().counts.keys() == {"same"}


def test_down_removes_everything_twice(place):
    place.up()
    assert place.down().counts == {"delete": 2}
    assert place.things.things == {}
    assert place.down().ok
    with pytest.raises(LabError, match="Nothing is deployed"):
        place.outputs()


def test_refresh_looks_at_the_cloud(place):
    place.up()
    place.things.things.clear()
    assert place.refresh().counts == {"delete": 1, "same": 1}


@pytest.mark.parametrize("other", [cloud("two", 1), cloud("one", 2)], ids=["another cloud", "a reset"])
def test_what_a_lost_cloud_had_is_made_again(place, other):
    place.up()
    place.things.things.clear()
    place.cloud = other
    with pytest.raises(LabError, match="Nothing is deployed"):
        place.outputs()
    assert place.preview().counts == {"create": 2}
    result = place.up()
    assert result.counts == {"create": 2}
    assert "new, or was reset" in place.warnings()[0]
    assert place.outputs()["basic"]
    assert place.up().counts == {"same": 2}
    assert not place.warnings()


def test_what_a_kill_cost_is_made_again_and_the_rest_is_kept(place):
    place.up()
    place.things.things.clear()
    place.cloud = cloud("one", 1, interruptions=1)
    assert place.up().counts == {"create": 1, "same": 1}
    assert place.up().counts == {"same": 2}


def test_a_program_that_fails_leaves_the_outputs(place):
    place.up()
    before = place.outputs()
    (place.folder / "__main__.py").write_text("raise ValueError('broken')")
    assert not place.up().ok
    assert place.outputs() == before


def test_down_forgets_what_a_lost_cloud_had(place):
    place.up()
    place.cloud = cloud("two", 1)
    assert place.down().ok
    assert not place.things.requests("Delete")


@pytest.mark.parametrize("verb", ["up", "preview", "refresh", "down"])
def test_without_a_cloud_it_is_said_how_to_start_one(place, verb):
    place.up()
    place.cloud = None
    with pytest.raises(LabError, match="lab cloud start"):
        getattr(place, verb)()


def test_without_a_cloud_nothing_can_be_removed_when_nothing_is_deployed(place):
    place.cloud = None
    assert place.down().ok


@pytest.mark.parametrize("endpoint", ["https://sqs.us-east-1.amazonaws.com", "http://10.0.0.1:4566"])
@pytest.mark.parametrize("verb", ["up", "preview"])
def test_an_endpoint_elsewhere_is_refused_before_anything_is_called(place, verb, endpoint):
    (place.folder / "Pulumi.local.yaml").write_text(STACK.format(endpoint=endpoint))
    with pytest.raises(LabError, match="not on this machine"):
        getattr(place, verb)()
    assert place.things.calls == []
    assert place.built == []


def test_a_stack_for_aws_is_left_to_pulumi(place):
    (place.folder / "Pulumi.local.yaml").write_text("config:\n  aws:region: us-east-1\n")
    with pytest.raises(LabError, match="pulumi up --stack local"):
        place.up()


def test_an_unknown_stack_is_told_with_those_there_are(place):
    with pytest.raises(LabError, match="Stacks there are: local"):
        Stack.load("nowhere")


def test_encrypted_configuration_is_refused(place):
    with (place.folder / "Pulumi.local.yaml").open("a") as file:
        file.write("  streamlab:key:\n    secure: v1:abc\n")
    with pytest.raises(LabError, match="streamlab:key"):
        place.up()


@pytest.mark.parametrize("written", ["2026-11-22T09:18:04Z", "2026-11-22 09:18:04", "2026-11-22"])
def test_a_time_without_quotes_reaches_the_program_as_it_is_written(place, written):
    with (place.folder / "Pulumi.local.yaml").open("a") as file:
        file.write(f"  streamlab:orders: {{starting_position_timestamp: {written}}}\n  streamlab:expires: {written}\n")
    config = StackFiles.find("local").config(None)
    assert json.loads(config["streamlab:orders"]) == {"starting_position_timestamp": written}
    assert config["streamlab:expires"] == written


def test_a_file_that_is_no_yaml_is_told(place):
    (place.folder / "Pulumi.local.yaml").write_text("config: [")
    with pytest.raises(
        LabError, match=r"^Pulumi\.local\.yaml is not valid YAML: line 2, column 1\. Look there"
    ) as raised:
        place.up()
    assert "byte string" not in str(raised.value)


def test_a_file_that_is_gone_is_told_with_how_to_get_it_back(place):
    place.up()
    (place.folder / "Pulumi.local.yaml").unlink()
    for verb in (place.up, place.preview):
        with pytest.raises(LabError, match=r"git checkout Pulumi\.local\.yaml"):
            verb()
    assert place.down().counts == {"delete": 2}  # the state says everything
    (place.folder / ".lab" / "stacks" / "local.json").unlink()
    with pytest.raises(LabError, match=r"git checkout Pulumi\.local\.yaml"):
        place.down()


def test_the_region_is_the_files(place):
    assert StackFiles.find("local").region == "us-east-1"
    place.write(STACK.replace("us-east-1", "eu-west-1"))
    assert StackFiles.find("local").region == "eu-west-1"
    assert Target("local").clients.kinesis.meta.region_name == "eu-west-1"
    place.write(STACK.replace("  aws:region: us-east-1\n", ""))
    assert StackFiles.find("local").region == "us-east-1"


def test_the_export_is_what_pulumi_imports(place):
    place.up()
    document = Stack.load("local").export()
    assert document["version"] == 3
    assert [resource["urn"].split("::")[-1] for resource in document["deployment"]["resources"]] == [
        "streamlab-local",
        "default",
        "basic",
    ]
