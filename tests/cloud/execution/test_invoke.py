"""Invoke, as boto3 sees it: what it passes to the function, what it refuses."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.cloud.conftest import eventually

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import InvocationResponseTypeDef

    from tests.cloud.conftest import Workshop

SOURCE = """
import os
def handler(event, context):
    match event.get("do") if isinstance(event, dict) else None:
        case "context":
            given = context.client_context
            return given and [given.custom, given.env, given.client.app_title]
        case "answer":
            return "x" * event["bytes"]
        case "exit":
            os._exit(3)
        case "fork":
            return "parent" if os.fork() else "child"
        case "print":
            for _ in range(event["lines"]):
                print("y" * 999)
        case "set":
            return {1}
    return event
"""
MOST = 6_291_456


@pytest.fixture
def function(workshop: Workshop) -> str:
    """Return the ARN of a function that does what its event says."""
    return workshop.function(SOURCE, workshop.role())


def invoke(
    workshop: Workshop, function: str, payload: bytes | dict[str, Any], **more: Any
) -> InvocationResponseTypeDef:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return workshop.clients.lambda_.invoke(FunctionName=function, Payload=body, **more)


def answer(response: InvocationResponseTypeDef) -> Any:
    return json.loads(response["Payload"].read())


def refusal(workshop: Workshop, function: str, payload: bytes | dict[str, Any], **more: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        invoke(workshop, function, payload, **more)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def test_a_new_function_is_pending_and_active_a_moment_later(workshop: Workshop):
    lambda_ = workshop.clients.lambda_
    name = workshop.function(SOURCE, workshop.role())
    eventually(lambda: lambda_.get_function_configuration(FunctionName=name)["State"] == "Active")


def test_client_context_reaches_the_function(workshop: Workshop, function: str):
    given = {"custom": {"a": 1}, "env": {"b": "2"}, "client": {"app_title": "t"}}
    text = base64.b64encode(json.dumps(given).encode()).decode()
    assert answer(invoke(workshop, function, {"do": "context"}, ClientContext=text)) == [{"a": 1}, {"b": "2"}, "t"]
    assert answer(invoke(workshop, function, {"do": "context"})) is None


def test_what_is_refused(workshop: Workshop, function: str):
    assert refusal(workshop, function, b"{nope")[:2] == (400, "InvalidRequestContentException")
    status, code, message = refusal(workshop, function, b"{}", ClientContext="!")
    assert (status, code) == (400, "InvalidRequestContentException")
    assert "Base64-encoded JSON" in message
    status, code, message = refusal(workshop, function, b"{}", InvocationType="Nope")
    assert (status, code) == (400, "ValidationException")
    assert message.endswith("[Event, DryRun, RequestResponse]")
    assert refusal(workshop, function, b"{}", LogType="Nope")[:2] == (400, "ValidationException")


def test_sizes(workshop: Workshop, function: str):
    status, code, message = refusal(workshop, function, b'"%s"' % (b"x" * MOST))
    assert (status, code) == (413, "RequestTooLargeException")
    assert str(MOST) in message
    assert refusal(workshop, function, b'"%s"' % (b"x" * 1_048_576), InvocationType="Event")[0] == 413
    assert len(answer(invoke(workshop, function, b'"%s"' % (b"x" * (MOST - 2))))) == MOST - 2
    large = invoke(workshop, function, {"do": "answer", "bytes": 7_000_000})
    assert large["StatusCode"] == 200
    assert answer(large)["errorType"] == "Function.ResponseSizeTooLarge"


def test_a_handler_that_exits_forks_prints_or_answers_what_is_no_json(workshop: Workshop, function: str):
    assert answer(invoke(workshop, function, {"do": "exit"}))["errorType"] == "Runtime.ExitError"
    assert answer(invoke(workshop, function, {"do": "fork"})) == "parent"
    assert answer(invoke(workshop, function, {"do": "set"}))["errorType"] == "Runtime.MarshalError"
    printed = invoke(workshop, function, {"do": "print", "lines": 50_000}, LogType="Tail")
    assert "FunctionError" not in printed
    tail = base64.b64decode(printed["LogResult"])
    assert len(tail) <= 4096
    assert b"REPORT RequestId" in tail


def test_a_dry_run_and_an_event_answer_at_once(workshop: Workshop, function: str):
    dry = invoke(workshop, function, b"{}", InvocationType="DryRun")
    assert (dry["StatusCode"], dry["Payload"].read()) == (204, b"")
    event = invoke(workshop, function, b"{}", InvocationType="Event")
    assert (event["StatusCode"], event["Payload"].read()) == (202, b"")
