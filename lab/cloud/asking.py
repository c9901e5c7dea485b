"""Asking a running cloud for what lies under `/_lab/`: its trace, its faults."""

from __future__ import annotations

import http.client
import json
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from lab.errors import LabError, UsageError
from lab.json_values import as_object
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lab.cloud.client import Cloud

ANSWER_SECONDS = 30.0
QUIET_SECONDS = 0.3
"""How long nothing comes before somebody who follows a stream is told that all is told for now."""
_REFUSED = 400


def ask(
    cloud: Cloud, method: str, path: str, *, parameters: Mapping[str, Any] | None = None, body: Any = None
) -> dict[str, Any]:
    """Return what a cloud answers.

    Raises:
        UsageError: the cloud refused what was asked for; it tells why.
        LabError: the cloud did not answer.
    """
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=ANSWER_SECONDS)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, _path(path, parameters), content, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer: Any = json.loads(response.read() or b"null")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _no_answer() from error
    finally:
        connection.close()
    if response.status >= _REFUSED:
        raise UsageError(_("The local cloud refused it."), why=str(as_object(answer).get("message", answer)))
    return as_object(answer)


def follow(cloud: Cloud, path: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]] | None]:
    """Yield the messages of a stream of server-sent events (type and data) until the cloud stops.

    None is yielded when nothing has come for a moment. Source of the format: HTML Living Standard, "Server-sent
    events".

    Raises:
        LabError: the cloud did not answer.
    """
    try:
        connection = socket.create_connection(("127.0.0.1", cloud.port), timeout=ANSWER_SECONDS)
    except OSError as error:
        raise _no_answer() from error
    with connection:
        # HTTP/1.0: the answer comes as it is, not in chunks.
        request = f"GET {_path(path, parameters)} HTTP/1.0\r\nHost: 127.0.0.1:{cloud.port}\r\n\r\n"
        connection.sendall(request.encode())
        received, in_header = b"", True
        for piece in _pieces(connection):
            if piece is None:
                yield None
                continue
            received += piece
            if in_header:
                header, separator, rest = received.partition(b"\r\n\r\n")
                if not separator:
                    continue
                if header.split(b" ", 2)[1:2] != [b"200"]:
                    raise _no_answer()
                in_header, received = False, rest
            *messages, received = received.split(b"\n\n")
            yield from filter(None, map(_message, messages))


def _pieces(connection: socket.socket) -> Iterator[bytes | None]:
    """Yield what comes, None once when nothing has come for a moment, until the other side ends."""
    connection.settimeout(QUIET_SECONDS)
    quiet = False
    while True:
        try:
            piece = connection.recv(64 * 1024)
        except TimeoutError:
            if not quiet:
                quiet = True
                yield None
            continue
        except OSError:
            return
        if not piece:
            return
        quiet = False
        yield piece


def _message(text: bytes) -> tuple[str, dict[str, Any]] | None:
    fields: dict[str, str] = {}
    for line in text.decode().splitlines():
        name, _colon, value = line.partition(": ")
        fields[name] = value
    return (fields.get("event", "message"), json.loads(fields["data"])) if "data" in fields else None


def _path(path: str, parameters: Mapping[str, Any] | None) -> str:
    wanted = {name: value for name, value in (parameters or {}).items() if value is not None}
    return f"{path}?{urlencode(wanted)}" if wanted else path


def _no_answer() -> LabError:
    return LabError(_("The local cloud did not answer."), next_step=_("See how it is: lab cloud status"))
