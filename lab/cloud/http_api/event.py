"""A request as the event that a function gets: payload format 2.0."""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from lab.cloud.emulator.http_apis import HttpApi
    from lab.cloud.http_api.messages import Request

_TEXT = frozenset({"application/json", "application/xml", "application/javascript"})
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"})


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has found its route.

    Attributes:
        api: the API.
        stage: the stage's name.
        route: the route.
        parameters: the path's parameters.
        path: the decoded path, the stage's segment included.
        request_id: the call's id.
        epoch_ms: when it came.
        caller: who signed it, for routes that ask.
    """

    api: HttpApi
    stage: str
    route: dict[str, Any]
    parameters: dict[str, str]
    path: str
    request_id: str
    epoch_ms: int
    caller: dict[str, Any] | None = None


def event_of(request: Request, call: Call) -> dict[str, Any]:
    """Return the event; what a request does not have is left out, as on AWS."""
    headers = {name: value for name, value in request.joined_headers().items() if name not in _HOP_BY_HOP}
    cookies = [part for part in headers.pop("cookie", "").split("; ") if part]
    _, _, port = headers.get("host", "").rpartition(":")
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": call.route["routeKey"],
        "rawPath": call.path,
        "rawQueryString": request.query,
        "cookies": cookies,
        "headers": {
            "x-amzn-trace-id": f"Root=1-{call.epoch_ms // 1000:08x}-{secrets.token_hex(12)}",
            **headers,
            "x-forwarded-for": ", ".join(filter(None, (headers.get("x-forwarded-for"), request.source_ip))),
            "x-forwarded-port": port if port.isdigit() else "80",
            "x-forwarded-proto": "http",
        },
        "queryStringParameters": _query_parameters(request.query),
        "requestContext": _context(request, call),
        "pathParameters": call.parameters,
        "stageVariables": call.api.stages[call.stage].get("stageVariables"),
    }
    event = {key: value for key, value in event.items() if value or isinstance(value, str)}
    if not request.body:
        return event | {"isBase64Encoded": False}
    text = _is_text(headers.get("content-type", ""))
    body = request.body.decode(errors="replace") if text else base64.b64encode(request.body).decode()
    return event | {"body": body, "isBase64Encoded": not text}


def _context(request: Request, call: Call) -> dict[str, Any]:
    api = call.api
    context: dict[str, Any] = {
        "accountId": api.account,
        "apiId": api.id,
        # AWS's name: what a function computes from it is right there. Here only the URL that was called is.
        "domainName": f"{api.id}.execute-api.{api.region}.amazonaws.com",
        "domainPrefix": api.id,
        "http": {
            "method": request.method,
            "path": call.path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.source_ip,
            "userAgent": request.header("user-agent") or "",
        },
        "requestId": call.request_id,
        "routeKey": call.route["routeKey"],
        "stage": call.stage,
        "time": clf_time(call.epoch_ms),
        "timeEpoch": call.epoch_ms,
    }
    return context | ({"authorizer": {"iam": call.caller}} if call.caller else {})


def clf_time(epoch_ms: int) -> str:
    """Return a time as the Common Log Format has it, in UTC: `12/Mar/2026:19:03:58 +0000`."""
    now = time.gmtime(epoch_ms / 1000)
    return f"{now.tm_mday:02}/{_MONTHS[now.tm_mon - 1]}/{time.strftime('%Y:%H:%M:%S +0000', now)}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""Not the locale's."""


def _query_parameters(query: str) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _is_text(content_type: str) -> bool:
    """Say whether API Gateway hands a body on as text; what has no content type, or a form's, it does not."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type.startswith("text/") or media_type in _TEXT
