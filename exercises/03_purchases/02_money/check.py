"""Checks `money`: what a purchase amounts to, exact to the last digit that the table holds."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lab.workbook.purchases import product, purchase

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt

_MICRO = Decimal("0.000001")


def check(attempt: Attempt) -> None:
    """Ask for a plain purchase, tenths, a price of six decimals, an amount of eighteen digits, and no products."""
    handler = attempt.load("handler.py")
    plain = purchase(productos=[product("12.50", 2), product("3.00", 1), product("0.25", 4)])
    summary = _summary(attempt, handler, plain)
    total = _amount(attempt, summary)
    attempt.require(total == 29, "other_total", got=f"{total:f}", expected="29.00")
    attempt.expect(summary.get("total_productos"), 3, "lines_not_counted")
    quantity = summary.get("total_cantidad")
    attempt.require(isinstance(quantity, int) and not isinstance(quantity, bool), "quantity_not_whole", got=quantity)
    attempt.expect(quantity, 7, "other_quantity")

    tenths = purchase(productos=[product("0.1", 1), product("0.2", 1)])
    _exact(attempt, handler, tenths, "binary_fractions")
    cheap = purchase(productos=[product(f"0.00{random.randint(1001, 1999)}", 1000 + random.randint(1, 99))])
    _exact(attempt, handler, cheap, "rounded")
    great = purchase(productos=[product(f"{random.randint(10**11, 10**12 - 1)}.{random.randint(0, 10**5):05}1", 3)])
    _exact(attempt, handler, great, "digits_lost")
    _exact(attempt, handler, purchase(productos=[]), "other_total")


def _exact(attempt: Attempt, handler: Any, item: dict[str, Any], failure: str) -> None:
    """Compare the total with what Decimal gives; an error so small that only floats make it has a name of its own."""
    expected = sum((line["precio_unitario"] * line["cantidad"] for line in item["productos"]), Decimal(0))
    got = _amount(attempt, _summary(attempt, handler, item))
    if failure == "digits_lost" and got != expected and abs(got - expected) > 1:
        failure = "other_total"
    if failure == "rounded" and 0 < abs(got - expected) < _MICRO:
        failure = "binary_fractions"
    attempt.require(got == expected, failure, got=f"{got:f}", expected=f"{expected:f}")


def _summary(attempt: Attempt, handler: Any, item: dict[str, Any]) -> dict[str, Any]:
    error = attempt.error_of(handler.document, item)
    if isinstance(error, TypeError) and "not JSON serializable" in str(error):
        attempt.fail("not_serializable", error=str(error))
    if error:
        raise error
    text = handler.document(item)
    try:
        document = json.loads(text, parse_float=Decimal)
    except (ValueError, TypeError):
        attempt.fail("not_json")
    summary = document.get("resumen") if isinstance(document, dict) else None
    if not isinstance(summary, dict):
        attempt.fail("no_summary")
    return summary


def _amount(attempt: Attempt, summary: dict[str, Any]) -> Decimal:
    """Return the total; a text of digits is as good as a number."""
    total = summary.get("total_precio")
    try:
        if isinstance(total, bool):
            raise TypeError
        amount = Decimal(total)  # type: ignore[arg-type]
        if not amount.is_finite():
            raise ValueError
    except (TypeError, ValueError, ArithmeticError):
        attempt.fail("no_amount", got=total)
    return amount
