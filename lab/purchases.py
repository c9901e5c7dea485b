"""Makes up the lives of purchases: bought, changed, removed, or expired by DynamoDB itself.

What happens to one purchase happens in order, and its stream tells it in that order.
"""

from __future__ import annotations

import random
import time
import uuid
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Kind: TypeAlias = Literal["insert", "modify", "remove", "expire"]

# Ten writes: each kind is among them, and more is bought than is removed.
_MIX: tuple[Kind, ...] = (
    "insert", "insert", "modify", "insert", "expire", "insert", "modify", "remove", "insert", "modify",
)  # fmt: skip
_PRODUCTS = (
    ("PROD001", "Café de altura", Decimal("12.90")),
    ("PROD002", "Chocolate 70 %", Decimal("4.50")),
    ("PROD003", "Quinua roja", Decimal("3.75")),
    ("PROD004", "Poncho de alpaca", Decimal("99.99")),
    ("PROD005", "Taza de cerámica", Decimal("8.20")),
)
_USERS = 20


@dataclass(frozen=True)
class Write:
    """One write to the table."""

    kind: Kind
    tenant_id: str
    compra_id: str
    attributes: dict[str, Any]
    """All of the item for an insert, else those that change; none for a removal."""


def purchase_writes(count: int, *, tenants: Sequence[str], time_to_live: str, poison: int = 0) -> Iterator[Write]:
    """Make up writes.

    Args:
        count: how many in all.
        tenants: the shops, each sells in turn.
        time_to_live: the attribute after whose time the table removes an item.
        poison: how many of them put what is no purchase, spread evenly.
    """
    living: deque[Write] = deque()
    made = 0
    for number in range(count):
        tenant = tenants[number % len(tenants)]
        if (number + 1) * poison // count > number * poison // count:
            yield _poison(tenant, number)
            continue
        kind = _MIX[made % len(_MIX)] if living else "insert"
        made += 1
        if kind == "insert":
            living.append(Write("insert", tenant, str(uuid.uuid4()), _purchase()))
            yield living[-1]
        elif kind == "modify":
            living.append(_modified(living.popleft()))
            yield living[-1]
        else:
            # The moment is over already: DynamoDB removes the item when it next looks, within days on AWS.
            attributes = {time_to_live: int(time.time()) - 1} if kind == "expire" else {}
            before = living.popleft()
            yield Write(kind, before.tenant_id, before.compra_id, attributes)


def _purchase() -> dict[str, Any]:
    return {
        "user_id": f"user-{random.randrange(_USERS) + 1:02d}",  # noqa: S311  (a made-up customer)
        "fecha": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
        "productos": _products(),
    }


def _modified(before: Write) -> Write:
    """Return a write with other products: one that changes nothing would make no record."""
    products = _products()
    while products == before.attributes["productos"]:
        products = _products()
    return Write("modify", before.tenant_id, before.compra_id, {"productos": products})


def _products() -> list[dict[str, Any]]:
    chosen = random.sample(_PRODUCTS, random.randint(1, 3))  # noqa: S311
    return [
        {"codigo": code, "nombre": name, "precio_unitario": price, "cantidad": random.randint(1, 4)}  # noqa: S311
        for code, name, price in chosen
    ]


def _poison(tenant: str, number: int) -> Write:
    """Return a write of what is no purchase: no products, a word for a price, a map for a list."""
    purchase = _purchase()
    match number % 3:
        case 0:
            del purchase["productos"]
        case 1:
            purchase["productos"][0]["precio_unitario"] = "gratis"
        case _:
            purchase["productos"] = purchase["productos"][0]
    return Write("insert", tenant, str(uuid.uuid4()), purchase)
