"""Items into a DynamoDB table, and out of it: many in one request, and for every failure the item it belongs to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeAlias

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from handlers.shared.aws_errors import failure_of, is_refusal
from handlers.shared.back_off import back_off_seconds
from handlers.shared.clients import PATIENCE
from handlers.shared.failures import Failure, TransientFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb.service_resource import DynamoDBServiceResource, Table

Item: TypeAlias = dict[str, Any]
"""An item as boto3's Table takes it: text, Decimal, bool, None, lists and dicts of them."""

ITEMS_A_REQUEST = 25
"""BatchWriteItem's limit."""

ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 0.8


def open_table(name: str) -> Table:
    """Return the table; called once, when the function starts, because making a client takes long."""
    dynamodb: DynamoDBServiceResource = boto3.resource("dynamodb", config=PATIENCE)  # pyright: ignore[reportUnknownMemberType]
    return dynamodb.Table(name)


def put_items(table: Table, items: Sequence[Item]) -> None:
    """Put the items into the table, in order; an item whose key is there already is overwritten.

    Raises:
        PermanentFailure: DynamoDB refuses an item; all before it are stored.
        TransientFailure: DynamoDB cannot be reached, throttles, or refuses the function; all before the position
            named are stored, of those after it some may be.
    """
    for start in range(0, len(items), ITEMS_A_REQUEST):
        try:
            _put_some(table, items[start : start + ITEMS_A_REQUEST])
        except Failure as failure:
            failure.position += start
            raise


def _put_some(table: Table, items: Sequence[Item]) -> None:
    try:
        _put_together(table, items)
    except ClientError as error:
        if not is_refusal(error):
            raise failure_of(error) from error
        # The answer refuses the request as a whole and does not say for which item.
        _put_one_by_one(table, items)
    except BotoCoreError as error:
        raise failure_of(error) from error


def _put_together(table: Table, items: Sequence[Item]) -> None:
    waiting = list(items)
    for attempt in range(ATTEMPTS):
        response = table.meta.client.batch_write_item(
            RequestItems={table.name: [{"PutRequest": {"Item": item}} for item in waiting]}
        )
        # Throttled items come back in a successful answer.
        unprocessed = response.get("UnprocessedItems", {}).get(table.name, [])
        if not unprocessed:
            return
        waiting = [request["PutRequest"]["Item"] for request in unprocessed if "PutRequest" in request]
        if attempt < ATTEMPTS - 1:
            time.sleep(_pause(attempt))
    raise TransientFailure("DynamoDB throttles", position=min(items.index(item) for item in waiting))


def _put_one_by_one(table: Table, items: Sequence[Item]) -> None:
    for position, item in enumerate(items):
        try:
            table.put_item(Item=item)
        except (ClientError, BotoCoreError) as error:
            raise failure_of(error, position=position) from error


def get_items(table: Table, keys: Sequence[Item]) -> list[Item]:
    """Return the items that have one of the keys (100 at most, none twice), in any order; a missing one is left out.

    Raises:
        TransientFailure: DynamoDB throttles.
        ClientError, BotoCoreError: DynamoDB does not answer, or refuses.
    """
    found: list[Item] = []
    waiting: Sequence[Item] = keys
    for attempt in range(ATTEMPTS):
        response = table.meta.client.batch_get_item(RequestItems={table.name: {"Keys": waiting}})
        found += response["Responses"].get(table.name, [])
        # Throttled keys come back in a successful answer.
        unprocessed = response.get("UnprocessedKeys", {})
        waiting = unprocessed[table.name]["Keys"] if table.name in unprocessed else []
        if not waiting:
            return found
        if attempt < ATTEMPTS - 1:
            time.sleep(_pause(attempt))
    raise TransientFailure("DynamoDB throttles")


def _pause(attempt: int) -> float:
    return back_off_seconds(attempt, first=FIRST_PAUSE_SECONDS, longest=LONGEST_PAUSE_SECONDS)
