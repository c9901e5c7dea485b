"""The door of the local cloud: who may come in, and to what.

The cloud listens on the loopback interface, where every program and every web page of this machine can reach it. Its
root key is known to all (`test`), so what keeps a page out is not the signature. So:

- every request must name a loopback host (a page that rebinds its name to 127.0.0.1 names its own);
- a browser's request on behalf of another page is answered only where a lesson serves pages and APIs
  (`/_aws/execute-api`, `/_aws/lambda-url`), whose own CORS rules hold; nothing else answers it, whatever the request's
  other headers ask for;
- of MiniStack's control paths only health passes.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from lab.cloud.http_api.routes import api_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTROL_PREFIX = "/_lab/"
# Names below localhost carry a bucket (S3) or an API's id; browsers and resolvers keep them on the loopback.
_LOOPBACK_HOST = re.compile(r"^(?:(?:[a-z0-9_-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$", re.IGNORECASE)
_EMULATOR_CONTROL = re.compile(r"^/(?:_ministack|_localstack|_aws|health)(?:/|$)")
_PASSES = re.compile(r"^/_ministack/health$")
_FUNCTION_URL = re.compile(r"^/_aws/lambda-url/[^/]+")


class Door:
    """ASGI middleware that lets in or refuses.

    Args:
        app: what lies behind: HTTP APIs, and AWS's services.
        control: answers `/_lab/…`.
    """

    def __init__(self, app: App, control: App) -> None:
        self._app = app
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        path, raw_path = scope["path"], scope["raw_path"].decode("latin-1")
        host = headers.get(b"host", "")
        if not _LOOPBACK_HOST.match(host):
            await _refuse(scope, send, 403, "This cloud answers to loopback names only (127.0.0.1, localhost).")
        elif api_of(host, raw_path) or _FUNCTION_URL.match(raw_path):
            await self._app(scope, receive, send)
        elif _is_of_another_page(headers):
            await _refuse(scope, send, 403, "Requests of other web pages are not answered here.")
        elif path.startswith(CONTROL_PREFIX):
            await self._control(scope, receive, send)
        elif _EMULATOR_CONTROL.match(path) and not _PASSES.match(path):
            await _refuse(scope, send, 404, "There is no such path. The lab's own paths begin with /_lab/.")
        else:
            await self._app(scope, receive, _without_cors(send))


def _is_of_another_page(headers: dict[bytes, str]) -> bool:
    """Say whether a browser sends this for a page that is not this cloud's own.

    Browsers add Origin to all but plain GETs, and Sec-Fetch-Site to everything ("none": the person typed the address).
    """
    origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site", "none")
    return (origin is not None and origin != f"http://{headers[b'host']}") or site not in ("none", "same-origin")


def _without_cors(send: Send) -> Send:
    """Take away MiniStack's permission for every page to read every answer."""

    async def without(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = [each for each in message["headers"] if not each[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": headers}
        await send(message)

    return without


async def _refuse(scope: Scope, send: Send, status: int, message: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    body = json.dumps({"message": message}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
