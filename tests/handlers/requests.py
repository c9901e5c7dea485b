"""Requests as API Gateway hands them to a function (payload format 2.0)."""

from __future__ import annotations

import base64
import json
from typing import Any


def http_event(route: str, body: Any = None, *, as_base64: bool = False, **headers: str) -> Any:
    """Return a request; a body that is neither text nor bytes is sent as JSON, names of headers with `_` for `-`."""
    method, path = route.split()
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": "",
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "requestContext": {"http": {"method": method, "path": path}, "requestId": "JKJaXmPLvHcESHA="},
        "isBase64Encoded": False,
    }
    if body is None:
        return event
    if not isinstance(body, str | bytes):
        body = json.dumps(body)
    if as_base64 or isinstance(body, bytes):
        data = body if isinstance(body, bytes) else body.encode()
        return {**event, "body": base64.b64encode(data).decode(), "isBase64Encoded": True}
    return {**event, "body": body}
