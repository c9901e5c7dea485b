"""Serves the provider over gRPC until the CLI has no more use for it.

What the CLI expects of a plugin: the first line it prints is its port; it ends on SIGINT, within five seconds. Its
arguments (the engine's address, options of the log) tell nothing that is needed here.
"""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grpc

from lab.deploy.protocol import provider_pb2_grpc
from lab.deploy.provider import AwsProvider

if TYPE_CHECKING:
    from types import FrameType

_CALLS_AT_ONCE = 64
"""More than the engine has in flight: one that waits for the cloud must keep nobody else waiting."""

_LARGEST_MESSAGE_BYTES = 400 * 2**20
"""Pulumi's own limit."""

_LOOK_EVERY_SECONDS = 1.0


def main() -> None:
    """Serve on a free port of this machine alone."""
    parent = int(os.environ["PLUGIN_PARENT"])  # pulumi-resource-aws sets it
    sizes = ("grpc.max_receive_message_length", "grpc.max_send_message_length")
    server = grpc.server(ThreadPoolExecutor(_CALLS_AT_ONCE), options=[(name, _LARGEST_MESSAGE_BYTES) for name in sizes])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(AwsProvider(needs_endpoints=True), server)
    port = server.add_insecure_port("127.0.0.1:0")

    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.stop(grace=None)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    server.start()
    print(port, flush=True)  # noqa: T201 - the protocol
    # A CLI that is killed tells nobody; its plugins would stay for ever.
    while server.wait_for_termination(_LOOK_EVERY_SECONDS) and os.getppid() == parent:
        pass
    os._exit(0)  # a call that still waits for the cloud has nobody left to answer


if __name__ == "__main__":
    main()
