"""Checks `decode`: every record of a batch becomes an item that holds what was sent."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

from lab.sample_events import kinesis_event
from lab.workbook.delivering import Context
from lab.workbook.tables import MemoryTable

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt


def check(attempt: Attempt) -> None:
    """Call the handler with one record, then with several, then with text that is not ASCII."""
    handler = attempt.load("handler.py")
    number = random.randint(100, 999)
    stored = _stored(attempt, handler, [{"sensor": "temperature", "value": number}])
    attempt.require(stored, "nothing_stored")
    data = stored[0].get("data")
    attempt.require(not isinstance(data, str | bytes), "only_base64", data=repr(data))
    attempt.expect(data, {"sensor": "temperature", "value": number}, "other_data")
    sent = [{"sensor": f"s{i}", "value": i} for i in range(3)]
    stored = _stored(attempt, handler, sent)
    attempt.expect(len(stored), len(sent), "one_of_many")
    attempt.expect([item["data"] for item in stored], sent, "other_data")
    town = {"sensor": "São Paulo ☀"}
    attempt.expect(_stored(attempt, handler, [town])[0]["data"], town, "other_data")


def _stored(attempt: Attempt, handler, payloads: list[dict]) -> list[dict]:
    table = handler.table = MemoryTable("eventId")
    sent = [json.dumps(payload, ensure_ascii=False).encode() for payload in payloads]
    event = kinesis_event(sent, key="1", region="us-east-1")
    error = attempt.error_of(handler.lambda_handler, event, Context())
    if isinstance(error, json.JSONDecodeError):
        attempt.fail("not_base64", data=event["Records"][0]["kinesis"]["data"])
    if error:
        raise error
    return table.calls
