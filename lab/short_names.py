"""Short names of what has long ones, as every verb shows them."""

from __future__ import annotations

import re

_SHOWN_DIGITS = 8
_LOCAL_NUMBER = re.compile(r"(?:4900\d{8}(?=\d{44}\Z)|\d{8}(?=\d{8}0{7}\Z))(\d{8})")
"""A number of the local cloud's streams or tables; in parentheses what tells it apart, the end of its time in
microseconds. What follows says the shard (lab/cloud/kinesis/sequence_numbers.py), or nothing."""


def short_shard(shard: str) -> str:
    """Return a shard's number: `shardId-000000000003` is 3; what is called otherwise, its last characters."""
    number = shard.removeprefix("shardId-")
    return number.lstrip("0") or "0" if number.isdecimal() else number[-_SHOWN_DIGITS:]


def short_number(sequence_number: str) -> str:
    """Return the digits of a sequence number that tell it apart: all of its 56 would push all else off the line."""
    if local := _LOCAL_NUMBER.match(sequence_number):
        return f"…{local[1]}…"
    return f"…{sequence_number[-_SHOWN_DIGITS:]}" if len(sequence_number) > _SHOWN_DIGITS else sequence_number


def short_event(event: str) -> str:
    """Return shard and short sequence number of an `eventId` (shard:sequence number)."""
    shard, _colon, sequence_number = event.partition(":")
    return f"{short_shard(shard)}:{short_number(sequence_number)}" if sequence_number else event


def long_shard(given: str) -> str:
    """Return a shard's id from what a person typed: the id, or its number."""
    return f"shardId-{int(given):012d}" if given.isdecimal() and len(given) <= 12 else given  # noqa: PLR2004
