"""Checks `exact_numbers`: numbers arrive in the table as they were written; what is no number is refused."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lab.sample_events import kinesis_event
from lab.workbook.delivering import Context
from lab.workbook.tables import MemoryTable

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt

NO_NUMBERS = ("NaN", "Infinity", "-Infinity")


def check(attempt: Attempt) -> None:
    """Send a number with a point, a long one, nested ones; then what is no number; then a text that looks like it."""
    handler = attempt.load("handler.py")
    for text in (f"{random.randint(10, 98)}.{random.randint(1, 9)}", f"0.{random.randint(10**18, 10**19) * 10 + 7}"):
        data = _data(attempt, handler, f'{{"sensor": "temperature", "value": {text}}}', "float", text)
        _expect_exact(attempt, data.get("value"), text)
    low, high = f"{random.randint(1, 9)}.25", f"{random.randint(10, 90)}.75"
    sent = f'{{"sensor": "wind", "range": {{"low": {low}, "series": [1, {high}]}}, "serial": "1.50"}}'
    data = _data(attempt, handler, sent, "nested_float", sent)
    expected = {"sensor": "wind", "range": {"low": Decimal(low), "series": [1, Decimal(high)]}, "serial": "1.50"}
    attempt.expect(data, expected, "other_data")
    for name in NO_NUMBERS:
        _expect_refused(attempt, handler, name)
    _expect_name_stored(attempt, handler)


def _data(attempt: Attempt, handler: Any, payload: str, failure: str, value: str) -> Any:
    """Return the `data` of the item that came of a payload."""
    table, error = _call(attempt, handler, payload)
    if isinstance(error, TypeError) and "Float types" in str(error):
        attempt.fail(failure, value=value)
    if error:
        raise error
    attempt.expect(len(table.calls), 1, "other_data")
    return table.calls[0].get("data")


def _expect_exact(attempt: Attempt, got: Any, text: str) -> None:
    attempt.require(not isinstance(got, str), "text", got=repr(got), value=text)
    if isinstance(got, Decimal) and len(got.as_tuple().digits) > len(Decimal(text).as_tuple().digits):
        attempt.fail("through_float", got=got, value=text)
    attempt.require(got == Decimal(text), "digits_lost", got=got, value=text)


def _expect_refused(attempt: Attempt, handler: Any, name: str) -> None:
    table, error = _call(attempt, handler, f'{{"sensor": "temperature", "value": {name}}}')
    if not error and table.calls:
        attempt.fail("nan_stored", value=name, got=table.calls[0].get("data"))
    if not error:
        attempt.fail("nan_dropped", value=name)
    if not isinstance(error, ValueError):
        attempt.fail("nan_by_accident", value=name, error=f"{type(error).__name__}: {error}".rstrip("."))
    attempt.require(name in str(error), "nan_unnamed", value=name, error=str(error))


def _expect_name_stored(attempt: Attempt, handler: Any) -> None:
    table, error = _call(attempt, handler, '{"sensor": "NaN Infinity", "value": 1}')
    if isinstance(error, ValueError):
        attempt.fail("name_refused")
    if error:
        raise error
    got = [item.get("data") for item in table.calls]
    attempt.expect(got, [{"sensor": "NaN Infinity", "value": 1}], "other_data")


def _call(attempt: Attempt, handler: Any, payload: str) -> tuple[MemoryTable, Exception | None]:
    table = handler.table = MemoryTable("eventId")
    event = kinesis_event([payload.encode()], key="1", region="us-east-1")
    return table, attempt.error_of(handler.lambda_handler, event, Context())
