"""Requests and responses of an HTTP API (API Gateway, payload format 2.0).

CORS headers are not here: API Gateway writes them, from the API's configuration, over whatever a function answers.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from handlers.shared.exact_json import exact_json
from handlers.shared.failures import PermanentFailure
from handlers.shared.payload import read_json_object

if TYPE_CHECKING:
    from collections.abc import Mapping


class HttpEvent(TypedDict, total=False):
    """A request (API Gateway developer guide, "AWS Lambda proxy integrations for HTTP APIs"); only what is used."""

    routeKey: str
    """The route as it was declared: `POST /votes`."""
    headers: Mapping[str, str]
    """Names in lower case; several of one name are joined by commas."""
    queryStringParameters: Mapping[str, str]
    """Missing where there are none."""
    body: str
    """Missing where there is none."""
    isBase64Encoded: bool
    """True unless the content type says that the body is text."""


class HttpResponse(TypedDict):
    """What a function answers."""

    statusCode: int
    headers: Mapping[str, str]
    body: str


class BodyError(Exception):
    """A request's body cannot be used.

    Args:
        reason: what is wrong with it; who answers finds the words for it.
    """

    def __init__(self, reason: Literal["no_body", "too_large", "not_json_object"]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = 413 if reason == "too_large" else 400


def json_object(event: HttpEvent, *, longest_bytes: int) -> dict[str, Any]:
    """Return the JSON object that is the request's body, whatever content type the client gave it.

    Raises:
        BodyError: there is no body, it is too large, or it is not a JSON object.
    """
    body = event.get("body")
    if not body:
        raise BodyError("no_body")
    try:
        data = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        if len(data) > longest_bytes:
            raise BodyError("too_large")
        return read_json_object(data)
    except (ValueError, PermanentFailure) as error:
        raise BodyError("not_json_object") from error


def json_response(status: int, value: Any, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return a response with a JSON body that no browser keeps or takes for something else."""
    return {
        "statusCode": status,
        "headers": {
            "Content-Type": "application/json",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            **(headers or {}),
        },
        "body": exact_json(value),
    }
