"""The cloud's own paths, under `/_lab/`: who it is, save, reset, what waits, its trace and faults; the door checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse
from starlette.routing import Route, Router

from lab.cloud.fault_web import fault_routes
from lab.cloud.trace.web import trace_routes

if TYPE_CHECKING:
    from starlette.requests import Request

    from lab.cloud.server import LocalCloud


def control_app(cloud: LocalCloud) -> Router:
    """Return the ASGI app of a cloud's own paths."""

    async def identity(_request: Request) -> JSONResponse:
        return JSONResponse(cloud.describe())

    async def reset(_request: Request) -> JSONResponse:
        await cloud.reset()
        return JSONResponse(cloud.describe())

    async def save(_request: Request) -> JSONResponse:
        await cloud.save()
        return JSONResponse(cloud.describe())

    async def mappings(_request: Request) -> JSONResponse:
        return JSONResponse({"behind": cloud.behind()})

    return Router(
        [
            Route("/_lab/mappings", mappings, methods=["GET"]),
            Route("/_lab/identity", identity, methods=["GET"]),
            Route("/_lab/reset", reset, methods=["POST"]),
            Route("/_lab/save", save, methods=["POST"]),
            *trace_routes(cloud.trace),
            *fault_routes(cloud.faults),
        ]
    )
