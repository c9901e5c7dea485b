"""The provider's functions answer as AWS's own provider does."""

from __future__ import annotations

import json
from typing import Any

from lab.deploy import property_values as pv
from lab.deploy.protocol import provider_pb2
from lab.deploy.provider import AwsProvider
from tests.deploy.provider.conftest import TRUST
from tests.deploy.provider.driver import CONTEXT


def invoke(provider: AwsProvider, function: str, **arguments: Any) -> dict[str, Any]:
    request = provider_pb2.InvokeRequest(tok=f"aws:{function}", args=pv.to_struct(arguments))
    return pv.to_plain(getattr(provider.Invoke(request, CONTEXT), "return"))


def test_who_and_where(provider: AwsProvider) -> None:
    caller = invoke(provider, "index/getCallerIdentity:getCallerIdentity")
    assert (caller["accountId"], caller["arn"]) == ("000000000000", "arn:aws:iam::000000000000:root")
    assert invoke(provider, "index/getRegion:getRegion")["region"] == "us-east-1"
    assert invoke(provider, "index/getRegion:getRegion", name="us-west-2")["name"] == "us-west-2"
    assert invoke(provider, "index/getPartition:getPartition")["partition"] == "aws"


def test_a_role_by_its_name(provider: AwsProvider, base: dict[str, Any]) -> None:
    role = invoke(provider, "iam/getRole:getRole", name=base["role"])
    assert role["arn"] == base["role_arn"]
    assert json.loads(role["assumeRolePolicy"]) == json.loads(TRUST)


def test_a_policy_document() -> None:
    statements = [
        {"actions": ["s3:GetObject", "s3:PutObject"], "resources": ["arn:one/*"], "sid": "Objects"},
        {
            "effect": "Deny",
            "actions": ["s3:*"],
            "resources": ["*"],
            "principals": [{"type": "Service", "identifiers": ["lambda.amazonaws.com"]}],
            "conditions": [{"test": "StringEquals", "variable": "aws:RequestedRegion", "values": ["us-east-1"]}],
        },
        {"actions": ["sqs:SendMessage"], "principals": [{"type": "*", "identifiers": ["*"]}]},
    ]
    answer = invoke(configured_nowhere(), "iam/getPolicyDocument:getPolicyDocument", statements=statements)
    assert json.loads(answer["json"]) == json.loads(answer["minifiedJson"])
    assert json.loads(answer["json"]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Sid": "Objects",
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": "arn:one/*",
            },
            {
                "Effect": "Deny",
                "Action": "s3:*",
                "Resource": "*",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
            },
            {"Effect": "Allow", "Action": "sqs:SendMessage", "Principal": "*"},
        ],
    }


def configured_nowhere() -> AwsProvider:
    """Return a provider that may not call anything."""
    provider = AwsProvider()
    arguments = pv.to_struct({"endpoints": [{"iam": "http://127.0.0.1:9"}]})
    provider.Configure(provider_pb2.ConfigureRequest(args=arguments), CONTEXT)
    return provider
