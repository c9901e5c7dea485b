"""Delivers batches to a handler in this process as an event source mapping would, where a check lets things fail."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

from lab.sample_events import kinesis_event
from lab.workbook.api_calls import Crash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST_DELIVERIES = 6
_TIMEOUT_SECONDS = 30


class Context:
    """What Lambda passes beside the event: a handler may log its request id, or look at the time that is left."""

    function_name = "handler"
    function_version = "$LATEST"
    invoked_function_arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function_name}"
    memory_limit_in_mb = "128"
    log_group_name = f"/aws/lambda/{function_name}"
    log_stream_name = "check"
    client_context = identity = None

    def __init__(self) -> None:
        self.aws_request_id = str(uuid.uuid4())
        self._deadline = time.monotonic() + _TIMEOUT_SECONDS

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left."""
        return max(0, round(1000 * (self._deadline - time.monotonic())))

    def __repr__(self) -> str:
        """Be short in messages."""
        return "context"


def batch(payloads: Sequence[Any], first_number: int, *, shard: int = 0, key: str = "k") -> dict[str, Any]:
    """Return a batch of JSON payloads whose sequence numbers begin at a number and rise by one."""
    event = kinesis_event([json.dumps(payload).encode() for payload in payloads], key=key, region="us-east-1")
    for place, record in enumerate(event["Records"]):
        number = str(first_number + place)
        record["kinesis"]["sequenceNumber"] = number
        record["eventID"] = f"shardId-{shard:012}:{number}"
    return event


def part(event: dict[str, Any], begin: int, end: int) -> dict[str, Any]:
    """Return a batch of some records of another one."""
    return event | {"Records": event["Records"][begin:end]}


def deliver_until_done(handler: Callable[[dict[str, Any], Context], Any], event: dict[str, Any]) -> None:
    """Deliver a batch, again after an exception, from the lowest failure where some are reported.

    Raises:
        Exception: what the handler raised the last time.
    """
    for number in range(MOST_DELIVERIES):
        try:
            answer = handler(event, Context())
        except (Exception, Crash):
            if number == MOST_DELIVERIES - 1:
                raise
            continue
        failed = answer.get("batchItemFailures") if isinstance(answer, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if not failed:
            return
        lowest = min(int(each["itemIdentifier"]) for each in failed)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        left = [record for record in event["Records"] if int(record["kinesis"]["sequenceNumber"]) >= lowest]
        event = event | {"Records": left}
