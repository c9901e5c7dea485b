"""HTTP APIs as MiniStack's apigatewayv2 keeps them, who may call them, and whom they may invoke."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from lab.cloud.emulator.scope import ACCOUNT, scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.cloud.emulator.app import Answer, Handler


@dataclass(frozen=True, slots=True)
class HttpApi:
    """An HTTP API, with its settings as the apigatewayv2 API says them.

    Attributes:
        id: its id.
        region: where it is.
        account: whose it is.
        settings: the API's own.
        stages: by name.
        routes: all of them.
        integrations: by id.
    """

    id: str
    region: str
    account: str
    settings: dict[str, Any]
    stages: dict[str, dict[str, Any]]
    routes: list[dict[str, Any]]
    integrations: dict[str, dict[str, Any]]


def find_http_api(api_id: str) -> HttpApi | None:
    """Find an HTTP API of any region by its id, as it is now; None when there is none (or it is of another kind)."""
    from ministack.services import apigateway

    with scope():
        owner = apigateway.find_api_scope(api_id)
    if owner is None:
        return None
    with scope(*owner):
        settings = apigateway._apis[api_id]
        if settings["protocolType"] != "HTTP":
            return None
        return HttpApi(
            id=api_id,
            account=owner[0],
            region=owner[1],
            settings=settings,
            stages=dict(apigateway._stages.get(api_id, {})),
            routes=list(apigateway._routes.get(api_id, {}).values()),
            integrations=dict(apigateway._integrations.get(api_id, {})),
        )


def repaired(prefix: str) -> Callable[[Handler], Handler]:
    """Return what makes apigatewayv2's handler right where MiniStack's is wrong.

    It says `<id>.execute-api.localhost` for where an API answers, which resolves in browsers only; and it takes the
    deletion of a stage's access log or of a route's settings for the deletion of the stage.

    Args:
        prefix: the URL of every API up to its id.
    """

    def wrap(handler: Handler) -> Handler:
        async def answer(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Answer:
            parts = unquote(path).strip("/").split("/")
            if method == "DELETE" and parts[:2] == ["v2", "apis"] and parts[3:4] == ["stages"] and parts[5:]:
                return _delete_of_stage(parts[2], parts[4], parts[5], "/".join(parts[6:]))
            status, out, content = await handler(method, path, headers, body, query)
            if parts[:2] == ["v2", "apis"] and len(parts) <= len(("v2", "apis", "<id>")) and content:
                told = json.loads(content)
                for api in told.get("items", [told]):
                    if api.get("protocolType") == "HTTP":
                        api["apiEndpoint"] = prefix + api["apiId"]
                content = json.dumps(told, ensure_ascii=False).encode()
            return status, out, content

        return answer

    return wrap


def _delete_of_stage(api_id: str, stage_name: str, what: str, route_key: str) -> Answer:
    """Answer DeleteAccessLogSettings and DeleteRouteSettings."""
    from ministack.services import apigateway

    stage = apigateway._stages.get(api_id, {}).get(stage_name)
    if stage is None or what not in ("accesslogsettings", "routesettings"):
        headers = {"Content-Type": "application/json", "x-amzn-errortype": "NotFoundException"}
        return 404, headers, b'{"message": "Unable to find Stage by name"}'
    if what == "accesslogsettings":
        stage.pop("accessLogSettings", None)
    else:
        stage.get("routeSettings", {}).pop(route_key, None)
    return 204, {}, b""


def gateway_may_invoke(function: dict[str, Any], function_arn: str, source_arn: str) -> bool:
    """Say whether a function's resource policy lets API Gateway invoke it.

    Args:
        function: MiniStack's record.
        function_arn: the function, with the qualifier that is invoked.
        source_arn: the route for which it is.
    """
    from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy

    context = EvalContext(
        principal_arn="",
        principal_type="Service",
        principal_account="",
        action="lambda:InvokeFunction",
        resource_arn=function_arn,
        region=source_arn.split(":")[3],
        service_context={"aws:sourcearn": source_arn, "aws:sourceaccount": source_arn.split(":")[4]},
    )
    decision = evaluate_resource_policy(function.get("policy"), context, service="apigateway.amazonaws.com").decision
    return decision == "Allow"


def allowed_caller(
    method: str, raw_path: str, query: str, headers: Mapping[str, str], body: bytes, resource_arn: str
) -> dict[str, Any] | None:
    """Return who signed a request, as events of HTTP APIs say it; None unless the signature holds and they may call.

    The signature of the account's root is checked too, which MiniStack does not do.

    Args:
        method: HTTP method.
        raw_path: the path as sent.
        query: the query string as sent.
        headers: by lower-case name.
        body: the body as sent.
        resource_arn: what is called: `arn:aws:execute-api:<region>:<account>:<api>/<stage>/<METHOD>/<path>`.
    """
    from ministack.core import iam_evaluator, sigv4

    parameters = parse_qs(query, keep_blank_values=True)
    presigned = "authorization" not in headers and "X-Amz-Signature" in parameters
    if not presigned and not headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
        return None
    signature = sigv4.parse_query_signature(parameters) if presigned else sigv4.parse_header_signature(headers)
    expires = parameters.get("X-Amz-Expires", ["0"])[0] if presigned else None
    if isinstance(signature, tuple) or signature.service != "execute-api" or _is_out_of_time(signature, expires):
        return None
    token = parameters.get("X-Amz-Security-Token", [""])[0] if presigned else headers.get("x-amz-security-token", "")
    _, _, _, region, account, _ = resource_arn.split(":", 5)
    with scope(account, region):
        credential = iam_evaluator.resolve_credential(signature.access_key_id, account, token)
        if isinstance(credential, iam_evaluator.CredentialResolutionError) or sigv4.header_signature_failure(
            signature, credential.secret_access_key, method, raw_path, parameters, headers, body, presigned=presigned
        ):
            return None
        principal = iam_evaluator.resolve_principal(signature.access_key_id, account, credential)
        if isinstance(principal, iam_evaluator.AuthError) or not _may(principal, resource_arn, region):
            return None
        return _identity(iam_evaluator.resolve_caller_identity(signature.access_key_id) or {})


def _is_out_of_time(signature: Any, expires: str | None) -> bool:
    """Say whether a signature is too old or from the future, or a presigned URL's `expires` seconds are over."""
    from ministack.core import sigv4

    if sigv4._amz_datetime(signature.amz_date) is None:
        return True
    if expires is None:
        return sigv4.request_time_failure(signature) is not None
    return not expires.isdecimal() or sigv4.presigned_request_is_expired(signature.amz_date, int(expires[:9]))


def _may(principal: Any, resource_arn: str, region: str) -> bool:
    from ministack.core.iam_evaluator import EvalContext, evaluate

    if principal.policies is None:  # the account's root
        return True
    context = EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action="execute-api:Invoke",
        resource_arn=resource_arn,
        region=region,
        principal_keys=principal.keys,
    )
    return evaluate(context, principal.policies, *principal.limits).decision == "Allow"


def _identity(caller: dict[str, Any]) -> dict[str, Any]:
    return {
        "accessKey": caller.get("accessKey"),
        "accountId": caller.get("accountId", ACCOUNT),
        "callerId": caller.get("userId"),
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": caller.get("userArn"),
        "userId": caller.get("userId"),
    }
