"""What the cloud speaks beside HTTP/1.1: HTTP/2 without TLS, as the Kinesis clients of other SDKs do, and HTTP/1.0."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING

import h2.connection
import h2.events
import pytest

if TYPE_CHECKING:
    from lab.cloud.client import Cloud


def test_http_2_without_tls(local_cloud: Cloud):
    status, body = over_http_2(local_cloud, f"127.0.0.1:{local_cloud.port}", "/_lab/identity")
    assert status == "200"
    assert local_cloud.id in body.decode()


@pytest.mark.parametrize(
    ("authority", "path", "status"),
    [("rebound.example.com", "/_lab/identity", "403"), ("localhost", "/_ministack/reset", "404")],
)
def test_the_door_holds_over_http_2(local_cloud: Cloud, authority: str, path: str, status: str):
    assert over_http_2(local_cloud, authority, path)[0] == status


def test_http_1_0_is_answered_without_chunks(local_cloud: Cloud):
    request = f"GET /_ministack/health HTTP/1.0\r\nHost: 127.0.0.1:{local_cloud.port}\r\n\r\n"
    with closing(socket.create_connection(("127.0.0.1", local_cloud.port), timeout=10)) as connection:
        connection.sendall(request.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 200" in head.split(b"\r\n")[0]
    assert b"chunked" not in head.lower()
    assert body.startswith(b"{")


def over_http_2(cloud: Cloud, authority: str, path: str) -> tuple[str, bytes]:
    """GET a path by HTTP/2 with prior knowledge; return the status and the body."""
    http = h2.connection.H2Connection()
    status, body = "", b""
    with closing(socket.create_connection(("127.0.0.1", cloud.port), timeout=10)) as connection:
        http.initiate_connection()
        headers = [(":method", "GET"), (":scheme", "http"), (":authority", authority), (":path", path)]
        http.send_headers(1, headers, end_stream=True)
        while True:
            connection.sendall(http.data_to_send())
            for event in http.receive_data(connection.recv(65536)):
                if isinstance(event, h2.events.ResponseReceived):
                    status = dict(event.headers)[b":status"].decode()
                elif isinstance(event, h2.events.DataReceived):
                    body += event.data
                elif isinstance(event, h2.events.StreamEnded):
                    return status, body
