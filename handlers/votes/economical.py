"""Counting with one update for each option and batch, exact whatever Lambda repeats.

Mechanism: an option's item holds, beside its votes, the sequence number up to which each shard has been counted. One
conditional update adds the votes behind it and moves it; nothing can come between the two. A batch that comes again,
longer or shorter, adds only what lies behind it.

Scenario: records 1-3 of a shard are counted for Norris, then the function dies before it comes to Piastri. The batch
comes again as 1-5. Of Norris's votes only 4 and 5 are new; of Piastri's all.

It needs one reader per shard, in order: with a parallelization factor above 1, a later vote would hide an earlier one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

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


@dataclass
class Tally:
    """The votes of a batch for one option."""

    option: str
    shard: str
    position: int
    """Where in the batch the first of them stands."""
    newest: str = ""
    """The sequence number of the last, repeated votes included."""
    numbers: list[str] = field(default_factory=list[str])
    """The sequence numbers of those that count, in order."""

    def after(self, number: str) -> int:
        """Return how many of them lie behind a sequence number."""
        return sum(mine > number for mine in self.numbers)


def count_by_option(table: Table, votes: Sequence[Vote]) -> None:
    """Add the votes of a batch to the results; a vote that stands twice in the batch counts once.

    Raises:
        Failure: an option's votes could not be added; those of all options before its position are.
    """
    for tally in tallies(votes):
        try:
            _add(table, tally)
        except (ClientError, BotoCoreError) as error:
            raise failure_of(error, position=tally.position) from error


def tallies(votes: Sequence[Vote]) -> list[Tally]:
    """Return the votes of a batch by option, in the order in which the options first appear."""
    by_option: dict[str, Tally] = {}
    seen: set[str] = set()
    for position, vote in enumerate(votes):
        tally = by_option.setdefault(vote.option, Tally(vote.option, vote.shard, position))
        tally.newest = vote.number
        if vote.id not in seen:
            seen.add(vote.id)
            tally.numbers.append(vote.number)
    return list(by_option.values())


def _add(table: Table, tally: Tally) -> None:
    for attempt in range(ATTEMPTS):
        counted = _counted(table, tally)
        if counted is not None and counted >= tally.newest:
            return
        if _add_behind(table, tally, counted):
            return
        # Another invocation was faster: one that Lambda has given up, and that still runs.
        time.sleep(back_off_seconds(attempt, first=FIRST_PAUSE_SECONDS, longest=LONGEST_PAUSE_SECONDS))
    raise TransientFailure("somebody else keeps counting this shard", position=tally.position)


def _counted(table: Table, tally: Tally) -> str | None:
    """Return up to which sequence number the option's votes of this shard are counted; None: none is."""
    item: dict[str, Any] = table.get_item(
        Key={"option_id": tally.option},
        ConsistentRead=True,
        ProjectionExpression="#last",
        ExpressionAttributeNames={"#last": "last"},  # a reserved word
    ).get("Item", {})
    if "last" not in item:
        # An update cannot write into a map that is not there.
        table.update_item(
            Key={"option_id": tally.option},
            UpdateExpression="SET #last = if_not_exists(#last, :none)",
            ExpressionAttributeNames={"#last": "last"},
            ExpressionAttributeValues={":none": {}},
        )
        return None
    return item["last"].get(tally.shard)


def _add_behind(table: Table, tally: Tally, counted: str | None) -> bool:
    """Add the votes behind `counted`, if that is still where the counting stands; say whether it was."""
    unchanged = "attribute_not_exists(#last.#shard)" if counted is None else "#last.#shard = :counted"
    values = {":votes": tally.after(counted or ""), ":newest": tally.newest}
    try:
        table.update_item(
            Key={"option_id": tally.option},
            UpdateExpression="ADD votes :votes SET #last.#shard = :newest",
            ConditionExpression=unchanged,
            ExpressionAttributeNames={"#last": "last", "#shard": tally.shard},
            ExpressionAttributeValues=values if counted is None else {**values, ":counted": counted},
        )
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException":
            return False
        raise
    return True
