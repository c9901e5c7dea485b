"""The faults over HTTP: `GET`, `POST` and `DELETE /_lab/faults`.

`POST` sets one, from JSON as `lab.cloud.faults` takes it, such as `{"kind": "throttle", "function": "f", "count": 2}`,
and answers it with its id. `GET` answers `{"faults": […]}`. `DELETE /_lab/faults/ID` clears one, `DELETE /_lab/faults`
all: `{"cleared": [ID, …]}`. What cannot be is answered as AWS does, with 400 or 404 and `__type` and `message`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse
from starlette.routing import Route

from lab.cloud.faults import FaultError, Faults

if TYPE_CHECKING:
    from starlette.requests import Request

MOST_BYTES = 10_000


def fault_routes(faults: Faults) -> list[Route]:
    """Return the routes that answer for a cloud's faults."""

    async def shown(_request: Request) -> JSONResponse:
        return JSONResponse({"faults": faults.all()})

    async def set_one(request: Request) -> JSONResponse:
        try:
            wanted = json.loads((await request.body())[:MOST_BYTES])
        except (ValueError, RecursionError):
            return _refused("SerializationException", "A fault is a JSON object.")
        try:
            return JSONResponse(faults.set(wanted), 201)
        except FaultError as error:
            return _refused("ValidationException", str(error))

    async def clear_all(_request: Request) -> JSONResponse:
        return JSONResponse({"cleared": faults.clear()})

    async def clear_one(request: Request) -> JSONResponse:
        fault_id = str(request.path_params["fault"])
        if not (cleared := faults.clear(fault_id)):
            return _refused("ResourceNotFoundException", f"There is no fault {fault_id}.", 404)
        return JSONResponse({"cleared": cleared})

    return [
        Route("/_lab/faults", shown, methods=["GET"]),
        Route("/_lab/faults", set_one, methods=["POST"]),
        Route("/_lab/faults", clear_all, methods=["DELETE"]),
        Route("/_lab/faults/{fault}", clear_one, methods=["DELETE"]),
    ]


def _refused(kind: str, message: str, status: int = 400) -> JSONResponse:
    return JSONResponse({"__type": kind, "message": message}, status)
