"""The door: what a web page, or a stranger's name for this machine, can not reach."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import pytest

from lab.cloud.client import Cloud, ask
from tests.cloud.conftest import Workshop


def request(cloud: Cloud, method: str, path: str, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=10)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    return response.status, response.read()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/config"),
        ("GET", "/_ministack/ready"),
        ("GET", "/_localstack/health"),
        ("GET", "/_aws/sqs/messages"),
        ("GET", "/_aws/ses"),
        ("POST", "/_ministack/rds/iam-auth"),
        ("GET", "/health"),
    ],
)
def test_the_control_paths_underneath_do_not_pass(local_cloud: Cloud, method: str, path: str):
    assert request(local_cloud, method, path)[0] == 404


def test_nothing_was_wiped_by_it(local_cloud: Cloud, workshop: Workshop):
    stream = workshop.stream()
    for path in ("/_ministack/reset", "/%5Fministack/reset", "//_ministack/reset", "/_ministack/../_ministack/reset"):
        request(local_cloud, "POST", path)
    assert stream.rsplit("/", 1)[1] in workshop.clients.kinesis.list_streams()["StreamNames"]


def test_health_passes(local_cloud: Cloud):
    status, body = request(local_cloud, "GET", "/_ministack/health")
    assert status == 200
    assert json.loads(body)["auth"] == "enabled"


def test_other_hosts_are_refused(local_cloud: Cloud):
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", ""):
        assert request(local_cloud, "GET", "/_lab/identity", Host=host)[0] == 403, host
        assert request(local_cloud, "POST", "/", Host=host)[0] == 403, host
    for host in ("localhost", "127.0.0.1:1", "bucket.localhost:4566", "[::1]:4566"):
        assert request(local_cloud, "GET", "/_lab/identity", Host=host)[0] == 200, host


def test_other_pages_reach_none_of_our_paths(local_cloud: Cloud):
    before = ask(local_cloud.port)
    for origin in ("https://evil.example", "http://127.0.0.1:1", "null", f"https://127.0.0.1:{local_cloud.port}"):
        assert request(local_cloud, "POST", "/_lab/reset", Origin=origin)[0] == 403, origin
        assert request(local_cloud, "GET", "/_lab/identity", Origin=origin)[0] == 403, origin
    assert ask(local_cloud.port) == before
    own = f"http://127.0.0.1:{local_cloud.port}"
    assert request(local_cloud, "GET", "/_lab/identity", Origin=own)[0] == 200


def test_it_listens_on_the_loopback_interface_only(local_cloud: Cloud):
    with Path("/proc/net/tcp").open() as table:
        listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
    port = f"{local_cloud.port:04X}"
    assert [address for address in listening if address.endswith(":" + port)] == [f"0100007F:{port}"]
