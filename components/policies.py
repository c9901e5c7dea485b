"""Permissions of a function's role: exact actions on exact ARNs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import pulumi

if TYPE_CHECKING:
    from collections.abc import Sequence


class Statement(TypedDict):
    """A statement of a policy, in IAM's own words."""

    Effect: str
    Action: list[str]
    Resource: pulumi.Input[str] | list[pulumi.Input[str]]


def allow(actions: Sequence[str], resource: pulumi.Input[str] | list[pulumi.Input[str]]) -> Statement:
    """Return the statement that allows the actions on a resource, or on several."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def policy_document(statements: Sequence[Statement]) -> pulumi.Output[str]:
    """Return the policy that consists of the statements, as JSON."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust_policy(service: str) -> pulumi.Output[str]:
    """Return the policy that lets an AWS service take the role."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]})
