"""An order: made up by the producer, read by the consumer. This is the contract between the two.

The lesson: producer and consumer never meet. All they share is what an order looks like, so it stands in one place, and
the consumer checks it, because anybody with permission can put anything into the stream.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from handlers.shared.exact_json import exact_json
from handlers.shared.failures import PermanentFailure
from handlers.shared.payload import read_json_object
from handlers.shared.times import iso_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from handlers.shared.kinesis import KinesisRecord

PROCESSED = "Order processed"
"""What the consumer logs of each order; `lab show orders` finds the lines by it."""

# Product and price in cents.
_PRODUCTS = {"keyboard": 4990, "mouse": 1990, "monitor": 18900, "headset": 5950, "webcam": 7425}
_MOST_PIECES = 5


@dataclass(frozen=True)
class Order:
    """An order as it lies in the stream, in JSON."""

    order_id: str
    """Made by the producer: the same order sent twice has it twice, by which a consumer can tell."""
    customer_id: str
    """Also the partition key: one customer's orders stay in order."""
    product: str
    quantity: int
    """Pieces, 1 or more."""
    unit_price: Decimal
    """0 or more."""
    currency: str
    created_at: str
    """ISO 8601, UTC."""

    def to_json(self) -> bytes:
        """Return it as it is sent; the price as a JSON number with its decimals, whatever their number."""
        return exact_json(asdict(self)).encode()


@dataclass(frozen=True)
class ReceivedOrder:
    """An order, and by which record it came."""

    order: Order
    event_id: str


def sample_orders(count: int, *, customers: int) -> Iterator[Order]:
    """Make up orders of so many customers, in turn."""
    for number in range(count):
        product = random.choice(list(_PRODUCTS))  # noqa: S311  (a made-up order)
        yield Order(
            order_id=str(uuid.uuid4()),
            customer_id=f"customer-{number % customers + 1}",
            product=product,
            quantity=random.randint(1, _MOST_PIECES),  # noqa: S311
            unit_price=Decimal(_PRODUCTS[product]) / 100,
            currency="USD",
            created_at=iso_time(datetime.now(UTC)),
        )


def received_order(record: KinesisRecord) -> ReceivedOrder:
    """Read a record's order.

    Raises:
        PermanentFailure: it is not one.
    """
    return ReceivedOrder(read_order(read_json_object(record.data)), record.event_id)


def read_order(fields: dict[str, Any]) -> Order:
    """Read an order; what it holds besides is left aside.

    Raises:
        PermanentFailure: something is missing, or of the wrong kind.
    """
    quantity, price = fields.get("quantity"), fields.get("unit_price")
    if not isinstance(quantity, Decimal) or quantity != quantity.to_integral_value() or quantity < 1:
        raise PermanentFailure("quantity is not a whole number of 1 or more")
    if not isinstance(price, Decimal) or price < 0:
        raise PermanentFailure("unit_price is not a number of 0 or more")
    texts = {name: _text(fields, name) for name in ("order_id", "customer_id", "product", "currency", "created_at")}
    return Order(**texts, quantity=int(quantity), unit_price=price)


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise PermanentFailure(f"{name} is missing, or not a text")
    return value
