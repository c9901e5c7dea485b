"""Checks `best_sellers`: the query's answer on made-up purchases is what Python computes of them."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lab.workbook.lake import Lake, QueryFailure
from lab.workbook.purchases import word

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt

COLUMNS = {
    "tenant_id": "string",
    "compra_id": "string",
    "user_id": "string",
    "fecha": "string",
    "productos": "array<struct<codigo:string,nombre:string,precio_unitario:decimal(18,6),cantidad:bigint>>",
}
WANTED = ("tenant_id", "puesto", "codigo", "unidades", "ingresos")
PLACES = 3
# Units of each product, split over several purchases; two share the third place, and one the first in the last shop.
_UNITS = ((9, 7, 5, 5, 4, 1), (60, 40, 30, 20, 10), (8, 8, 6, 5))


def check(attempt: Attempt) -> None:
    """Ask of the purchases of three shops; no, one and many products in a purchase, prices that change."""
    sql = attempt.read("query.sql")
    purchases = [each for units in _UNITS for each in _shop(f"empresa_{word()}", units)]
    random.shuffle(purchases)
    rows = _answer(attempt, sql, purchases)
    missing = [name for name in WANTED if rows and name not in rows[0]]
    _recognise(attempt, rows, purchases)
    attempt.require(rows, "no_rows")
    attempt.require(not missing, "other_columns", missing=", ".join(missing))
    expected = _expected(purchases)
    got = sorted((row["tenant_id"], row["codigo"]) for row in rows)
    wanted = sorted((tenant, code) for tenant, _place, code, *_ in expected)
    attempt.require(len(rows) >= len(expected) or not set(got) < set(wanted), "ties_dropped")
    attempt.require(got == wanted, "other_products", got=len(got), expected=len(wanted))
    by_product = {(row["tenant_id"], row["codigo"]): row for row in rows}
    for tenant, place, code, units, income in expected:
        row = by_product[tenant, code]
        said = {"product": code, "tenant": tenant}
        attempt.require(_number(row["unidades"]) == units, "other_units", got=row["unidades"], expected=units, **said)
        _check_income(attempt, row["ingresos"], income, purchases, said)
        attempt.require(_number(row["puesto"]) == place, "other_place", got=row["puesto"], expected=place, **said)
    order = [(row["tenant_id"], row["codigo"]) for row in rows]
    attempt.require(order == [(tenant, code) for tenant, _place, code, *_ in expected], "other_order")


def _recognise(attempt: Attempt, rows: list[dict[str, str]], purchases: list[dict[str, Any]]) -> None:
    """Tell of well-known wrong answers, whatever columns they have."""
    units, lines, bought = _counts(purchases)
    counted = {
        (row["tenant_id"], row["codigo"]): _number(row["unidades"])
        for row in rows
        if {"tenant_id", "codigo", "unidades"} <= row.keys()
    }
    tenants = {each["tenant_id"] for each in purchases}
    named = {row["tenant_id"] for row in rows if "tenant_id" in row}
    few = rows and (len(rows) <= PLACES or (named and named != tenants))
    attempt.require(not few, "three_in_all", got=len(rows), expected=len(tenants))
    wrong = [key for key, number in counted.items() if key in units and number != units[key]]
    if wrong:
        tenant, product = first = wrong[0]
        said = {"tenant": tenant, "product": product, "got": f"{counted[first]}", "expected": units[first]}
        attempt.require(any(counted[key] != lines[key] for key in counted), "lines_counted", **said)
        attempt.require(any(counted[key] != bought[key] for key in counted), "purchases_counted", **said)
    expected = {(tenant, code) for tenant, _place, code, *_ in _expected(purchases)}
    with_dense = {(tenant, code) for tenant, _place, code, *_ in _expected(purchases, dense=True)}
    attempt.require(set(counted) != with_dense or with_dense == expected, "dense_places")


def _check_income(
    attempt: Attempt, got: str, income: Decimal, purchases: list[dict[str, Any]], said: dict[str, str]
) -> None:
    prices = sum(
        line["precio_unitario"]
        for each in purchases
        for line in each["productos"]
        if (each["tenant_id"], line["codigo"]) == (said["tenant"], said["product"])
    )
    number = _number(got)
    attempt.require(number != prices or prices == income, "unit_price", got=got, expected=f"{income:f}", **said)
    near = number is not None and number != income and abs(number - income) < Decimal("0.01")
    # A double prints its own rounding; money in the catalogue is a decimal, with its six digits behind the point.
    attempt.require(not near and not ("E" in got or (number == income and len(got.partition(".")[2]) < 6)),
                    "not_exact", got=got, expected=f"{income:f}", **said)  # fmt: skip
    attempt.require(number == income, "other_income", got=got, expected=f"{income:f}", **said)


def _answer(attempt: Attempt, sql: str, purchases: list[dict[str, Any]]) -> list[dict[str, str]]:
    lake = Lake({"compras": COLUMNS})
    lake.put("compras/1.json", purchases)
    try:
        return lake.query(sql)
    except QueryFailure as failure:
        attempt.fail("query_failed", error=failure.message)


def _shop(tenant: str, units: tuple[int, ...]) -> list[dict[str, Any]]:
    """Return purchases that sell so many units of each product: what is bought most is not bought most often."""
    parts: list[dict[str, Any]] = []
    codes = random.sample(range(100, 1000), len(units))
    for place, (code, number) in enumerate(zip(codes, units, strict=True)):
        left = number
        often = place + 1  # the best seller in one purchase, the others in more
        for part in range(often):
            quantity = left - (often - 1 - part) if part == often - 1 else max(1, left // often)
            quantity = min(quantity, left)
            if quantity:
                price = Decimal(random.randint(10**6, 10**8)).scaleb(-6)
                line = {"codigo": f"PROD{code}", "nombre": word(), "precio_unitario": price, "cantidad": quantity}
                parts.append(line)
            left -= quantity
    # One purchase lists a product twice, one nothing at all.
    twice = {**parts[-1], "cantidad": 1, "precio_unitario": parts[-1]["precio_unitario"] + 1}
    if parts[-1]["cantidad"] > 1:
        parts[-1]["cantidad"] -= 1
        purchases = [[parts.pop(), twice]]
    else:
        purchases = []
    random.shuffle(parts)
    purchases += [[part] for part in parts] + [[]]
    return [
        {"tenant_id": tenant, "compra_id": word(), "user_id": word(), "fecha": "2026-07-13 10:30:00", "productos": each}
        for each in purchases
    ]


def _counts(purchases: list[dict[str, Any]]) -> tuple[Counter[Any], Counter[Any], Counter[Any]]:
    """Return units, lines and purchases of each product of a tenant."""
    units: Counter[Any] = Counter()
    lines: Counter[Any] = Counter()
    bought: Counter[Any] = Counter()
    for each in purchases:
        for line in each["productos"]:
            units[each["tenant_id"], line["codigo"]] += line["cantidad"]
            lines[each["tenant_id"], line["codigo"]] += 1
        bought.update({(each["tenant_id"], line["codigo"]) for line in each["productos"]})
    return units, lines, bought


def _expected(purchases: list[dict[str, Any]], *, dense: bool = False) -> list[tuple[str, int, str, int, Decimal]]:
    units, _lines, _bought = _counts(purchases)
    income: defaultdict[Any, Decimal] = defaultdict(Decimal)
    for each in purchases:
        for line in each["productos"]:
            income[each["tenant_id"], line["codigo"]] += line["cantidad"] * line["precio_unitario"]
    rows: list[tuple[str, int, str, int, Decimal]] = []
    for (tenant, code), number in units.items():
        better = [other for (whose, _code), other in units.items() if whose == tenant and other > number]
        place = 1 + len(set(better) if dense else better)
        if place <= PLACES:
            rows.append((tenant, place, code, number, income[tenant, code]))
    return sorted(rows)


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except ArithmeticError:
        return None
