"""IAM: roles and what they may do."""

# ruff: noqa: ARG002, D102, RUF012 - the base class says what every method takes and means, and what a class holds

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lab.deploy.provider.resources.base import TAGS, AutoName, Change, Input, Resource
from lab.deploy.provider.values import given, tag_list, tags_from_list, tags_of

if TYPE_CHECKING:
    from lab.deploy.provider.account import Account
    from lab.deploy.provider.values import Properties


class Role(Resource):
    """A role; its id is its name."""

    pulumi_type = "aws:iam/role:Role"
    name = AutoName("name", longest=64, pattern=r"[A-Za-z0-9_+=,.@-]+")
    inputs = {
        "name": Input(replaces=True),
        "assumeRolePolicy": Input(required=True, kind="document"),
        "description": Input(default=""),
        "path": Input(default="/", replaces=True),
        "maxSessionDuration": Input(default=3600, allowed=range(3600, 43_201)),
        "permissionsBoundary": Input(),
        "forceDetachPolicies": Input(default=False, told=False),
        "tags": TAGS,
    }
    computed = ("arn", "uniqueId", "createDate")

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        role = aws.iam.create_role(
            RoleName=inputs["name"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            Description=inputs["description"],
            Path=inputs["path"],
            MaxSessionDuration=inputs["maxSessionDuration"],
            **given(PermissionsBoundary=inputs.get("permissionsBoundary"), Tags=tag_list(tags_of(inputs)) or None),
        )["Role"]
        created = {"arn": role["Arn"], "uniqueId": role["RoleId"], "createDate": role["CreateDate"].isoformat()}
        return role["RoleName"], created

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        role = aws.iam.get_role(RoleName=id_)["Role"]
        return {
            "name": role["RoleName"],
            "assumeRolePolicy": json.dumps(role.get("AssumeRolePolicyDocument")),
            "description": role.get("Description", ""),
            "path": role["Path"],
            "maxSessionDuration": role.get("MaxSessionDuration", 3600),
            "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "tags": tags_from_list(role.get("Tags", [])) or None,
            "arn": role["Arn"],
            "uniqueId": role["RoleId"],
            "createDate": role["CreateDate"].isoformat(),
        }

    def update(self, aws: Account, change: Change) -> Properties:
        name, new = change.id, change.new
        if change.of("assumeRolePolicy"):
            aws.iam.update_assume_role_policy(RoleName=name, PolicyDocument=new["assumeRolePolicy"])
        if change.of("description"):
            aws.iam.update_role_description(RoleName=name, Description=new["description"])
        if change.of("maxSessionDuration"):
            aws.iam.update_role(RoleName=name, MaxSessionDuration=new["maxSessionDuration"])
        if change.of("permissionsBoundary"):
            if boundary := new.get("permissionsBoundary"):
                aws.iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
            else:
                aws.iam.delete_role_permissions_boundary(RoleName=name)
        change.retag(
            lambda tags: aws.iam.tag_role(RoleName=name, Tags=tag_list(tags)),
            lambda keys: aws.iam.untag_role(RoleName=name, TagKeys=keys),
        )
        return {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        if known.get("forceDetachPolicies"):
            for policy in aws.iam.list_attached_role_policies(RoleName=id_)["AttachedPolicies"]:
                aws.iam.detach_role_policy(RoleName=id_, PolicyArn=policy.get("PolicyArn", ""))
            for name in aws.iam.list_role_policies(RoleName=id_)["PolicyNames"]:
                aws.iam.delete_role_policy(RoleName=id_, PolicyName=name)
        aws.iam.delete_role(RoleName=id_)


class RolePolicy(Resource):
    """A policy inside a role; its id is `<role>:<name>`."""

    pulumi_type = "aws:iam/rolePolicy:RolePolicy"
    name = AutoName("name", longest=128, pattern=r"[A-Za-z0-9_+=,.@-]+")
    inputs = {
        "name": Input(replaces=True),
        "role": Input(required=True, replaces=True),
        "policy": Input(required=True, kind="document"),
    }

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        role, name = inputs["role"], inputs["name"]
        aws.iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=inputs["policy"])
        return f"{role}:{name}", {}

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        role, name = id_.split(":", 1)
        policy = aws.iam.get_role_policy(RoleName=role, PolicyName=name)
        return {"name": name, "role": role, "policy": json.dumps(policy["PolicyDocument"])}

    def update(self, aws: Account, change: Change) -> Properties:
        role, name = change.id.split(":", 1)
        aws.iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=change.new["policy"])
        return {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        role, name = id_.split(":", 1)
        aws.iam.delete_role_policy(RoleName=role, PolicyName=name)

    def find(self, aws: Account, inputs: Properties) -> str | None:
        id_ = f"{inputs['role']}:{inputs['name']}"
        return id_ if self.read(aws, id_, inputs) else None


class RolePolicyAttachment(Resource):
    """A managed policy attached to a role; its id is `<role>/<ARN of the policy>`."""

    pulumi_type = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    inputs = {
        "role": Input(required=True, replaces=True),
        "policyArn": Input(required=True, replaces=True),
    }

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        aws.iam.attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return f"{inputs['role']}/{inputs['policyArn']}", {}

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        role, arn = id_.split("/", 1)
        pages = aws.iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
        attached = any(policy.get("PolicyArn") == arn for page in pages for policy in page["AttachedPolicies"])
        return {"role": role, "policyArn": arn} if attached else None

    def update(self, aws: Account, change: Change) -> Properties:
        return {}  # every change is another attachment

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        role, arn = id_.split("/", 1)
        aws.iam.detach_role_policy(RoleName=role, PolicyArn=arn)

    def find(self, aws: Account, inputs: Properties) -> str | None:
        id_ = f"{inputs['role']}/{inputs['policyArn']}"
        return id_ if self.read(aws, id_, inputs) else None
