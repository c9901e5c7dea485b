"""The program that was recorded: one resource of every kind that matters to an engine."""

import json
from pathlib import Path

import pulumi
import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

HERE = Path(__file__).resolve().parent
config = pulumi.Config()


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(actions, resource):
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


TRUST_LAMBDA = policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}})


class Pipeline(ComponentResource):
    def __init__(self, name, shards=1, opts=None):
        super().__init__("steer:index:Pipeline", name, None, opts)
        child = ResourceOptions(parent=self)
        identity = aws.get_caller_identity()
        region = aws.get_region()
        self.stream = aws.kinesis.Stream(f"{name}-in", shard_count=shards, retention_period=24, opts=child)
        self.failures = aws.sqs.Queue(f"{name}-dlq", message_retention_seconds=3600, opts=child)
        self.table = aws.dynamodb.Table(
            f"{name}-table",
            billing_mode="PAY_PER_REQUEST",
            hash_key="pk",
            range_key="sk",
            attributes=[{"name": "pk", "type": "S"}, {"name": "sk", "type": "S"}],
            stream_enabled=True,
            stream_view_type="NEW_AND_OLD_IMAGES",
            opts=child,
        )
        self.role = aws.iam.Role(f"{name}-role", assume_role_policy=json.dumps(TRUST_LAMBDA), opts=child)
        role_policy = aws.iam.RolePolicy(
            f"{name}-policy",
            role=self.role.id,
            policy=Output.json_dumps(
                policy(
                    allow(["kinesis:*"], self.stream.arn),
                    allow(["dynamodb:*"], self.table.arn),
                    allow(["sqs:SendMessage"], self.failures.arn),
                )
            ),
            opts=child,
        )
        self.function = aws.lambda_.Function(
            f"{name}-fn",
            runtime="python3.12",
            handler="handler.handler",
            role=self.role.arn,
            code=pulumi.AssetArchive({".": pulumi.FileArchive(str(HERE / "handlers"))}),
            timeout=30,
            memory_size=256,
            environment={"variables": {"TABLE": self.table.name, "SECRET": Output.secret("s3cr3t")}},
            opts=ResourceOptions(parent=self, depends_on=[role_policy]),
        )
        aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=self.function.name.apply(lambda function: f"/aws/lambda/{function}"),
            retention_in_days=7,
            opts=child,
        )
        aws.lambda_.EventSourceMapping(
            f"{name}-esm",
            event_source_arn=self.stream.arn,
            function_name=self.function.arn,
            starting_position="TRIM_HORIZON",
            batch_size=100,
            maximum_retry_attempts=2,
            destination_config={"on_failure": {"destination_arn": self.failures.arn}},
            opts=child,
        )
        self._make_api(name, child)
        self._make_lake(name, child)
        self.account, self.region = identity.account_id, region.region
        self.register_outputs({"stream": self.stream.name, "table": self.table.name})

    def _make_api(self, name, child):
        api = aws.apigatewayv2.Api(f"{name}-api", protocol_type="HTTP", opts=child)
        integration = aws.apigatewayv2.Integration(
            f"{name}-int",
            api_id=api.id,
            integration_type="AWS_PROXY",
            integration_uri=self.function.invoke_arn,
            payload_format_version="2.0",
            opts=child,
        )
        aws.apigatewayv2.Route(
            f"{name}-route",
            api_id=api.id,
            route_key="POST /votes",
            target=integration.id.apply(lambda integration_id: f"integrations/{integration_id}"),
            opts=child,
        )
        self.stage = aws.apigatewayv2.Stage(
            f"{name}-stage", api_id=api.id, name="$default", auto_deploy=True, opts=child
        )
        aws.lambda_.Permission(
            f"{name}-perm",
            action="lambda:InvokeFunction",
            function=self.function.name,
            principal="apigateway.amazonaws.com",
            source_arn=Output.concat(api.execution_arn, "/*/*"),
            opts=child,
        )

    def _make_lake(self, name, child):
        bucket = aws.s3.Bucket(f"{name}-lake", force_destroy=True, opts=child)
        database = aws.glue.CatalogDatabase(f"{name}-db", name=f"{name}_db".replace("-", "_"), opts=child)
        aws.glue.CatalogTable(
            f"{name}-cat",
            database_name=database.name,
            name="events",
            table_type="EXTERNAL_TABLE",
            storage_descriptor={
                "location": bucket.bucket.apply(lambda name: f"s3://{name}/events/"),
                "columns": [{"name": "pk", "type": "string"}, {"name": "n", "type": "bigint"}],
            },
            opts=child,
        )


pipeline = Pipeline(
    "steer",
    shards=config.get_int("shards") or 1,
    opts=ResourceOptions(aliases=[pulumi.Alias(name="old-steer")]),
)
if config.get_bool("explicit"):
    provider = aws.Provider("other", region="us-west-2")
    aws.sqs.Queue("west", opts=ResourceOptions(provider=provider, protect=True))
if config.get_bool("broken"):
    aws.sqs.Queue("bad", name="not a valid name!", opts=ResourceOptions(depends_on=[pipeline]))
pulumi.export("stream", pipeline.stream.name)
pulumi.export("table_stream_arn", pipeline.table.stream_arn)
pulumi.export("url", pipeline.stage.invoke_url)
pulumi.export("account", pipeline.account)
pulumi.export("region", pipeline.region)
pulumi.export("pw", Output.secret("hunter2"))
