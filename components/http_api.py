"""An HTTP API whose routes lead to functions.

The lesson: the API stands between everybody and what one pays for. It says who may call what, how often, and from whose
pages, before any function runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from components.function import Function

STAGE = "$default"
"""The stage that has no segment of its own in the URL."""
CORS_SECONDS = 3600
"""How long a browser remembers what it may do."""


@dataclass(frozen=True)
class HttpRoute:
    """A route of an API."""

    method: Literal["GET", "POST"]
    path: str
    """Such as `/votes`; without parameters."""
    function: Function
    """What answers; gets the request in payload format 2.0."""
    authorization: Literal["NONE", "AWS_IAM"] = "NONE"
    """`AWS_IAM`: only signed requests of somebody who may call `execute-api:Invoke` on the route."""

    @property
    def name(self) -> str:
        """Part of the names of its resources."""
        return "-".join([self.method.lower(), *self.path.strip("/").split("/")]).rstrip("-")


class HttpApiArgs(TypedDict):
    """What an HttpApi is made from."""

    routes: Sequence[HttpRoute]
    """What it answers; anything else is 404."""
    origins: NotRequired[Sequence[str]]
    """Whose pages may call it from a browser, besides those it serves itself; `*` is everybody's (default: nobody)."""
    throttling_rate: Input[int]
    """Requests a second that each route takes in the long run; above it, API Gateway answers 429."""
    throttling_burst: Input[int]
    """Requests at once that each route takes."""
    tags: NotRequired[Mapping[str, Input[str]]]
    """Tags for everything that takes them."""


class HttpApi(pulumi.ComponentResource):
    """An HTTP API: routes, what they lead to, and the permission to call that and nothing else."""

    url: Output[str]
    """Where it answers; ends with a slash."""
    arn: Output[str]
    """What a caller with AWS_IAM may be allowed: `<arn>/GET/path`."""

    def __init__(self, name: str, args: HttpApiArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("streamlab:index:HttpApi", name, None, opts)
        self._name, self._child, tags = name, ResourceOptions(parent=self), args.get("tags")
        self.api = aws.apigatewayv2.Api(
            f"{name}-api",
            protocol_type="HTTP",
            cors_configuration=_cors(args["routes"], args.get("origins", ())),
            tags=tags,
            opts=self._child,
        )
        for route in args["routes"]:
            self._route(route)
        self.stage = aws.apigatewayv2.Stage(
            f"{name}-stage",
            api_id=self.api.id,
            name=STAGE,
            auto_deploy=True,
            default_route_settings={
                "throttling_rate_limit": args["throttling_rate"],
                "throttling_burst_limit": args["throttling_burst"],
            },
            tags=tags,
            opts=self._child,
        )
        self.url, self.arn = self.stage.invoke_url, self.stage.execution_arn
        self.register_outputs({"url": self.url, "arn": self.arn})

    def _route(self, route: HttpRoute) -> None:
        name = f"{self._name}-{route.name}"
        integration = aws.apigatewayv2.Integration(
            f"{name}-integration",
            api_id=self.api.id,
            integration_type="AWS_PROXY",
            integration_uri=route.function.arn,
            payload_format_version="2.0",
            opts=self._child,
        )
        aws.apigatewayv2.Route(
            f"{name}-route",
            api_id=self.api.id,
            route_key=f"{route.method} {route.path}",
            target=Output.concat("integrations/", integration.id),
            authorization_type=route.authorization,
            opts=self._child,
        )
        aws.lambda_.Permission(
            f"{name}-permission",
            action="lambda:InvokeFunction",
            principal="apigateway.amazonaws.com",
            function=route.function.name,
            source_arn=Output.concat(self.api.execution_arn, f"/{STAGE}/{route.method}{route.path}"),
            opts=self._child,
        )


def _cors(routes: Sequence[HttpRoute], origins: Sequence[str]) -> aws.apigatewayv2.ApiCorsConfigurationArgsDict | None:
    if not origins:
        return None
    return {
        "allow_origins": list(origins),
        "allow_methods": sorted({"OPTIONS", *(route.method for route in routes)}),
        "allow_headers": ["content-type"],
        "max_age": CORS_SECONDS,
    }
