"""SQS: queues and their policies."""

# ruff: noqa: ARG002, D102, RUF012 - the base class says what every method takes and means, and what a class holds

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.deploy.provider.errors import kept_on_failure
from lab.deploy.provider.resources.base import TAGS, AutoName, Change, Input, Resource
from lab.deploy.provider.values import as_text, from_text, given, tags_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.deploy.provider.account import Account
    from lab.deploy.provider.values import Properties

_ATTRIBUTES = {
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "delaySeconds": "DelaySeconds",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "maxMessageSize": "MaximumMessageSize",
    "redrivePolicy": "RedrivePolicy",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "policy": "Policy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "fifoQueue": "FifoQueue",
    "contentBasedDeduplication": "ContentBasedDeduplication",
}
"""Pulumi's names and SQS's, whose values are all texts."""

_FIFO_ONLY = {"fifoQueue", "contentBasedDeduplication"}


class Queue(Resource):
    """A queue; its id is its URL."""

    pulumi_type = "aws:sqs/queue:Queue"
    name = AutoName("name", longest=80, pattern=r"[A-Za-z0-9_-]+(\.fifo)?", fifo="fifoQueue")
    inputs = {
        "name": Input(replaces=True),
        "visibilityTimeoutSeconds": Input(default=30, allowed=range(43_201)),
        "messageRetentionSeconds": Input(default=345_600, allowed=range(60, 1_209_601)),
        "delaySeconds": Input(default=0, allowed=range(901)),
        "receiveWaitTimeSeconds": Input(default=0, allowed=range(21)),
        "maxMessageSize": Input(default=1_048_576, allowed=range(1024, 1_048_577)),
        "redrivePolicy": Input(kind="document"),
        "redriveAllowPolicy": Input(kind="document"),
        "policy": Input(kind="document", told=False),
        "sqsManagedSseEnabled": Input(default=True),
        "fifoQueue": Input(default=False, replaces=True),
        "contentBasedDeduplication": Input(default=False),
        "tags": TAGS,
    }
    computed = ("arn", "url")

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        attributes = {name: value for name, value in inputs.items() if name not in _FIFO_ONLY or inputs["fifoQueue"]}
        url = aws.sqs.create_queue(
            QueueName=inputs["name"], Attributes=_as_texts(attributes), **given(tags=tags_of(inputs) or None)
        )["QueueUrl"]
        with kept_on_failure():  # not undone: where there was a queue like this one already, it is that one
            return url, _queue_as_told(aws, url)

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        return {**_queue_as_told(aws, id_), "tags": aws.sqs.list_queue_tags(QueueUrl=id_).get("Tags") or None}

    def update(self, aws: Account, change: Change) -> Properties:
        url, new = change.id, change.new
        changed = {name: new.get(name, "") for name in _ATTRIBUTES if change.of(name)}
        if changed:
            aws.sqs.set_queue_attributes(QueueUrl=url, Attributes=_as_texts(changed))
        change.retag(
            lambda tags: aws.sqs.tag_queue(QueueUrl=url, Tags=tags),
            lambda keys: aws.sqs.untag_queue(QueueUrl=url, TagKeys=keys),
        )
        return {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        aws.sqs.delete_queue(QueueUrl=id_)

    def find(self, aws: Account, inputs: Properties) -> str | None:
        return aws.sqs.get_queue_url(QueueName=inputs["name"])["QueueUrl"]


class QueuePolicy(Resource):
    """Who else may use a queue; its id is the queue's URL."""

    pulumi_type = "aws:sqs/queuePolicy:QueuePolicy"
    inputs = {
        "queueUrl": Input(required=True, replaces=True),
        "policy": Input(required=True, kind="document"),
    }

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        url = inputs["queueUrl"]
        aws.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": inputs["policy"]})
        return url, {}

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        attributes = aws.sqs.get_queue_attributes(QueueUrl=id_, AttributeNames=["Policy"]).get("Attributes", {})
        return {"queueUrl": id_, "policy": attributes["Policy"]} if attributes.get("Policy") else None

    def update(self, aws: Account, change: Change) -> Properties:
        self.create(aws, change.new)
        return {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        aws.sqs.set_queue_attributes(QueueUrl=id_, Attributes={"Policy": ""})

    def find(self, aws: Account, inputs: Properties) -> str | None:
        return inputs["queueUrl"] if self.read(aws, inputs["queueUrl"], inputs) else None


def _queue_as_told(aws: Account, url: str) -> Properties:
    """Return what SQS tells of a queue, without its tags."""
    attributes: dict[str, str] = {
        **aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]).get("Attributes", {})
    }
    arn = attributes["QueueArn"]
    settings = {name: from_text(attributes[key]) for name, key in _ATTRIBUTES.items() if attributes.get(key)}
    return {**settings, "name": arn.rsplit(":", 1)[-1], "arn": arn, "url": url}


def _as_texts(inputs: Mapping[str, Any]) -> Any:
    """Return SQS's attributes among some inputs."""
    return {key: as_text(inputs[name]) for name, key in _ATTRIBUTES.items() if inputs.get(name) is not None}
