"""A vote as the stream has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from handlers.shared.failures import PermanentFailure
from handlers.shared.payload import read_json_object
from handlers.votes.ballot import BallotError, read_ballot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.shared.kinesis import KinesisRecord

DIGITS = 56
"""Of a Kinesis sequence number; DynamoDB's numbers have 38, so it is kept as text."""


@dataclass(frozen=True)
class Vote:
    """A valid vote and its place in the stream."""

    id: str
    option: str
    shard: str
    number: str
    """Its sequence number, with zeros in front, so that texts compare as the numbers do."""


def vote_of(record: KinesisRecord, options: Mapping[str, str]) -> Vote:
    """Return the vote that a record is; one without an id has that of its record, which no retry changes.

    Raises:
        PermanentFailure: it is no vote, or for no option that there is.
    """
    try:
        ballot = read_ballot(read_json_object(record.data), options)
    except BallotError as error:
        raise PermanentFailure(f"the record is no valid vote: {error.reason}") from error
    shard = record.event_id.partition(":")[0]
    return Vote(ballot.id or record.event_id, ballot.option, shard, record.sequence_number.zfill(DIGITS))
