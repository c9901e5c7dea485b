"""Checks `transient_or_permanent`: what is tried again, what is not, and what Lambda is told."""

from __future__ import annotations

import contextlib
import io
import json
import random
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from lab.sample_events import kinesis_event
from lab.workbook.delivering import Context
from lab.workbook.tables import MemoryTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.workbook.attempt import Attempt

ATTEMPTS = 3
PATIENCE_PUTS = 20
NOT_ORDERS = (b"keyboard;1;49.90", b'{"order_id": "no-quantity"}', b'["a", "list"]', b"\xff\xfe\x00")


class Table(MemoryTable):
    """A table that raises what it is told to.

    Attributes:
        tried: the ids of orders whose item was to be put, in order.
    """

    def __init__(self, attempt: Attempt, raises: Callable[[str, int], Exception | None]) -> None:
        super().__init__("order_id")
        self._attempt, self._raises = attempt, raises
        self.tried: list[str] = []

    def put_item(self, *, Item: dict[str, Any], **_more: Any) -> dict[str, Any]:  # noqa: N803
        """Store an item, or raise."""
        order_id = str(Item.get("order_id"))
        self.tried.append(order_id)
        self._attempt.require(self.tried.count(order_id) <= PATIENCE_PUTS, "tried_for_ever", count=PATIENCE_PUTS)
        if error := self._raises(order_id, self.tried.count(order_id)):
            raise error
        return super().put_item(Item=Item)


class Run:
    """One call of the handler and what came of it."""

    def __init__(
        self,
        attempt: Attempt,
        handler: Any,
        payloads: list[bytes],
        raises: Callable[[str, int], Exception | None] = lambda _order_id, _times: None,
    ) -> None:
        self.table = handler.table = Table(attempt, raises)
        self.waits: list[float] = []
        handler.sleep = self.waits.append
        event = kinesis_event(payloads, key="customer-1", region="us-east-1")
        self.numbers = [record["kinesis"]["sequenceNumber"] for record in event["Records"]]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            self.answer = handler.lambda_handler(event, Context())
        self.printed = printed.getvalue()

    @property
    def reported(self) -> list[int] | None:
        """The places of the records that the answer names; None where it is no such answer."""
        try:
            named = [failure["itemIdentifier"] for failure in (self.answer or {}).get("batchItemFailures") or []]
            return [self.numbers.index(number) for number in named]
        except (AttributeError, KeyError, TypeError, ValueError):
            return None


def check(attempt: Attempt) -> None:
    """Good orders, bad ones, throttles that pass, throttles that stay, the kinds of errors, what is logged."""
    handler = attempt.load("handler.py")
    _good(attempt, handler)
    for payload in NOT_ORDERS:
        _bad(attempt, handler, payload)
    _throttled_once(attempt, handler)
    _throttled_on(attempt, handler)
    _refused(attempt, handler)
    _kinds(attempt, handler)
    _programming_error(attempt, handler)


def _good(attempt: Attempt, handler: Any) -> None:
    orders = _orders(5)
    run = Run(attempt, handler, _payloads(orders))
    attempt.expect(run.table.calls, orders, "other_items")
    attempt.require(run.reported == [], "good_reported")


def _bad(attempt: Attempt, handler: Any, payload: bytes) -> None:
    """The third of five is no order."""
    orders = _orders(5)
    payloads = _payloads(orders)
    payloads[2] = payload
    run = Run(attempt, handler, payloads)
    known = {"payload": payload}
    attempt.require(run.reported is not None, "other_answer", **known)
    attempt.require(run.reported, "swallowed", **known)
    attempt.require(not run.waits, "waited_for_bad_data", **known)
    stored = [item["order_id"] for item in run.table.calls]
    attempt.require(stored == [order["order_id"] for order in orders[:2]], "went_on", stored=len(stored))
    attempt.expect(run.reported, [2], "other_record")
    said = _said(run)
    attempt.require(said == "permanent", "not_logged", expected="permanent", printed=run.printed.strip() or "-")


def _throttled_once(attempt: Attempt, handler: Any) -> None:
    orders = _orders(4)
    slow = orders[1]["order_id"]
    error = _client_error("ProvisionedThroughputExceededException")
    run = Run(
        attempt, handler, _payloads(orders), lambda order_id, times: error if (order_id, times) == (slow, 1) else None
    )
    attempt.require(not run.reported, "not_tried_again")
    attempt.expect(sorted(item["order_id"] for item in run.table.calls), sorted(o["order_id"] for o in orders), "lost")
    attempt.require(run.waits and max(run.waits) > 0, "no_wait")


def _throttled_on(attempt: Attempt, handler: Any) -> None:
    orders = _orders(4)
    slow = orders[1]["order_id"]
    error = _client_error("ThrottlingException")
    run = Run(attempt, handler, _payloads(orders), lambda order_id, _times: error if order_id == slow else None)
    attempt.require(run.reported, "swallowed_throttle")
    attempt.require(orders[2]["order_id"] not in run.table.tried, "went_on_throttled")
    attempt.expect(run.reported, [1], "other_record")
    attempt.expect(run.table.tried.count(slow), ATTEMPTS, "other_attempts")
    said = _said(run)
    attempt.require(said == "transient", "not_logged", expected="transient", printed=run.printed.strip() or "-")


def _refused(attempt: Attempt, handler: Any) -> None:
    """DynamoDB refuses the item itself."""
    orders = _orders(3)
    large = orders[1]["order_id"]
    error = _client_error("ValidationException", "Item size has exceeded the maximum allowed size")
    run = Run(attempt, handler, _payloads(orders), lambda order_id, _times: error if order_id == large else None)
    attempt.require(run.table.tried.count(large) == 1, "refusal_tried_again", count=run.table.tried.count(large))
    attempt.expect(run.reported, [1], "other_record")


def _kinds(attempt: Attempt, handler: Any) -> None:
    transient = [_client_error(code) for code in ("ThrottlingException", "RequestLimitExceeded", "InternalServerError")]
    transient += [
        EndpointConnectionError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com"),
        ReadTimeoutError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com"),
        _client_error("AccessDeniedException"),
    ]
    permanent = [
        _client_error("ValidationException"),
        KeyError("quantity"),
        json.JSONDecodeError("Expecting value", "", 0),
    ]
    for expected, errors in (("transient", transient), ("permanent", permanent)):
        for error in errors:
            got = handler.kind_of(error)
            code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
            denied = code == "AccessDeniedException"
            attempt.require(got == expected or not denied, "denied", got=got)
            attempt.require(got == expected, "other_kind", error=code, got=got, expected=expected)


def _programming_error(attempt: Attempt, handler: Any) -> None:
    """An error in the code is no record's fault; both ways of telling Lambda are right: raising, or reporting."""

    def call() -> None:
        error = AttributeError("'Table' object has no attribute 'putt_item'")
        run = Run(attempt, handler, _payloads(_orders(2)), lambda _order_id, _times: error)
        attempt.require(run.reported, "hidden_error")

    attempt.error_of(call)


def _said(run: Run) -> str:
    """Return the kind of failure that the log tells of the record: the last line that is JSON and has one."""
    for line in reversed(run.printed.splitlines()):
        with contextlib.suppress(ValueError, AttributeError, TypeError):
            if failure := json.loads(line).get("failure"):
                return failure
    return ""


def _client_error(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message or code}}, "PutItem")


def _orders(count: int) -> list[dict[str, Any]]:
    return [
        {"order_id": str(uuid.uuid4()), "quantity": random.randint(1, 9), "price": Decimal("49.9")}
        for _each in range(count)
    ]


def _payloads(orders: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps({**order, "price": float(order["price"])}).encode() for order in orders]
