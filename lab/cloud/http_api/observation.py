"""What an API tells about its calls: CloudWatch metrics and a stage's access log."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.cloud import emulator
from lab.cloud.http_api.event import clf_time
from lab.json_values import as_object

if TYPE_CHECKING:
    from lab.cloud.emulator.http_apis import HttpApi
    from lab.cloud.http_api.messages import Request, Response

_VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_.]*[A-Za-z0-9_])")
_CLIENT_ERROR, _SERVER_ERROR = 4, 5


@dataclass(slots=True)
class Observed:
    """A call that is over.

    Attributes:
        api: the API.
        request: what came.
        request_id: its id.
        epoch_ms: when it came.
        stage: the stage's name, empty when none was found.
        route_key: the route's key, empty when none was found.
        path: the decoded path, the stage's segment included.
        error: what went wrong with the integration, empty when nothing did.
        latency_ms: how long the whole took.
        integration_ms: how long the function took; None when none was called.
        caller: who signed it.
    """

    api: HttpApi
    request: Request
    request_id: str
    epoch_ms: int
    stage: str = ""
    route_key: str = ""
    path: str = ""
    error: str = ""
    latency_ms: float = 0.0
    integration_ms: float | None = None
    caller: dict[str, Any] | None = None


def measure(observed: Observed, response: Response) -> None:
    """Write the metrics of a call, by API and by API and stage."""
    kind = response.status // 100
    metrics = [
        ("Count", 1.0, "Count"),
        ("4xx", float(kind == _CLIENT_ERROR), "Count"),
        ("5xx", float(kind == _SERVER_ERROR), "Count"),
        ("Latency", observed.latency_ms, "Milliseconds"),
    ]
    if observed.integration_ms is not None:
        metrics.append(("IntegrationLatency", observed.integration_ms, "Milliseconds"))
    for dimensions in ({"ApiId": observed.api.id}, {"ApiId": observed.api.id, "Stage": observed.stage}):
        if all(dimensions.values()):
            for name, value, unit in metrics:
                emulator.record_metric("AWS/ApiGateway", name, value, unit, dimensions)


async def log_access(observed: Observed, response: Response) -> None:
    """Write a line into the log group of the stage's access log; a group that does not exist gets none."""
    settings = as_object(as_object(observed.api.stages.get(observed.stage)).get("accessLogSettings"))
    if not (group := settings.get("destinationArn", "").removesuffix(":*").rpartition(":log-group:")[2]):
        return
    variables = _variables(observed, response)
    line = _VARIABLE.sub(lambda found: str(variables.get(found[1], "-")), settings.get("format", ""))
    where = {"logGroupName": group, "logStreamName": f"{observed.api.id}-{observed.stage.replace('$', '')}"}
    await _logs("CreateLogStream", where)
    await _logs("PutLogEvents", where | {"logEvents": [{"timestamp": observed.epoch_ms, "message": line}]})


async def _logs(operation: str, request: dict[str, Any]) -> None:
    headers = {"x-amz-target": f"Logs_20140328.{operation}", "content-type": "application/x-amz-json-1.1"}
    await emulator.call("logs", "POST", "/", headers, json.dumps(request).encode())


def _variables(observed: Observed, response: Response) -> dict[str, Any]:
    request, api = observed.request, observed.api
    caller: dict[str, Any] = observed.caller or {}
    refused = response.status // 100 in (_CLIENT_ERROR, _SERVER_ERROR) and (
        observed.integration_ms is None or observed.error != ""
    )
    variables = {
        "accountId": api.account,
        "apiId": api.id,
        "domainName": f"{api.id}.execute-api.{api.region}.amazonaws.com",
        "domainPrefix": api.id,
        "error.message": json.loads(response.body)["message"] if refused else None,
        "extendedRequestId": observed.request_id,
        "httpMethod": request.method,
        "identity.accountId": caller.get("accountId"),
        "identity.caller": caller.get("callerId"),
        "identity.sourceIp": request.source_ip,
        "identity.user": caller.get("userId"),
        "identity.userAgent": request.header("user-agent"),
        "identity.userArn": caller.get("userArn"),
        "integration.error": observed.error,
        "integration.latency": None if observed.integration_ms is None else round(observed.integration_ms),
        "integrationErrorMessage": observed.error,
        "integrationLatency": None if observed.integration_ms is None else round(observed.integration_ms),
        "path": observed.path,
        "protocol": "HTTP/1.1",
        "requestId": observed.request_id,
        "requestTime": clf_time(observed.epoch_ms),
        "requestTimeEpoch": observed.epoch_ms,
        "responseLatency": round(observed.latency_ms),
        "responseLength": len(response.body),
        "routeKey": observed.route_key,
        "stage": observed.stage,
        "status": response.status,
    }
    return {name: value for name, value in variables.items() if value not in (None, "")}
