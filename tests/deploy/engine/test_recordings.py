"""The engine against the real one: the same program, a provider that answers as recorded, the same calls and answers.

What is recorded differently, and why ours is meant to differ:
- The handler's file of the recordings is not kept, so its hashes are replaced by those of ours.
- After a refresh the real engine knows archives by their hash alone (the recorded provider answered Read so); ours
  keeps where their contents are, so from recording 07 on archives are compared by their hash.
- `resourceStatusAddress` and its token, plugins, `Cancel` and the language host have no meaning inside one process.
"""

import json
import shutil
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from google.protobuf import json_format

from lab.deploy import property_values as pv
from lab.deploy.engine import Engine, Project, monitor, providers
from lab.deploy.engine.values import without_contents
from lab.deploy.protocol import provider_pb2
from tests.deploy import recorded

ANSWERS = {
    "CheckConfig": provider_pb2.CheckResponse,
    "DiffConfig": provider_pb2.DiffResponse,
    "Configure": provider_pb2.ConfigureResponse,
    "Check": provider_pb2.CheckResponse,
    "Diff": provider_pb2.DiffResponse,
    "Create": provider_pb2.CreateResponse,
    "Read": provider_pb2.ReadResponse,
    "Update": provider_pb2.UpdateResponse,
    "Delete": None,
    "Invoke": provider_pb2.InvokeResponse,
}
NEW_PROVIDER_IDS = ("7aa69525-7aa5-4b54-bd9d-c50a74c2249b", "20e7ae97-8669-4ab4-9c20-59e69f9f7bb8")
RECORDED_HASHES = (
    "fcbfbf3bed368fcb3c83757be3a4bdf4c84cbcecdab188af2ac5d69dc5713271",
    "39551a86313f9345738eaee968258546e2f6e0a1fce40eac9c8f258dde3bd410",
)
STEPS = {
    "01-preview": ({}, "preview"),
    "02-up": ({}, "up"),
    "03-noop": ({}, "up"),
    "04-preview-update": ({"shards": "2"}, "preview"),
    "05-update": ({"shards": "2"}, "up"),
    "06-refresh": ({}, "refresh"),
    "07-provider-protect": ({"shards": "2", "explicit": "true"}, "up"),
    "08-protected-delete": ({"shards": "2"}, "up"),
    "09-failed-create": ({"shards": "2", "broken": "true"}, "up"),
    "10-delete-one": ({"shards": "2"}, "up"),
    "11-destroy": ({}, "destroy"),
}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws")

RUNS = [
    ("01-preview", 0),
    ("02-up", 0),
    ("02-up", 1),
    ("03-noop", 0),
    ("03-noop", 1),
    ("04-preview-update", 0),
    ("05-update", 0),
    ("05-update", 1),
    ("06-refresh", 1),
    ("07-provider-protect", 0),
    ("07-provider-protect", 1),
    ("08-protected-delete", 0),
    ("09-failed-create", 0),
    ("10-delete-one", 0),
    ("10-delete-one", 1),
    ("11-destroy", 1),
]
REFUSED = ("08-protected-delete", "09-failed-create")


MONITOR = monitor.Monitor


def was_asked(call):
    return call.service == "ResourceProvider" and call.method in ANSWERS


class Replay:
    """A provider that answers as recorded, and keeps what it was asked."""

    def __init__(self, calls):
        self.answers = {self.key(call.method, call.request): call.response for call in calls if was_asked(call)}
        self.requests = []

    @staticmethod
    def key(method, request):
        return method, request.get("tok") or request["name"], request.get("preview", False)

    def __getattr__(self, method):
        if method not in ANSWERS:
            raise AttributeError(method)

        def answer(request, _context):
            asked = json_format.MessageToDict(request)
            self.requests.append((method, asked))
            response = self.answers[self.key(method, asked)]
            kind = ANSWERS[method]
            return kind and json_format.ParseDict(response, kind())

        return answer


@dataclass
class Run:
    """What was recorded of one pass of the real engine, and what ours did."""

    recorded: list
    requests: list
    registered: dict
    outputs: dict
    result: object
    state: dict


def without_noise(request, *, by_hash):
    kept = {
        name: value
        for name, value in request.items()
        if name not in ("randomSeed", "resourceStatusAddress", "resourceStatusToken")
    }
    if by_hash and "olds" in kept:
        kept["olds"] = without_contents(kept["olds"])
    return kept


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Do with our engine what was recorded of the real one; return what came of each pass."""
    folder = tmp_path_factory.mktemp("replay")
    shutil.copytree(recorded.PROGRAM, folder / "program")
    handlers = folder / "program" / "handlers"
    first = pv.archive_hash(handlers)
    edited = handlers / "handler.py"
    original = edited.read_text()
    edited.write_text(original + "\n# edited\n")
    second = pv.archive_hash(handlers)
    replaced = {"PROGRAM": str(folder / "program"), RECORDED_HASHES[0]: first, RECORDED_HASHES[1]: second}
    state = folder / "state.json"
    ids = iter(NEW_PROVIDER_IDS)
    runs = {}
    patch = pytest.MonkeyPatch()
    patch.setattr(providers, "uuid", SimpleNamespace(uuid4=lambda: next(ids)))
    for name, number in RUNS:
        config, verb = STEPS[name]
        before = name < "04"
        edited.write_text(original if before else original + "\n# edited\n")
        if (name, number) == ("10-delete-one", 0):
            state.write_text(state.read_text().replace('"protect": true,', ""))  # as `pulumi state unprotect`
        calls = recorded.passes(name, replaced)[number]
        preview = verb == "preview" or (verb == "up" and number == 0 and name not in REFUSED)
        runs[name, number] = run(folder, config, "preview" if preview else verb, calls, patch)
    patch.undo()
    return runs


def run(folder, config, verb, calls, patch):
    provider = Replay(calls)
    registered, outputs = {}, {}

    class Watched(MONITOR):
        def RegisterResource(self, request):  # noqa: N802
            response = super().RegisterResource(request)
            registered[request.name] = (json_format.MessageToDict(request), json_format.MessageToDict(response))
            return response

        def RegisterResourceOutputs(self, request):  # noqa: N802
            outputs[request.urn] = json_format.MessageToDict(request.outputs)
            return super().RegisterResourceOutputs(request)

    patch.setattr(monitor, "Monitor", Watched)
    settings = {"aws:region": "us-east-1", **{f"proto:{key}": value for key, value in config.items()}}
    project = Project("proto", "local", folder / "program" / "__main__.py", settings)
    state = folder / "state.json"
    result = getattr(Engine(project, state, {"aws": lambda: provider}), verb)()
    saved = json.loads(state.read_text()) if state.exists() else {}
    return Run(calls, provider.requests, registered, outputs, result, saved)


@pytest.mark.parametrize("which", RUNS, ids=lambda run: f"{run[0]}-{run[1]}")
def test_provider_is_asked_as_recorded(history, which):
    run = history[which]
    by_hash = which[0] >= "07"
    expected = [(call.method, without_noise(call.request, by_hash=by_hash)) for call in run.recorded if was_asked(call)]
    asked = [(method, without_noise(request, by_hash=by_hash)) for method, request in run.requests]
    if which[0] in REFUSED or which == ("10-delete-one", 0):
        # The real engine starts the provider of what it is about to delete; ours does so when it deletes.
        expected = [(method, request) for method, request in expected if request.get("name") != "other"]
        asked = [(method, request) for method, request in asked if request.get("name") != "other"]
    assert sorted(asked, key=repr_of) == sorted(expected, key=repr_of)


def repr_of(value):
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize("which", [run for run in RUNS if STEPS[run[0]][1] in ("up", "preview")], ids=str)
def test_program_is_answered_as_recorded(history, which):
    run = history[which]
    calls = {call.request["name"]: call for call in run.recorded if call.method == "RegisterResource"}
    assert run.registered.keys() == calls.keys()
    for name, call in calls.items():
        asked, answered = run.registered[name]
        assert_same_request(asked, call.request)
        expected, found = dict(call.response), dict(answered)
        if which[0] >= "07":
            expected["object"], found["object"] = map(without_contents, (expected["object"], found["object"]))
        assert found == expected, name


def assert_same_request(asked, expected):
    """The SDK asks in the same way, because it was told the same about what this engine can do."""
    for field in ("type", "parent", "object", "provider", "protect", "aliases", "custom", "version"):
        assert asked.get(field) == expected.get(field), field
    assert set(asked.get("dependencies", ())) == set(expected.get("dependencies", ()))
    uses, expected_uses = asked.get("propertyDependencies", {}), expected.get("propertyDependencies", {})
    assert uses.keys() == expected_uses.keys()
    for name, urns in uses.items():
        assert set(urns.get("urns", ())) == set(expected_uses[name].get("urns", ()))


@pytest.mark.parametrize("which", [run for run in RUNS if STEPS[run[0]][1] in ("up", "preview")], ids=str)
def test_outputs_are_registered_as_recorded(history, which):
    run = history[which]
    expected = {
        call.request["urn"]: call.request.get("outputs", {})
        for call in run.recorded
        if call.method == "RegisterResourceOutputs"
    }
    # A preview that ends with a refusal may be cut off before everything is registered; ours goes on to its end.
    assert {urn: outputs for urn, outputs in run.outputs.items() if urn in expected} == expected


@pytest.mark.parametrize(
    ("which", "counts"),
    [
        (("01-preview", 0), {"create": 18}),
        (("02-up", 1), {"create": 18}),
        (("03-noop", 1), {"same": 18}),
        # The recorded provider's answer to a preview makes three replacements of it that the update does not do.
        (("04-preview-update", 0), {"same": 11, "update": 4, "replace": 3}),
        (("05-update", 1), {"same": 16, "update": 2}),
        (("06-refresh", 1), {"same": 18}),
        (("07-provider-protect", 1), {"same": 18, "create": 2}),
        (("10-delete-one", 1), {"same": 18, "delete": 2}),
        (("11-destroy", 1), {"delete": 18}),
    ],
    ids=str,
)
def test_counts_are_those_the_cli_showed(history, which, counts):
    result = history[which].result
    assert result.ok, result.errors
    assert result.counts == counts


@pytest.mark.parametrize("name", REFUSED)
def test_protected_resource_is_refused_by_name_and_nothing_is_changed(history, name):
    run = history[name, 0]
    assert not run.result.ok
    assert "urn:pulumi:local::proto::aws:sqs/queue:Queue::west" in "".join(run.result.errors)
    assert not [
        request
        for method, request in run.requests
        if method in ("Create", "Update", "Delete") and not request.get("preview")
    ]
    assert "west" in json.dumps(run.state)


def test_deletes_come_before_what_they_need(history):
    deleted = [request["urn"] for method, request in history["11-destroy", 1].requests if method == "Delete"]
    needs = {resource["urn"]: resource.get("dependencies", []) for resource in resources(history["10-delete-one", 1])}
    for position, urn in enumerate(deleted):
        assert not set(deleted[:position]) & set(needs[urn]), urn


def resources(run):
    return run.state["deployment"]["resources"]


def test_state_has_the_shape_of_an_export(history):
    """Member by member and in the same order; values differ, because the export is of another run of the program."""
    document = json.loads((recorded.FOLDER / "12-stack-export-show-secrets.json").read_text())
    ours = history["05-update", 1].state
    assert list(ours) == list(document)
    # Ours has no secrets provider: secrets stand in it as text, as the export was asked for.
    expected_members = [member for member in document["deployment"] if member != "secrets_providers"]
    assert list(ours["deployment"]) == expected_members
    assert list(ours["deployment"]["manifest"]) == list(document["deployment"]["manifest"])
    exported = {resource["urn"]: resource for resource in document["deployment"]["resources"]}
    found = {resource["urn"]: resource for resource in ours["deployment"]["resources"]}
    assert found.keys() == exported.keys()
    for urn, resource in found.items():
        assert_same_shape(resource, exported[urn], urn)
        assert set(resource.get("dependencies", ())) == set(exported[urn].get("dependencies", ()))


def assert_same_shape(ours, theirs, where):
    assert type(ours) is type(theirs), where
    if isinstance(ours, dict):
        assert list(ours) == list(theirs), where
        for name, value in ours.items():
            assert_same_shape(value, theirs[name], f"{where}.{name}")
    elif isinstance(ours, list):
        assert len(ours) == len(theirs), where
        if "ependencies" not in where:
            for mine, other in zip(ours, theirs, strict=True):
                assert_same_shape(mine, other, where)


def test_state_lists_everything_after_what_it_needs(history):
    seen = set()
    for resource in resources(history["07-provider-protect", 1]):
        needs = {resource.get("parent"), *resource.get("dependencies", ())}
        needs.add(resource.get("provider", "").rpartition("::")[0])
        assert needs - {None, ""} <= seen, resource["urn"]
        seen.add(resource["urn"])


def test_secrets_are_in_the_state_as_pulumi_shows_them_and_nowhere_else(history):
    run = history["05-update", 1]
    secret = {pv.SIGNATURE: pv.SECRET, "plaintext": '"s3cr3t"'}
    function = next(resource for resource in resources(run) if resource["urn"].endswith("::steer-fn"))
    assert function["inputs"]["environment"]["variables"]["SECRET"] == secret
    assert function["outputs"]["environment"]["variables"]["SECRET"] == secret
    assert run.result.outputs["pw"] == "[secret]"
    assert "s3cr3t" not in repr(run.result)


def test_stack_is_empty_after_destroy(history):
    assert resources(history["11-destroy", 1]) == []
