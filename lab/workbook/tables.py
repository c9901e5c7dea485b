"""A table in memory, for checks that need no cloud: it stores and refuses what DynamoDB would."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


class MemoryTable:
    """Stands where a handler has `boto3.resource("dynamodb").Table(…)`; knows `put_item` alone.

    Attributes:
        calls: the items that were put, in order, as they were given.
        items: what is stored: key → item.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self.calls: list[dict[str, Any]] = []
        self.items: dict[str, dict[str, Any]] = {}

    def put_item(self, *, Item: dict[str, Any]) -> dict[str, Any]:  # noqa: N803  (boto3's own name)
        """Store an item.

        Raises:
            TypeError: it holds what DynamoDB cannot: a float; boto3 says it in these words.
            ValueError: it lacks the key, or the key is no text that may be one.
        """
        _refuse_floats(Item)
        key = Item.get(self._key)
        if not isinstance(key, str) or not key:
            raise ValueError(f"One of the required keys was not given a value: {self._key}")
        self.calls.append(Item)
        self.items[key] = Item
        return {}


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("Float types are not supported. Use Decimal types instead.")
    if isinstance(value, Decimal) and not value.is_finite():
        raise TypeError("Infinity and NaN not supported")
    if isinstance(value, dict):
        for inner in value.values():  # pyright: ignore[reportUnknownVariableType]
            _refuse_floats(inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:  # pyright: ignore[reportUnknownVariableType]
            _refuse_floats(inner)
