"""Items into a DynamoDB table: many in one request, and for every failure the item that it belongs to."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any, TypeAlias

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from handlers.shared.failures import Failure, PermanentFailure, TransientFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb.service_resource import DynamoDBServiceResource, Table

Item: TypeAlias = dict[str, Any]
"""An item as boto3's Table takes it: text, Decimal, bool, None, lists and dicts of them."""

ITEMS_A_REQUEST = 25
"""BatchWriteItem's limit."""

ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.05

# The answers that say the item itself is wrong: larger than 400 KB, an attribute DynamoDB does not accept.
_REFUSALS = ("ValidationException", "SerializationException")


def open_table(name: str) -> Table:
    """Return the table; called once, when the function starts, because making a client takes long."""
    # A call that hangs must end before the function's timeout does: else all that is seen is "Task timed out".
    config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
    dynamodb: DynamoDBServiceResource = boto3.resource("dynamodb", config=config)  # pyright: ignore[reportUnknownMemberType]
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
        if not _is_refusal(error):
            raise TransientFailure(_reason(error)) from error
        # The answer refuses the request as a whole and does not say for which item.
        _put_one_by_one(table, items)
    except BotoCoreError as error:
        raise TransientFailure(type(error).__name__) from error


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
            # Waiting a random part of an ever longer pause keeps many functions from coming back at once.
            time.sleep(random.uniform(0, FIRST_PAUSE_SECONDS * 2**attempt))  # noqa: S311
    raise TransientFailure("DynamoDB throttles", position=min(items.index(item) for item in waiting))


def _put_one_by_one(table: Table, items: Sequence[Item]) -> None:
    for position, item in enumerate(items):
        try:
            table.put_item(Item=item)
        except ClientError as error:
            kind = PermanentFailure if _is_refusal(error) else TransientFailure
            raise kind(_reason(error), position=position) from error
        except BotoCoreError as error:
            raise TransientFailure(type(error).__name__, position=position) from error


def _is_refusal(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") in _REFUSALS


def _reason(error: ClientError) -> str:
    details = error.response.get("Error", {})
    return f"{details.get('Code', 'unknown error')}: {details.get('Message', '')}"
