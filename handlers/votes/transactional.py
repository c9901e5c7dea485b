"""Counting with one transaction for each vote: a vote's id counts once for ever, whoever sends it again.

Mechanism: one transaction writes an item for the vote, if there is none, and adds one to its option. Where the item is
there already, neither happens. Two items written in a transaction cost four write units: a vote costs as much as four
options of a batch do when counted economically, however many votes those have.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from handlers.shared.aws_errors import failure_of
from handlers.shared.back_off import back_off_seconds
from handlers.shared.failures import TransientFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb.service_resource import Table

    from handlers.votes.vote import Vote

ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.4

VOTE = "vote#"
"""How the key of a vote's item begins; no option's id holds a `#`."""


def count_by_vote(table: Table, votes: Sequence[Vote]) -> None:
    """Add each vote to the results, unless its id was counted before.

    Raises:
        Failure: a vote could not be counted; all before its position are.
    """
    for position, vote in enumerate(votes):
        try:
            _count(table, vote)
        except TransientFailure as failure:
            failure.position = position
            raise
        except (ClientError, BotoCoreError) as error:
            raise failure_of(error, position=position) from error


def _count(table: Table, vote: Vote) -> None:
    for attempt in range(ATTEMPTS):
        try:
            _write(table, vote)
        except ClientError as error:
            reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
            if "ConditionalCheckFailed" in reasons:
                return  # counted before
            if not reasons & {"TransactionConflict", "ThrottlingError"}:
                raise
            # Another shard's vote for the same option, at the same moment.
            time.sleep(back_off_seconds(attempt, first=FIRST_PAUSE_SECONDS, longest=LONGEST_PAUSE_SECONDS))
        else:
            return
    raise TransientFailure("other votes for the same option kept coming between")


def _write(table: Table, vote: Vote) -> None:
    table.meta.client.transact_write_items(
        TransactItems=[
            {
                "Put": {
                    "TableName": table.name,
                    "Item": {"option_id": f"{VOTE}{vote.id}", "vote": vote.option},
                    "ConditionExpression": "attribute_not_exists(option_id)",
                }
            },
            {
                "Update": {
                    "TableName": table.name,
                    "Key": {"option_id": vote.option},
                    "UpdateExpression": "ADD votes :one",
                    "ExpressionAttributeValues": {":one": 1},
                }
            },
        ]
    )
