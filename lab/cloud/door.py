"""The door of the local cloud: who may come in, and to what.

The cloud listens on the loopback interface, where every program and every web page of this machine can reach it. AWS's
own calls are signed; MiniStack's control paths are not, and any page could wipe the cloud by one of them. So:

- every request must name a loopback host (a page that rebinds its name to 127.0.0.1 names its own);
- of MiniStack's control paths only health passes;
- our own paths (`/_lab/…`) do not answer requests that a web page sends, except from the cloud's own address.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

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
_PASSES = re.compile(r"^/(?:_ministack/health|_aws/execute-api/.+|_aws/lambda-url/.+)$")


class Door:
    """ASGI middleware that lets in or refuses.

    Args:
        app: what lies behind: AWS's services.
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
        host, path = headers.get(b"host", ""), scope["path"]
        if not _LOOPBACK_HOST.match(host):
            await _refuse(scope, send, 403, "This cloud answers to loopback names only (127.0.0.1, localhost).")
        elif path.startswith(CONTROL_PREFIX):
            origin = headers.get(b"origin")
            if origin is not None and origin != f"http://{host}":
                await _refuse(scope, send, 403, "Requests of other web pages are not answered here.")
            else:
                await self._control(scope, receive, send)
        elif _EMULATOR_CONTROL.match(path) and not _PASSES.match(path):
            await _refuse(scope, send, 404, "There is no such path. The lab's own paths begin with /_lab/.")
        else:
            await self._app(scope, receive, send)


async def _refuse(scope: Scope, send: Send, status: int, message: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    body = json.dumps({"message": message}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
