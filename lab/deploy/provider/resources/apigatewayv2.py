"""API Gateway, version 2: HTTP APIs with their integrations, routes and stages."""

# ruff: noqa: ARG002, D102, RUF012 - the base class says what every method takes and means, and what a class holds

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.deploy.provider.resources.base import TAGS, AutoName, Change, Input, Resource
from lab.deploy.provider.values import from_aws, given, part, tags_of, to_aws, told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.deploy.provider.account import Account
    from lab.deploy.provider.values import Properties


class Api(Resource):
    """An API; its id is made by AWS, and several may have the same name."""

    pulumi_type = "aws:apigatewayv2/api:Api"
    name = AutoName("name", longest=128)
    inputs = {
        "name": Input(),
        "protocolType": Input(required=True, replaces=True, allowed={"HTTP", "WEBSOCKET"}),
        "description": Input(default=""),
        "version": Input(default=""),
        "corsConfiguration": Input(),
        "routeSelectionExpression": Input(default="$request.method $request.path"),
        "apiKeySelectionExpression": Input(default="$request.header.x-api-key"),
        "disableExecuteApiEndpoint": Input(default=False),
        "tags": TAGS,
    }
    computed = ("arn", "apiEndpoint", "executionArn")

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        api = aws.apigatewayv2.create_api(**to_aws(inputs))
        return api["ApiId"], _api_outputs(aws, api)

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        api = aws.apigatewayv2.get_api(ApiId=id_)
        outputs = _api_outputs(aws, api)
        return {**_as_told(self, api), "tags": _tags(aws, outputs["arn"]), **outputs}

    def update(self, aws: Account, change: Change) -> Properties:
        arn = change.known["arn"]
        if change.of("corsConfiguration") and not change.new.get("corsConfiguration"):
            aws.apigatewayv2.delete_cors_configuration(ApiId=change.id)
        if arguments := {name: change.new[name] for name in self.inputs if name != "tags" and _set_anew(change, name)}:
            aws.apigatewayv2.update_api(ApiId=change.id, **to_aws(arguments))
        _retag(aws, arn, change)
        return {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        aws.apigatewayv2.delete_api(ApiId=id_)

    def find(self, aws: Account, inputs: Properties) -> str | None:
        pages = aws.apigatewayv2.get_paginator("get_apis").paginate()
        apis = (api for page in pages for api in page["Items"])
        ours = (api for api in apis if api["Name"] == inputs["name"] and api.get("Tags", {}) == tags_of(inputs))
        return next((api["ApiId"] for api in ours if "ApiId" in api), None)


class Integration(Resource):
    """What answers a route; its id is made by AWS."""

    pulumi_type = "aws:apigatewayv2/integration:Integration"
    inputs = {
        "apiId": Input(required=True, replaces=True),
        "integrationType": Input(
            required=True, replaces=True, allowed={"AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK"}
        ),
        "integrationSubtype": Input(replaces=True),
        "integrationUri": Input(),
        "integrationMethod": Input(),
        "connectionType": Input(default="INTERNET", allowed={"INTERNET", "VPC_LINK"}),
        "payloadFormatVersion": Input(default="1.0", allowed={"1.0", "2.0"}),
        "timeoutMilliseconds": Input(allowed=range(50, 30_001)),
        "description": Input(default=""),
        "credentialsArn": Input(),
        "requestParameters": Input(),
    }

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        integration = aws.apigatewayv2.create_integration(**_integration_arguments(inputs))
        return integration["IntegrationId"], _as_told(self, integration)

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        api, own_id = _ids(id_, known)
        integration = aws.apigatewayv2.get_integration(ApiId=api, IntegrationId=own_id)
        return {**_as_told(self, integration), "apiId": api, "id": own_id}

    def update(self, aws: Account, change: Change) -> Properties:
        reset: dict[str, Any] = {"requestParameters": {}}
        arguments = {name: change.new.get(name, reset.get(name, "")) for name in self.inputs if change.of(name)}
        integration = aws.apigatewayv2.update_integration(
            ApiId=change.new["apiId"], IntegrationId=change.id, **_integration_arguments(arguments)
        )
        return _as_told(self, integration)

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        aws.apigatewayv2.delete_integration(ApiId=known["apiId"], IntegrationId=id_)

    def find(self, aws: Account, inputs: Properties) -> str | None:
        """Return the integration with all these inputs; it has no name by which to find it."""
        pages = aws.apigatewayv2.get_paginator("get_integrations").paginate(ApiId=inputs["apiId"])
        for integration in (item for page in pages for item in page["Items"]):
            found = {**_as_told(self, integration), "apiId": inputs["apiId"]}
            if all(self.inputs[name].same(value, found.get(name)) for name, value in inputs.items()):
                return integration.get("IntegrationId")
        return None


class Route(Resource):
    """Which requests go to which integration; its id is made by AWS."""

    pulumi_type = "aws:apigatewayv2/route:Route"
    inputs = {
        "apiId": Input(required=True, replaces=True),
        "routeKey": Input(required=True),
        "target": Input(),
        "authorizationType": Input(default="NONE", allowed={"NONE", "AWS_IAM", "CUSTOM", "JWT"}),
        "authorizerId": Input(),
        "authorizationScopes": Input(kind="set"),
        "apiKeyRequired": Input(default=False),
        "operationName": Input(),
    }

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        return aws.apigatewayv2.create_route(**to_aws(inputs))["RouteId"], {}

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        api, own_id = _ids(id_, known)
        route = aws.apigatewayv2.get_route(ApiId=api, RouteId=own_id)
        return {**_as_told(self, route), "apiId": api, "id": own_id}

    def update(self, aws: Account, change: Change) -> Properties:
        reset: dict[str, Any] = {"authorizationScopes": []}
        arguments = {name: change.new.get(name, reset.get(name, "")) for name in self.inputs if change.of(name)}
        aws.apigatewayv2.update_route(ApiId=change.new["apiId"], RouteId=change.id, **to_aws(arguments))
        return {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        aws.apigatewayv2.delete_route(ApiId=known["apiId"], RouteId=id_)

    def find(self, aws: Account, inputs: Properties) -> str | None:
        pages = aws.apigatewayv2.get_paginator("get_routes").paginate(ApiId=inputs["apiId"])
        routes = (route for page in pages for route in page["Items"])
        return next((route.get("RouteId") for route in routes if route["RouteKey"] == inputs["routeKey"]), None)


class Stage(Resource):
    """Where an API answers; its id is its name."""

    pulumi_type = "aws:apigatewayv2/stage:Stage"
    name = AutoName("name", longest=128)
    inputs = {
        "apiId": Input(required=True, replaces=True),
        "name": Input(replaces=True),
        "autoDeploy": Input(default=False),
        "description": Input(default=""),
        "defaultRouteSettings": Input(),
        "routeSettings": Input(kind="set"),
        "stageVariables": Input(),
        "accessLogSettings": Input(),
        "tags": TAGS,
    }
    computed = ("arn", "executionArn", "invokeUrl")

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        stage = aws.apigatewayv2.create_stage(**_stage_arguments(inputs))
        return stage["StageName"], _stage_outputs(aws, inputs["apiId"], inputs["name"])

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        api, name = _ids(id_, known)
        stage = aws.apigatewayv2.get_stage(ApiId=api, StageName=name)
        inputs = _as_told(self, stage)
        routes = [{"routeKey": key, **from_aws(settings)} for key, settings in part(inputs, "routeSettings").items()]
        outputs = _stage_outputs(aws, api, name)
        return {
            **inputs,
            "id": name,
            "apiId": api,
            "name": name,
            "routeSettings": routes or None,
            "tags": _tags(aws, outputs["arn"]),
            **outputs,
        }

    def update(self, aws: Account, change: Change) -> Properties:
        api, name = change.new["apiId"], change.id
        reset: dict[str, Any] = {"defaultRouteSettings": {}, "routeSettings": [], "stageVariables": {}}
        if change.of("accessLogSettings") and not change.new.get("accessLogSettings"):
            aws.apigatewayv2.delete_access_log_settings(ApiId=api, StageName=name)
        settings = [key for key in self.inputs if key != "tags" and change.of(key)]
        arguments = {key: change.new.get(key, reset.get(key)) for key in settings}
        if arguments:
            aws.apigatewayv2.update_stage(ApiId=api, StageName=name, **_stage_arguments(arguments))
        _retag(aws, change.known["arn"], change)
        return {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        aws.apigatewayv2.delete_stage(ApiId=known["apiId"], StageName=id_)

    def find(self, aws: Account, inputs: Properties) -> str | None:
        return inputs["name"] if self.read(aws, inputs["name"], inputs) else None


_TOLD_OTHERWISE = {"timeoutInMillis": "timeoutMilliseconds"}
"""The one property that Pulumi names in its own way."""


def _integration_arguments(inputs: Properties) -> dict[str, Any]:
    """Return an integration's settings as API Gateway takes them."""
    settings = {name: value for name, value in inputs.items() if name != "timeoutMilliseconds"}
    return {**to_aws(settings), **given(TimeoutInMillis=inputs.get("timeoutMilliseconds"))}


def _tags(aws: Account, arn: str) -> dict[str, str] | None:
    return aws.apigatewayv2.get_tags(ResourceArn=arn).get("Tags") or None


def _ids(id_: str, known: Properties) -> tuple[str, str]:
    """Return the ids of an API and of something in it; an import names `<api>/<own id>`."""
    api, _slash, own_id = id_.rpartition("/")
    return api or known["apiId"], own_id


def _as_told(resource: Resource, answer: Mapping[str, Any]) -> Properties:
    """Return the inputs in an answer of API Gateway."""
    settings = {_TOLD_OTHERWISE.get(name, name): value for name, value in told(answer).items()}
    return {name: value for name, value in settings.items() if name in resource.inputs}


def _set_anew(change: Change, name: str) -> bool:
    return change.of(name) and name in change.new


def _retag(aws: Account, arn: str, change: Change) -> None:
    change.retag(
        lambda tags: aws.apigatewayv2.tag_resource(ResourceArn=arn, Tags=tags),
        lambda keys: aws.apigatewayv2.untag_resource(ResourceArn=arn, TagKeys=keys),
    )


def _api_outputs(aws: Account, api: Mapping[str, Any]) -> Properties:
    api_id = api["ApiId"]
    return {
        "arn": f"arn:aws:apigateway:{aws.region}::/apis/{api_id}",
        "apiEndpoint": api.get("ApiEndpoint", ""),
        "executionArn": aws.arn("execute-api", api_id),
    }


def _stage_outputs(aws: Account, api_id: str, name: str) -> Properties:
    # AWS's host <api>.execute-api.<region>.amazonaws.com leads nowhere here; this path of the local cloud does answer.
    # As there, the default stage has no segment of its own (a `$` in a URL would be lost in a shell, too).
    url = f"{aws.endpoint_url}/_aws/execute-api/{api_id}/"
    return {
        "arn": f"arn:aws:apigateway:{aws.region}::/apis/{api_id}/stages/{name}",
        "executionArn": aws.arn("execute-api", f"{api_id}/{name}"),
        "invokeUrl": url if name == "$default" else f"{url}{name}",
    }


def _stage_arguments(inputs: Properties) -> dict[str, Any]:
    """Return a stage's settings as API Gateway takes them: those of routes by their keys."""
    arguments = to_aws({name: value for name, value in inputs.items() if name not in {"name", "routeSettings"}})
    routes: list[dict[str, Any]] | None = inputs.get("routeSettings")
    by_route = {
        route["routeKey"]: to_aws({key: value for key, value in route.items() if key != "routeKey"})
        for route in routes or []
    }
    return {**arguments, **given(StageName=inputs.get("name"), RouteSettings=None if routes is None else by_route)}
