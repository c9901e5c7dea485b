"""Purchases made up for checks, and the records that their table's stream hands to a function.

Shapes: Lambda developer guide, "Using AWS Lambda with Amazon DynamoDB"; who removed an item: DynamoDB developer guide,
"DynamoDB Streams and Time to Live".
"""

# ruff: noqa: S311 - made-up purchases, not secrets

from __future__ import annotations

import datetime as dt
import random
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.sample_events import Change

KEYS = ("tenant_id", "compra_id")
NOON = dt.datetime(2026, 7, 13, 12, 0, tzinfo=dt.UTC)
_TIME_TO_LIVE = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
_ALPHABET = "abcdefghijkmnpqrstuvwxyz"


def word(length: int = 6) -> str:
    """Return a word that nobody can have written into an answer."""
    return "".join(random.choices(_ALPHABET, k=length))


def product(price: str | None = None, quantity: int | None = None) -> dict[str, Any]:
    """Return a line of a purchase."""
    return {
        "codigo": f"PROD{random.randint(100, 999)}",
        "nombre": word().capitalize(),
        "precio_unitario": Decimal(price or f"{random.randint(1, 99)}.{random.randint(10, 99)}"),
        "cantidad": Decimal(quantity or random.randint(1, 4)),
    }


def purchase(**attributes: Any) -> dict[str, Any]:
    """Return an item of the table, numbers as Decimal."""
    return {
        "tenant_id": f"empresa_{word()}",
        "compra_id": uuid.uuid4().hex[:8],
        "user_id": f"user-{random.randint(10, 99)}",
        "fecha": "2026-07-13 10:30:00",
        "productos": [product() for _ in range(random.randint(1, 3))],
        **attributes,
    }


def stream_record(
    change: Change,
    *,
    new: dict[str, Any] | None = None,
    old: dict[str, Any] | None = None,
    at: dt.datetime = NOON,
    sequence_number: str = "",
    by_time_to_live: bool = False,
) -> dict[str, Any]:
    """Return the record of a change, of a stream with NEW_AND_OLD_IMAGES.

    Args:
        change: what happened.
        new: what the item has become; none for a REMOVE.
        old: what it was; none for an INSERT.
        at: when.
        sequence_number: of the record; one is made up.
        by_time_to_live: DynamoDB removed the item itself.
    """
    keys = {name: value for name, value in (new or old or {}).items() if name in KEYS}
    images = {name: typed(image)["M"] for name, image in (("NewImage", new), ("OldImage", old)) if image}
    record: dict[str, Any] = {
        "eventID": uuid.uuid4().hex,
        "eventName": change,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": int(at.timestamp()),
            "Keys": typed(keys)["M"],
            **images,
            "SequenceNumber": sequence_number or str(random.randint(10**23, 10**24)),
            "SizeBytes": len(str(images)),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/compras/stream/2026-01-01T00:00:00.000",
    }
    return record | ({"userIdentity": _TIME_TO_LIVE} if by_time_to_live else {})


def typed(value: Any) -> dict[str, Any]:
    """Return a value with its type, as DynamoDB has it; boto3's own would take a third of an offline check's second."""
    match value:
        case bool():
            return {"BOOL": value}
        case None:
            return {"NULL": True}
        case str():
            return {"S": value}
        case int() | Decimal():
            return {"N": str(value)}
        case list():
            return {"L": [typed(each) for each in value]}  # pyright: ignore[reportUnknownVariableType]
        case _:
            return {"M": {name: typed(each) for name, each in value.items()}}
