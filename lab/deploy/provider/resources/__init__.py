"""The resource types of the local cloud: one module per AWS service, one class per type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.deploy.provider.resources import cloudwatch, dynamodb, iam, kinesis, lambda_, sqs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.deploy.provider.resources.base import Resource

_ALL: tuple[Resource, ...] = (
    kinesis.Stream(),
    dynamodb.Table(),
    iam.Role(),
    iam.RolePolicy(),
    iam.RolePolicyAttachment(),
    lambda_.Function(),
    lambda_.EventSourceMapping(),
    lambda_.Permission(),
    cloudwatch.LogGroup(),
    cloudwatch.MetricAlarm(),
    sqs.Queue(),
    sqs.QueuePolicy(),
)

RESOURCES: Mapping[str, Resource] = {resource.pulumi_type: resource for resource in _ALL}
"""Every type by Pulumi's name of it."""
