"""Checks `shard_of_key`: MD5 as a number, inclusive ranges of any size, open shards only."""

from __future__ import annotations

import copy
import random
import uuid
from typing import TYPE_CHECKING, Any

from lab import hash_keys
from lab.numbers import decimal

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.workbook.attempt import Attempt

_END = hash_keys.HASH_KEYS
_FIRST_NUMBER = 49_600_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000
_KEYS = 60


def check(attempt: Attempt) -> None:
    """Ask for many keys: even shards, uneven ones, a key on the edge, closed shards, letters of all the world."""
    shard_of = attempt.load("shards.py").shard_of
    keys = [uuid.uuid4().hex for _ in range(_KEYS)]
    _ask(attempt, shard_of, ["partition_key_1", *keys], _shards([_END // 2]))
    _ask(attempt, shard_of, keys, _shards([_END // 4 * number for number in (1, 2, 3)]))
    # After splits: sizes from a thousandth of the whole upwards, told in any order.
    edges = [_END // 1000, _END // 7, _END // 3, random.randrange(_END // 2, _END - _END // 9)]
    _ask(attempt, shard_of, keys, _shards(edges, mixed=True), otherwise="uneven_ranges")
    for key in keys[:5]:
        edge = hash_keys.hash_key(key)
        _ask(attempt, shard_of, [key], _shards([edge + 1]), otherwise="last_of_range")  # the last of the first shard
        _ask(attempt, shard_of, [key], _shards([edge]), otherwise="last_of_range")  # the first of the second
    _ask(attempt, shard_of, keys, _split(mixed=True), otherwise="closed_shard")
    _ask(attempt, shard_of, ["São Paulo", "Perú", "Interlagos ☀", "鈴鹿"], _shards([_END // 2]), otherwise="other_bytes")


def _shards(edges: list[int], *, mixed: bool = False) -> list[dict[str, Any]]:
    """Return open shards that begin at 0 and at each of these hash keys."""
    first = random.randint(0, 900)
    starts = [0, *edges]
    ends = [*(edge - 1 for edge in edges), _END - 1]
    shards = [_shard(first + number, start, end) for number, (start, end) in enumerate(zip(starts, ends, strict=True))]
    if mixed:
        random.shuffle(shards)
    return shards


def _split(*, mixed: bool) -> list[dict[str, Any]]:
    """Return two shards that were split into two each."""
    half, quarter = _END // 2, _END // 4
    parents = _shards([half])
    for parent in parents:
        parent["SequenceNumberRange"]["EndingSequenceNumber"] = str(_FIRST_NUMBER + 1000)
    children = [_shard(950 + number, quarter * number, quarter * (number + 1) - 1) for number in range(4)]
    shards = [*parents, *children]
    if mixed:
        children.reverse()
        shards = [*parents, *children]
    return shards


def _shard(number: int, start: int, end: int) -> dict[str, Any]:
    return {
        "ShardId": f"shardId-{number:012}",
        "HashKeyRange": {"StartingHashKey": str(start), "EndingHashKey": str(end)},
        "SequenceNumberRange": {"StartingSequenceNumber": str(_FIRST_NUMBER + number)},
    }


def _ask(
    attempt: Attempt,
    shard_of: Callable[..., Any],
    keys: list[str],
    shards: list[dict[str, Any]],
    otherwise: str = "other_shard",
) -> None:
    """Ask where each key goes; of a wrong answer tell how it came about, where it can be seen."""
    answers: dict[str, Any] = {key: shard_of(key, copy.deepcopy(shards)) for key in keys}
    right = {key: hash_keys.shard_of(hash_keys.hash_key(key), shards) for key in keys}  # pyright: ignore[reportArgumentType]
    wrong = [key for key in keys if answers[key] != right[key]]
    if not wrong:
        return
    failure = _way_gone(answers, shards)
    ids = {shard["ShardId"] for shard in shards}
    for key in wrong:
        if not failure and answers[key] not in ids:
            shard_of(key, shards)  # so that the message tells of this call
            attempt.fail("not_an_id")
    failure, key = failure or otherwise, wrong[0]
    number = hash_keys.hash_key(key)
    attempt.fail(
        failure,
        key=key,
        hash_key=str(number),
        percent=decimal(100 * number / _END),
        got=answers[key],
        expected=right[key],
        ranges="; ".join(_told(shard) for shard in shards),
    )


def _way_gone(answers: dict[str, Any], shards: list[dict[str, Any]]) -> str:
    """Return the failure that explains all answers, empty where none does, or where they are too few to tell."""
    if len(answers) < _KEYS:
        return ""
    ways = ((name, {key: way(key, shards) for key in answers}) for name, way in _WAYS.items())
    return next((n for n, would in ways if all(would[key] in (None, answers[key]) for key in answers)), "")


def _told(shard: dict[str, Any]) -> str:
    start, end = (int(shard["HashKeyRange"][name]) for name in ("StartingHashKey", "EndingHashKey"))
    return f"{shard['ShardId'][-3:]}: {decimal(100 * start / _END)}-{decimal(100 * end / _END)} %"


def _python_hash(key: str, shards: list[dict[str, Any]]) -> str:
    return shards[hash(key) % len(shards)]["ShardId"]


def _modulo(key: str, shards: list[dict[str, Any]]) -> str:
    return shards[hash_keys.hash_key(key) % len(shards)]["ShardId"]


def _little_endian(key: str, shards: list[dict[str, Any]]) -> str | None:
    number = int.from_bytes(hash_keys.hash_key(key).to_bytes(16, "big"), "little")
    return hash_keys.shard_of(number, shards)  # pyright: ignore[reportArgumentType]


def _as_text(key: str, shards: list[dict[str, Any]]) -> str | None:
    text = str(hash_keys.hash_key(key))
    for shard in shards:
        if shard["HashKeyRange"]["StartingHashKey"] <= text <= shard["HashKeyRange"]["EndingHashKey"]:
            return shard["ShardId"]
    return None


_WAYS: dict[str, Callable[[str, list[dict[str, Any]]], str | None]] = {
    "python_hash": _python_hash,
    "modulo": _modulo,
    "little_endian": _little_endian,
    "compared_as_text": _as_text,
}
"""Wrong ways that people go: the failure that tells of it, and what it answers."""
