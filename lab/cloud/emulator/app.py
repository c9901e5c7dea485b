"""MiniStack's app: configured, called in-process, and with handlers of ours before its own."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from lab.cloud.emulator.scope import REGION, scope

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from pathlib import Path

    AsgiApp = Callable[[MutableMapping[str, Any], Callable[..., Any], Callable[..., Any]], Awaitable[None]]
    Answer = tuple[int, dict[str, str], Any]
    """What a service handler returns: status, headers, body (bytes, text or a stream)."""
    Handler = Callable[[str, str, dict[str, str], bytes, dict[str, list[str]]], Awaitable[Answer]]


VERSION = "1.5.33"


def configure(*, port: int, state_folder: Path) -> None:
    """Set MiniStack up through its environment variables; call it before `app()`.

    Args:
        port: where the cloud listens; MiniStack puts it into the URLs it makes.
        state_folder: where state and objects are kept.
    """
    os.environ.update(
        AUTH="true",
        AWS_ACCESS_KEY_ID="test",
        AWS_DEFAULT_REGION=REGION,
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}",
        AWS_SECRET_ACCESS_KEY="test",  # noqa: S106  (the local cloud's root)
        BIND_HOST="127.0.0.1",
        # A learner's Docker must not be touched: the socket named here does not exist.
        DOCKER_HOST=f"unix://{state_folder / 'no-docker.sock'}",
        GATEWAY_PORT=str(port),
        IOT_MTLS_ENABLED="0",
        LOG_LEVEL="WARNING",
        MINISTACK_HOST="localhost",
        PERSIST_STATE="0",  # saved and loaded by us: see lab/cloud/snapshot.py
        S3_DATA_DIR=str(state_folder / "objects"),
        S3_PERSIST="1",
        SFTP_ENABLED="0",
        STATE_DIR=str(state_folder / "services"),
        TMPDIR=str(state_folder / "temporary"),
    )
    os.environ.pop("AWS_SESSION_TOKEN", None)
    os.environ.pop("AWS_PROFILE", None)


def app() -> AsgiApp:
    """Return MiniStack's ASGI app."""
    from ministack.app import app as ministack_app

    return ministack_app


def wrap_service(service: str, wrap: Callable[[Handler], Handler]) -> None:
    """Put ourselves before a service, behind MiniStack's authentication and authorization.

    Args:
        service: MiniStack's name of the service (`lambda`, `kinesis`, `dynamodb`).
        wrap: makes the handler that answers from the one that answered so far.
    """
    from ministack import app as ministack

    handlers: dict[str, Any] = ministack.SERVICE_HANDLERS
    handlers[service] = wrap(handlers[service])


async def call(
    service: str, method: str, path: str, headers: dict[str, str], body: bytes, *, region: str = REGION
) -> Answer:
    """Call a service as it would be called over HTTP, without HTTP and without authorization."""
    from ministack import app as ministack

    with scope(region=region):
        return await ministack.SERVICE_HANDLERS[service](method, path, headers, body, {})


async def reset() -> None:
    """Forget everything in every service."""
    from ministack import app as ministack

    await asyncio.to_thread(ministack._reset_all_state)
