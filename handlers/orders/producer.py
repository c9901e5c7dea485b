"""`LambdaProducer`: makes up orders and puts them into the stream.

The lesson: "200" is not "all accepted". PutRecords names each entry it refused; those, and only those, are sent again,
and what is refused to the end is told to whoever asked, by its ids.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import boto3

from handlers.orders.request import requested_orders
from handlers.shared.clients import PATIENCE
from handlers.shared.environment import required
from handlers.shared.observability import logger
from handlers.shared.records_producer import OutgoingRecord, batches, send_batch

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_kinesis.client import KinesisClient

    from handlers.orders.order import Order

KINESIS: KinesisClient = boto3.client("kinesis", config=PATIENCE)  # pyright: ignore[reportUnknownMemberType]
STREAM_NAME = required("KINESIS_STREAM_NAME")


@dataclass(frozen=True)
class OutgoingOrder(OutgoingRecord):
    """An order on its way."""

    order_id: str


class Answer(TypedDict):
    """What the producer answers."""

    sent: int
    """Orders that the stream accepted."""
    resent: int
    """How often an order was sent again because it had been refused."""
    by_shard: dict[str, int]
    """Accepted orders, by shard."""
    failed: list[str]
    """The ids of orders that were refused to the end: they are not in the stream."""


@logger.inject_lambda_context
def lambda_handler(event: Any, context: LambdaContext) -> Answer:  # noqa: ARG001 - Lambda passes both
    """Send what the event asks for."""
    return send(requested_orders(event))


def send(orders: list[Order]) -> Answer:
    """Send orders to the stream, each customer's to one shard."""
    by_shard: Counter[str] = Counter()
    resent: Counter[str] = Counter()
    failed: list[str] = []
    for batch in batches(OutgoingOrder(order.customer_id, order.to_json(), order.order_id) for order in orders):
        refused = send_batch(
            KINESIS,
            STREAM_NAME,
            batch,
            lambda _record, shard: by_shard.update([shard]),
            resending=lambda count: resent.update(orders=count),
        )
        failed += [record.order_id for record in refused.records]
        if refused.records:
            logger.error("Orders refused", count=len(refused.records), reason=refused.reason)
    logger.info("Orders sent", sent=by_shard.total(), resent=resent["orders"], failed=len(failed))
    return {"sent": by_shard.total(), "resent": resent["orders"], "by_shard": dict(by_shard), "failed": failed}
