"""The way of an event through the commands, as a learner types them: up, send, show, look around, down."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time

import pytest

from lab import workspace
from lab.target import Target
from tests.command.conftest import with_settings

pytestmark = pytest.mark.xdist_group("pipeline")  # one deployment serves them all

PATIENCE_SECONDS = 20.0
TEXTS_OWN = '{"sensor": "temperature", "value": 22.5}'


@pytest.fixture(scope="module")
def deployed(local_cloud):
    """Give a cloud with lesson basic; removed again even where a test fails."""

    def process(*arguments: str) -> subprocess.CompletedProcess[str]:
        code = "import sys; from lab.command import main; sys.exit(main())"
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, cwd=workspace.ROOT, env=os.environ, capture_output=True, text=True, check=False)

    done = process("up", "basic")
    assert done.returncode == 0, done.stdout + done.stderr
    yield local_cloud, done.stdout
    process("down")


def shown_when(lab, *, items: int, failures: int):
    """Return what `show` says once so much has come out."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        shown = lab("show", "basic", "--json").json()
        if shown["items"]["count"] >= items and len(shown["failures"]) >= failures:
            return shown
        assert time.monotonic() < deadline, shown
        time.sleep(0.1)


def test_up_tells_what_it_made(deployed):
    _cloud, said = deployed
    assert "+ created     aws:kinesis:Stream" in said
    assert "Done: 16 created" in said
    assert re.search(r"KinesisStreamName +EventStream\n", said)
    assert "Send some events: lab send basic" in said


@pytest.mark.slow
@pytest.mark.usefixtures("deployed")
def test_the_demo_finds_all_deployed_and_shows_the_way_of_its_own_events(lab_process):
    shown = lab_process("demo")
    assert shown.code == 0, shown.err
    assert "Done: 16 unchanged" in shown.out
    assert f"  {TEXTS_OWN}  (the text's own event)" in shown.out
    assert "1 record was given up: after " in shown.out
    came_out = shown.out.partition("What came out")[2].partition("What did not")[0]
    assert came_out.count('{"sensor":') == 5
    assert "lab send basic --count 1000" in shown.out


@pytest.mark.usefixtures("deployed")
def test_an_event_becomes_an_item_and_what_is_not_json_a_message(lab):
    before = lab("show", "basic", "--json").json()
    sent = lab("send", "basic", "--count", "10", "--poison", "1", "--json").json()
    assert (sent["place"], sent["sent"], sent["resent"]) == ("EventStream", 10, 0)
    assert sum(sent["by_shard"].values()) == 10
    assert lab("send", "basic", "--data", TEXTS_OWN).out.startswith("Sent 1 event to EventStream")

    items, failures = before["items"]["count"] + 10, len(before["failures"]) + 1
    shown = shown_when(lab, items=items, failures=failures)
    assert shown["items"]["count"] == items
    assert json.loads(TEXTS_OWN) in [item["data"] for item in shown["items"]["newest"]]
    failure, *_older = shown["failures"]
    assert len(shown["failures"]) == failures
    assert failure["condition"] == "RetryAttemptsExhausted"
    assert failure["records"] == 1
    assert shown["by_shard"] == {"shardId-000000000000": {"items": items, "failed": failures}}

    told = lab("show", "basic", "--limit", "2").out
    assert f"{items} items in table EventLogs" in told
    assert f"… and {items - 2} older ones" in told
    assert f"{failures} message" in told
    [command] = [line.split() for line in told.splitlines() if line.strip().startswith("lab stream read")]
    poison = lab(*command[1:])
    assert "temperature" in poison.out
    assert len(poison.out.splitlines()) == 1


@pytest.mark.usefixtures("deployed")
def test_a_record_that_was_given_up_raises_its_alarm(lab):
    lab("send", "basic", "--count", "1", "--poison", "1")
    cloudwatch = Target("local").clients.cloudwatch
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        states = {alarm["AlarmName"]: alarm["StateValue"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}
        mine = {
            name.split("-reader-")[1].rsplit("-", 1)[0]: state for name, state in states.items() if "-reader-" in name
        }
        if mine["given-up"] == "ALARM":
            break
        assert time.monotonic() < deadline, states
        time.sleep(0.1)
    assert mine == {"given-up": "ALARM", "errors": "OK", "lag": "OK"}


def still_to_process_when(lab, expected: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (waiting := lab("show", "basic", "--json").json()["still_to_process"]) != expected:
        assert time.monotonic() < deadline, waiting
        time.sleep(0.1)


@pytest.mark.usefixtures("deployed")
def test_what_is_still_to_be_processed_is_told(lab):
    still_to_process_when(lab, 0)
    assert "still to be processed" not in lab("show", "basic").out
    assert lab("fault", "throttle", "basic").code == 0
    lab("send", "basic", "--count", "3")
    assert "3 records of the stream are still to be processed" in lab("show", "basic").out
    assert lab("fault", "clear").code == 0
    still_to_process_when(lab, 0)


@pytest.mark.usefixtures("deployed")
def test_the_stream_can_be_read_by_hand(lab):
    lab("send", "basic", "--data", "by hand", "--count", "2")
    described = lab("stream", "describe", "basic", "--json").json()
    assert (described["mode"], described["retention_hours"]) == ("PROVISIONED", 24)
    assert [shard["open"] for shard in described["shards"]] == [True]
    assert "100.0 %" in lab("stream", "describe", "EventStream").out

    everything = lab("stream", "read", "basic", "--json").lines()
    assert [record["data"] for record in everything][-2:] == ["by hand", "by hand"]
    assert lab("stream", "read", "basic", "--limit", "1").out.count("\n") == 1
    assert lab("stream", "read", "basic", "--from", "1h", "--json").lines() == everything
    assert "has no shard elsewhere" in lab("stream", "read", "basic", "--shard", "elsewhere").err


@pytest.mark.usefixtures("deployed")
def test_the_function_says_what_it_did(lab):
    lines = lab("logs", "basic", "--json").lines()
    assert lines
    function = lab("outputs", "--json").json()["basic"]["ConsumerFunctionName"]
    assert lab("logs", function, "--json").lines()[: len(lines)] == lines
    assert lab("logs", "basic").out.splitlines()[0].startswith(lines[0]["time"])


@pytest.mark.usefixtures("deployed")
def test_a_message_that_is_not_lambdas_breaks_nothing_and_is_not_shown(lab):
    still_to_process_when(lab, 0)  # else what earlier tests sent may arrive meanwhile
    target = Target("local")
    queue = target.lesson("basic")["FailureQueueUrl"]
    before = lab("show", "basic", "--json").json()
    sent = target.clients.sqs.send_message(QueueUrl=queue, MessageBody="my password")
    told = lab("show", "basic").out
    assert f"a message that is not Lambda's: {sent['MessageId']}" in told
    assert "password" not in told
    after = lab("show", "basic", "--json").json()
    assert after["failures"] == before["failures"]
    assert [foreign["id"] for foreign in after["foreign"]] == [sent["MessageId"]]
    handles: dict[str, str] = {}
    while sent["MessageId"] not in handles:  # ten at a time; those that were given are hidden for a moment
        for message in target.clients.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]:
            handles[message["MessageId"]] = message["ReceiptHandle"]
    target.clients.sqs.delete_message(QueueUrl=queue, ReceiptHandle=handles[sent["MessageId"]])
    for handle in (handle for found, handle in handles.items() if found != sent["MessageId"]):
        target.clients.sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)


@pytest.mark.slow
@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize("destination", ["sns", "s3"])
def test_another_failure_destination(destination, lab, lab_process, monkeypatch, tmp_path):
    copy = with_settings(tmp_path, f"streamlab:basic: {{destination: {destination}}}")
    demo = copy("demo")
    assert demo.code == 0, demo.out + demo.err
    if destination == "sns":
        assert "keeps nothing to look up" in " ".join(demo.out.split())
        shown = lab("show", "basic", "--json").json()
        assert shown["failures"] is None
        assert "keeps nothing to look up" in shown["failures_unknown"]
        assert {each["failed"] for each in shown["by_shard"].values()} == {None}
        told = lab("show", "basic").out
        assert "keeps nothing to look up" in " ".join(told.split())
        assert " ?" in told.splitlines()[-1]
    else:
        assert "1 record was given up: after " in demo.out
        shown = lab("show", "basic", "--json").json()
        assert [record["data"] for record in shown["failures"][0]["contents"]] == ["temperature;22.5"]
        assert shown["failures_unknown"] is None
        assert "1 object in the on-failure bucket" in lab("show", "basic").out
    assert shown["failure_destination"].split(":")[2] == destination
    back = lab_process("up", "basic")
    assert back.code == 0, back.err


@pytest.mark.slow
@pytest.mark.usefixtures("deployed")
def test_what_was_deleted_by_hand_is_told_and_made_again(lab, lab_process):
    target = Target("local")
    queue = target.lesson("basic")["FailureQueueUrl"]
    target.clients.sqs.delete_queue(QueueUrl=queue)
    missing = lab("show", "basic")
    assert missing.code == 1
    assert "lab refresh, lab up" in missing.err
    assert lab("refresh", "--json").json()["counts"]["delete"] == 1
    assert lab_process("preview", "--json").json()["counts"]["create"] >= 1
    assert lab_process("up", "--json").json()["counts"]["create"] >= 1
    assert lab("show", "basic").code == 0


def test_down_leaves_nothing(deployed, lab):
    assert deployed
    assert "deleted" in lab("down").out
    assert lab("down").out.startswith("Done: nothing to do")
    assert lab("show", "basic").err.startswith("Nothing is deployed")
