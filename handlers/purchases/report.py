"""`generarReporteCompras`: what a tenant sold in a period, from the table as it is now.

The lesson: what is asked often and of few items is asked of the table, by its key; what is asked of everything at once
is asked of the data lake. A Scan would read, and bill, the purchases of every tenant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from handlers.purchases.messages import refusal
from handlers.purchases.request import ReportRequest, RequestError, read_request
from handlers.purchases.statistics import statistics
from handlers.shared.aws_errors import failure_of
from handlers.shared.clients import PATIENCE
from handlers.shared.environment import required
from handlers.shared.http import HttpEvent, HttpResponse, json_response
from handlers.shared.observability import logger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from handlers.shared.table_changes import TypedItem

DYNAMODB: DynamoDBClient = boto3.client("dynamodb", config=PATIENCE)  # pyright: ignore[reportUnknownMemberType]
TABLE = required("DYNAMODB_TABLE_NAME")
INDEX = required("DYNAMODB_INDEX_NAME")
CURRENCY = required("CURRENCY")
LANGUAGE = required("ANSWER_LANGUAGE")


def purchases_of(request: ReportRequest) -> Iterator[TypedItem]:
    """Yield the items of a tenant whose `fecha` lies in the period, page by page."""
    # Of texts, the end of a day is behind each of its times: `~` sorts behind digits, space and T.
    first, last = request.first_day or " ", f"{request.last_day or ''}~"
    pages = DYNAMODB.get_paginator("query").paginate(
        TableName=TABLE,
        IndexName=INDEX,
        KeyConditionExpression="tenant_id = :tenant AND fecha BETWEEN :first AND :last",
        ExpressionAttributeValues={":tenant": {"S": request.tenant_id}, ":first": {"S": first}, ":last": {"S": last}},
    )
    for page in pages:
        yield from page["Items"]


def make_report(event: Any) -> HttpResponse:
    """Answer a request; AWS's own words are for the log, not for the reader."""
    reader = cast("HttpEvent", event if isinstance(event, dict) and "routeKey" in event else {})
    try:
        request = read_request(event)
        figures = statistics(purchases_of(request), currency=CURRENCY)
    except RequestError as error:
        return refusal(400, error.reason, reader, language=LANGUAGE, parameter=error.parameter)
    except (ClientError, BotoCoreError) as error:
        logger.error("Report not made", reason=failure_of(error).reason)
        return refusal(503, "not_now", reader, language=LANGUAGE)
    logger.info("Report made", purchases=figures["compras"], unreadable=figures["compras_ilegibles"])
    period = {"desde": request.first_day, "hasta": request.last_day}
    return json_response(200, {"tenant_id": request.tenant_id, **period, **figures})


@logger.inject_lambda_context
def lambda_handler(event: Any, context: LambdaContext) -> HttpResponse:  # noqa: ARG001 - Lambda passes both
    """Make a report; invoked directly, the function answers as it does over HTTP."""
    return make_report(event)
