"""A provider works on this machine or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.deploy import property_values as pv
from lab.deploy.protocol import provider_pb2
from lab.deploy.provider import AwsProvider
from lab.deploy.provider.configuration import ENDPOINT_VARIABLE, Configuration, is_loopback
from tests.deploy.provider.driver import CONTEXT, Aborted, Deployed, configured

LOCAL = "http://127.0.0.1:4566"
AWS = "https://kinesis.us-east-1.amazonaws.com"


def endpoints(*urls: str) -> str:
    """Return the setting as Pulumi sends it: a JSON text."""
    return json.dumps([{f"service{number}": url for number, url in enumerate(urls)}])


@pytest.mark.parametrize(
    "url", [LOCAL, "http://127.8.9.1:80", "http://localhost:4566", "https://[::1]:4566", "HTTP://LOCALHOST:1"]
)
def test_loopback(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url",
    [
        AWS,
        "http://192.168.0.7:4566",
        "http://0.0.0.0:4566",
        "http://127.0.0.1.example.com",
        "http://localhost.localstack.cloud:4566",
        "http://127.0.0.1@example.com",
        "http://example.com\\@127.0.0.1",
        "http://example.com\t@127.0.0.1",
        "http://example.com/127.0.0.1",
        "http://example.com#@127.0.0.1",
        "ftp://127.0.0.1",
        "127.0.0.1:4566",
        "http://[::1",
        "",
    ],
)
def test_not_loopback(url: str) -> None:
    assert not is_loopback(url)


def test_the_endpoint_of_the_stack_file_is_taken() -> None:
    assert Configuration.from_values({"endpoints": endpoints(LOCAL, LOCAL)}).endpoint == LOCAL


def test_the_cloud_that_runs_wins_over_the_stack_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT_VARIABLE, "http://127.0.0.1:9999")
    assert Configuration.from_values({"endpoints": endpoints(LOCAL)}).endpoint == "http://127.0.0.1:9999"
    monkeypatch.setenv(ENDPOINT_VARIABLE, AWS)
    assert Configuration.from_values({"endpoints": endpoints(LOCAL)}).endpoint == LOCAL


@pytest.mark.parametrize(
    ("values", "variable", "message"),
    [
        ({"endpoints": endpoints(AWS)}, "", f"The endpoint {AWS} is not on this machine"),
        ({"endpoints": endpoints(LOCAL, AWS)}, LOCAL, f"The endpoint {AWS} is not on this machine"),
        ({"endpoints": endpoints(LOCAL, "http://127.0.0.1:1")}, "", "names 2"),
        ({}, AWS, f"AWS_ENDPOINT_URL is {AWS}, which is not on this machine"),
        ({}, "", "No endpoint is given, so nothing was called."),
    ],
)
def test_refusals_name_the_endpoint(
    values: dict[str, Any], variable: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINT_VARIABLE, variable)
    provider = AwsProvider()
    with pytest.raises(Aborted, match=message.replace(".", r"\.")):
        provider.Configure(provider_pb2.ConfigureRequest(args=pv.to_struct(values)), CONTEXT)
    with pytest.raises(Aborted, match="not configured"):
        Deployed(provider, "aws:kinesis/stream:Stream", "votes", {}).create()


def test_the_person_s_own_credentials_and_profile_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "school")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.school:3128")
    client: Any = configured(LOCAL).account.kinesis
    assert client._request_signer._credentials.access_key == "test"
    assert client.meta.endpoint_url == LOCAL
    assert client.meta.config.proxies == {}


def test_what_is_understood_is_answered() -> None:
    provider = AwsProvider()
    request = provider_pb2.ConfigureRequest(args=pv.to_struct({"endpoints": endpoints(LOCAL)}), acceptSecrets=True)
    response = provider.Configure(request, CONTEXT)
    assert (response.supportsPreview, response.acceptSecrets, response.acceptResources) == (True, False, False)
    schema = json.loads(provider.GetSchema(provider_pb2.GetSchemaRequest(), CONTEXT).schema)
    assert "aws:kinesis/stream:Stream" in schema["resources"]
    assert "aws:index/getRegion:getRegion" in schema["functions"]
