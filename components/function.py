"""A Lambda function with its role, its permissions, its log group and its code.

The lesson: a function is four resources, and the order in which they come and go decides what stays behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components.policies import Statement, allow, policy_document, trust_policy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from components.settings import FunctionSettings, RoleMode

LEARNER_LAB_ROLE = "LabRole"
"""The one role that functions may have in an AWS Academy Learner Lab; it exists there from the start."""


class FunctionArgs(TypedDict):
    """What a Function is made from."""

    code: pulumi.Archive
    """What it runs: a zip file, or a folder (`pulumi.FileArchive`)."""
    handler: str
    """Module and function in the code, as Lambda writes it: `handlers.basic.handler.lambda_handler`."""
    function_name: NotRequired[str | None]
    """Its name where the text's is wanted; else Pulumi makes one."""
    environment: NotRequired[Mapping[str, Input[str]]]
    """The environment variables that the handler reads."""
    settings: FunctionSettings
    """Memory, timeout, runtime, how long logs are kept."""
    statements: NotRequired[Sequence[Statement]]
    """What the handler itself may do, besides writing its log."""
    role_mode: NotRequired[RoleMode]
    """`create` (default) makes a role for this function alone; `existing` uses the Learner Lab's."""
    removable: NotRequired[bool]
    """Whether the log group goes with the stack (default: yes)."""
    tags: NotRequired[Mapping[str, Input[str]]]
    """Tags for everything that takes them."""


class Function(pulumi.ComponentResource):
    """A Lambda function that may do what its statements say and nothing else.

    The log group is made before the function and named to it, so that Lambda never makes one of its own that knows no
    retention and outlives the stack; the role may write to this group and cannot make another.
    """

    name: Output[str]
    """The function's name."""
    arn: Output[str]
    """The function's ARN."""
    log_group_name: Output[str]
    """Where its log goes."""

    def __init__(self, name: str, args: FunctionArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("streamlab:index:Function", name, None, opts)
        settings, tags = args["settings"], args.get("tags")
        function_name, environment = args.get("function_name"), args.get("environment")
        self.log_group = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            # Where Lambda would put it, so that the text's commands find it.
            name=f"/aws/lambda/{function_name}" if function_name else None,
            retention_in_days=settings.log_retention_days,
            skip_destroy=not args.get("removable", True),
            tags=tags,
            opts=ResourceOptions(parent=self),
        )
        self._role = None if args.get("role_mode") == "existing" else self._own_role(name, tags)
        self.permissions = self.grant(
            f"{name}-policy",
            [
                allow(["logs:CreateLogStream", "logs:PutLogEvents"], Output.concat(self.log_group.arn, ":*")),
                *args.get("statements", []),
            ],
            parent=self,
        )
        self.function = aws.lambda_.Function(
            f"{name}-function",
            name=function_name,
            code=args["code"],
            handler=args["handler"],
            runtime=settings.runtime,
            architectures=["arm64"],  # a fifth cheaper than x86_64, and the packages hold nothing compiled
            memory_size=settings.memory_mb,
            timeout=settings.timeout_seconds,
            role=self._role_arn(),
            environment={"variables": environment} if environment else None,
            logging_config={"log_format": "Text", "log_group": self.log_group.name},
            tags=tags,
            opts=ResourceOptions(parent=self, depends_on=self.permissions),
        )
        self.name, self.arn = self.function.name, self.function.arn
        self.log_group_name = self.log_group.name
        self.register_outputs({"name": self.name, "arn": self.arn, "log_group_name": self.log_group_name})

    def grant(self, name: str, statements: Sequence[Statement], *, parent: pulumi.Resource) -> list[aws.iam.RolePolicy]:
        """Let the function do more; return what must be there before it does (nothing for an existing role)."""
        if self._role is None:
            return []
        policy = aws.iam.RolePolicy(
            name, role=self._role.name, policy=policy_document(statements), opts=ResourceOptions(parent=parent)
        )
        return [policy]

    def _own_role(self, name: str, tags: Mapping[str, Input[str]] | None) -> aws.iam.Role:
        return aws.iam.Role(
            f"{name}-role",
            assume_role_policy=trust_policy("lambda.amazonaws.com"),
            tags=tags,
            opts=ResourceOptions(parent=self),
        )

    def _role_arn(self) -> Output[str]:
        if self._role is not None:
            return self._role.arn
        return aws.iam.get_role_output(name=LEARNER_LAB_ROLE, opts=pulumi.InvokeOutputOptions(parent=self)).arn
