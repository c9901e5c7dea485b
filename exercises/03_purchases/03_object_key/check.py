"""Checks `object_key`: one change, one key, in the folder of its tenant and of its UTC day, and of no other."""

from __future__ import annotations

import datetime as dt
import os
import random
import time
from typing import TYPE_CHECKING, Any

from lab.workbook.purchases import purchase, stream_record, word

if TYPE_CHECKING:
    from lab.sample_events import Change
    from lab.workbook.attempt import Attempt

_COLUMNS = ("tenant_id", "year", "month", "day")
LIMA_HOURS = 5


def check(attempt: Attempt) -> None:
    """Ask for keys of a change late in a UTC evening, of two in one second, and of tenants with unkind names."""
    os.environ["TZ"] = f"XYZ{LIMA_HOURS}"  # as on a laptop in Lima or Bogotá: UTC is five hours ahead
    time.tzset()
    handler = attempt.load("handler.py")
    # Between midnight and five in UTC, west of it the day before; the month has one digit.
    at = dt.datetime(2024, random.randint(2, 9), random.randint(2, 9), random.randint(0, 4), 30, tzinfo=dt.UTC)
    tenant, bought = f"empresa_{word()}", f"c-{word()}"
    sequence = str(random.randint(10**23, 10**24))
    key = _key(attempt, handler, tenant, bought, at, sequence)
    today = dt.datetime.now(dt.UTC)
    days = {f"{day:%Y/%m/%d}" for day in (today, today - dt.timedelta(hours=LIMA_HOURS))}
    plain = key.replace("year=", "").replace("month=", "").replace("day=", "")
    attempt.require(not any(day in plain for day in days), "processing_time", day=f"{at:%Y-%m-%d}")
    before = at - dt.timedelta(hours=LIMA_HOURS)
    local = f"/{before:%Y/%m/%d}/" in plain or f"/{before.year}/{before.month}/{before.day}/" in plain
    attempt.require(not local, "local_time", day=f"{at:%Y-%m-%d}", time=f"{at:%H:%M}")
    folder = f"compras/tenant_id={tenant}/year={at:%Y}/month={at:%m}/day={at:%d}/"
    attempt.require(key.startswith(folder) and key.count("/") == folder.count("/"), "not_hive", expected=folder)
    again = _key(attempt, handler, tenant, bought, at, str(int(sequence) + 1))
    attempt.require(again != key, "two_changes_one_key", key=key)
    attempt.require(f"{folder}insert_{bought}_{sequence}.json" == key, "other_name", key=key.removeprefix(folder))
    removal = _key(attempt, handler, tenant, bought, at, sequence, "REMOVE")
    attempt.require(removal.startswith(f"{folder}remove_"), "other_name", key=removal.removeprefix(folder))
    _check_unkind_names(attempt, handler, tenant, at)


def _check_unkind_names(attempt: Attempt, handler: Any, victim: str, at: dt.datetime) -> None:
    """See that each id has a folder or a name of its own, which is one segment."""
    suffix = word()
    texts = [f"../{victim}", f"{victim}/year=2026", f"a/{suffix}", f"a_{suffix}", f"a.{suffix}", f"a%2F{suffix}",
             f"a {suffix}", f"a-{suffix}", "..", ".", f"Ñ {suffix}", f"A_{suffix}"]  # fmt: skip
    for place in ("tenant_id", "compra_id"):
        owners: dict[str, str] = {}
        for text in texts:
            ids = {"tenant_id": victim, "compra_id": "c1"} | {place: text}
            key = _key(attempt, handler, ids["tenant_id"], ids["compra_id"], at, "1")
            segments = key.split("/")
            well = len(segments) == len(_COLUMNS) + 2 and all(
                segment.startswith(f"{column}=") for column, segment in zip(_COLUMNS, segments[1:-1], strict=True)
            )
            attempt.require(well, "escapes", id=text, what=place, key=key)
            own = segments[1].removeprefix("tenant_id=") if place == "tenant_id" else segments[-1]
            attempt.require(own not in {"", ".", ".."}, "escapes", id=text, what=place, key=key)
            attempt.require(own not in owners, "tenants_mixed", one=owners.get(own, ""), other=text, key=key)
            owners[own] = text


def _key(
    attempt: Attempt, handler: Any, tenant: str, bought: str, at: dt.datetime, sequence: str, change: Change = "INSERT"
) -> str:
    item = purchase(tenant_id=tenant, compra_id=bought)
    image = {"old": item} if change == "REMOVE" else {"new": item}
    record = stream_record(change, at=at, sequence_number=sequence, **image)
    key = handler.object_key(record)
    attempt.require(isinstance(key, str) and key, "no_key")
    attempt.require(key == handler.object_key(record), "another_each_time", key=key)
    return key
