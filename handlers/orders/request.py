"""What the producer is asked for."""

from __future__ import annotations

import json
from typing import Any, cast

from handlers.orders.order import Order, read_order, sample_orders
from handlers.shared.failures import PermanentFailure
from handlers.shared.payload import read_json_object

MOST_ORDERS = 5_000
"""As many as the producer sends within its timeout through one shard, which takes 1,000 a second."""
DEFAULT_CUSTOMERS = 8


class InvalidRequestError(ValueError):
    """The event is not a request; the message says what is wrong with it. Lambda shows it to the caller."""


def requested_orders(event: Any) -> list[Order]:
    """Return the orders that an event asks for.

    `{}` asks for one made-up order, `{"count": N, "customers": N}` for more, `{"orders": […]}` for these: so what an
    answer named as failed can be sent again.

    Raises:
        InvalidRequestError: it is none of these.
    """
    if not isinstance(event, dict):
        raise InvalidRequestError('the event must be a JSON object, such as {"count": 10}')
    fields = cast("dict[str, Any]", event)
    if unknown := sorted(fields.keys() - {"count", "customers", "orders"}):
        raise InvalidRequestError(f"unknown: {', '.join(unknown)}; there are count, customers, orders")
    if "orders" not in fields:
        count = _number(fields, "count", 1)
        return list(sample_orders(count, customers=_number(fields, "customers", DEFAULT_CUSTOMERS)))
    if len(fields) > 1:
        raise InvalidRequestError("orders does not go together with count or customers")
    return _given(fields["orders"])


def _number(fields: dict[str, Any], name: str, default: int) -> int:
    value = fields.get(name, default)
    if type(value) is not int or not 1 <= value <= MOST_ORDERS:
        raise InvalidRequestError(f"{name} must be a whole number from 1 to {MOST_ORDERS}")
    return value


def _given(orders: Any) -> list[Order]:
    given = cast("list[Any]", orders) if isinstance(orders, list) else []
    if not 1 <= len(given) <= MOST_ORDERS:
        raise InvalidRequestError(f"orders must be a list of 1 to {MOST_ORDERS} orders")
    read: list[Order] = []
    for number, order in enumerate(given):
        try:
            read.append(read_order(read_json_object(json.dumps(order).encode())))
        except PermanentFailure as failure:
            raise InvalidRequestError(f"orders[{number}]: {failure.reason}") from failure
    return read
