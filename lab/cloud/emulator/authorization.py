"""What roles may do, as MiniStack evaluates it, and where it asks about the wrong resource."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lab.cloud.emulator.scope import REGION, scope


def role_may(role_arn: str, action: str, resource_arn: str, *, region: str = REGION) -> bool:
    """Say whether a role's policies allow an action on a resource.

    Args:
        role_arn: the role.
        action: `service:Action`.
        resource_arn: the exact resource.
        region: where it happens.
    """
    from ministack.core.iam_evaluator import EvalContext, _gather_role_policies, evaluate

    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    context = EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/lambda",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource_arn,
        region=region,
    )
    with scope(account, region):
        return evaluate(context, _gather_role_policies(name, account)).decision == "Allow"


def lambda_may_assume(role_arn: str) -> bool:
    """Say whether a role exists and trusts Lambda."""
    from ministack.core.iam_evaluator import _action_matches, _service_principal_matches
    from ministack.services import iam

    parts = role_arn.split(":")
    role = iam._roles.get_scoped(parts[4], None, role_arn.rsplit("/", 1)[-1]) if role_arn.count(":") > 4 else None  # noqa: PLR2004
    statements = json.loads(role["AssumeRolePolicyDocument"])["Statement"] if role else []
    effects = {
        statement["Effect"]
        for statement in (statements if isinstance(statements, list) else [statements])
        if _service_principal_matches(statement.get("Principal"), "lambda.amazonaws.com")
        and _action_matches("sts:AssumeRole", _listed(statement.get("Action")), [])
    }
    return effects == {"Allow"}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


KinesisResource = Callable[[dict[str, str], bytes, str, str], str | None]
"""Returns the ARN that a Kinesis request (headers, body, account, region) is about."""


def repair_stream_authorization(kinesis_resource: KinesisResource) -> None:
    """Let the calls that read streams be allowed on the stream's ARN.

    MiniStack asks its policies about `*` for every DynamoDB Streams call and for many of Kinesis, so that a
    least-privilege policy denies what AWS allows. The stream stands in the request or in the iterator.

    Args:
        kinesis_resource: knows what a Kinesis request is about.
    """
    from ministack.core import iam_actions

    original = iam_actions.extract_resource_arn

    def extract_resource_arn(service: str, method: str, path: str, headers: dict[str, str], body: bytes,
                             query: dict[str, Any], region: str, account: str) -> str:  # fmt: skip
        found = None
        if service == "kinesis":
            found = kinesis_resource(headers, body, account, region)
        elif service == "dynamodbstreams":
            found = _table_stream_of_request(body)
        if found:
            return found
        try:
            return original(service, method, path, headers, body, query, region, account)
        except (ValueError, RecursionError, TypeError, AttributeError):
            return "*"  # a body that cannot be read: the service will say so

    original_tags = iam_actions.request_tag_context

    def request_tag_context(service: str, iam_action: str, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
        try:
            return original_tags(service, iam_action, body, params)
        except (ValueError, RecursionError):
            return {}

    iam_actions.extract_resource_arn = extract_resource_arn
    iam_actions.request_tag_context = request_tag_context


def _table_stream_of_request(body: bytes) -> str | None:
    from ministack.services.dynamodb_streams import _decode_iterator

    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return None
    if not isinstance(request, dict):
        return None
    iterator = request.get("ShardIterator")
    decoded = _decode_iterator(iterator) if isinstance(iterator, str) else None
    arn = request.get("StreamArn") or (decoded or {}).get("arn")
    return arn if isinstance(arn, str) else None
