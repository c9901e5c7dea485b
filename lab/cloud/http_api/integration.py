"""Invoking the Lambda function that a route leads to."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

from lab.cloud.emulator.functions import find_function
from lab.cloud.emulator.http_apis import gateway_may_invoke
from lab.cloud.http_api.answer import InvalidAnswerError, response_of
from lab.cloud.http_api.event import event_of
from lab.cloud.http_api.messages import FAILED, TOO_LARGE, UNAVAILABLE, Response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lab.cloud.event_source_mappings.delivery import Answer
    from lab.cloud.http_api.event import Call
    from lab.cloud.http_api.messages import Request

    Invoke = Callable[[str, bytes], Awaitable[Answer]]

LARGEST_EVENT_BYTES = 6 * 1024 * 1024
"""What Lambda takes."""
_LONGEST_MS = 30_000
_FUNCTION = re.compile(r"^(?:arn:aws:apigateway:[^/]*:lambda:path/[^/]+/functions/)?(.+?)(?:/invocations)?$")


def is_understood(integration: dict[str, Any] | None) -> bool:
    """Say whether an integration is a Lambda function with payload format 2.0; a missing one always fails."""
    return integration is None or (
        integration["integrationType"] == "AWS_PROXY" and integration.get("payloadFormatVersion") == "2.0"
    )


async def integrate(
    invoke: Invoke, request: Request, call: Call, integration: dict[str, Any] | None
) -> tuple[Response, str]:
    """Return the response of a route's function, and what went wrong (empty: nothing), as access logs say it."""
    function = find_function(_FUNCTION.sub(r"\1", integration.get("integrationUri", ""))) if integration else None
    if integration is None or function is None:
        return FAILED, "No integration, or one with a function that does not exist"
    if not gateway_may_invoke(function.record, function.arn, _source_arn(call, request.method)):
        return FAILED, (
            "The IAM role configured on the integration or API Gateway doesn't have permissions to call the "
            "integration. Check the permissions and try again."
        )
    event = json.dumps(event_of(request, call), ensure_ascii=False, separators=(",", ":")).encode()
    if len(event) > LARGEST_EVENT_BYTES:
        return TOO_LARGE, f"Request must be smaller than {LARGEST_EVENT_BYTES} bytes for the InvokeFunction operation"
    try:
        async with asyncio.timeout(integration.get("timeoutInMillis", _LONGEST_MS) / 1000):
            answer = await invoke(function.arn, event)  # past the timeout, the function runs on
    except TimeoutError:
        return UNAVAILABLE, "Integration timed out"
    if answer.throttled:
        return UNAVAILABLE, "Rate Exceeded."
    if answer.function_error:
        return FAILED, "The Lambda function returned an error. Check your Lambda function code and try again."
    try:
        return response_of(answer.payload), ""
    except InvalidAnswerError as error:
        return (
            FAILED,
            f"The response from the Lambda function doesn't match the format that API Gateway expects: {error}",
        )


def _source_arn(call: Call, method: str) -> str:
    """Return for what API Gateway invokes: the route's path as it is written, the method of the request."""
    key = call.route["routeKey"]
    what = f"{method}{key.partition(' ')[2]}" if " " in key else key
    return f"arn:aws:execute-api:{call.api.region}:{call.api.account}:{call.api.id}/{call.stage}/{what}"
