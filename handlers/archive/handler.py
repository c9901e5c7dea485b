"""The consumer of lesson `archive`: what the stream keeps for a day, the bucket keeps for good.

The lesson: any bytes can be archived, so nothing is poison here; what an archive must not do is lose a record because
two of them get one name, or keep one twice because it was delivered twice. The name decides both.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from handlers.archive.batch_objects import archive_line, store_batch
from handlers.archive.record_object import record_object
from handlers.shared.batch import BatchResponse, process_batch
from handlers.shared.environment import required
from handlers.shared.kinesis import kinesis_records
from handlers.shared.objects import open_bucket, put_objects
from handlers.shared.observability import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from handlers.shared.kinesis import KinesisEvent

BUCKET = open_bucket(required("S3_BUCKET_NAME"))
ONE_OBJECT_A_BATCH = required("ARCHIVE_LAYOUT") == "batch"


@logger.inject_lambda_context
def lambda_handler(event: KinesisEvent, context: LambdaContext) -> BatchResponse:  # noqa: ARG001 - Lambda passes both
    """Archive the records of a batch; answer with the first that is not in the bucket."""
    records = kinesis_records(event)
    if ONE_OBJECT_A_BATCH:
        return process_batch(records, convert=archive_line, store=partial(store_batch, BUCKET))
    return process_batch(records, convert=record_object, store=partial(put_objects, BUCKET))
