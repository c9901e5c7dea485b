"""What the program deploys for lesson `orders`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.components.conftest import Deploy

# pulumi_aws.s3 warns of classes of its own when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")


def orders(deploy: Deploy, common: dict[str, Any] | None = None, **settings: Any) -> Any:
    return deploy(lessons=["orders"], orders=settings, **(common or {}))


def test_a_producer_a_stream_and_a_consumer(deploy: Deploy):
    deployed = orders(deploy)
    assert {name: resource.type.split(":")[-1] for name, resource in deployed.resources.items()} == {
        "orders-stream": "Stream",
        **{
            f"orders-{part}-{suffix}": kind
            for part in ("producer", "consumer")
            for suffix, kind in {
                "logs": "LogGroup",
                "role": "Role",
                "policy": "RolePolicy",
                "function": "Function",
            }.items()
        },
        "orders-reader-failures": "Queue",
        "orders-reader-policy": "RolePolicy",
        "orders-reader-mapping": "EventSourceMapping",
        **dict.fromkeys(["orders-reader-lag", "orders-reader-errors", "orders-reader-given-up"], "MetricAlarm"),
    }
    mapping = deployed["orders-reader-mapping"].inputs
    assert (mapping["batchSize"], mapping["startingPosition"]) == (10, "LATEST")
    assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]
    exported = deployed.exports["orders"]
    assert exported["ProducerFunctionName"] == deployed["orders-producer-function"].inputs.get(
        "name", "orders-producer-function-1a2b3c4"
    )
    assert {"KinesisStreamName", "ProducerLogGroupName", "ConsumerFunctionName", "FailureQueueUrl"} <= exported.keys()


def test_each_function_may_do_its_part_and_no_more(deploy: Deploy):
    deployed = orders(deploy)
    allowed = {
        name: sorted(action for statement in deployed[name].statements for action in statement["Action"])
        for name in ("orders-producer-policy", "orders-consumer-policy", "orders-reader-policy")
    }
    logs = ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert allowed["orders-producer-policy"] == ["kinesis:PutRecords", *logs]
    assert allowed["orders-consumer-policy"] == logs
    assert "sqs:SendMessage" in allowed["orders-reader-policy"]
    statements = [statement for name in allowed for statement in deployed[name].statements]
    assert all("*" not in statement["Resource"].replace(":*", "") for statement in statements)


def test_the_names_of_the_text(deploy: Deploy):
    # text fault 52: `--function-name LambdaProducer` holds where names are literal, and two students never collide else
    deployed = orders(deploy, {"names": "text"})
    assert deployed["orders-producer-function"].inputs["name"] == "LambdaProducer"
    assert deployed["orders-consumer-logs"].inputs["name"] == "/aws/lambda/LambdaConsumer"
    assert "name" not in orders(deploy, {"names": "auto"})["orders-producer-function"].inputs


def test_every_option_of_the_text_within_its_true_range(deploy: Deploy):
    # text fault 54, 55: the text's "batch 1-100" is 1-10,000, its "1 hour" of retention is 24
    deployed = orders(
        deploy,
        batch_size=10_000,
        shard_count=4,
        retention_hours=8760,
        timeout_seconds=900,
        maximum_retry_attempts=0,
        starting_position="AT_TIMESTAMP",
        starting_position_timestamp="2026-11-22T08:00:00Z",
        destination="s3",
    )
    mapping, stream = deployed["orders-reader-mapping"].inputs, deployed["orders-stream"].inputs
    assert (mapping["batchSize"], mapping["startingPositionTimestamp"]) == (10_000, "2026-11-22T08:00:00Z")
    assert mapping["maximumRetryAttempts"] == 0
    assert (stream["shardCount"], stream["retentionPeriod"]) == (4, 8760)
    assert deployed["orders-reader-failures"].type.endswith("Bucket")


@pytest.mark.parametrize(
    "wrong", [{"batch_size": 10_001}, {"retention_hours": 1}, {"timeout_seconds": 901}, {"starting_position": "NOW"}]
)
def test_an_option_outside_it_is_refused(deploy: Deploy, wrong: dict[str, Any]):
    import pulumi

    with pytest.raises(pulumi.RunError, match=f"streamlab:orders.{next(iter(wrong))}"):
        orders(deploy, **wrong)


def test_a_learner_lab_gets_no_iam_resource(deploy: Deploy):
    deployed = orders(deploy, {"role_mode": "existing", "aws": {"region": "us-east-1"}})
    assert not deployed.of_type("aws:iam/")
    assert deployed["orders-producer-function"].inputs["role"] == "arn:aws:iam::123456789012:role/LabRole"
