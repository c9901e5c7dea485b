"""SNS: topics."""

# ruff: noqa: ARG002, D102, RUF012 - the base class says what every method takes and means, and what a class holds

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.deploy.provider.errors import kept_on_failure
from lab.deploy.provider.resources.base import TAGS, AutoName, Change, Input, Resource
from lab.deploy.provider.values import as_text, given, tag_list, tags_from_list, tags_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.deploy.provider.account import Account
    from lab.deploy.provider.values import Properties

_ATTRIBUTES = {
    "displayName": "DisplayName",
    "policy": "Policy",
    "deliveryPolicy": "DeliveryPolicy",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "fifoTopic": "FifoTopic",
    "contentBasedDeduplication": "ContentBasedDeduplication",
}
"""Pulumi's names and SNS's, whose values are all texts."""

_FIFO_ONLY = {"fifoTopic", "contentBasedDeduplication"}


class Topic(Resource):
    """A topic; its id is its ARN."""

    pulumi_type = "aws:sns/topic:Topic"
    name = AutoName("name", longest=256, pattern=r"[A-Za-z0-9_-]+(\.fifo)?", fifo="fifoTopic")
    inputs = {
        "name": Input(replaces=True),
        "displayName": Input(default=""),
        "policy": Input(kind="document"),
        "deliveryPolicy": Input(kind="document"),
        "kmsMasterKeyId": Input(),
        "fifoTopic": Input(default=False, replaces=True),
        "contentBasedDeduplication": Input(default=False),
        "tags": TAGS,
    }
    computed = ("arn", "owner")

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        attributes = {
            key: as_text(inputs[name])
            for name, key in _ATTRIBUTES.items()
            if inputs.get(name) and (inputs["fifoTopic"] or name not in _FIFO_ONLY)
        }
        arn = aws.sns.create_topic(
            Name=inputs["name"], Attributes=attributes, **given(Tags=tag_list(tags_of(inputs)) or None)
        )["TopicArn"]
        with kept_on_failure():  # not undone: where there was a topic like this one already, it is that one
            return arn, _topic_as_told(aws, arn)

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        tags = aws.sns.list_tags_for_resource(ResourceArn=id_).get("Tags", [])
        return {**_topic_as_told(aws, id_), "tags": tags_from_list(tags) or None}

    def update(self, aws: Account, change: Change) -> Properties:
        arn = change.id
        for name, key in _ATTRIBUTES.items():
            if change.of(name):
                value = as_text(change.new.get(name, ""))
                aws.sns.set_topic_attributes(TopicArn=arn, AttributeName=key, AttributeValue=value)
        change.retag(
            lambda tags: aws.sns.tag_resource(ResourceArn=arn, Tags=tag_list(tags)),
            lambda keys: aws.sns.untag_resource(ResourceArn=arn, TagKeys=keys),
        )
        return {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        aws.sns.delete_topic(TopicArn=id_)

    def find(self, aws: Account, inputs: Properties) -> str | None:
        arn = aws.arn("sns", inputs["name"])
        return arn if self.read(aws, arn, inputs) else None


def _topic_as_told(aws: Account, arn: str) -> Properties:
    """Return what SNS tells of a topic, without its tags."""
    attributes: Mapping[str, str] = aws.sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    settings = {name: attributes[key] for name, key in _ATTRIBUTES.items() if attributes.get(key)}
    truths = {name: attributes.get(_ATTRIBUTES[name]) == "true" for name in _FIFO_ONLY}
    computed = {"name": arn.rsplit(":", 1)[-1], "arn": arn, "owner": attributes.get("Owner", "")}
    return {"displayName": "", **settings, **truths, **computed}
