"""Checks `current_state`: of a log of changes, each purchase as it is now, and no other."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lab.workbook.lake import Lake, QueryFailure
from lab.workbook.purchases import NOON, word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.workbook.attempt import Attempt

    Change = dict[str, Any]
    State = Mapping[tuple[str, str], Decimal | None]

COLUMNS = {
    "tenant_id": "string",
    "compra_id": "string",
    "fecha": "string",
    "resumen": "struct<total_precio:decimal(38,6),moneda:string>",
    "metadata": "struct<event_name:string,changed_at:string,processed_at:string,sequence_number:string>",
}
WANTED = {"tenant_id", "compra_id", "total_precio"}
# What happened to a purchase: i bought, m changed, r removed.
_LIVES = ("i", "im", "imm", "ir", "imr", "iri", "irim", "immm")
_LONG = 3
_POWER_OF_TEN = 10**21
"""Sequence numbers have 21 to 40 digits: ours get one more on the way."""


def check(attempt: Attempt) -> None:
    """Ask of the lives of purchases in two shops that number them alike."""
    sql = attempt.read("query.sql")
    changes, now = _lives()
    lake = Lake({"compras_json": COLUMNS})
    random.shuffle(changes)
    lake.put("compras_json/1.json", changes)
    try:
        rows = lake.query(sql)
    except QueryFailure as failure:
        attempt.fail("query_failed", error=failure.message)
    attempt.require(rows, "no_rows")
    attempt.require(rows[0].keys() >= WANTED, "other_columns", missing=", ".join(sorted(WANTED - rows[0].keys())))
    _check_purchases(attempt, rows, changes, now)
    keys = [(row["tenant_id"], row["compra_id"]) for row in rows]
    attempt.require(keys == sorted(keys), "other_order")


def _check_purchases(attempt: Attempt, rows: list[dict[str, str]], changes: list[Change], now: State) -> None:
    keys = [(row["tenant_id"], row["compra_id"]) for row in rows]
    got = {key: _number(row["total_precio"]) for key, row in zip(keys, rows, strict=True)}
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice:
        attempt.fail("change_log", tenant=twice[0], purchase=twice[1], times=keys.count(twice))
    if got == now:
        return
    key = min(key for key in now.keys() | got.keys() if got.get(key) != now.get(key))
    said = {"tenant": key[0], "purchase": key[1], "got": _shown(got.get(key)), "expected": _shown(now.get(key))}
    for failure, state in _mistakes(changes).items():
        attempt.require(got != state, failure, **said)
    attempt.require(not _by_second(changes, got), "by_second", **said)
    attempt.require(key in now, "removed_shown", **said)
    attempt.require(key in got, "missing", **said)
    attempt.fail("other_total", **said)


def _mistakes(changes: list[Change]) -> dict[str, State]:
    """Return what well-known mistakes make of the changes."""
    ever_removed = {each["compra_id"] for each in changes if _what(each) == "REMOVE"}
    right = _state(changes, _sequence)
    newest = {name: max((each for each in changes if each["compra_id"] == name), key=_sequence)
              for name in {each["compra_id"] for each in changes}}  # fmt: skip
    mixed = {(each["tenant_id"], name): _total(each) for name, each in newest.items() if _what(each) != "REMOVE"}
    return {
        "removed_came_back": _state([each for each in changes if _what(each) != "REMOVE"], _sequence),
        "removed_shown": _state(changes, _sequence, with_removed=True),
        "bought_again_missing": {key: total for key, total in right.items() if key[1] not in ever_removed},
        "tenants_mixed": mixed,
        "numbers_as_texts": _state(changes, lambda each: each["metadata"]["sequence_number"]),
        "by_processing_time": _state(changes, lambda each: each["metadata"]["processed_at"]),
        "oldest": _state(changes, lambda each: -_sequence(each)),
    }


def _state(changes: list[Change], order: Callable[[Change], Any], *, with_removed: bool = False) -> State:
    """Return the total of each purchase, by the change that is greatest in an order."""
    last: dict[tuple[str, str], Change] = {}
    for each in sorted(changes, key=order):
        last[each["tenant_id"], each["compra_id"]] = each
    return {key: _total(each) for key, each in last.items() if with_removed or _what(each) != "REMOVE"}


def _by_second(changes: list[Change], got: State) -> bool:
    """Say whether an answer may have taken the newest by `changed_at`, any of those that share it."""
    for tenant, name in {(each["tenant_id"], each["compra_id"]) for each in changes}:
        own = [each for each in changes if (each["tenant_id"], each["compra_id"]) == (tenant, name)]
        newest = max(each["metadata"]["changed_at"] for each in own)
        last = [each for each in own if each["metadata"]["changed_at"] == newest]
        if got.get((tenant, name)) not in [None if _what(each) == "REMOVE" else _total(each) for each in last]:
            return False
    return True


def _what(change: Change) -> str:
    return change["metadata"]["event_name"]


def _sequence(change: Change) -> int:
    return int(change["metadata"]["sequence_number"])


def _total(change: Change) -> Decimal:
    return change["resumen"]["total_precio"]


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except ArithmeticError:
        return None


def _shown(total: Decimal | None) -> str:
    return "-" if total is None else f"{total:f}"


def _lives() -> tuple[list[Change], State]:
    """Return changes, and the total of each purchase that is there in the end."""
    tenants = [f"empresa_{word()}" for _ in range(2)]
    names = [word() for _ in _LIVES]
    changes: list[Change] = []
    for tenant in tenants:
        for name, life in zip(names, _LIVES if tenant == tenants[0] else _LIVES[::-1], strict=True):
            # The number gets a digit more before the second change of a short life, the third of a long one.
            gap = random.randint(150, 300)
            sequence = _POWER_OF_TEN - random.randint(1, 100) - (gap if len(life) >= _LONG else 0)
            at = NOON + dt.timedelta(seconds=random.randint(0, 10**6))
            for place, kind in enumerate(life):
                # Short lives pass in minutes, the longer ones within a second; their first change had to be retried.
                moment = at + dt.timedelta(minutes=place if len(life) < _LONG else 0)
                retries = dt.timedelta(hours=1 if place == 0 and len(life) >= _LONG else 0)
                changes.append(_change(tenant, name, kind, moment, moment + retries + dt.timedelta(milliseconds=place)))
                changes[-1]["metadata"]["sequence_number"] = str(sequence)
                sequence += gap
    return changes, _state(changes, _sequence)


def _change(tenant: str, name: str, kind: str, at: dt.datetime, processed: dt.datetime) -> Change:
    return {
        "tenant_id": tenant,
        "compra_id": name,
        "fecha": f"{at:%Y-%m-%d %H:%M:%S}",
        "resumen": {"total_precio": Decimal(random.randint(10**6, 10**9)).scaleb(-6), "moneda": "USD"},
        "metadata": {
            "event_name": {"i": "INSERT", "m": "MODIFY", "r": "REMOVE"}[kind],
            "changed_at": at.isoformat(timespec="milliseconds"),
            "processed_at": processed.isoformat(timespec="milliseconds"),
        },
    }
