"""HTTP: uvicorn answers HTTP/1.1 and web sockets, hypercorn whatever else comes, both on one port.

Hypercorn could do all of it and comes with MiniStack, but spends twice as long on a request of HTTP/1.1, which is what
boto3 and the AWS CLI speak (benchmarks/README.md). What uvicorn cannot do is HTTP/2 without TLS, which the Kinesis
clients of the AWS SDKs for JavaScript and Java speak, and HTTP/1.0, to which it answers in chunks. The first line of a
connection tells, and then hypercorn goes on with it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from uvicorn.config import Config
from uvicorn.lifespan.on import LifespanOn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

KEEP_ALIVE_SECONDS = 75
SHUTDOWN_SECONDS = 0.2
"""How long requests that are under way are given when the cloud stops."""


class _Protocol(HttpToolsProtocol):
    """One connection, as long as it speaks HTTP/1.1."""

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        begins = self.scope is None  # pyright: ignore[reportUnnecessaryComparison]  (None until the first request)
        if begins and not data.partition(b"\n")[0].endswith(b" HTTP/1.1\r"):
            self.connections.discard(self)
            _pass_on(self.transport, data, self.config.app, self.tasks)
        else:
            super().data_received(data)


def _pass_on(transport: asyncio.Transport, data: bytes, app: Any, tasks: set[asyncio.Task[None]]) -> None:
    """Let hypercorn go on with a connection."""
    from hypercorn.app_wrappers import ASGIWrapper
    from hypercorn.asyncio.tcp_server import TCPServer
    from hypercorn.asyncio.worker_context import WorkerContext
    from hypercorn.config import Config as HypercornConfig

    loop = asyncio.get_running_loop()
    config = HypercornConfig()
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.loglevel = "WARNING"

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = TCPServer(ASGIWrapper(app), loop, config, WorkerContext(None), {}, reader, writer)  # pyright: ignore[reportArgumentType]
        task = loop.create_task(server.run())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    protocol = asyncio.StreamReaderProtocol(asyncio.StreamReader(), connected)
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    protocol.data_received(data)


async def serve(app: Any, listener: socket.socket, stopped: Callable[[], Awaitable[None]]) -> None:
    """Serve an ASGI app until `stopped` returns.

    Args:
        app: the app; it is told of its lifespan.
        listener: where to listen.
        stopped: waits for the end.
    """
    config = Config(
        app,
        access_log=False,
        date_header=False,  # MiniStack's own
        lifespan="on",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ws="wsproto",
    )
    lifespan = LifespanOn(config)
    state = ServerState()
    await lifespan.startup()
    if lifespan.should_exit:
        raise SystemExit(1)  # what went wrong is in the log
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Protocol(config, state, {}), sock=listener, backlog=512)
    await stopped()
    server.close()
    for connection in list(state.connections):
        connection.shutdown()
    if state.tasks:
        _done, late = await asyncio.wait(set(state.tasks), timeout=SHUTDOWN_SECONDS)
        logging.getLogger("uvicorn.error").disabled = True  # it would tell of each request that is cut off
        for task in late:
            task.cancel()
    await lifespan.shutdown()
