"""`LambdaProducer`: makes up orders and puts them into the stream.

The lesson: "200" is not "all accepted". PutRecords names each entry it refused; those, and only those, are sent again,
and what is refused to the end is told to whoever asked, by its ids.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from handlers.orders.request import requested_orders
from handlers.shared.aws_errors import failure_of
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
    """The ids of orders that are not in the stream: refused to the end, or not sent because a request before failed."""
    unknown: list[str]
    """The ids of orders whose request failed on its way: nobody knows whether the stream took them."""


@logger.inject_lambda_context
def lambda_handler(event: Any, context: LambdaContext) -> Answer:  # noqa: ARG001 - Lambda passes both
    """Send what the event asks for."""
    return send(requested_orders(event))


def send(orders: list[Order]) -> Answer:
    """Send orders to the stream, each customer's to one shard.

    Raises:
        ClientError, BotoCoreError: the stream took none of them, and could not be asked. Once it has taken some, the
            answer says which not: an error would hide what lies in the stream.
    """
    by_shard: Counter[str] = Counter()
    resent: Counter[str] = Counter()
    waiting = {order.order_id: OutgoingOrder(order.customer_id, order.to_json(), order.order_id) for order in orders}
    unknown: list[str] = []

    def accepted(record: OutgoingOrder, shard: str) -> None:
        del waiting[record.order_id]
        by_shard[shard] += 1

    for batch in batches(list(waiting.values())):
        try:
            refused = send_batch(
                KINESIS, STREAM_NAME, batch, accepted, resending=lambda count: resent.update(orders=count)
            )
        except (ClientError, BotoCoreError) as error:
            if not by_shard:
                raise
            logger.error("Orders could not be sent", reason=failure_of(error).reason)
            unknown = [record.order_id for record in batch if waiting.pop(record.order_id, None)]
            break
        if refused.records:
            logger.error("Orders refused", count=len(refused.records), reason=refused.reason)
    sent, failed = by_shard.total(), list(waiting)
    logger.info("Orders sent", sent=sent, resent=resent["orders"], failed=len(failed), unknown=len(unknown))
    return {
        "sent": sent,
        "resent": resent["orders"],
        "by_shard": dict(by_shard),
        "failed": failed,
        "unknown": unknown,
    }
