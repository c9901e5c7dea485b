"""DynamoDB tables where MiniStack's are not as AWS has them: stream records that are complete, items that expire."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

import asyncio
import sys
import threading
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from lab.cloud.emulator.scope import scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lab.cloud.emulator.app import Answer, Handler

LOOK_SECONDS = 0.5
"""How often expired items are looked for; on AWS it may be days before they are deleted."""
ITEMS_A_LOOK = 2_000
"""How many items one look for expired ones may go through: a few milliseconds."""
_OLDEST_EXPIRY_SECONDS = 5 * 365 * 24 * 3600
"""A time to live that lies further back is taken for a mistake (developer guide, "Using time to live")."""
_MICROSECOND = 10**7
"""What a microsecond adds to a sequence number: 23 digits, of which the first 16 tell records apart."""
_MINISTACKS_OWN = "dynamodb-ttl-reaper"
"""The thread in which MiniStack deletes expired items once a minute, without a stream record."""

_expires: ContextVar[bool] = ContextVar("expires", default=False)
_passes: dict[tuple[str, str, str], Iterator[tuple[Any, Any, dict[str, Any]]]] = {}


def repaired_tables(handler: Handler, changed: Callable[[str], None]) -> Handler:
    """Return DynamoDB's handler, with stream records made complete; MiniStack's tables are loaded by the first call.

    Args:
        handler: MiniStack's.
        changed: given, on the event loop, the ARN of a stream that has a new record.
    """

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Answer:
        _repair(changed)
        return await handler(method, path, headers, body, query)

    return handle


def _repair(changed: Callable[[str], None]) -> None:
    from ministack.services import dynamodb

    if dynamodb._build_change_record.__module__ == __name__:
        return
    build, remove = dynamodb._build_change_record, dynamodb._remove_item
    loop, loop_thread = asyncio.get_running_loop(), threading.get_ident()

    def build_change_record(
        table: dict, event_name: str, old_item: dict | None, new_item: dict | None, view_type: str
    ) -> dict:
        record = build(table, event_name, old_item, new_item, view_type)
        change = record["dynamodb"]
        # "The size of the stream record": its keys and images, names and values (the guide's example adds up so).
        parts = ("Keys", "NewImage", "OldImage")
        change["SizeBytes"] = sum(dynamodb._item_size_bytes(change[part]) for part in parts if part in change)
        if _expires.get():
            record["userIdentity"] = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
        if arn := table.get("LatestStreamArn"):
            if threading.get_ident() == loop_thread:
                changed(arn)
            else:
                loop.call_soon_threadsafe(changed, arn)
        return record

    def remove_item(table: dict, pk_val: Any, sk_val: Any) -> dict | None:
        return None if threading.current_thread().name == _MINISTACKS_OWN else remove(table, pk_val, sk_val)

    dynamodb._build_change_record = build_change_record
    dynamodb._remove_item = remove_item
    dynamodb._next_stream_seq = next_sequence_number


def next_sequence_number() -> str:
    """Return a sequence number: digits that tell the time, and grow even when the clock jumps back."""
    from ministack.services import dynamodb

    with dynamodb._stream_seq_lock:
        now = time.time_ns() // 1000 * _MICROSECOND
        dynamodb._stream_seq_counter = max(dynamodb._stream_seq_counter + _MICROSECOND, now)
        return str(dynamodb._stream_seq_counter)


def given_out(sequence_number: str) -> None:
    """Let numbers go on growing behind one of an earlier life."""
    from ministack.services import dynamodb

    dynamodb._stream_seq_counter = max(dynamodb._stream_seq_counter, int(sequence_number))


async def expire_items(deleted: Callable[[], None]) -> None:
    """Delete the tables' items whose time to live is over, until cancelled.

    Args:
        deleted: called when some were.
    """
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if _expire_items():
            deleted()


def _expire_items() -> int:
    """Delete expired items, as many as one look finds; return how many.

    A table with more items than `ITEMS_A_LOOK` is gone through in several looks, each going on where the last ended.
    """
    dynamodb: Any = sys.modules.get("ministack.services.dynamodb")
    if dynamodb is None:  # nobody has used it
        return 0
    expired = 0
    for (account, region, name), setting in list(dynamodb._ttl_settings.all_items()):
        table = dynamodb._tables.get_scoped(account, region, name)
        if setting.get("TimeToLiveStatus") != "ENABLED" or not table:
            continue
        looked_at = _passes.pop((account, region, name), None) or _items(table)
        now = time.time()
        for number, (partition, sort, item) in enumerate(looked_at, 1):
            if _is_over(item.get(setting["AttributeName"]), now):
                with scope(account, region):
                    _expire(dynamodb, name, table, partition, sort, item)
                expired += 1
            if number == ITEMS_A_LOOK:
                _passes[account, region, name] = looked_at
                break
    return expired


def _items(table: dict[str, Any]) -> Iterator[tuple[Any, Any, dict[str, Any]]]:
    """Yield partition key, sort key and item of what was in a table at the start, as far as it still is."""
    for partition in list(table["items"]):
        for sort, item in list(table["items"].get(partition, {}).items()):
            yield partition, sort, item


def _is_over(attribute: Any, now: float) -> bool:
    """Say whether an attribute is a time to live that is over: a number, seconds since the epoch."""
    try:
        return now - _OLDEST_EXPIRY_SECONDS < float(attribute["N"]) <= now
    except (KeyError, TypeError, ValueError):
        return False


def _expire(dynamodb: Any, name: str, table: dict, partition: Any, sort: Any, item: dict) -> None:
    if table["items"].get(partition, {}).get(sort) is not item:
        return  # written anew since
    token = _expires.set(True)
    try:
        dynamodb._remove_item(table, partition, sort)
        dynamodb._emit_stream_event(name, "REMOVE", item, None)
    finally:
        _expires.reset(token)
