from __future__ import annotations

import itertools
import json
import time
from types import SimpleNamespace

import pytest

from handlers.shared import records_producer
from handlers.shared.back_off import back_off_seconds
from lab.errors import LabError
from lab.sending import Event, Sender, batches
from lab.sensors import sensor_events
from lab.verbs import send as verb


class FakeKinesis:
    """Answers PutRecords; refuses what `refuse` says, by the number of the call."""

    def __init__(self, refuse=lambda _call, _entry: False):
        self.calls = []
        self._refuse = refuse

    def put_records(self, **request):
        assert request["StreamName"] == "Stream"
        entries = request["Records"]
        self.calls.append([entry["Data"] for entry in entries])
        results = [
            {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"}
            if self._refuse(len(self.calls), entry["Data"])
            else {"ShardId": f"shardId-{len(entry['PartitionKey'])}", "SequenceNumber": "1"}
            for entry in entries
        ]
        return {"Records": results, "FailedRecordCount": sum("ErrorCode" in result for result in results)}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(records_producer, "back_off_seconds", lambda *_attempt, **_bounds: 0.0)


def events(*payloads: str) -> list[Event]:
    return [Event("key", payload.encode()) for payload in payloads]


def test_a_batch_has_at_most_500_records_and_5_mb():
    assert [len(batch) for batch in batches(events(*["x"] * 1201))] == [500, 500, 201]
    large = [Event("k", b"x" * 1024 * 1024)] * 11
    assert [len(batch) for batch in batches(large)] == [4, 4, 3]
    assert not list(batches([]))


def test_only_what_was_refused_is_sent_again():
    kinesis = FakeKinesis(lambda call, payload: payload in (b"b", b"d") and call < 3)
    advanced = []
    sent = Sender(kinesis, "Stream", advanced.append).send(events("a", "b", "c", "d"))
    assert kinesis.calls == [[b"a", b"b", b"c", b"d"], [b"b", b"d"], [b"b", b"d"]]
    assert (sent.events, sent.resent, dict(sent.by_shard)) == (4, 4, {"shardId-3": 4})
    assert sum(advanced) == 4


def test_what_is_refused_again_and_again_is_given_up_with_the_reason():
    kinesis = FakeKinesis(lambda _call, payload: payload == b"b")
    with pytest.raises(LabError, match="1 of the events were refused 8 times; 1 had been sent") as raised:
        Sender(kinesis, "Stream").send(events("a", "b"))
    assert raised.value.why == "ProvisionedThroughputExceededException: Rate exceeded"
    assert len(kinesis.calls) == records_producer.MAXIMUM_ATTEMPTS


def test_back_off_grows_to_a_bound_and_differs():
    waits = {attempt: [back_off_seconds(attempt, first=0.2, longest=3.2) for _ in range(200)] for attempt in (0, 2, 8)}
    assert max(waits[0]) <= 0.2 < max(waits[2]) <= 0.8 < max(waits[8]) <= 3.2
    assert len(set(waits[0])) > 100


def test_the_rate_is_kept():
    kinesis = FakeKinesis()
    begun = time.monotonic()
    Sender(kinesis, "Stream").send(events(*["x"] * 50), rate=100)
    assert 0.35 <= time.monotonic() - begun <= 0.8
    assert {len(call) for call in kinesis.calls} == {10}


@pytest.mark.parametrize(("count", "poison"), [(10, 0), (10, 1), (20, 3), (7, 7), (1000, 13)])
def test_poison_is_counted_and_spread(count, poison):
    bad = []
    for number, event in enumerate(sensor_events(count, keys=4, poison=poison)):
        try:
            reading = json.loads(event.payload)
        except ValueError:
            bad.append(number)
        else:
            assert reading.keys() == {"sensor", "value"}
            assert event.key.startswith(reading["sensor"])
    assert len(bad) == poison
    gaps = [later - earlier for earlier, later in itertools.pairwise(bad)]
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_events_spread_over_the_keys():
    assert len({event.key for event in sensor_events(100, keys=8)}) == 8
    assert len({event.key for event in sensor_events(100, keys=1)}) == 1


def test_ctrl_c_says_how_many_had_been_sent(lab, monkeypatch):
    def pressed(call, _entry):
        if call > 1:
            raise KeyboardInterrupt
        return False

    clients = SimpleNamespace(kinesis=FakeKinesis(pressed))
    target = SimpleNamespace(clients=clients, lesson=lambda _name: {"KinesisStreamName": "Stream"})
    monkeypatch.setattr(verb, "Target", lambda _stack: target)
    outcome = lab("send", "basic", "--count", "600")
    assert outcome.code == 130
    assert outcome.err.splitlines()[1:] == [
        "Stopped.",
        "500 events had been sent to Stream.",
        "See what became of them: lab show basic",
    ]


def test_made_up_readings_keep_their_decimals():
    readings = [json.loads(event.payload)["value"] for event in sensor_events(500, keys=4)]
    assert not [value for value in readings if value == int(value)]
