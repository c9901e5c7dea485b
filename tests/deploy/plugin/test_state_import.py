"""A state that another engine wrote: what is taken, what is refused, and in which words."""

from __future__ import annotations

import copy
import json

import pytest

from lab.deploy.engine.state import Deployment
from lab.deploy.state_import import read_state
from lab.errors import LabError
from tests.deploy import recorded

EXPORT = json.loads((recorded.FOLDER / "12-stack-export-show-secrets.json").read_text())
ENDPOINTS = json.dumps([{"sqs": "http://127.0.0.1:4566"}])
QUEUE = "urn:pulumi:local::proto::steer:index:Pipeline$aws:sqs/queue:Queue::steer-dlq"


@pytest.fixture
def document():
    """Give what the real CLI exported, of a stack with endpoints (without them the recorded prototype guessed)."""
    found = copy.deepcopy(EXPORT)
    resource(found, "pulumi:providers:aws")["inputs"]["endpoints"] = ENDPOINTS
    return found


def resource(document, type_):
    return next(one for one in document["deployment"]["resources"] if one["type"] == type_)


def refusal(document, project="proto", stack="local"):
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(LabError) as refused:
        read_state(text, project, stack)
    return refused.value


def test_what_the_real_cli_exported_is_taken_whole(document):
    taken = read_state(json.dumps(document), "proto", "local")
    assert taken.to_json()["deployment"]["resources"] == document["deployment"]["resources"]
    provider = taken.resources[0]
    assert (provider.is_provider, provider.inputs["version"], provider.inputs["__internal"]) == (True, "7.51.1", {})
    assert {one.provider.rpartition("::")[2] for one in taken.resources if one.is_real} == {provider.id}


@pytest.mark.parametrize("deployment", [{}, {"resources": None}, {"manifest": {}, "resources": []}])
def test_a_stack_without_resources_is_one(deployment):
    assert read_state(json.dumps({"version": 3, "deployment": deployment}), "proto", "local") == Deployment()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "It is empty."),
        (" \n", "It is empty."),
        ("error: no stack", "It is not JSON: "),
        ("[]", "It has no “deployment”."),
        ('{"version": 3, "checkpoint": {}}', "It has no “deployment”."),
        ('{"version": 3, "deployment": {"resources": [{"urn": "urn:pulumi:local::proto::t::n"}]}}', "KeyError: 'type'"),
        ('{"version": 3, "deployment": {"resources": ["x"]}}', "TypeError: "),
        ('{"version": 3, "deployment": {"resources": [{"urn": "x", "type": "t", "custom": true}]}}', "ValueError: "),
    ],
)
def test_what_is_no_state_is_refused(text, why):
    refused = refusal(text)
    assert refused.what == "This is not the state of a stack."
    assert refused.why.startswith(why)


@pytest.mark.parametrize(
    ("project", "stack", "why"),
    [
        ("proto", "mine", "Here it is stack mine of project proto"),
        ("streamlab", "local", "Here it is stack local of project streamlab"),
    ],
)
def test_the_state_of_another_stack_is_refused(document, project, stack, why):
    refused = refusal(document, project, stack)
    assert refused.what == "This is the state of stack local of project proto."
    assert refused.why.startswith(why)


def test_a_pending_create_of_another_stack_is_refused_too(document):
    queue = next(one for one in document["deployment"]["resources"] if one["urn"] == QUEUE)
    pending = {**queue, "urn": QUEUE.replace("urn:pulumi:local", "urn:pulumi:other")}
    document["deployment"]["pending_operations"] = [{"resource": pending, "type": "creating"}]
    assert refusal(document).what == "This is the state of stack other of project proto."


def test_encrypted_secrets_are_refused(document):
    refused = refusal(json.dumps(document).replace('"plaintext"', '"ciphertext"'))
    assert refused.what == "The state holds an encrypted secret, which cannot be read here."
    assert "--show-secrets" in refused.next_step


def test_another_schema_version_is_refused(document):
    assert "schema version 4" in refusal({**document, "version": 4}).what


@pytest.mark.parametrize(
    ("endpoints", "what"),
    [
        (None, "The configuration gives no aws:endpoints: this stack is meant for AWS, so nothing was called."),
        ('[{"sqs": "https://sqs.us-east-1.amazonaws.com"}]', "The endpoint https://sqs.us-east-1.amazonaws.com is not"),
    ],
)
def test_a_stack_on_aws_is_refused(document, endpoints, what):
    inputs = resource(document, "pulumi:providers:aws")["inputs"]
    inputs["endpoints"] = endpoints
    inputs = {name: value for name, value in inputs.items() if value is not None}
    resource(document, "pulumi:providers:aws")["inputs"] = inputs
    assert refusal(document).what.startswith(what)


@pytest.mark.parametrize("member", ["pendingReplacement", "taint"])
def test_what_only_the_cli_can_finish_is_refused(document, member):
    resource(document, "aws:sqs/queue:Queue")[member] = True
    refused = refusal(document)
    assert refused.what == f"{QUEUE} is not finished ({member})."
    assert "lab pulumi -- up" in refused.next_step


def test_a_state_that_was_cut_by_hand_is_refused(document):
    resources = document["deployment"]["resources"]
    parent = resource(document, "steer:index:Pipeline")["urn"]
    document["deployment"]["resources"] = [one for one in resources if one["urn"] != parent]
    refused = refusal(document)
    assert refused.what == "This state is not whole."
    assert f"needs {parent}" in refused.why
    document["deployment"]["resources"] = [*resources, resources[-1]]
    assert "is in it twice" in refusal(document).why
    document["deployment"]["resources"] = [*resources, {**resources[-1], "delete": True}]
    assert read_state(json.dumps(document), "proto", "local")


@pytest.mark.parametrize(
    ("member", "value", "why"),
    [
        ("id", "", "has no id."),
        ("id", 7, "“id” of "),
        ("inputs", None, "“inputs” of "),
        ("inputs", ["x"], "“inputs” of "),
        ("outputs", "x", "“outputs” of "),
        ("provider", "nobody", "names no provider."),
        ("provider", 5, "“provider” of "),
        ("dependencies", "x", "“dependencies” of "),
        ("type", "aws:ec2/instance:Instance", "is said to be a aws:ec2/instance:Instance."),
    ],
)
def test_a_damaged_record_is_refused(document, member, value, why):
    resource(document, "aws:sqs/queue:Queue")[member] = value
    refused = refusal(document)
    assert refused.what == "This state is not whole."
    assert why in refused.why


@pytest.mark.parametrize("endpoints", ["{", 5])
def test_a_provider_with_damaged_endpoints_is_refused(document, endpoints):
    resource(document, "pulumi:providers:aws")["inputs"]["endpoints"] = endpoints
    assert refusal(document).what == "This state is not whole."


@pytest.mark.parametrize("text", ["[" * 100_000, '{"deployment": {"half": "\\ud800"}}'])
def test_json_that_nobody_could_write_again_is_refused(text):
    assert refusal(text).why.startswith("It is not JSON: ")
