"""The role that an AWS Academy Learner Lab has from the start, so that `role_mode: existing` works here too."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from lab.cloud import emulator

NAME = "LabRole"
_SERVICES = ("lambda", "apigateway", "glue", "athena", "s3", "sqs", "sns", "dynamodb", "kinesis", "logs", "events")
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": [f"{service}.amazonaws.com" for service in _SERVICES]},
            "Action": "sts:AssumeRole",
        }
    ],
}
# A Learner Lab's role may use nearly every service and change no identities.
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": ["iam:Create*", "iam:Put*", "iam:Attach*", "iam:Delete*"], "Resource": "*"},
    ],
}


async def seed() -> None:
    """Make the role if it is not there."""
    await _iam(Action="CreateRole", RoleName=NAME, AssumeRolePolicyDocument=json.dumps(_TRUST))
    await _iam(Action="PutRolePolicy", RoleName=NAME, PolicyName="LearnerLab", PolicyDocument=json.dumps(_POLICY))


async def _iam(**parameters: str) -> None:
    body = urlencode({"Version": "2010-05-08", **parameters}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded", "host": "127.0.0.1"}
    await emulator.call("iam", "POST", "/", headers, body)
