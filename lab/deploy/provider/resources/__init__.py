"""The resource types of the local cloud: one module per AWS service, one class per type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.deploy.provider.resources import (
    apigatewayv2,
    athena,
    cloudwatch,
    dynamodb,
    glue,
    iam,
    kinesis,
    lambda_,
    s3,
    sns,
    sqs,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.deploy.provider.resources.base import Resource

_ALL: tuple[Resource, ...] = (
    kinesis.Stream(),
    kinesis.StreamConsumer(),
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
    sns.Topic(),
    s3.Bucket(),
    s3.BucketLifecycleConfiguration(),
    apigatewayv2.Api(),
    apigatewayv2.Integration(),
    apigatewayv2.Route(),
    apigatewayv2.Stage(),
    glue.CatalogDatabase(),
    glue.CatalogTable(),
    athena.Workgroup(),
    athena.NamedQuery(),
)

RESOURCES: Mapping[str, Resource] = {resource.pulumi_type: resource for resource in _ALL}
"""Every type by Pulumi's name of it."""
