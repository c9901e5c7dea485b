"""An HTTP API on a served cloud, its one function saying what it got or returning what it is asked to."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lab.aws import Clients
from lab.cloud.client import Cloud
from tests.cloud.conftest import Workshop

ECHO = """
import json, time

def handler(event, context):
    asked = event.get("queryStringParameters", {})
    if "seconds" in asked:
        time.sleep(float(asked["seconds"]))
    if "error" in asked:
        raise ValueError(asked["error"])
    if "answer" in asked:
        return json.loads(asked["answer"])
    headers = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "https://of-the-function.example"}
    return {"statusCode": 200, "headers": headers, "body": json.dumps(event)}
"""


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def said(self) -> tuple[int, Any]:
        return self.status, self.json


@dataclass
class Bench:
    """Makes APIs and calls them."""

    cloud: Cloud
    workshop: Workshop
    function: str

    @property
    def clients(self) -> Clients:
        return self.workshop.clients

    def api(self, *routes: str, stage: dict[str, Any] | None = None, integration: dict[str, Any] | None = None,
            authorization: str = "NONE", **settings: Any) -> str:  # fmt: skip
        """Make an API whose routes lead to the function; return its id."""
        gateway = self.clients.apigatewayv2
        api = gateway.create_api(Name=self.workshop.name("api"), ProtocolType="HTTP", **settings)["ApiId"]
        self.workshop.made.append(lambda: gateway.delete_api(ApiId=api))
        made = gateway.create_integration(
            **{
                "ApiId": api,
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{self.function}"
                "/invocations",
                "PayloadFormatVersion": "2.0",
            }
            | (integration or {})
        )["IntegrationId"]
        for route in routes:
            gateway.create_route(
                ApiId=api, RouteKey=route, Target=f"integrations/{made}", AuthorizationType=authorization
            )
        gateway.create_stage(**{"ApiId": api, "StageName": "$default", "AutoDeploy": True} | (stage or {}))
        return api

    def permit(self, function: str) -> None:
        """Let every API invoke a function."""
        self.clients.lambda_.add_permission(
            FunctionName=function,
            StatementId="gateway",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
        )

    def metric(self, namespace: str, name: str, dimension: str, value: str, statistic: str = "Sum") -> float:
        """Return a metric's sum, or how many values it has (`SampleCount`), over the last minutes."""
        now = time.time()
        points = self.clients.cloudwatch.get_metric_statistics(
            Namespace=namespace, MetricName=name, Dimensions=[{"Name": dimension, "Value": value}],
            StartTime=now - 300, EndTime=now + 60, Period=60, Statistics=[statistic],
        )["Datapoints"]  # fmt: skip
        return sum(point[statistic] for point in points)

    def invocations(self, function: str) -> float:
        """Return how often a function was invoked."""
        return self.metric("AWS/Lambda", "Invocations", "FunctionName", function.rsplit(":", 1)[1])

    def call(self, api: str, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """Call an API."""
        connection = http.client.HTTPConnection("127.0.0.1", self.cloud.port, timeout=60)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"/_aws/execute-api/{api}{path}", body=body, headers=sent)
        response = connection.getresponse()
        answer = Answer(response.status, response.getheaders(), response.read())
        connection.close()
        return answer


@pytest.fixture(scope="module")
def bench(local_cloud: Cloud) -> Iterator[Bench]:
    workshop = Workshop(Clients.local(local_cloud.url))
    function = workshop.function(ECHO, workshop.role())
    made = Bench(local_cloud, workshop, function)
    made.permit(function)
    yield made
    for remove in reversed(workshop.made):
        with contextlib.suppress(ClientError):
            remove()
