"""Invoke's requests as Lambda takes them, before MiniStack answers them.

MiniStack takes any size, reads what is no JSON as an empty event, and drops ClientContext.
"""

from __future__ import annotations

import base64
import json
import re
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from lab.json_values import is_object

if TYPE_CHECKING:
    from lab.cloud.emulator.app import Answer, Handler

client_context: ContextVar[dict[str, Any] | None] = ContextVar("client_context", default=None)
"""What the caller of the invocation under way sent as ClientContext; only synchronous ones have it."""

LARGEST_PAYLOAD_BYTES = {"RequestResponse": 6_291_456, "Event": 1_048_576}
"""The payload quotas of "Lambda quotas"."""
_PATH = re.compile(r"/2015-03-31/functions/[^/]+/invocations")
_CHOICES = {
    "invocationType": ("x-amz-invocation-type", ("Event", "DryRun", "RequestResponse")),
    "logType": ("x-amz-log-type", ("None", "Tail")),
}


class _RefusedError(Exception):
    """Lambda does not take the request: status, AWS's error, its message."""


def checked_invocations(handler: Handler) -> Handler:
    """Return Lambda's handler, with Invoke's requests checked."""

    async def invocations(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Answer:
        if method == "POST" and _PATH.fullmatch(path):
            try:
                client_context.set(_checked(headers, body))
            except _RefusedError as refused:
                status, error, message = refused.args
                kind = {"Content-Type": "application/json", "x-amzn-ErrorType": error}
                return status, kind, json.dumps({"Type": "User", "Message": message, "message": message}).encode()
        return await handler(method, path, headers, body, query)

    return invocations


def _checked(headers: dict[str, str], body: bytes) -> dict[str, Any] | None:
    """Return an invocation's client context; refuse what Lambda refuses."""
    for name, (header, allowed) in _CHOICES.items():
        if (given := headers.get(header)) and given not in allowed:
            what = f"Value '{given}' at '{name}' failed to satisfy constraint: Member must satisfy enum value set: "
            raise _RefusedError(
                400, "ValidationException", f"1 validation error detected: {what}[{', '.join(allowed)}]"
            )
    kind = headers.get("x-amz-invocation-type") or "RequestResponse"
    most = LARGEST_PAYLOAD_BYTES.get(kind)
    if most and len(body) > most:
        message = f"Request must be smaller than {most} bytes for the InvokeFunction operation"
        raise _RefusedError(413, "RequestTooLargeException", message)
    try:
        json.loads(body or b"{}")
    except ValueError as error:
        message = f"Could not parse request body into json: Could not parse payload into json: {error}"
        raise _RefusedError(400, "InvalidRequestContentException", message) from error
    given = headers.get("x-amz-client-context")
    return _decoded(given) if given and kind == "RequestResponse" else None


def _decoded(text: str) -> dict[str, Any]:
    try:
        found: Any = json.loads(base64.b64decode(text, validate=True))
    except ValueError:
        found = None
    if not is_object(found):
        message = "Client context must be a valid Base64-encoded JSON object."
        raise _RefusedError(400, "InvalidRequestContentException", message)
    return found
