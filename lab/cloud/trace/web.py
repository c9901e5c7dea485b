"""The trace over HTTP: `GET /_lab/trace` answers JSON, `GET /_lab/trace/stream` goes on as server-sent events.

Both take `function` (a name), `shard` (an id), `mapping` (a UUID) and `after` (an event's id). `GET /_lab/trace` also
takes `limit` (1 to 10000, 1000 unless said) and `since` (seconds since the epoch). With `after` it answers the oldest
events behind it, to be paged through; without, the newest. Its answer:

    {"events": [{…}, …], "next": ID, "oldest": ID, "newest": ID, "lost": N}

`next` is what to ask for as `after`; `lost` is how many events behind `after` are in memory no more.

In the stream each event is a message whose id is the event's and whose data is the event. It begins with what comes
now, or behind `Last-Event-ID` (the header that a browser sends when it comes back) or `after`. A message of the type
`lost`, with `{"count": N}`, says that so many events were not told: too long ago, or too fast for who listens. A
comment every 15 seconds says that all is well.
"""

from __future__ import annotations

import itertools
import json
import math
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from lab.cloud.trace.store import MOST_EVENTS, Trace, Wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from lab.cloud.trace.store import Entry

KEEP_ALIVE_SECONDS = 15.0
USUAL_LIMIT = 1000


class _ParameterError(Exception):
    """A parameter that cannot be used; the text says why."""


def trace_routes(trace: Trace) -> list[Route]:
    """Return the routes that answer for a trace."""

    async def page(request: Request) -> Response:
        try:
            return Response(_page(trace, request), media_type="application/json")
        except _ParameterError as error:
            return _refused(error)

    async def stream(request: Request) -> Response:
        try:
            wanted = _wanted(request)
            last = request.headers.get("last-event-id")
            # A browser sends the header of its own accord; what is no id of ours is left aside.
            after = int(last) if last and last.isdecimal() else _number(request, "after", None, 0)
        except _ParameterError as error:
            return _refused(error)
        headers = {"cache-control": "no-store"}
        return StreamingResponse(_messages(trace, wanted, after), media_type="text/event-stream", headers=headers)

    return [
        Route("/_lab/trace", page, methods=["GET"]),
        Route("/_lab/trace/stream", stream, methods=["GET"]),
    ]


def _page(trace: Trace, request: Request) -> str:
    wanted = _wanted(request)
    limit = _number(request, "limit", USUAL_LIMIT, 1, MOST_EVENTS) or USUAL_LIMIT
    since = _seconds(request, "since")
    after = _number(request, "after", None, 0)
    lost = 0 if after is None else max(0, trace.oldest - 1 - after)
    if after is None:
        found = [entry for entry in itertools.islice(trace.before_now(wanted), limit) if entry.time >= since][::-1]
        newest = trace.newest
    else:
        found = list(itertools.islice((e for e in trace.after(after, wanted) if e.time >= since), limit))
        newest = found[-1].id if len(found) == limit else max(after, trace.newest)
    # The events are JSON already.
    rest = json.dumps({"next": newest, "oldest": trace.oldest, "newest": trace.newest, "lost": lost})
    return '{"events": [' + ",\n".join(entry.line for entry in found) + "], " + rest[1:]


async def _messages(trace: Trace, wanted: Wanted, after: int | None) -> AsyncIterator[str]:
    with trace.listener(wanted) as listener:
        earlier: list[str] = []
        if after is not None:  # all of it at once, before anything else can happen
            # Ids beyond ours come from another cloud's life: then everything is new.
            after = after if after <= trace.newest else 0
            if (lost := trace.oldest - 1 - after) > 0:
                earlier.append(_lost(lost))
            earlier += [_message(entry) for entry in trace.after(after, wanted)]
        yield ": the trace\n\n"
        for start in range(0, len(earlier), USUAL_LIMIT):
            yield "".join(earlier[start : start + USUAL_LIMIT])
        async for lost, entries in listener.read(KEEP_ALIVE_SECONDS):
            yield (_lost(lost) if lost else "") + "".join(map(_message, entries)) or ": all is well\n\n"


def _message(entry: Entry) -> str:
    return f"id: {entry.id}\ndata: {entry.line}\n\n"


def _lost(count: int) -> str:
    return f'event: lost\ndata: {{"count":{count}}}\n\n'


def _wanted(request: Request) -> Wanted:
    parameters = request.query_params
    return Wanted(parameters.get("mapping"), parameters.get("function"), parameters.get("shard"))


def _number(request: Request, name: str, default: int | None, least: int, most: int | None = None) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else -1  # noqa: PLR2004  (64 bits)
    if number < least or (most is not None and number > most):
        allowed = f"a whole number from {least} on" if most is None else f"a whole number from {least} to {most}"
        raise _ParameterError(f"{name} must be {allowed}, not '{text}'.")
    return number


def _seconds(request: Request, name: str) -> float:
    text = request.query_params.get(name)
    if text is None:
        return -math.inf
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise _ParameterError(f"{name} must be a number of seconds since the epoch, not '{text}'.")
    return seconds


def _refused(error: _ParameterError) -> JSONResponse:
    return JSONResponse({"__type": "ValidationException", "message": str(error)}, 400)
