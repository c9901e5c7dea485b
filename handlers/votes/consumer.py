"""The consumer of lesson `votes`: counts the votes of the stream, in one of two ways.

The lesson: what is delivered at least once must not be counted twice. Remembering how far a shard has been counted is
cheap and enough for all that Lambda repeats; only remembering every vote also catches what the voter repeats.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from handlers.shared.batch import BatchResponse, process_batch
from handlers.shared.environment import required
from handlers.shared.kinesis import kinesis_records
from handlers.shared.observability import logger
from handlers.shared.table import open_table
from handlers.votes.ballot import read_options
from handlers.votes.economical import count_by_option
from handlers.votes.transactional import count_by_vote
from handlers.votes.vote import vote_of

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from handlers.shared.kinesis import KinesisEvent

TABLE = open_table(required("DYNAMODB_TABLE_NAME"))
OPTIONS = read_options(required("VOTE_OPTIONS"))
COUNT = {"economical": count_by_option, "transactional": count_by_vote}[required("COUNTING")]


@logger.inject_lambda_context
def lambda_handler(event: KinesisEvent, context: LambdaContext) -> BatchResponse:  # noqa: ARG001 - Lambda passes both
    """Count the votes of a batch; answer with the first that could not be counted."""
    return process_batch(kinesis_records(event), partial(vote_of, options=OPTIONS), partial(COUNT, TABLE))
