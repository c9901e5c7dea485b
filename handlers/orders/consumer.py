"""`LambdaConsumer`: decodes the orders of a batch and logs that they arrived.

The lesson: at least once. After a failure or a crash the same order is logged again; its order_id tells that it is the
same. Whoever counts lines counts too many, whoever counts ids does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers.orders.order import PROCESSED, ReceivedOrder, received_order
from handlers.shared.batch import BatchResponse, process_batch
from handlers.shared.kinesis import kinesis_records
from handlers.shared.observability import logger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from handlers.shared.kinesis import KinesisEvent


@logger.inject_lambda_context
def lambda_handler(event: KinesisEvent, context: LambdaContext) -> BatchResponse:  # noqa: ARG001 - Lambda passes both
    """Process the orders of a batch; answer with the first that is not one."""
    return process_batch(kinesis_records(event), convert=received_order, store=process)


def process(received: Sequence[ReceivedOrder]) -> None:
    """Do what is to be done with each order: here it is logged, by its ids."""
    for one in received:
        logger.info(PROCESSED, order_id=one.order.order_id, event_id=one.event_id)
