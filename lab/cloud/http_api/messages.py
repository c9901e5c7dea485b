"""What comes in and what goes out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Request:
    """A call of an API.

    Attributes:
        method: HTTP method.
        raw_path: the path as sent, percent-encoded.
        query: the query string as sent.
        headers: names in lower case and values, in order; a name may come twice.
        body: the body.
        source_ip: who sends it.
    """

    method: str
    raw_path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    source_ip: str = "127.0.0.1"

    def header(self, name: str) -> str | None:
        """Return the first header of a name, None when there is none."""
        return next((value for key, value in self.headers if key == name), None)

    def joined_headers(self) -> dict[str, str]:
        """Return each header once, several values joined by commas."""
        joined: dict[str, str] = {}
        for name, value in self.headers:
            joined[name] = f"{joined[name]},{value}" if name in joined else value
        return joined


@dataclass(frozen=True, slots=True)
class Response:
    """An answer.

    Attributes:
        status: HTTP status.
        headers: names and values, in order.
        body: the body.
    """

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    body: bytes = b""


def decoded(raw_path: str) -> str:
    """Return a path as HTTP APIs see it: every escape is decoded but that of the percent sign itself."""
    return "%25".join(unquote(part) for part in raw_path.split("%25"))


def refusal(status: int, message: str) -> Response:
    """Return an answer of the gateway's own."""
    body = json.dumps({"message": message}, separators=(",", ":")).encode()
    return Response(status, [("content-type", "application/json")], body)


NOT_FOUND = refusal(404, "Not Found")
FORBIDDEN = refusal(403, "Forbidden")
TOO_LARGE = refusal(413, "Request Entity Too Large")
TOO_MANY = refusal(429, "Too Many Requests")
FAILED = refusal(500, "Internal Server Error")
UNAVAILABLE = refusal(503, "Service Unavailable")
