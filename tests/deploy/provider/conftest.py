"""A provider of the shared local cloud, and the few resources that others are made on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.cloud.client import Cloud
from lab.deploy import property_values as pv
from lab.deploy.provider import AwsProvider
from lab.deploy.provider.archives import zip_of
from tests.deploy.provider.driver import Deployed, configured

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
STREAM_POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["kinesis:*", "sqs:*"], "Resource": "*"}]}
)


def archive_of(folder: Path) -> dict[str, Any]:
    """Return a folder as an archive, hashed."""
    archive = {pv.SIGNATURE: pv.ARCHIVE, "path": str(folder)}
    return {**archive, "hash": pv.archive_hash(archive)}


@pytest.fixture(scope="session")
def provider(local_cloud: Cloud) -> AwsProvider:
    return configured(local_cloud.url)


@pytest.fixture(scope="session")
def code(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("code")
    (folder / "app.py").write_text("def handler(event, context):\n    return event\n")
    return archive_of(folder)


@pytest.fixture(scope="session")
def other_code(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("other")
    (folder / "app.py").write_text("def handler(event, context):\n    return None\n")
    return archive_of(folder)


@pytest.fixture(scope="session")
def base(provider: AwsProvider, code: dict[str, Any], other_code: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the ids and ARNs of resources that others need, by short names."""
    made: list[Deployed] = []

    def make(type_: str, name: str, /, **inputs: Any) -> Deployed:
        made.append(Deployed(provider, type_, f"base-{name}", inputs).create())
        return made[-1]

    role = make("aws:iam/role:Role", "role", assumeRolePolicy=TRUST)
    make("aws:iam/rolePolicy:RolePolicy", "policy", role=role.id, policy=STREAM_POLICY)
    functions = [
        make(
            "aws:lambda/function:Function",
            name,
            code=code,
            role=role.outputs["arn"],
            runtime="python3.13",
            handler="app.handler",
        )
        for name in ("one", "two")
    ]
    queues = [make("aws:sqs/queue:Queue", name) for name in ("failures", "more-failures")]
    streams = [make("aws:kinesis/stream:Stream", name, shardCount=1) for name in ("stream", "other-stream")]
    api = make("aws:apigatewayv2/api:Api", "api", protocolType="HTTP")
    integrations = [
        make(
            "aws:apigatewayv2/integration:Integration",
            f"integration-{function.name}",
            apiId=api.id,
            integrationType="AWS_PROXY",
            integrationUri=function.outputs["invokeArn"],
            payloadFormatVersion="2.0",
        )
        for function in functions
    ]
    database = make("aws:glue/catalogDatabase:CatalogDatabase", "database", name="base_database")
    bucket = make("aws:s3/bucket:Bucket", "bucket")
    layer = provider.account.lambda_.publish_layer_version(LayerName="base", Content={"ZipFile": zip_of(code)})
    yield {
        "code": code,
        "layer": layer["LayerVersionArn"],
        "other_code": other_code,
        "role": role.id,
        "role_arn": role.outputs["arn"],
        "functions": [function.outputs["arn"] for function in functions],
        "function_name": functions[0].id,
        "invoke_arns": [function.outputs["invokeArn"] for function in functions],
        "queues": [queue.outputs["arn"] for queue in queues],
        "queue_url": queues[0].id,
        "streams": [stream.id for stream in streams],
        "api": api.id,
        "integrations": [integration.id for integration in integrations],
        "bucket": bucket.id,
        "database": database.outputs["name"],
    }
    for resource in reversed(made):
        resource.delete()
