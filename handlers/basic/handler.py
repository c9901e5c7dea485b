"""The consumer of lesson `basic`: each event of the stream becomes an item of the table.

The lesson: a stream delivers at least once. A consumer that may be called twice with the same records must leave the
same behind, and must say precisely which record it could not process.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from handlers.basic.event import event_item
from handlers.shared.batch import BatchResponse, process_batch
from handlers.shared.environment import required
from handlers.shared.kinesis import kinesis_records
from handlers.shared.observability import logger
from handlers.shared.table import open_table, put_items

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from handlers.shared.kinesis import KinesisEvent

TABLE = open_table(required("DYNAMODB_TABLE_NAME"))


@logger.inject_lambda_context
def lambda_handler(event: KinesisEvent, context: LambdaContext) -> BatchResponse:  # noqa: ARG001 - Lambda passes both
    """Store the events of a batch; answer with the first that could not be stored."""
    return process_batch(kinesis_records(event), convert=event_item, store=partial(put_items, TABLE))
