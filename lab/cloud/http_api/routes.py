"""Which stage and which route a request reaches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    Route = dict[str, Any]

DEFAULT = "$default"
"""The stage without a path segment of its own, and the route of all that no other takes."""

PATH_PREFIX = "/_aws/execute-api/"
_IN_PATH = re.compile(rf"^{PATH_PREFIX}([A-Za-z0-9_-]+)(/.*)?$", re.DOTALL)
_IN_HOST = re.compile(r"^([A-Za-z0-9_-]+)\.execute-api\.", re.IGNORECASE)


def api_of(host: str, raw_path: str) -> tuple[str, str] | None:
    """Return the API's id and what follows it in the path, None when the request is not for an API.

    AWS puts the id into the host; that form works here for clients that resolve names below localhost.
    """
    if found := _IN_PATH.match(raw_path):
        return found[1], found[2] or ""
    if found := _IN_HOST.match(host):
        return found[1].lower(), raw_path
    return None


def stage_of(raw_path: str, stages: Collection[str]) -> tuple[str, str] | None:
    """Return the stage and the path below it, as sent; None when there is no such stage.

    The first segment is a stage's name or belongs to the path of the `$default` stage. On AWS that stage has no
    segment; here it may be named as well, as MiniStack and LocalStack do.
    """
    first, _, rest = raw_path.removeprefix("/").partition("/")
    if (name := unquote(first)) in stages:
        return name, f"/{rest}"
    return (DEFAULT, raw_path or "/") if DEFAULT in stages else None


def route_of(method: str, path: str, routes: Iterable[Route]) -> tuple[Route, dict[str, str]] | None:
    """Return the route that a request takes, with its path parameters; None when none does.

    A full match comes before a greedy one, `$default` last; among equals a literal segment before a parameter, and a
    method before `ANY`.

    Args:
        method: HTTP method.
        path: the decoded path below the stage.
        routes: the API's routes.
    """
    best: tuple[tuple[Any, ...], Route, dict[str, str]] | None = None
    path = "/" + path.lstrip("/")  # more slashes count as one
    for route in routes:
        if route["routeKey"] == DEFAULT:
            rank, parameters = (False,), {}
        else:
            wanted, _, route_path = route["routeKey"].partition(" ")
            if wanted not in (method, "ANY") or (parameters := _parameters(route_path, path)) is None:
                continue
            literal = tuple(not segment.startswith("{") for segment in route_path.split("/"))
            rank = (True, not route_path.endswith("+}"), literal, wanted != "ANY")
        if best is None or rank > best[0]:
            best = rank, route, parameters
    return best[1:] if best else None


def _parameters(route_path: str, path: str) -> dict[str, str] | None:
    """Return the values of a route's path parameters, None when the path is another."""
    wanted, given = route_path.split("/"), path.split("/")
    parameters: dict[str, str] = {}
    for index, segment in enumerate(wanted):
        if segment.endswith("+}"):
            parameters[segment[1:-2]] = "/".join(given[index:])
            return parameters if parameters[segment[1:-2]] else None
        if index >= len(given):
            return None
        if segment.startswith("{") and given[index]:
            parameters[segment[1:-1]] = given[index]
        elif segment != given[index]:
            return None
    return parameters if len(wanted) == len(given) else None
