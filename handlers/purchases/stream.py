"""`actualizarComprasStream`: each change of the table becomes a JSON document in the bucket.

The lesson: a table knows how things are, its stream how they came to be so. What is written down of each change can be
asked for years later, and costs the table nothing.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from handlers.purchases.document import change_object
from handlers.shared.batch import BatchResponse, process_batch
from handlers.shared.environment import required
from handlers.shared.metrics import MetricUnit, metrics
from handlers.shared.objects import StoredObject, open_bucket, put_objects
from handlers.shared.observability import logger
from handlers.shared.table_changes import table_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from handlers.shared.table_changes import TableChange, TableChangesEvent

BUCKET = open_bucket(required("S3_BUCKET_NAME"))
CONVERT = partial(change_object, currency=required("CURRENCY"), stage=required("STAGE"))


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: TableChangesEvent, context: LambdaContext) -> BatchResponse:  # noqa: ARG001 - Lambda passes both
    """Store the documents of a batch of changes; answer with the first that could not be stored."""
    started = time.perf_counter()
    changes = table_changes(event)
    response = process_batch(changes, convert=CONVERT, store=_store)
    _measure(changes, response, (time.perf_counter() - started) * 1000)
    return response


def _store(objects: Sequence[StoredObject]) -> None:
    put_objects(BUCKET, objects, keep_first=True)
    for stored in objects:
        metrics.add_metric("TamanoDeArchivo", MetricUnit.Bytes, len(stored.body))


def _measure(changes: Sequence[TableChange], response: BatchResponse, milliseconds: float) -> None:
    """Count what was processed and what failed: a record that is tried three times has failed three times."""
    failures = [failure["itemIdentifier"] for failure in response["batchItemFailures"]]
    numbers = [change.sequence_number for change in changes]
    metrics.add_metric("ComprasProcesadas", MetricUnit.Count, numbers.index(failures[0]) if failures else len(numbers))
    metrics.add_metric("ComprasFallidas", MetricUnit.Count, len(failures))
    metrics.add_metric("TiempoDeProcesamiento", MetricUnit.Milliseconds, milliseconds)
