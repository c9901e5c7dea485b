"""What the program deploys for lesson `archive`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from tests.components.conftest import arn

if TYPE_CHECKING:
    from tests.components.conftest import Deploy, Deployment

# pulumi_aws.s3 warns of classes of its own when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")

LOGS = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": arn("logs", "archive-consumer-logs-1a2b3c4") + ":*",
}


def archive(deploy: Deploy, common: dict[str, Any] | None = None, **settings: Any) -> Deployment:
    return deploy(lessons=["archive"], archive=settings, **(common or {}))


def test_everything_that_is_deployed(deploy: Deploy):
    deployed = archive(deploy)
    assert {name: resource.type.split(":")[-1] for name, resource in deployed.resources.items()} == {
        "archive-stream": "Stream",
        "archive-bucket": "Bucket",
        "archive-consumer-logs": "LogGroup",
        "archive-consumer-role": "Role",
        "archive-consumer-policy": "RolePolicy",
        "archive-consumer-function": "Function",
        "archive-reader-failures": "Queue",
        "archive-reader-policy": "RolePolicy",
        "archive-reader-mapping": "EventSourceMapping",
        **dict.fromkeys([f"archive-reader-{alarm}" for alarm in ("lag", "errors", "given-up")], "MetricAlarm"),
    }
    assert deployed.components == {
        "archive": "streamlab:index:ArchiveLesson",
        "archive-consumer": "streamlab:index:Function",
        "archive-reader": "streamlab:index:StreamConsumer",
    }
    assert deployed.exports["archive"].keys() >= {
        "KinesisStreamName",
        "KinesisStreamArn",
        "BucketName",
        "Layout",
        "ConsumerFunctionName",
        "ConsumerLogGroupName",
        "EventSourceMappingId",
        "FailureDestinationArn",
        "FailureQueueUrl",
    }


def test_the_stream_is_the_texts(deploy: Deploy):
    inputs = archive(deploy, retention_hours=48)["archive-stream"].inputs
    assert inputs["streamModeDetails"] == {"streamMode": "PROVISIONED"}
    assert (inputs["shardCount"], inputs["retentionPeriod"]) == (2, 48)
    assert archive(deploy, shard_count=5)["archive-stream"].inputs["shardCount"] == 5
    assert "shardCount" not in archive(deploy, capacity="on-demand")["archive-stream"].inputs


def test_names_are_pulumis_own_unless_the_texts_are_asked_for(deploy: Deploy):
    auto, text = archive(deploy, {"names": "auto"}), archive(deploy, {"names": "text"})
    assert not [name for name, resource in auto.resources.items() if {"name", "bucket"} & set(resource.inputs)]
    # text fault 69: the student was asked for a bucket's name that is unique in all of AWS
    assert {
        name: resource.inputs["name"] for name, resource in text.resources.items() if "name" in resource.inputs
    } == {
        "archive-stream": "stream-output",
        "archive-consumer-function": "kinesis-to-s3-consumer",
        "archive-consumer-logs": "/aws/lambda/kinesis-to-s3-consumer",
    }
    assert "bucket" not in text["archive-bucket"].inputs


@pytest.mark.parametrize(
    ("layout", "objects", "of_the_bucket"),
    [("record", ["s3:PutObject"], []), ("batch", ["s3:GetObject", "s3:PutObject"], ["s3:ListBucket"])],
)
def test_the_function_may_do_what_its_layout_needs(
    deploy: Deploy, layout: str, objects: list[str], of_the_bucket: list[str]
):
    deployed = archive(deploy, layout=layout)
    bucket = deployed["archive-bucket"].inputs.get("bucket", "archive-bucket-1a2b3c4")
    _logs, *statements = deployed["archive-consumer-policy"].statements
    assert _logs == LOGS
    assert [(statement["Action"], statement["Resource"]) for statement in statements] == [
        (objects, arn("s3", f"{bucket}/*")),
        *([(of_the_bucket, arn("s3", bucket))] if of_the_bucket else []),
    ]
    variables = deployed["archive-consumer-function"].inputs["environment"]["variables"]
    assert variables == {
        "ARCHIVE_LAYOUT": layout,
        "S3_BUCKET_NAME": deployed.exports["archive"]["BucketName"],
        "POWERTOOLS_SERVICE_NAME": "archive",
    }


def test_in_a_learner_lab_no_role_is_made(deploy: Deploy):
    deployed = archive(deploy, {"role_mode": "existing"}, layout="batch")
    assert deployed.of_type("aws:iam") == []
    assert deployed["archive-consumer-function"].inputs["role"].endswith(":role/LabRole")


@pytest.mark.parametrize("removable", [True, False])
def test_the_archive_goes_with_the_stack_only_if_it_may(deploy: Deploy, *, removable: bool):
    deployed = archive(deploy, {"removable": removable})
    assert deployed["archive-bucket"].inputs["forceDestroy"] is removable
    assert deployed["archive-consumer-logs"].inputs["skipDestroy"] is not removable


def test_everything_that_takes_tags_has_them(deploy: Deploy):
    deployed = archive(deploy, {"expires": "2027-06-30"})
    tags = {"project": "streamlab", "lesson": "archive", "student": "ana", "expires": "2027-06-30"}
    for resource in deployed.resources.values():
        if not resource.type.endswith("RolePolicy"):
            assert resource.inputs["tags"] == tags, resource.name


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"layout": "file"}, 'streamlab:archive.layout is "file"; allowed: one of record, batch.'),
        ({"shard_count": 0}, "streamlab:archive.shard_count is 0; allowed: a whole number from 1 to 200."),
        (
            {"layout": "batch", "parallelization_factor": 2},
            "streamlab:archive.parallelization_factor only holds when streamlab:archive.layout is record.",
        ),
    ],
)
def test_a_setting_that_is_wrong(deploy: Deploy, settings: dict[str, Any], fault: str):
    with pytest.raises(pulumi.RunError) as error:
        archive(deploy, **settings)
    assert f"  - {fault}\n" in str(error.value)


def test_one_batch_of_a_shard_at_a_time_is_allowed(deploy: Deploy):
    mapping = archive(deploy, layout="batch", parallelization_factor=1)["archive-reader-mapping"]
    assert mapping.inputs["parallelizationFactor"] == 1
    assert archive(deploy, parallelization_factor=10)["archive-reader-mapping"].inputs["parallelizationFactor"] == 10
