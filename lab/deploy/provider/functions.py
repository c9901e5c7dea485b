"""The provider's functions (`aws.get_region()` …): questions to the account that make nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lab.deploy.provider.values import is_list, tags_from_list

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.deploy.provider.account import Account
    from lab.deploy.provider.values import Properties


def get_caller_identity(aws: Account, _arguments: Properties) -> Properties:
    """Return who is calling."""
    caller = aws.sts.get_caller_identity()
    return {
        "accountId": caller["Account"],
        "arn": caller["Arn"],
        "userId": caller["UserId"],
        "id": caller["Account"],
    }


def get_region(aws: Account, arguments: Properties) -> Properties:
    """Return a region, the provider's own unless another is named."""
    region = arguments.get("region") or arguments.get("name") or aws.region
    return {
        "region": region,
        "name": region,
        "id": region,
        "description": region,
        "endpoint": f"ec2.{region}.amazonaws.com",
    }


def get_partition(_aws: Account, _arguments: Properties) -> Properties:
    """Return the partition; the local cloud is like AWS outside China and governments."""
    return {"partition": "aws", "id": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}


def get_role(aws: Account, arguments: Properties) -> Properties:
    """Return a role by its name."""
    role = aws.iam.get_role(RoleName=arguments["name"])["Role"]
    return {
        "id": role["RoleName"],
        "name": role["RoleName"],
        "arn": role["Arn"],
        "assumeRolePolicy": json.dumps(role.get("AssumeRolePolicyDocument", {})),
        "createDate": role["CreateDate"].isoformat(),
        "description": role.get("Description", ""),
        "maxSessionDuration": role.get("MaxSessionDuration", 3600),
        "path": role["Path"],
        "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
        "roleLastUseds": [],
        "tags": tags_from_list(role.get("Tags", [])),
        "uniqueId": role["RoleId"],
    }


def get_policy_document(_aws: Account, arguments: Properties) -> Properties:
    """Return a policy's JSON text from its statements, in the order they are given."""
    document: dict[str, Any] = {"Version": arguments.get("version", "2012-10-17")}
    if policy_id := arguments.get("policyId"):
        document["Id"] = policy_id
    document["Statement"] = [_statement(statement) for statement in arguments.get("statements", [])]
    return {
        "id": "policy",
        "json": json.dumps(document, indent=2),
        "minifiedJson": json.dumps(document, separators=(",", ":")),
    }


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    """Return one statement by IAM's names."""
    named = {"sid": "Sid", "actions": "Action", "notActions": "NotAction", "resources": "Resource"}
    result: dict[str, Any] = {"Effect": statement.get("effect", "Allow")}
    result |= {
        key: _one_or_many(statement[name])
        for name, key in (named | {"notResources": "NotResource"}).items()
        if statement.get(name)
    }
    for name, key in {"principals": "Principal", "notPrincipals": "NotPrincipal"}.items():
        if principals := statement.get(name):
            everyone = any(principal["type"] == "*" for principal in principals)
            result[key] = "*" if everyone else {p["type"]: _one_or_many(p["identifiers"]) for p in principals}
    for condition in statement.get("conditions", []):
        test = result.setdefault("Condition", {}).setdefault(condition["test"], {})
        test[condition["variable"]] = _one_or_many(condition["values"])
    return result


def _one_or_many(value: Any) -> Any:
    """Return a list of one as IAM writes it: the one."""
    return value[0] if is_list(value) and len(value) == 1 else value


FUNCTIONS: Mapping[str, Callable[[Account, Properties], Properties]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": get_caller_identity,
    "aws:index/getRegion:getRegion": get_region,
    "aws:index/getPartition:getPartition": get_partition,
    "aws:iam/getRole:getRole": get_role,
    "aws:iam/getPolicyDocument:getPolicyDocument": get_policy_document,
}
