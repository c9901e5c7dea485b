"""The trace in words, faults and metrics, through the command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from lab import workspace
from lab.aws import Clients
from lab.cloud import process
from lab.short_names import short_event, short_number
from lab.trace_telling import Teller, life_of
from tests.cloud.conftest import Workshop, eventually
from tests.cloud.test_trace import Consumer, events, told, when

pytestmark = pytest.mark.slow

LOCAL = "49{:018d}" + "0" * 36
NUMBERS = [LOCAL.format(1795326124000000 + n) for n in range(6)]


@pytest.fixture
def workshop(local_cloud):
    shop = Workshop(Clients.local(local_cloud.url))
    yield shop
    for remove in reversed(shop.made):
        remove()


@pytest.fixture
def consumed(local_cloud, workshop):
    """Return a function that was given four records, of which the third failed until it was given up."""
    consumer = Consumer(workshop, MaximumRetryAttempts=1, BisectBatchOnFunctionError=True)
    numbers = workshop.put(consumer.stream, "a", "b", "bad", "d")
    consumer.begin()
    when(local_cloud, consumer.name, "discarded")
    eventually(lambda: events(local_cloud, function=consumer.name, limit=1)[0].get("at") == numbers[3])
    return consumer, numbers


def event(kind, *, first=0, last=None, **fields):
    records = {"first": NUMBERS[first], "last": NUMBERS[last], "count": last - first + 1} if last is not None else {}
    event.id += 1
    place = {"mapping": "m", "function": "f", "shard": "shardId-000000000003"}
    return {"id": event.id, "time": 1.5, "event": kind, **place, **records, **fields}


event.id = 0


def lines(*happened):
    teller = Teller()
    return [line.text for each in happened for line in teller.tell(each)] + [
        line.text for line in teller.rest(under_way=True)
    ]


def test_a_batch_that_is_reported_in_part_is_told_in_one_line_per_try():
    formed = event("batch_formed", last=5)
    batch = {"batch": formed["id"]}
    again = {"failures": 0, "maximum_retry_attempts": 3, "wait_seconds": 0.104}
    assert lines(
        formed,
        event("invoked", last=5, **batch),
        event("outcome", last=5, outcome="partly_failed", failed_from=NUMBERS[3], **batch),
        event("retried", first=3, last=5, **batch, **again),
        event("checkpoint", at=NUMBERS[2]),
        event("invoked", first=3, last=5, **batch),
    ) == [
        (
            "batch of 6 records (…24000000… – …24000005…) → invoked → "
            "the function reported …24000003… as failed: those before it are done → "
            "3 are tried again in 0.1 s → checkpoint at …24000002…"
        ),
        "once more 3 records (…24000003… – …24000005…) → invoked → no answer yet",
    ]


def test_a_batch_that_is_too_old_before_it_is_tried_waits_for_no_answer():
    formed = event("batch_formed", last=2)
    of_some = {"condition": "RecordAgeExceeded", "invocations": 1, "batch": formed["id"]}
    assert [line.partition(":")[0] for line in lines(formed, event("discarded", last=2, **of_some))] == [
        "3 records (…24000000… – …24000002…) given up"
    ]
    gone, tried = lines(
        formed, event("discarded", last=0, **of_some), event("invoked", first=1, last=2, batch=formed["id"])
    )
    assert gone.startswith("1 record (…24000000…) given up")
    assert tried.endswith("invoked → no answer yet")


def test_lanes_of_one_shard_are_kept_apart():
    one, two = event("batch_formed", last=0), event("batch_formed", first=1, last=1)
    happened = [
        one, event("invoked", last=0, batch=one["id"]),
        two, event("invoked", first=1, last=1, batch=two["id"]),
        event("outcome", first=1, last=1, batch=two["id"], outcome="throttled"),
        event("outcome", last=0, batch=one["id"], outcome="succeeded", duration_ms=2.4),
    ]  # fmt: skip
    throttled, done = lines(*happened)
    assert throttled.startswith("batch of 1 record (…24000001…) → invoked → throttled")
    assert done == "batch of 1 record (…24000000…) → invoked → done in 2 ms"


def test_an_event_of_a_newer_cloud_is_left_out():
    assert lines(event("something_new")) == []


def test_a_record_s_life_is_its_own():
    formed = event("batch_formed", last=1)
    happened = [
        formed,
        event("outcome", last=1, batch=formed["id"], outcome="partly_failed", failed_from=NUMBERS[1]),
        event("outcome", first=1, last=1, batch=formed["id"], outcome="throttled"),
        event("outcome", first=1, last=1, batch=formed["id"], outcome="succeeded"),
        event("batch_formed", first=2, last=2),
    ]
    assert (life_of(NUMBERS[0], happened).deliveries, life_of(NUMBERS[0], happened).end) == (1, "done")
    assert (life_of("24000001", happened).deliveries, life_of(NUMBERS[1], happened).end) == (2, "done")
    assert life_of(NUMBERS[2], happened).end == ""
    assert life_of(NUMBERS[5], happened) is None


def test_short_names():
    assert short_number(NUMBERS[3]) == "…24000003…"
    assert short_number("49590338271490256608559692540925702759324208523137515618") == "…37515618"
    assert short_number("17953386423834500010000000") != short_number("17953386423834500020000000")
    assert short_event(f"shardId-000000000012:{NUMBERS[3]}") == "12:…24000003…"
    assert short_event("text") == "text"


def test_the_command_tells_a_trace(lab, consumed):
    consumer, numbers = consumed
    said = lab("trace", "--function", consumer.name)
    assert said.code == 0, said.err
    assert f"UTC  {consumer.name}\n" in said.out
    assert f"the function reported {short_number(numbers[2])} as failed: those before it are done" in said.out
    assert "split into 1 and 1" in said.out
    assert "given up after 2 attempts (RetryAttemptsExhausted)" in said.out
    assert "no answer yet" not in said.out
    assert "\x1b" not in said.out
    assert len(lab("trace", "--function", consumer.name, "--limit", "2").out.splitlines()) == 3
    assert lab("trace", "--function", consumer.name, "--shard", "7").err.startswith("The trace tells nothing since")
    raw = lab("trace", "--function", consumer.name, "--json").lines()
    assert told(raw).count("discarded") == 1


def test_the_command_tells_one_record_s_life(lab, consumed):
    consumer, numbers = consumed
    said = lab("trace", "--record", f"shardId-000000000000:{numbers[2]}", "--function", consumer.name)
    assert said.out.endswith(f"Record {short_number(numbers[2])} was delivered 4 times: it was given up.\n")
    said = lab("trace", "--record", numbers[0], "--function", consumer.name)
    assert said.out.endswith("was delivered 1 time: it is done.\n")
    assert lab("trace", "--record", "1234567890").code == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["trace", "--record", "x"], "--record x: this is no sequence number"),
        (["trace", "--record", "12345", "--follow"], "--record and --follow do not go together"),
        (["trace", "--since", "soon"], "--since soon: this is no time."),
        (["fault", "fail", "f"], "Say which record fails"),
        (["fault", "fail", "f", "--record", "1", "--every", "2"], "Say which record fails"),
        (["fault", "limits", "maybe"], "`lab fault limits` needs on or off, not “maybe”."),
        (["fault", "slow", "shardId-000000000000"], "`lab fault slow` needs --seconds."),
        (["fault", "slow", "shardId-000000000000", "--seconds", "0"], "The local cloud refused it."),
        (["fault", "cut", "arn:aws:sqs:a:b:c", "--for", "soon"], "--for soon: this is no duration."),
        (["fault", "clear", "f-999"], "The local cloud refused it.\nThere is no fault f-999."),
        (["cloud", "start", "--time-scale", "0"], "--time-scale must be from 0.001 to 1, not 0."),
        (["cloud", "serve", "--time-scale", "2"], "--time-scale must be from 0.001 to 1, not 2."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use(lab, local_cloud, typed, said):
    outcome = lab(*typed)
    assert outcome.err.startswith(said)
    assert outcome.code == 2


@pytest.mark.parametrize(
    "typed", [["trace"], ["trace", "--follow"], ["fault", "list"], ["fault", "clear"], ["metrics", "f"],
              ["fault", "throttle", "f"]], ids=" ".join,
)  # fmt: skip
def test_without_a_cloud(lab, tmp_path, monkeypatch, typed):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    assert lab(*typed).err == "The local cloud is not running.\nStart it with: lab cloud start\n"


def test_follow_tells_as_it_happens_and_ends_with_ctrl_c(local_cloud, consumed, workshop):
    consumer, _numbers = consumed
    code = "import sys; from lab.command import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "trace", "--follow", "--function", consumer.name]
    with subprocess.Popen(command, cwd=workspace.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, env=dict(os.environ)) as following:  # fmt: skip
        assert following.stdout
        while "given up" not in following.stdout.readline():
            pass
        workshop.put(consumer.stream, "later")
        while "batch of 1 record" not in following.stdout.readline():
            pass
        following.send_signal(signal.SIGINT)
        _out, err = following.communicate(timeout=10)
        assert (following.returncode, "Traceback" in err) == (130, False)


def test_faults_are_set_shown_and_cleared(lab, local_cloud, workshop):
    consumer = Consumer(workshop)
    said = lab("fault", "throttle", consumer.name, "--for", "30s", "--count", "2")
    assert said.code == 0, said.err
    assert said.out.startswith("Fault f-")
    fault = lab("fault", "slow", consumer.stream.rsplit("/", 1)[1], "--seconds", "2", "--json").json()
    assert (fault["kind"], fault["stream"], fault["seconds"]) == ("slow", consumer.stream.rsplit("/", 1)[1], 2.0)
    assert consumer.name in lab("fault", "list").out
    assert lab("fault", "throttle", "nobody").err.startswith("There is no function nobody.\n")
    assert lab("fault", "slow", "nowhere", "--seconds", "1").err.startswith("There is no function, stream or shard")
    assert lab("fault", "clear", fault["id"]).out == "1 fault is over.\n"
    lab("fault", "clear")
    assert lab("fault", "list").out == "No fault is set.\n"


def test_metrics_count_what_happened(lab, local_cloud, workshop):
    consumer = Consumer(workshop, mode="raise", MaximumRetryAttempts=1)
    lab("fault", "throttle", consumer.name, "--count", "2")
    workshop.put(consumer.stream, "bad")
    consumer.begin()
    when(local_cloud, consumer.name, "discarded")
    assert "Payload" in workshop.clients.lambda_.invoke(FunctionName=consumer.name, Payload=b'{"Records": []}')
    found = lab("metrics", consumer.name, "--json").json()
    assert (found["Invocations"], found["Errors"], found["Throttles"]) == (3, 2, 2)
    assert 0 < found["Duration"]["average"] <= found["Duration"]["maximum"] < 5000
    ages = [e["age_ms"] for e in events(local_cloud, function=consumer.name) if e["event"] == "invoked"]
    assert found["IteratorAge"]["maximum"] == pytest.approx(max(ages), abs=1)
    shown = lab("metrics", consumer.name).out
    assert [line.split()[:2] for line in shown.splitlines()[2:5]] == [
        ["Invocations", "3"],
        ["Errors", "2"],
        ["Throttles", "2"],
    ]


def test_the_time_scale_shortens_waits_and_changes_no_order(lab, local_cloud, workshop, tmp_path, monkeypatch):
    def order_and_waits(cloud, shop):
        consumer = Consumer(shop, MaximumRetryAttempts=2)
        shop.put(consumer.stream, "a", "bad", "b")
        consumer.begin()
        found = when(cloud, consumer.name, "checkpoint", 2)
        return told(found), sum(event["wait_seconds"] for event in found if "wait_seconds" in event)

    usual = order_and_waits(local_cloud, workshop)
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    assert lab("cloud", "start", "--port", "0", "--time-scale", "0.02", "--json").json()["time_scale"] == 0.02
    cloud, started = process.start()
    try:
        fast = order_and_waits(cloud, Workshop(Clients.local(cloud.url)))
        assert not started
        assert "multiplied by 0.02" in lab("cloud", "status").out
        assert "time scale 0.02" in lab("cloud", "start", "--time-scale", "0.5").err
    finally:
        os.kill(cloud.pid, signal.SIGKILL)
    assert usual[0] == fast[0]
    assert 0 < fast[1] < usual[1] / 20
    assert "multiplied" not in lab("cloud", "status").out
