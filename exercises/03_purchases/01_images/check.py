"""Checks `images`: of each change the right image, and who removed what was removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.workbook.purchases import purchase, stream_record, word

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt

MEMBERS = {"event_name", "compra", "removed_by_ttl"}


def check(attempt: Attempt) -> None:
    """Read an insert, a change that takes an attribute away, and removals by a person and by time to live."""
    handler = attempt.load("handler.py")
    bought = purchase(cupon=word())
    told = _read(attempt, handler, stream_record("INSERT", new=bought))
    attempt.expect(told["compra"], bought, "other_purchase")
    attempt.expect(told["event_name"], "INSERT", "other_event_name")

    changed = {name: value for name, value in bought.items() if name != "cupon"} | {"user_id": f"user-{word()}"}
    told = _read(attempt, handler, stream_record("MODIFY", new=changed, old=bought))
    attempt.require(told["compra"] != bought, "old_image")
    attempt.require(told["compra"] != bought | changed, "images_mixed", extra="cupon")
    attempt.expect(told["compra"], changed, "other_purchase")

    removal = stream_record("REMOVE", old=changed)
    error = attempt.error_of(handler.read_change, removal)
    attempt.require(not (isinstance(error, KeyError) and error.args == ("NewImage",)), "no_new_image")
    told = _read(attempt, handler, removal)
    attempt.require(told["compra"] and "productos" in told["compra"], "removed_lost", got=told["compra"])
    attempt.expect(told["compra"], changed, "other_purchase")
    attempt.expect(told["event_name"], "REMOVE", "other_event_name")
    attempt.require(not told["removed_by_ttl"], "every_remove")

    expired = _read(attempt, handler, stream_record("REMOVE", old=changed, by_time_to_live=True))
    attempt.require(expired["removed_by_ttl"], "ttl_not_seen")
    attempt.expect(expired["compra"], changed, "other_purchase")
    told = _read(attempt, handler, stream_record("INSERT", new=bought))
    attempt.require(not told["removed_by_ttl"], "every_remove")


def _read(attempt: Attempt, handler: Any, record: dict[str, Any]) -> dict[str, Any]:
    told = handler.read_change(record)
    attempt.require(isinstance(told, dict) and told.keys() >= MEMBERS, "other_shape")
    return told
