"""The gateway: from a request to a response."""

from __future__ import annotations

import base64
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lab.cloud.emulator.functions import DEPTH_HEADER
from lab.cloud.emulator.http_apis import HttpApi, allowed_caller, find_http_api
from lab.cloud.http_api.cors import preflight, shared, without_own
from lab.cloud.http_api.event import Call
from lab.cloud.http_api.integration import integrate, is_understood
from lab.cloud.http_api.messages import FORBIDDEN, NOT_FOUND, TOO_LARGE, TOO_MANY, Request, Response, decoded
from lab.cloud.http_api.observation import Observed, log_access, measure
from lab.cloud.http_api.routes import DEFAULT, PATH_PREFIX, api_of, route_of, stage_of
from lab.cloud.http_api.throttling import Throttles

if TYPE_CHECKING:
    from lab.cloud.door import App, Receive, Scope, Send
    from lab.cloud.http_api.integration import Invoke

LARGEST_BODY_BYTES = 10 * 1024 * 1024
_WITHOUT_BODY = frozenset({204, 304})


class HttpApis:
    """ASGI middleware that answers calls of HTTP APIs with Lambda functions; all else goes on.

    REST and WebSocket APIs, JWT and Lambda authorizers, HTTP integrations and payload format 1.0 are left to MiniStack:
    no lesson uses them.

    Args:
        app: what lies behind.
        invoke: invokes a function, given its ARN and the event.
    """

    def __init__(self, app: App, invoke: Invoke) -> None:
        self._app = app
        self._invoke = invoke
        self._throttles = Throttles()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call, or hand it on."""
        request = _request(scope) if scope["type"] == "http" else None
        found = api_of(request.header("host") or "", request.raw_path) if request else None
        api = find_http_api(found[0]) if found else None
        if request is None or found is None:
            await self._app(scope, receive, send)
            return
        if api is None:
            await self._app(_by_path(scope, *found), receive, send)
            return
        began = time.perf_counter()
        observed = Observed(api, request, _request_id(), int(time.time() * 1000))
        call = _call(observed, found[1])
        if call and not _is_ours(call):
            await self._app(_by_path(scope, *found), receive, send)
            return
        try:
            response = await self._answer(observed, found[1], call, receive)
        except _ClientGoneError:
            return
        if cors := api.settings.get("corsConfiguration"):
            response = shared(response, request, cors)
        await _send(send, response, observed)
        observed.latency_ms = (time.perf_counter() - began) * 1000
        measure(observed, response)
        await log_access(observed, response)

    async def _answer(self, observed: Observed, below_api: str, call: Call | None, receive: Receive) -> Response:
        """Return the response, without the headers that let other pages read it."""
        body = await _body(receive)
        if body is None:
            return TOO_LARGE
        request = observed.request = replace(observed.request, body=body)
        if _needs_slash(request, below_api):
            query = f"?{request.query}" if request.query else ""
            return Response(308, [("location", f"{request.raw_path}/{query}")])
        if call and call.route.get("authorizationType") == "AWS_IAM":
            call = replace(call, caller=_caller(request, call, observed))
            if call.caller is None:
                return FORBIDDEN
            observed.caller = call.caller
        cors = observed.api.settings.get("corsConfiguration")
        if cors and request.method == "OPTIONS" and observed.stage:
            return preflight(request, cors)
        if call is None:
            return NOT_FOUND
        if not self._throttles.admits(call.api.id, call.api.stages[call.stage], call.route["routeKey"]):
            return TOO_MANY
        began = time.perf_counter()
        response, observed.error = await integrate(self._invoke, request, call, _integration(call))
        observed.integration_ms = (time.perf_counter() - began) * 1000
        return without_own(response) if cors else response


def _by_path(scope: Scope, api_id: str, below_api: str) -> Scope:
    """Return a call in the one form that MiniStack always takes for a call of an API.

    The door lets every web page call an API. Without a slash behind the id, or with an id that it does not know in the
    host, MiniStack goes by the other headers, and the page could ask any service for anything.
    """
    raw_path = f"{PATH_PREFIX}{api_id}{below_api or '/'}"
    headers = [(name, b"localhost" if name.lower() == b"host" else value) for name, value in scope["headers"]]
    return {**scope, "path": unquote(raw_path), "raw_path": raw_path.encode("latin-1"), "headers": headers}


def _request(scope: Scope) -> Request:
    """Return a request without its body."""
    headers = [(name.decode("latin-1").lower(), _text(value)) for name, value in scope["headers"]]
    return Request(
        method=scope["method"],
        raw_path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple(header for header in headers if header[0] != DEPTH_HEADER.decode()),
        source_ip=(scope.get("client") or ("127.0.0.1",))[0],
    )


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


class _ClientGoneError(Exception):
    """The client went away before all of its request was there."""


async def _body(receive: Receive) -> bytes | None:
    """Return the body, None when it is larger than API Gateway takes; it is read to its end all the same."""
    body, size, more = bytearray(), 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientGoneError
        part: bytes = message.get("body", b"")
        size += len(part)
        if size <= LARGEST_BODY_BYTES:
            body += part
        more = message.get("more_body", False)
    return bytes(body) if size <= LARGEST_BODY_BYTES else None


def _call(observed: Observed, below_api: str) -> Call | None:
    """Return the call that a request makes, None when there is no such stage or route; note what was found."""
    api = observed.api
    deployed = [name for name, stage in api.stages.items() if stage.get("autoDeploy") or stage.get("deploymentId")]
    found = stage_of(below_api, deployed)
    if found is None or api.settings.get("disableExecuteApiEndpoint"):
        return None
    observed.stage, path = found[0], decoded(found[1])
    observed.path = path if observed.stage == DEFAULT else decoded(below_api)
    routed = route_of(observed.request.method, path, api.routes)
    if routed is None:
        return None
    observed.route_key = routed[0]["routeKey"]
    return Call(api, observed.stage, *routed, observed.path, observed.request_id, observed.epoch_ms)


def _is_ours(call: Call) -> bool:
    return call.route.get("authorizationType", "NONE") in ("NONE", "AWS_IAM") and is_understood(_integration(call))


def _integration(call: Call) -> dict[str, Any] | None:
    return call.api.integrations.get(call.route.get("target", "").rpartition("/")[2])


def _needs_slash(request: Request, below_api: str) -> bool:
    """Say whether a browser asks for the root of the `$default` stage without the slash.

    On AWS a host's root always has it. Without it the relative links of a page would lead astray.
    """
    asks_for_page = request.method in ("GET", "HEAD") and "text/html" in (request.header("accept") or "")
    return asks_for_page and unquote(below_api) in ("", f"/{DEFAULT}")


def _caller(request: Request, call: Call, observed: Observed) -> dict[str, Any] | None:
    """Return who signed a request, None when they may not call."""
    api: HttpApi = call.api
    path = observed.path if call.stage == DEFAULT else observed.path.removeprefix(f"/{call.stage}")
    resource = (
        f"arn:aws:execute-api:{api.region}:{api.account}:{api.id}/{call.stage}/{request.method}/{path.lstrip('/')}"
    )
    return allowed_caller(
        request.method, request.raw_path, request.query, request.joined_headers(), request.body, resource
    )


def _request_id() -> str:
    return base64.b64encode(os.urandom(11)).decode()


async def _send(send: Send, response: Response, observed: Observed) -> None:
    headers = [*response.headers, ("apigw-requestid", observed.request_id)]
    if response.status not in _WITHOUT_BODY:
        headers.append(("content-length", str(len(response.body))))
    raw = [(name.encode("latin-1"), value.encode("utf-8", "replace")) for name, value in headers]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    silent = observed.request.method == "HEAD" or response.status in _WITHOUT_BODY
    await send({"type": "http.response.body", "body": b"" if silent else response.body})
