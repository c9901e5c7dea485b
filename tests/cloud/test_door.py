"""The door: what a web page, or a stranger's name for this machine, can not reach."""

from __future__ import annotations

import http.client
import json
import sys
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


SIGNED = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=x"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_another_page_reaches_none_of_the_services(local_cloud: Cloud, origin: str):
    """The root key is known to all, so a signature proves nothing: a page could make a function and run it."""
    for method, path in (("POST", "/2015-03-31/functions"), ("POST", "/"), ("PUT", "/bucket"), ("GET", "/bucket/key")):
        headers = {"Authorization": SIGNED.format(service="lambda"), "Origin": origin}
        status, _ = request(local_cloud, method, path, **headers)
        assert status == 403, (method, path)


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("127.0.0.1", "/_aws/execute-api/none"),
        ("127.0.0.1", "/_aws/execute%2Dapi/none"),
        ("127.0.0.1", "/_aws/lambda-url/none"),
        ("none.execute-api.localhost", "/"),
        ("0123abcd.execute-api.us-east-1.localhost", "/"),
        ("0123abcd.execute-api.aoss.localhost", "/"),
        ("none.lambda-url.us-east-1.localhost", "/"),
    ],
)
def test_the_way_of_apis_leads_another_page_to_no_service(local_cloud: Cloud, host: str, path: str):
    headers = {
        "Authorization": SIGNED.format(service="kinesis"),
        "Host": f"{host}:{local_cloud.port}",
        "Origin": "https://evil.example",
        "X-Amz-Target": "Kinesis_20131202.ListStreams",
    }
    assert request(local_cloud, "POST", path, **headers)[0] in (403, 404)
    connection = http.client.HTTPConnection("127.0.0.1", local_cloud.port, timeout=10)
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-amz-target"}
    connection.request("OPTIONS", path, headers={**headers, **asked})
    assert not [name for name, _ in connection.getresponse().getheaders() if name.lower().startswith("access-control")]
    assert request(local_cloud, "GET", "/_ministack/health", **headers)[0] in (403, 404)


def test_no_preflight_of_another_page_is_granted(local_cloud: Cloud):
    connection = http.client.HTTPConnection("127.0.0.1", local_cloud.port, timeout=10)
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    connection.request("OPTIONS", "/2015-03-31/functions", headers=headers)
    response = connection.getresponse()
    response.read()
    assert response.status == 403
    assert not [name for name, _ in response.getheaders() if name.lower().startswith("access-control")]


def test_a_link_or_picture_of_another_page_does_nothing(local_cloud: Cloud):
    path = "/?Action=CreateQueue&QueueName=q&X-Amz-Credential=test/20260101/us-east-1/sqs/aws4_request"
    status, body = request(local_cloud, "GET", path, **{"Sec-Fetch-Site": "cross-site"})
    assert status == 403
    assert b"Requests of other web pages" in body  # not merely that the signature is wrong


def test_no_answer_lets_every_page_read_it(local_cloud: Cloud):
    connection = http.client.HTTPConnection("127.0.0.1", local_cloud.port, timeout=10)
    headers = {"Authorization": SIGNED.format(service="kinesis"), "X-Amz-Target": "Kinesis_20131202.ListStreams"}
    connection.request("POST", "/", body=b"{}", headers=headers)
    response = connection.getresponse()
    response.read()
    assert response.status == 200
    assert not [name for name, _ in response.getheaders() if name.lower().startswith("access-control")]


def test_what_lessons_serve_is_for_pages(local_cloud: Cloud):
    status, body = request(local_cloud, "GET", "/_aws/execute-api/none/stage/", Origin="https://a.page.example")
    assert b"Requests of other web pages" not in body
    assert status != 403


@pytest.mark.skipif(sys.platform != "linux", reason="reads the table of what listens in /proc")
def test_it_listens_on_the_loopback_interface_only(local_cloud: Cloud):
    with Path("/proc/net/tcp").open() as table:
        listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
    port = f"{local_cloud.port:04X}"
    assert [address for address in listening if address.endswith(":" + port)] == [f"0100007F:{port}"]
