"""Checks `schema_change`: prices by their old name and by their new one, in the stream and in the data lake."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lab.workbook.lake import Lake, QueryFailure
from lab.workbook.purchases import purchase, word

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt

OLD, NEW = "precio", "precio_unitario"
COLUMNS = {
    "tenant_id": "string",
    "compra_id": "string",
    "productos": f"array<struct<codigo:string,{OLD}:decimal(18,6),{NEW}:decimal(18,6),cantidad:bigint>>",
}


def check(attempt: Attempt) -> None:
    """Read purchases of before, during and after the change, then ask for what tenants sold all the while."""
    _check_handler(attempt)
    _check_query(attempt)


def _line(**prices: Decimal) -> dict[str, Any]:
    return {"codigo": f"PROD{random.randint(100, 999)}", "cantidad": Decimal(random.randint(1, 5)), **prices}


def _price() -> Decimal:
    return Decimal(random.randint(100, 9999)).scaleb(-2)


def _check_handler(attempt: Attempt) -> None:
    handler = attempt.load("handler.py")
    cases = [
        ("new_name_unknown", {NEW: _price()}),
        ("old_name_unknown", {OLD: _price()}),
        ("zero_is_a_price", {NEW: Decimal(0)}),
        ("zero_is_a_price", {OLD: Decimal(0)}),
        # While the shops' program was being changed, it wrote both for some hours.
        ("old_name_wins", {OLD: Decimal("5.00"), NEW: Decimal("6.00")}),
        ("zero_is_a_price", {OLD: _price(), NEW: Decimal(0)}),
    ]
    for failure, prices in cases:
        line = _line(**prices)
        item = purchase(productos=[_line(**{NEW: _price()}), line] if failure != "new_name_unknown" else [line])
        error = attempt.error_of(handler.lines_of, item)
        if isinstance(error, KeyError) and error.args[0] in (OLD, NEW):
            attempt.fail(failure, line=_names(line), error=f"KeyError: {error}")
        if error:
            raise error
        lines = handler.lines_of(item)
        right = isinstance(lines, list) and len(lines) == len(item["productos"])
        attempt.require(right and all(isinstance(each, dict) for each in lines), "other_lines")
        expected = prices.get(NEW, prices.get(OLD))
        got = lines[-1].get(NEW)
        attempt.require(got == expected and got is not None, failure, line=_names(line), error=f"{NEW} = {got}")
        attempt.expect(lines[-1], {**_named(line), NEW: expected}, "other_line")
    nothing = purchase(productos=[_line(costo=_price())])
    error = attempt.error_of(handler.lines_of, nothing)
    attempt.require(error is not None, "free_of_charge")


def _named(line: dict[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in ("codigo", "cantidad")}


def _names(line: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in line.items())


def _check_query(attempt: Attempt) -> None:
    tenants = sorted(f"empresa_{word()}" for _ in range(2))
    purchases = [
        {"tenant_id": tenant, "compra_id": word(), "productos": [_line(**prices)]}
        for tenant in tenants
        for prices in [
            {OLD: _price()}, {OLD: _price()}, {OLD: _price(), NEW: _price()}, {NEW: _price()}, {NEW: Decimal(0)},
        ]
    ]  # fmt: skip
    lake = Lake({"compras": COLUMNS})
    lake.put("compras/1.json", purchases)
    try:
        rows = lake.query(attempt.read("query.sql"))
    except QueryFailure as failure:
        attempt.fail("query_failed", error=failure.message)
    right = rows and rows[0].keys() >= {"tenant_id", "ingresos"} and [row["tenant_id"] for row in rows] == tenants
    attempt.require(right, "other_rows")
    for row in rows:
        products = [line for each in purchases if each["tenant_id"] == row["tenant_id"] for line in each["productos"]]
        got = _number(row["ingresos"])
        expected = _income(products, NEW, OLD)
        said = {"tenant": row["tenant_id"], "got": row["ingresos"] or "-", "expected": f"{expected:f}"}
        both = [line for line in products if OLD in line and NEW in line]
        mistakes = {
            "new_sales_missing": _income(products, OLD),
            "history_missing": _income(products, NEW),
            "nothing_has_both": sum((line["cantidad"] * (line[OLD] + line[NEW]) for line in both), Decimal(0)),
            "counted_twice": expected + _income(both, OLD),
            "old_price_taken": _income(products, OLD, NEW),
        }
        for failure, wrong in mistakes.items():
            attempt.require(got == expected or got != wrong, failure, **said)
        attempt.require(got == expected, "other_income", **said)


def _income(lines: list[dict[str, Any]], *names: str) -> Decimal:
    """Return what lines brought, at the price of the first of these names that they have."""
    prices = [(line["cantidad"], next((line[name] for name in names if name in line), Decimal(0))) for line in lines]
    return sum((quantity * price for quantity, price in prices), Decimal(0))


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except ArithmeticError:
        return None
