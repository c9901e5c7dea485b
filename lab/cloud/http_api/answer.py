"""What a function returned as the response to the client: payload format 2.0."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from lab.cloud.http_api.messages import Response
from lab.json_values import is_list, is_object

_TOKEN = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
_NO_HEADER_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OURS = frozenset(
    {"apigw-requestid", "connection", "content-length", "date", "keep-alive", "server", "transfer-encoding", "upgrade"}
)
"""What the gateway sets itself."""


class InvalidAnswerError(ValueError):
    """What a function returned is not what API Gateway understands."""


def response_of(payload: bytes) -> Response:
    """Return the response.

    Without `statusCode` the answer is inferred: 200, JSON, the whole of it the body; a text is sent as it is.

    Args:
        payload: what the function returned, JSON.

    Raises:
        InvalidAnswerError: it cannot become a response; the client gets a 500.
    """
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise InvalidAnswerError(str(error)) from error
    if not is_object(answer) or "statusCode" not in answer:
        body = answer.encode("utf-8", "replace") if isinstance(answer, str) else payload
        return Response(200, [("content-type", "application/json")], body)
    status = _status(answer["statusCode"])
    headers = _headers(answer.get("headers"), answer.get("cookies"))
    body = _body(answer.get("body"), base64_encoded=answer.get("isBase64Encoded"))
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain;charset=UTF-8"))
    return Response(status, headers, body)


def _status(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"[2-5]\d\d", text, re.ASCII):
        raise InvalidAnswerError(f"statusCode {text}")
    return int(text)


def _headers(headers: Any, cookies: Any) -> list[tuple[str, str]]:
    if not (headers is None or is_object(headers)) or not (cookies is None or is_list(cookies)):
        raise InvalidAnswerError("headers is no object, or cookies no list")
    given: list[tuple[str, Any]] = [("set-cookie", cookie) for cookie in cookies or []]
    given += [(name.lower(), value) for name, value in (headers or {}).items() if name.lower() not in _OURS]
    return [(name, _header_value(name, value)) for name, value in given]


def _header_value(name: str, value: Any) -> str:
    text = json.dumps(value) if isinstance(value, bool | int | float) else value
    if not isinstance(text, str) or not _TOKEN.match(name) or _NO_HEADER_VALUE.search(text):
        raise InvalidAnswerError(f"header {name}")
    return text.strip()


def _body(body: Any, *, base64_encoded: Any) -> bytes:
    if body is None:
        return b""
    if not isinstance(body, str):
        raise InvalidAnswerError("body is no text: a function must serialize it")
    if base64_encoded is not True:
        return body.encode("utf-8", "replace")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidAnswerError(str(error)) from error
