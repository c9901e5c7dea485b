"""`POST /votes`: takes a vote and puts it into the stream.

The lesson: the producer answers as soon as the stream has the vote, and knows nothing of who counts it, or how fast.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from handlers.shared.aws_errors import failure_of
from handlers.shared.clients import PATIENCE
from handlers.shared.environment import required
from handlers.shared.http import BodyError, HttpEvent, HttpResponse, json_object
from handlers.shared.observability import logger
from handlers.votes.ballot import Ballot, BallotError, read_ballot, read_options
from handlers.votes.messages import say

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_kinesis.client import KinesisClient

LONGEST_BODY_BYTES = 1024

KINESIS: KinesisClient = boto3.client("kinesis", config=PATIENCE)  # pyright: ignore[reportUnknownMemberType]
STREAM = required("KINESIS_STREAM_NAME")
OPTIONS = read_options(required("VOTE_OPTIONS"))
LANGUAGE = required("ANSWER_LANGUAGE")


def put_vote(ballot: Ballot) -> None:
    """Put a vote into the stream.

    Its id is the partition key: ids differ, so that votes spread over all shards; one that is sent again, with the id
    it had, comes to the same shard as before.
    """
    vote_id = ballot.id or str(uuid.uuid4())
    data = json.dumps({"vote": ballot.option, "id": vote_id})
    answer = KINESIS.put_record(StreamName=STREAM, Data=data.encode(), PartitionKey=vote_id)
    logger.info("Vote taken", vote_id=vote_id, shard=answer["ShardId"], sequence_number=answer["SequenceNumber"])


def take_vote(event: HttpEvent) -> HttpResponse:
    """Check a vote, put it into the stream, and say so; AWS's own words are for the log, not for the public."""
    status, what = 200, "received"
    try:
        put_vote(read_ballot(json_object(event, longest_bytes=LONGEST_BODY_BYTES), OPTIONS))
    except BodyError as error:
        status, what = error.status, error.reason
    except BallotError as error:
        status, what = 400, error.reason
    except (ClientError, BotoCoreError) as error:
        logger.error("Vote not taken", reason=failure_of(error).reason)
        status, what = 503, "not_now"
    return say(status, what, event, language=LANGUAGE, options=OPTIONS)


@logger.inject_lambda_context
def lambda_handler(event: HttpEvent, context: LambdaContext) -> HttpResponse:  # noqa: ARG001 - Lambda passes both
    """Take a vote."""
    return take_vote(event)
