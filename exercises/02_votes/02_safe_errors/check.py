"""Checks `safe_errors`: the public reads nothing of an exception, the log has all of it, an id connects the two."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import random
import uuid
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, EndpointConnectionError

from lab.sample_events import api_event
from lab.workbook.delivering import Context

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt


class Kinesis:
    """Stands where the handler has `boto3.client("kinesis")`; fails with an error, where it is given one."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    def put_record(self, **_record: Any) -> dict[str, Any]:
        if self._error:
            raise self._error
        return {"ShardId": "shardId-000000000000", "SequenceNumber": "49600000000000000000000000000000000000000000000000000001"}


class Outcome:
    """What a request came to: the answer or the exception, and what was logged."""

    def __init__(self, answer: Any, error: Exception | None, log: str, ids: tuple[str, str]) -> None:
        self.answer, self.error, self.log, self.ids = answer, error, log, ids

    @property
    def status(self) -> int:
        status = self.answer.get("statusCode") if isinstance(self.answer, dict) else None
        return status if isinstance(status, int) else 0

    @property
    def told(self) -> str:
        """All that the caller gets to see."""
        if not isinstance(self.answer, dict):
            return repr(self.answer)
        return " ".join(str(self.answer.get(part, "")) for part in ("headers", "body"))


def check(attempt: Attempt) -> None:
    """Let votes come, then Kinesis fail in three ways."""
    handler = attempt.load("handler.py")
    taken = _ask(attempt, handler, '{"vote": "norris"}')
    attempt.require(taken.status == 200 and not taken.error, "vote_refused", came=_came(taken))
    refused = _ask(attempt, handler, "[]")
    attempt.require(refused.status == 400 and "JSON" in refused.told, "not_told_why", came=_came(refused))
    account = str(random.randint(10**11, 10**12 - 1))
    denied = _denied(account)
    outcome = _ask(attempt, handler, '{"vote": "norris"}', denied)
    attempt.require(not outcome.error, "nobody_answers", error=type(denied).__name__)
    _keeps_quiet(attempt, outcome, [account, "stream/", "user/", "arn:", str(denied)])
    kinds = ["AccessDenied", "ClientError", "PutRecord", "Traceback", "botocore"]
    attempt.require(not _found(kinds, outcome.told), "tells_the_kind", told=outcome.told.strip())
    attempt.require(outcome.status >= 500, "not_our_fault", came=_came(outcome))
    attempt.require(account in outcome.log or "AccessDenied" in outcome.log, "nothing_logged", log=outcome.log.strip())
    references = [each for each in outcome.ids if each in outcome.told]
    attempt.require(references, "no_reference", told=outcome.told.strip())
    attempt.require(any(each in outcome.log for each in references), "reference_not_logged", log=outcome.log.strip())
    host = f"kinesis-{uuid.uuid4().hex[:8]}.us-east-1.amazonaws.com"
    unreachable = EndpointConnectionError(endpoint_url=f"https://{host}/")
    _keeps_quiet(attempt, _ask(attempt, handler, '{"vote": "norris"}', unreachable), [host])
    bug = RuntimeError(f"/var/task/{uuid.uuid4().hex}.py")
    # One that goes on to Lambda is not told to anybody either: API Gateway answers "Internal Server Error".
    _keeps_quiet(attempt, _ask(attempt, handler, '{"vote": "norris"}', bug), [str(bug), "RuntimeError"])


def _keeps_quiet(attempt: Attempt, outcome: Outcome, secrets: list[str]) -> None:
    attempt.require(not _found(secrets, outcome.told), "leaks", told=outcome.told.strip())


def _found(words: list[str], text: str) -> list[str]:
    return [word for word in words if word.casefold() in text.casefold()]


def _denied(account: str) -> ClientError:
    who = f"arn:aws:sts::{account}:assumed-role/votes-producer-role-{account[:4]}/user/producer"
    what = f"arn:aws:kinesis:us-east-1:{account}:stream/f1-vote-stream"
    message = f"User: {who} is not authorized to perform: kinesis:PutRecord on resource: {what}"
    return ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, "PutRecord")


def _ask(attempt: Attempt, handler: Any, body: str, error: Exception | None = None) -> Outcome:
    handler.kinesis_client = Kinesis(error)
    event = api_event("POST", "/votes", body)
    context = Context()
    log, answers = io.StringIO(), []
    listening = logging.StreamHandler(log)
    logging.getLogger().addHandler(listening)  # as Lambda does
    try:
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            raised = attempt.error_of(lambda: answers.append(handler.lambda_handler(event, context)))
    finally:
        logging.getLogger().removeHandler(listening)
    ids = (event["requestContext"]["requestId"], context.aws_request_id)
    return Outcome(answers[0] if answers else None, raised, log.getvalue(), ids)


def _came(outcome: Outcome) -> str:
    if outcome.error:
        return f"{type(outcome.error).__name__}: {outcome.error}"
    if isinstance(outcome.answer, dict) and "body" in outcome.answer:
        return f"{outcome.answer.get('statusCode')} {outcome.answer['body']}"
    return json.dumps(outcome.answer, default=repr)
