"""Checks `validate`: a vote is taken, whatever else comes is answered with 400, and our own failures are not."""

from __future__ import annotations

import base64
import copy
import json
import random
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lab.sample_events import api_event
from lab.workbook.delivering import Context

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt

OPTIONS = ("hamilton", "leclerc", "norris", "piastri", "verstappen")


class Kinesis:
    """Stands where the handler has `boto3.client("kinesis")`; remembers what was put, or fails."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.fails = False

    def put_record(self, **record: Any) -> dict[str, Any]:
        if self.fails:
            raise ClientError(
                {"Error": {"Code": "ProvisionedThroughputExceededException", "Message": "Rate exceeded"}}, "PutRecord"
            )
        self.records.append(record)
        return {"ShardId": "shardId-000000000000", "SequenceNumber": "49600000000000000000000000000000000000000000000000000001"}


def check(attempt: Attempt) -> None:
    """Send a vote, then what is no vote, from the most common to the rarest; then let Kinesis fail."""
    handler = attempt.load("handler.py")
    option = random.choice(OPTIONS)
    _takes(attempt, handler, _request(json.dumps({"vote": option})), option, "vote_refused")
    _refuses(attempt, handler, _request(None), "no_body")
    _refuses(attempt, handler, _request(None) | {"body": None}, "no_body")
    _refuses(attempt, handler, _request(""), "no_body")
    encoded = base64.b64encode(json.dumps({"vote": option}).encode()).decode()
    _takes(attempt, handler, _request(encoded, base64_encoded=True), option, "base64_refused")
    for body in ("vote=norris", '{"vote": "norris"', "norris"):
        _refuses(attempt, handler, _request(body), "not_json")
    for body in ('["norris"]', '"norris"', "44", "null", "true"):
        _refuses(attempt, handler, _request(body), "not_an_object")
    for vote in (None, "", 44, ["norris"], {"vote": "norris"}, True):
        _refuses(attempt, handler, _request(json.dumps({"vote": vote})), "not_a_text")
    _refuses(attempt, handler, _request("{}"), "not_a_text")
    for vote in (f"nobody-{random.randint(100, 999)}", option.upper() + "!", "<b>norris</b>"):
        _refuses(attempt, handler, _request(json.dumps({"vote": vote})), "unknown_option")
    for broken in ("e30", "====", base64.b64encode(b"\xff\xfe\x00").decode(), base64.b64encode(b"[1]").decode()):
        _refuses(attempt, handler, _request(broken, base64_encoded=True), "broken_base64")
    _blames_itself(attempt, handler, option)


def _takes(attempt: Attempt, handler: Any, event: dict[str, Any], option: str, failure: str) -> None:
    came, kinesis = _call(attempt, handler, event)
    attempt.require(_status(came) == 200, failure, body=event["body"], came=_told(came))
    put = [_content(record) for record in kinesis.records]
    attempt.require(put == [{"vote": option}], "wrong_record", body=event["body"], put=put)


def _refuses(attempt: Attempt, handler: Any, event: dict[str, Any], failure: str) -> None:
    came, kinesis = _call(attempt, handler, event)
    body = event.get("body", "")
    attempt.require(_status(came) == 400, failure, body=body, came=_told(came))
    attempt.require(not kinesis.records, "put_all_the_same", body=body)
    attempt.require(_message(came), "no_message", body=body, came=_told(came))


def _blames_itself(attempt: Attempt, handler: Any, option: str) -> None:
    came, _kinesis = _call(attempt, handler, _request(json.dumps({"vote": option})), fails=True)
    attempt.require(isinstance(came, Exception) or _status(came) >= 500, "our_fault", came=_told(came))


def _call(attempt: Attempt, handler: Any, event: dict[str, Any], *, fails: bool = False) -> tuple[Any, Kinesis]:
    """Return what the handler answered, or the exception that it raised, and what it put."""
    kinesis = handler.kinesis_client = Kinesis()
    kinesis.fails = fails
    answers: list[Any] = []
    error = attempt.error_of(lambda: answers.append(handler.lambda_handler(copy.deepcopy(event), Context())))
    return error or answers[0], kinesis


def _request(body: str | None, *, base64_encoded: bool = False) -> dict[str, Any]:
    return api_event("POST", "/votes", body) | {"isBase64Encoded": base64_encoded}


def _status(came: Any) -> int:
    status = came.get("statusCode") if isinstance(came, dict) else None
    return status if isinstance(status, int) else 0


def _message(came: dict[str, Any]) -> Any:
    try:
        return json.loads(came["body"])["message"]
    except (KeyError, TypeError, ValueError):
        return None


def _content(record: dict[str, Any]) -> Any:
    try:
        return json.loads(record["Data"])
    except (KeyError, TypeError, ValueError):
        return record.get("Data")


def _told(came: Any) -> str:
    if isinstance(came, Exception):
        return f"{type(came).__name__}: {came}"
    return f"statusCode {came['statusCode']}" if isinstance(came, dict) and "statusCode" in came else repr(came)
