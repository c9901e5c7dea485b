"""FilterLogEvents: MiniStack's, which cuts a long answer and gives no token with which to go on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lab.json_values import is_object

if TYPE_CHECKING:
    from lab.cloud.emulator.app import Answer, Handler

MOST_EVENTS = 10_000
"""The most events of one answer (API reference, FilterLogEvents, `limit`)."""


def paged_logs(ministack: Handler) -> Handler:
    """Return a handler that gives the token `nextToken` where an answer was cut, and goes on after it."""

    async def handler(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Answer:
        request = _filter_request(headers, body)
        if request is None:
            return await ministack(method, path, headers, body, query)
        token = request.pop("nextToken", None)
        seen = 0
        if token is not None:
            try:
                request["startTime"], seen = map(int, str(token).split("/"))
            except ValueError:
                return _refusal("The specified nextToken is invalid.")
        most = min(request.get("limit") or MOST_EVENTS, MOST_EVENTS)
        request["limit"] = asked = min(most + seen, MOST_EVENTS)
        status, answered, content = await ministack(method, path, headers, json.dumps(request).encode(), query)
        if status != 200:  # noqa: PLR2004
            return status, answered, content
        found: list[dict[str, Any]] = json.loads(content)["events"]
        page: dict[str, Any] = {"events": found[seen:], "searchedLogStreams": []}
        if len(found) == asked:
            page["nextToken"] = _token(found, seen)
        return status, answered, json.dumps(page).encode()

    return handler


def _filter_request(headers: dict[str, str], body: bytes) -> dict[str, Any] | None:
    """Return what FilterLogEvents is asked; None for any other request, and for what MiniStack refuses by itself."""
    if not headers.get("x-amz-target", "").endswith(".FilterLogEvents"):
        return None
    try:
        request = json.loads(body)
    except ValueError:
        return None
    return request if is_object(request) and isinstance(request.get("limit", 1), int) else None


def _token(found: list[dict[str, Any]], seen: int) -> str:
    """Return where an answer ends: the time of its last event, and how many events of that time have been given."""
    last = found[-1]["timestamp"]
    if seen >= len(found):
        return f"{last + 1}/0"  # so many of one millisecond that no answer holds them: the rest of it is lost
    return f"{last}/{sum(event['timestamp'] == last for event in found)}"


def _refusal(message: str) -> Answer:
    error = {"__type": "InvalidParameterException", "message": message}
    return 400, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(error).encode()
