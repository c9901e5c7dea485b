"""The handler of lesson `basic` on moto: partial batches, replays, crashes, logs."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.shared.environment import MissingVariableError, required
from tests.handlers.events import Context, deliver, failed, kinesis_event, kinesis_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from mypy_boto3_dynamodb.service_resource import Table

    Handle = Callable[[Any], Any]
    Log = Callable[[], list[dict[str, Any]]]

POISON = b"not JSON"
UNSPOKEN = "do-not-log-me"


def stored(table: Table) -> dict[str, Any]:
    return {item["eventId"]: item for item in table.scan()["Items"]}


def test_a_batch_is_stored_whole(handle: Handle, table: Table):
    assert handle(kinesis_event(*({"sensor": "a", "value": number} for number in range(60)))) == {
        "batchItemFailures": []
    }
    assert len(stored(table)) == 60


def test_it_stops_at_the_first_failure_and_names_it(handle: Handle, table: Table):
    event = kinesis_event({"value": 1}, {"value": 2}, POISON, {"value": 4}, POISON)
    assert failed(handle(event)) == [event["Records"][2]["kinesis"]["sequenceNumber"]]
    assert set(stored(table)) == {record["eventID"] for record in event["Records"][:2]}


def test_an_item_too_large_fails_for_good_and_what_came_before_it_is_stored(handle: Handle, table: Table, log: Log):
    event = kinesis_event({"value": 1}, {"text": "x" * 410_000}, {"value": 3})
    assert failed(handle(event)) == [event["Records"][1]["kinesis"]["sequenceNumber"]]
    assert set(stored(table)) == {event["Records"][0]["eventID"]}
    assert log()[0]["failure"] == "permanent"
    assert "size" in log()[0]["reason"]


def test_a_failure_to_store_comes_before_a_later_poison(handle: Handle, table: Table):
    event = kinesis_event({"text": "x" * 410_000}, POISON)
    assert failed(handle(event)) == [event["Records"][0]["kinesis"]["sequenceNumber"]]
    assert stored(table) == {}


def test_a_table_that_is_gone_is_a_transient_failure(
    handler: ModuleType, handle: Handle, log: Log, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(handler, "TABLE", handler.open_table("NoSuchTable"))
    event = kinesis_event({"value": 1})
    assert failed(handle(event)) == [event["Records"][0]["kinesis"]["sequenceNumber"]]
    assert log()[0]["failure"] == "transient"
    assert log()[0]["level"] == "WARNING"


@pytest.mark.parametrize("payload", [{}, {"sensor": ""}, {"a": [], "b": {}}, {"a": None}, {"a": [{"b": ""}]}])
def test_empty_values_are_stored(handle: Handle, table: Table, payload: Any):
    assert failed(handle(kinesis_event(payload))) == []
    (item,) = stored(table).values()
    assert item["data"] == payload


def test_data_that_is_not_base64_is_a_permanent_failure(handle: Handle, table: Table):
    event = kinesis_event({"value": 1}, {"value": 2})
    event["Records"][1]["kinesis"]["data"] = "{not base64}"
    assert failed(handle(event)) == [event["Records"][1]["kinesis"]["sequenceNumber"]]
    assert len(stored(table)) == 1


def test_a_record_that_stands_twice_in_a_batch_is_stored_once(handle: Handle, table: Table):
    # BatchWriteItem refuses a request with the same key twice.
    event = kinesis_event({"value": 1}, {"value": 2})
    event["Records"].append(event["Records"][0])
    assert failed(handle(event)) == []
    assert len(stored(table)) == 2


def test_a_batch_without_records_is_done(handle: Handle, table: Table):
    assert handle({"Records": []}) == {"batchItemFailures": []}
    assert stored(table) == {}


def test_a_programming_error_is_not_swallowed(
    handler: ModuleType, handle: Handle, table: Table, monkeypatch: pytest.MonkeyPatch
):
    def wrong(_record: Any) -> Any:
        raise KeyError("a fault in the program")

    monkeypatch.setattr(handler, "event_item", wrong)
    with pytest.raises(KeyError):
        handle(kinesis_event({"value": 1}))
    assert stored(table) == {}


def test_the_log_holds_ids_and_counts_and_no_payload(handle: Handle, log: Log):
    event = kinesis_event({"note": UNSPOKEN}, f"{UNSPOKEN} is not JSON".encode())
    handle(event)
    failure, batch = log()
    first, last = (record["eventID"] for record in event["Records"])
    assert failure["message"] == "Record failed"
    assert (failure["failure"], failure["event_id"], failure["level"]) == ("permanent", last, "ERROR")
    assert batch["message"] == "Batch processed"
    assert (batch["records"], batch["processed"]) == (2, 1)
    assert (batch["first_event_id"], batch["last_event_id"]) == (first, last)
    assert isinstance(batch["iterator_age_ms"], int)
    assert batch["function_request_id"] == Context.aws_request_id
    assert UNSPOKEN not in json.dumps([failure, batch])


def test_a_missing_variable_says_so_at_start():
    program = "import handlers.basic.handler"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode
    assert "The environment variable DYNAMODB_TABLE_NAME is not set." in done.stderr


def test_an_empty_variable_is_a_missing_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DYNAMODB_TABLE_NAME", "")
    with pytest.raises(MissingVariableError, match="DYNAMODB_TABLE_NAME"):
        required("DYNAMODB_TABLE_NAME")


payloads = st.one_of(
    st.builds(lambda sensor, value: {"sensor": sensor, "value": value}, st.text(max_size=3), st.integers()),
    st.sampled_from([POISON, b"[]", b'{"value": NaN}', b""]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shard=st.lists(payloads, min_size=1, max_size=12), data=st.data())
def test_any_replay_and_any_crash_leave_the_same_items(
    handler: ModuleType, table: Table, shard: list[Any], data: st.DataObject
):
    """Whatever part of a batch comes again and wherever the function dies, the table ends the same."""
    records = [kinesis_record(number, payload) for number, payload in enumerate(shard)]
    for item in stored(table):
        table.delete_item(Key={"eventId": item})
    given_up = deliver(handler.lambda_handler, records)
    once = stored(table)
    assert set(once) == {record["eventID"] for record in records} - set(given_up)

    first = data.draw(st.integers(0, len(records) - 1), label="the replay begins at")
    last = data.draw(st.integers(first, len(records)), label="the replay ends before")
    handler.lambda_handler({"Records": records[first:last]}, Context())
    assert stored(table) == once

    for item in once:
        table.delete_item(Key={"eventId": item})
    calls = iter(data.draw(st.lists(st.integers(0, 3), max_size=6), label="items written before each crash"))

    def crashing(event: Any, context: Any) -> Any:
        written = next(calls, None)
        if written is None:
            return handler.lambda_handler(event, context)
        handler.lambda_handler({"Records": event["Records"][:written]}, context)
        raise MemoryError

    assert deliver(crashing, records, retries=20) == given_up
    assert stored(table) == once
