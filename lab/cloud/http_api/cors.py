"""Cross-origin resource sharing as an API's configuration has it: the gateway answers, not the function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.cloud.http_api.messages import Response

if TYPE_CHECKING:
    from lab.cloud.http_api.messages import Request

    Configuration = dict[str, Any]

_LISTS = {"allowHeaders": "access-control-allow-headers", "allowMethods": "access-control-allow-methods"}


def preflight(request: Request, configuration: Configuration) -> Response:
    """Answer a browser that asks beforehand; what is not allowed gets no headers, which is a no to the browser."""
    if not _allowed(request, configuration) or not request.header("access-control-request-method"):
        return Response(204)
    headers = [(header, ",".join(configuration[key])) for key, header in _LISTS.items() if configuration.get(key)]
    if (seconds := configuration.get("maxAge")) is not None:
        headers.append(("access-control-max-age", str(int(seconds))))
    return Response(204, headers)


def without_own(response: Response) -> Response:
    """Return a function's response without what it says about other pages itself."""
    kept = [(name, value) for name, value in response.headers if not name.startswith("access-control-")]
    return Response(response.status, kept, response.body)


def shared(response: Response, request: Request, configuration: Configuration) -> Response:
    """Return a response with what the gateway says to an allowed origin."""
    return Response(response.status, response.headers + _allowed(request, configuration), response.body)


def _allowed(request: Request, configuration: Configuration) -> list[tuple[str, str]]:
    """Return what every answer to an allowed origin says; nothing for another."""
    origin = request.header("origin") or ""
    origins = [each.lower() for each in configuration.get("allowOrigins", [])]
    scheme, separator, _ = origin.lower().partition("://")
    if not origin or not {"*", origin.lower(), f"{scheme}{separator}*"} & set(origins):
        return []
    headers = [("access-control-allow-origin", "*" if "*" in origins else origin)]
    if "*" not in origins:
        headers.append(("vary", "Origin"))
        if configuration.get("allowCredentials"):
            headers.append(("access-control-allow-credentials", "true"))
    if exposed := configuration.get("exposeHeaders"):
        headers.append(("access-control-expose-headers", ",".join(exposed)))
    return headers
