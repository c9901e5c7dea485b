"""Lesson `orders` through the commands: send, invoke, event, logs, replay."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from lab import workspace
from lab.target import Target

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("orders")]  # one deployment serves them all

PATIENCE_SECONDS = 30.0


def process(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    code = "import sys; from lab.command import main; sys.exit(main())"
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(
        command, cwd=workspace.ROOT, env=os.environ, input=text, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module", autouse=True)
def deployed(local_cloud):
    done = process("up", "orders")
    assert done.returncode == 0, done.stdout + done.stderr
    yield
    process("down")


def shown_when(lab, orders: int, failures: int = 0):
    """Return what `show` says once so much has come out and nothing is under way."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        shown = lab("show", "orders", "--json").json()
        if shown["orders"]["count"] >= orders and len(shown["failures"]) >= failures and not shown["still_to_process"]:
            return shown
        assert time.monotonic() < deadline, shown
        time.sleep(0.1)


def test_orders_go_through_the_producer_and_what_is_none_to_the_failures(lab):
    before = lab("show", "orders", "--json").json()
    sent = lab("send", "orders", "--count", "60", "--keys", "3", "--poison", "2", "--json").json()
    assert sent["sent"] == 60
    shown = shown_when(lab, before["orders"]["count"] + 58, len(before["failures"]) + 2)
    assert shown["orders"]["count"] == before["orders"]["count"] + 58
    assert len(shown["failures"]) == len(before["failures"]) + 2
    told = lab("show", "orders", "--limit", "2").out
    assert "orders processed" in told
    assert "older ones (--limit shows more)" in told


def test_the_texts_own_commands(lab):
    # aws lambda invoke --function-name LambdaProducer --payload '{}' output.json
    clients = Target("local").clients
    before = lab("show", "orders", "--json").json()["orders"]["count"]
    answer = clients.lambda_.invoke(FunctionName="LambdaProducer", Payload=b"{}")
    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read())["sent"] == 1
    shown = shown_when(lab, before + 1)
    # aws logs tail /aws/lambda/LambdaConsumer --follow; text fault 53: no stack's name is needed to find it
    events = clients.logs.filter_log_events(logGroupName="/aws/lambda/LambdaConsumer", limit=10_000)["events"]
    assert any(shown["orders"]["newest"][0]["order_id"] in event["message"] for event in events)


def test_invoke_answers_on_stdout_and_logs_on_stderr(lab):
    done = lab("invoke", "orders.producer", "--data", '{"count": 3, "customers": 2}')
    assert json.loads(done.out)["sent"] == 3
    assert "REPORT RequestId" in done.err
    refused = lab("invoke", "LambdaProducer", "--data", '{"count": 0}')
    assert refused.code == 1
    assert "count must be a whole number" in refused.err
    as_data = lab("invoke", "orders.producer", "--json").json()
    assert (as_data["function"], as_data["error"], as_data["answer"]["failed"]) == ("LambdaProducer", None, [])


def test_an_event_made_by_hand_is_like_the_one_the_stream_delivers(lab):
    # text fault 50: generating an event is one command
    event = lab("event", "kinesis", "--count", "2").out
    answer = process("invoke", "orders", "--event", "-", text=event)
    assert json.loads(answer.stdout) == {"batchItemFailures": []}
    broken = lab("event", "kinesis", "--data", "{}", "--data", "x").out
    answer = process("invoke", "orders", "--event", "-", "--local", text=broken)
    records = json.loads(broken)["Records"]
    assert json.loads(answer.stdout) == {
        "batchItemFailures": [{"itemIdentifier": records[0]["kinesis"]["sequenceNumber"]}]
    }


def test_the_source_can_be_run_without_deploying_it(lab):
    # text fault 57: run locally, the producer has the deployed function's stream, not an unresolved reference
    before = lab("show", "orders", "--json").json()["orders"]["count"]
    done = lab("invoke", "orders.producer", "--local", "--data", '{"count": 2}')
    assert json.loads(done.out)["sent"] == 2
    assert shown_when(lab, before + 2)["orders"]["count"] == before + 2


@pytest.mark.parametrize(
    ("typed", "said", "code"),
    [
        (["invoke", "orders.producer", "--data", "{"], "The event is not JSON.", 2),
        (["invoke", "orders.producer", "--event", "nowhere.json"], "nowhere.json cannot be read.", 2),
        (["invoke", "orders.producer", "--event", "x", "--data", "{}"], "--event and --data do not go together", 2),
        (["invoke", "Nobody"], "There is no function Nobody.", 1),
        (["event", "dynamodb", "--change", "UPDATE"], "--change UPDATE: there are INSERT, MODIFY, REMOVE.", 2),
        (["event", "dynamodb", "--item", '{"a": 1}'], "The item has no tenant_id, compra_id.", 2),
        (["event", "api", "--method", "LOOK"], "--method LOOK: there are", 2),
    ],
)
def test_wrong_use_is_told(lab, typed: list[str], said: str, code: int):
    done = lab(*typed)
    assert done.err.startswith(said)
    assert done.code == code


def test_faults_while_sending_and_all_is_complete_and_exact(lab):
    before = lab("show", "orders", "--json").json()
    assert lab("fault", "throttle", "orders", "--for", "1s").code == 0
    assert lab("fault", "fail", "orders", "--every", "7", "--count", "3").code == 0
    sent = lab("send", "orders", "--count", "40", "--json").json()
    assert sent["sent"] == 40
    try:
        shown = shown_when(lab, before["orders"]["count"] + 40)
    finally:
        lab("fault", "clear")
    assert shown["orders"]["count"] == before["orders"]["count"] + 40
    assert len(shown["failures"]) == len(before["failures"])


def test_replay_from_a_time(lab):
    """A consumer that begins at a time reads what lies in the stream once more; ids tell that it is the same."""
    shown = shown_when(lab, 1)
    in_stream = len(lab("stream", "read", "orders", "--json").lines()) - len(shown["failures"])
    target = Target("local")
    stream = target.lesson("orders")["KinesisStreamArn"]
    lambda_ = target.clients.lambda_
    # What `starting_position: AT_TIMESTAMP` does: another mapping in place of the old one.
    mapping = lambda_.get_event_source_mapping(UUID=target.lesson("orders")["EventSourceMappingId"])
    lambda_.delete_event_source_mapping(UUID=mapping["UUID"])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            lambda_.create_event_source_mapping(
                EventSourceArn=stream,
                FunctionName="LambdaConsumer",
                StartingPosition="AT_TIMESTAMP",
                StartingPositionTimestamp=0,
                MaximumRetryAttempts=1,
                BisectBatchOnFunctionError=True,  # else what is behind a poison record would be given up with it
                FunctionResponseTypes=["ReportBatchItemFailures"],
            )
            break
        except lambda_.exceptions.ResourceConflictException:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    expected = shown["orders"]["deliveries"] + in_stream
    while (again := lab("show", "orders", "--json").json()["orders"])["deliveries"] < expected:
        assert time.monotonic() < deadline, again
        time.sleep(0.1)
    assert again["count"] == shown["orders"]["count"]
    assert "repeats: their batch came again" in lab("show", "orders").out
