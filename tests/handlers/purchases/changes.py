"""Changes of the table as an event source mapping hands them over."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeSerializer

MADE = 1_752_402_645  # 2025-07-13T10:30:45Z
TEXTS_PURCHASE = {
    "compra_id": "uuid",
    "user_id": "user_id",
    "tenant_id": "tenant_id",
    "fecha": "2025-07-13 10:30:00",
    "productos": [
        {"codigo": "PROD001", "nombre": "Producto Test", "precio_unitario": Decimal("99.99"), "cantidad": Decimal(2)}
    ],
}
"""The text's own example."""
TIME_TO_LIVE = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def typed(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item with DynamoDB's types."""
    return {name: TypeSerializer().serialize(value) for name, value in item.items()}


def purchase(**changes: Any) -> dict[str, Any]:
    """Return the text's purchase with other attributes; one that is `...` is left out."""
    return {name: value for name, value in {**TEXTS_PURCHASE, **changes}.items() if value is not ...}


def of_product(**changes: Any) -> dict[str, Any]:
    """Return a purchase with one product; an attribute of it that is `...` is left out."""
    product = {**TEXTS_PURCHASE["productos"][0], **changes}  # type: ignore[dict-item]
    return purchase(productos=[{name: value for name, value in product.items() if value is not ...}])


def change(
    number: int = 0,
    *,
    new: dict[str, Any] | None = None,
    old: dict[str, Any] | None = None,
    made: float = MADE,
    by: dict[str, str] | None = None,
) -> Any:
    """Return the record of a change; what it is follows from the images."""
    images = {"NewImage": new, "OldImage": old}
    return {
        "eventID": f"{number:032x}",
        "eventName": "REMOVE" if new is None else "MODIFY" if old else "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": made,
            "Keys": {},
            "SequenceNumber": f"{4421584500000000017450439092 + number}",
            "SizeBytes": 100,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            **{name: typed(image) for name, image in images.items() if image is not None},
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/compras/stream/2025-07-13T00:00:00.000",
        **({"userIdentity": by} if by else {}),
    }


def event(*changes: Any) -> Any:
    """Return a batch of changes."""
    return {"Records": list(changes)}
