"""LogFormat JSON ("Using Lambda advanced logging controls"): the function's messages and Lambda's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.cloud.conftest import Workshop

SOURCE = """
import logging
logging.getLogger().setLevel(logging.DEBUG)
def handler(event, context):
    print("printed")
    logging.info("two\\nlines %s", 1, extra={"order": 7})
    logging.debug("nobody asked for it")
    try:
        1 / 0
    except ZeroDivisionError:
        logging.exception("caught")
    if event.get("fail"):
        raise ValueError("no")
"""


def logged(workshop: Workshop, event: dict[str, Any], **levels: str) -> list[Any]:
    """Invoke a new function; return what it logged, what is no JSON as text."""
    role = workshop.role(("logs:*", "*"))
    name = workshop.function(SOURCE, role, LoggingConfig={"LogFormat": "JSON", **levels}).rsplit(":", 1)[-1]
    workshop.clients.lambda_.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    events = workshop.clients.logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    return [json.loads(m) if (m := each["message"]).startswith("{") else m for each in events]


def test_messages_and_platform_events_are_objects(workshop: Workshop):
    begun, started, printed, told, caught, report = logged(workshop, {})
    assert [each["type"] for each in (begun, started, report)] == [
        "platform.initStart",
        "platform.start",
        "platform.report",
    ]
    assert printed == "printed"
    request = started["record"]["requestId"]
    assert told | {"timestamp": ""} == {
        "timestamp": "", "level": "INFO", "message": "two\nlines 1", "logger": "root", "requestId": request, "order": 7,
    }  # fmt: skip
    assert (caught["errorType"], caught["errorMessage"]) == ("ZeroDivisionError", "division by zero")
    assert report["record"]["status"] == "success"
    assert report["record"]["metrics"]["memorySizeMB"] == 128


def test_levels_leave_out_what_is_below_them(workshop: Workshop):
    levels = {"ApplicationLogLevel": "ERROR", "SystemLogLevel": "WARN"}
    printed, caught, failed = logged(workshop, {"fail": True}, **levels)
    assert printed == "printed"
    assert caught["level"] == "ERROR"
    assert (failed["log_level"], failed["errorType"], failed["errorMessage"]) == ("ERROR", "ValueError", "no")
