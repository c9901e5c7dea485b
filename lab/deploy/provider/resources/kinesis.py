"""Kinesis: streams, and their consumers with enhanced fan-out."""

# ruff: noqa: ARG002, D102, RUF012 - the base class says what every method takes and means, and what a class holds

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from lab.deploy.provider.errors import undone_on_failure
from lab.deploy.provider.resources.base import TAGS, AutoName, Change, Input, Resource
from lab.deploy.provider.values import given

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import StreamDescriptionSummaryTypeDef

    from lab.deploy.provider.account import Account
    from lab.deploy.provider.values import Properties

_PROVISIONED = "PROVISIONED"


class Stream(Resource):
    """A data stream; its id is its ARN."""

    pulumi_type = "aws:kinesis/stream:Stream"
    name = AutoName("name", longest=128, pattern=r"[A-Za-z0-9_.-]+")
    inputs = {
        "name": Input(replaces=True),
        "shardCount": Input(allowed=range(1, 10_001)),
        "streamModeDetails": Input(default={"streamMode": _PROVISIONED}),
        "retentionPeriod": Input(default=24, allowed=range(24, 8761)),
        "encryptionType": Input(default="NONE", allowed={"NONE", "KMS"}),
        "kmsKeyId": Input(),
        "enforceConsumerDeletion": Input(default=False, told=False),
        "tags": TAGS,
    }
    computed = ("arn",)

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        name = inputs["name"]
        shards = int(inputs.get("shardCount", 1)) if _mode(inputs) == _PROVISIONED else None
        aws.kinesis.create_stream(
            StreamName=name,
            StreamModeDetails={"StreamMode": _mode(inputs)},
            **given(ShardCount=shards),
        )
        with undone_on_failure(lambda: aws.kinesis.delete_stream(StreamName=name)):
            arn = _wait_until_active(aws, name)["StreamARN"]
            fresh = {"retentionPeriod": 24, "encryptionType": "NONE"}
            self._settle(aws, name, Change(arn, old=fresh, new=inputs, known={}, table=self.inputs))
        return arn, {"arn": arn}

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        name = _name_of(id_)
        summary = aws.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        if summary["StreamStatus"] == "DELETING":
            return None
        mode = summary.get("StreamModeDetails", {}).get("StreamMode", _PROVISIONED)
        tags = aws.kinesis.list_tags_for_stream(StreamName=name)["Tags"]
        return {
            "name": summary["StreamName"],
            "arn": summary["StreamARN"],
            "shardCount": summary["OpenShardCount"] if mode == _PROVISIONED else None,
            "streamModeDetails": {"streamMode": mode},
            "retentionPeriod": summary["RetentionPeriodHours"],
            "encryptionType": summary.get("EncryptionType", "NONE"),
            "kmsKeyId": summary.get("KeyId"),
            "tags": {tag["Key"]: tag.get("Value", "") for tag in tags} or None,
        }

    def update(self, aws: Account, change: Change) -> Properties:
        name = _name_of(change.id)
        if change.of("streamModeDetails"):
            aws.kinesis.update_stream_mode(StreamARN=change.id, StreamModeDetails={"StreamMode": _mode(change.new)})
            _wait_until_active(aws, name)
        if change.of("shardCount", "streamModeDetails") and _mode(change.new) == _PROVISIONED:
            _reshard(aws, name, int(change.new.get("shardCount", 1)))
        self._settle(aws, name, change)
        return {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        name = _name_of(id_)
        aws.kinesis.delete_stream(
            StreamName=name, EnforceConsumerDeletion=bool(known.get("enforceConsumerDeletion", False))
        )
        aws.wait_until_gone(lambda: aws.kinesis.describe_stream_summary(StreamName=name), name)

    def find(self, aws: Account, inputs: Properties) -> str | None:
        found = self.read(aws, inputs["name"], inputs)
        return found["arn"] if found else None

    def _settle(self, aws: Account, name: str, change: Change) -> None:
        """Bring what has calls of its own up to date, also for a new stream."""
        if change.of("retentionPeriod"):
            hours: int = change.new["retentionPeriod"]
            longer = hours > change.old["retentionPeriod"]
            step = (
                aws.kinesis.increase_stream_retention_period if longer else aws.kinesis.decrease_stream_retention_period
            )
            step(StreamName=name, RetentionPeriodHours=hours)
            _wait_until_active(aws, name)
        if change.of("encryptionType", "kmsKeyId"):
            if change.new["encryptionType"] == "KMS":
                key = change.new.get("kmsKeyId", "alias/aws/kinesis")
                aws.kinesis.start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId=key)
            else:
                key = change.old.get("kmsKeyId", "alias/aws/kinesis")
                aws.kinesis.stop_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId=key)
            _wait_until_active(aws, name)
        change.retag(
            lambda tags: aws.kinesis.add_tags_to_stream(StreamName=name, Tags=tags),
            lambda keys: aws.kinesis.remove_tags_from_stream(StreamName=name, TagKeys=keys),
        )


class StreamConsumer(Resource):
    """A consumer with enhanced fan-out; its id is its ARN."""

    pulumi_type = "aws:kinesis/streamConsumer:StreamConsumer"
    name = AutoName("name", longest=128, pattern=r"[A-Za-z0-9_.-]+")
    inputs = {
        "name": Input(replaces=True),
        "streamArn": Input(required=True, replaces=True),
        "tags": TAGS,
    }
    computed = ("arn", "creationTimestamp")

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        tags = given(Tags=inputs.get("tags"))
        made = aws.kinesis.register_stream_consumer(StreamARN=inputs["streamArn"], ConsumerName=inputs["name"], **tags)
        arn = made["Consumer"]["ConsumerARN"]
        with undone_on_failure(lambda: aws.kinesis.deregister_stream_consumer(ConsumerARN=arn)):
            aws.wait_for(lambda: self._described(aws, arn, "ACTIVE"), inputs["name"])
        return arn, self._computed(aws, arn)

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        found = aws.kinesis.describe_stream_consumer(ConsumerARN=id_)["ConsumerDescription"]
        if found["ConsumerStatus"] == "DELETING":
            return None
        tags = aws.kinesis.list_tags_for_resource(ResourceARN=id_)["Tags"]
        return {
            "name": found["ConsumerName"],
            "streamArn": found["StreamARN"],
            "tags": {tag["Key"]: tag.get("Value", "") for tag in tags} or None,
            **self._computed(aws, id_),
        }

    def update(self, aws: Account, change: Change) -> Properties:
        change.retag(
            lambda tags: aws.kinesis.tag_resource(ResourceARN=change.id, Tags=tags),
            lambda keys: aws.kinesis.untag_resource(ResourceARN=change.id, TagKeys=keys),
        )
        return {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        aws.kinesis.deregister_stream_consumer(ConsumerARN=id_)
        aws.wait_until_gone(lambda: aws.kinesis.describe_stream_consumer(ConsumerARN=id_), id_)

    def find(self, aws: Account, inputs: Properties) -> str | None:
        found = aws.kinesis.describe_stream_consumer(StreamARN=inputs["streamArn"], ConsumerName=inputs["name"])
        return found["ConsumerDescription"]["ConsumerARN"]

    def _computed(self, aws: Account, arn: str) -> Properties:
        found = aws.kinesis.describe_stream_consumer(ConsumerARN=arn)["ConsumerDescription"]
        return {
            "arn": arn,
            "creationTimestamp": f"{found['ConsumerCreationTimestamp'].astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }

    def _described(self, aws: Account, arn: str, status: str) -> Any:
        found = aws.kinesis.describe_stream_consumer(ConsumerARN=arn)["ConsumerDescription"]
        return found if found["ConsumerStatus"] == status else None


def _mode(inputs: Properties) -> Any:
    return inputs["streamModeDetails"]["streamMode"]


def _name_of(arn_or_name: str) -> str:
    return arn_or_name.rsplit("/", 1)[-1]


def _wait_until_active(aws: Account, name: str) -> StreamDescriptionSummaryTypeDef:
    def active() -> StreamDescriptionSummaryTypeDef | None:
        summary = aws.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        return summary if summary["StreamStatus"] == "ACTIVE" else None

    return aws.wait_for(active, name)


def _reshard(aws: Account, name: str, target: int) -> None:
    """Go to a number of shards in steps, because one call may at most double and at least halve it."""
    open_shards = _wait_until_active(aws, name)["OpenShardCount"]
    while open_shards != target:
        step = min(max(target, -(-open_shards // 2)), 2 * open_shards)
        aws.kinesis.update_shard_count(StreamName=name, TargetShardCount=step, ScalingType="UNIFORM_SCALING")
        open_shards = _wait_until_active(aws, name)["OpenShardCount"]
