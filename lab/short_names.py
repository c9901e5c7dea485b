"""Short names of what has long ones, as every verb shows them."""

from __future__ import annotations

_SHOWN_DIGITS = 8
_LOCAL_PREFIX, _LOCAL_DIGITS, _LOCAL_TELLING = "4900", 56, slice(12, 20)
"""A number of the local cloud's streams: its first digits, how many it has, and those that tell records apart (of its
time, in microseconds); it ends with the shard, as lab/cloud/kinesis/sequence_numbers.py says."""


def short_shard(shard: str) -> str:
    """Return a shard's number: `shardId-000000000003` is 3; what is called otherwise, its last characters."""
    number = shard.removeprefix("shardId-")
    return number.lstrip("0") or "0" if number.isdecimal() else number[-_SHOWN_DIGITS:]


def short_number(sequence_number: str) -> str:
    """Return the digits of a sequence number that tell it apart: all of its 56 would push all else off the line."""
    if len(sequence_number) == _LOCAL_DIGITS and sequence_number.startswith(_LOCAL_PREFIX):
        return f"…{sequence_number[_LOCAL_TELLING]}…"
    return f"…{sequence_number[-_SHOWN_DIGITS:]}" if len(sequence_number) > _SHOWN_DIGITS else sequence_number


def short_event(event: str) -> str:
    """Return shard and short sequence number of an `eventId` (shard:sequence number)."""
    shard, _colon, sequence_number = event.partition(":")
    return f"{short_shard(shard)}:{short_number(sequence_number)}" if sequence_number else event


def long_shard(given: str) -> str:
    """Return a shard's id from what a person typed: the id, or its number."""
    return f"shardId-{int(given):012d}" if given.isdecimal() and len(given) <= 12 else given  # noqa: PLR2004
