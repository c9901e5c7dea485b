"""The environment in which the AWS CLI, every AWS SDK and the Pulumi CLI work on this clone's local cloud."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lab import workspace
from lab.aws import local_variables
from lab.deploy import pulumi_cli

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.cloud.client import Cloud
    from lab.deploy.stack_files import StackFiles

_MISLEADING = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
)
"""Variables that would lead an SDK elsewhere in spite of `AWS_ENDPOINT_URL`."""

NAMES = (*local_variables("", ""), workspace.PACKAGES_VARIABLE, *pulumi_cli.NAMES)
"""The variables that are set."""


def misleading() -> list[str]:
    """Return the names of variables that must not be set."""
    # A variable for one service (AWS_ENDPOINT_URL_KINESIS) would win over the one for all.
    ours = sorted(name for name in os.environ if name.startswith("AWS_ENDPOINT_URL_"))
    return [*_MISLEADING, *pulumi_cli.MISLEADING, *ours]


def variables(files: StackFiles, cloud: Cloud) -> dict[str, str]:
    """Return the variables that must be set.

    Args:
        files: of the stack that the Pulumi CLI is to work on, and whose region the AWS CLI uses.
        cloud: where it is.

    Raises:
        LabError: the stack is not for the local cloud.
    """
    files.refuse_unless_local()
    return {
        **local_variables(cloud.url, files.region),
        workspace.PACKAGES_VARIABLE: str(workspace.packages_folder().absolute()),
        **pulumi_cli.PulumiCli(files).variables(),
    }


def with_variables(given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of this process with some variables, and without the misleading ones."""
    unwanted = set(misleading())
    return {**{name: value for name, value in os.environ.items() if name not in unwanted}, **given}
