"""`GET /results` and `GET /`: the results so far, and the page that shows them and takes votes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from handlers.shared.aws_errors import failure_of
from handlers.shared.environment import required
from handlers.shared.failures import TransientFailure
from handlers.shared.http import HttpEvent, HttpResponse, json_response
from handlers.shared.observability import logger
from handlers.shared.reader import preferred_language
from handlers.shared.table import get_items, open_table
from handlers.votes.ballot import read_options
from handlers.votes.messages import say
from handlers.votes.page import page

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

TABLE = open_table(required("DYNAMODB_TABLE_NAME"))
OPTIONS = read_options(required("VOTE_OPTIONS"))
LANGUAGE = required("ANSWER_LANGUAGE")


def tell_results(event: HttpEvent) -> HttpResponse:
    """Answer with every option, in the order in which they were set, its votes, and the total."""
    try:
        items = get_items(TABLE, [{"option_id": option} for option in OPTIONS])
    except (ClientError, BotoCoreError, TransientFailure) as error:
        reason = error.reason if isinstance(error, TransientFailure) else failure_of(error).reason
        logger.error("Results not read", reason=reason)
        return say(503, "not_now", event, language=LANGUAGE, options=OPTIONS)
    votes = {str(item["option_id"]): int(item.get("votes", 0)) for item in items}
    results = [{"option_id": id_, "name": name, "votes": votes.get(id_, 0)} for id_, name in OPTIONS.items()]
    return json_response(200, {"results": results, "total": sum(votes.values())})


@logger.inject_lambda_context
def lambda_handler(event: HttpEvent, context: LambdaContext) -> HttpResponse:  # noqa: ARG001 - Lambda passes both
    """Answer with the page, or with the results."""
    if event.get("routeKey") == "GET /":
        return page(preferred_language(event, LANGUAGE))
    return tell_results(event)
