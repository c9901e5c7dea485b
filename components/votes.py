"""Lesson `votes`: votes from browsers, through an API, a stream and a function, into a table of results.

The lesson: whoever takes votes and whoever counts them never wait for each other. A minute of a race with a thousand
times the usual votes fills the stream, not the table.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws
from pulumi import ResourceOptions

from components.function import Function
from components.http_api import HttpApi, HttpRoute
from components.policies import Statement, allow
from components.settings import LessonArgs, VotesSettings
from components.stream import lesson_stream
from components.stream_consumer import StreamConsumer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi import Input

COUNTING_ACTIONS = {
    "economical": ["dynamodb:GetItem", "dynamodb:UpdateItem"],
    # A transaction needs what its parts need.
    "transactional": ["dynamodb:PutItem", "dynamodb:UpdateItem"],
}


class VotesLessonArgs(LessonArgs):
    """What a VotesLesson is made from."""

    settings: VotesSettings
    """The lesson's own settings."""


class VotesLesson(pulumi.ComponentResource):
    """API → producer → `f1-vote-stream` → `f1-vote-consumer` → `f1-vote-results` → API."""

    exports: dict[str, Any]
    """The stack's output `votes`: the physical names by which commands find what was deployed."""

    def __init__(self, name: str, args: VotesLessonArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("streamlab:index:VotesLesson", name, None, opts)
        settings, tags = args["settings"], args["tags"]
        self._name, self._args, child = name, args, ResourceOptions(parent=self)

        self.stream = lesson_stream(name, args, settings, text_name="f1-vote-stream", opts=child)
        self.table = aws.dynamodb.Table(
            f"{name}-table",
            name="f1-vote-results" if args["names"] == "text" else None,
            billing_mode="PAY_PER_REQUEST",
            hash_key="option_id",
            attributes=[{"name": "option_id", "type": "S"}],
            deletion_protection_enabled=not args["removable"],
            tags=tags,
            opts=child,
        )
        self.producer = self._function(
            "producer",
            {"KINESIS_STREAM_NAME": self.stream.name, "ANSWER_LANGUAGE": settings.language},
            [allow(["kinesis:PutRecord"], self.stream.arn)],
        )
        self.consumer = self._function(
            "consumer",
            {"DYNAMODB_TABLE_NAME": self.table.name, "COUNTING": settings.counting},
            [allow(COUNTING_ACTIONS[settings.counting], self.table.arn)],
        )
        self.results = self._function(
            "results",
            {"DYNAMODB_TABLE_NAME": self.table.name, "ANSWER_LANGUAGE": settings.language},
            [allow(["dynamodb:BatchGetItem"], self.table.arn)],
        )
        self.reader = StreamConsumer(
            f"{name}-reader",
            {
                "function": self.consumer,
                "stream_arn": self.stream.arn,
                "settings": settings,
                "removable": args["removable"],
                "tags": tags,
            },
            child,
        )
        self.api = HttpApi(
            f"{name}-http",
            {
                "routes": [
                    HttpRoute("POST", "/votes", self.producer),
                    HttpRoute("GET", "/results", self.results),
                    HttpRoute("GET", "/", self.results),
                ],
                "origins": settings.origins,
                "throttling_rate": settings.throttling_rate,
                "throttling_burst": settings.throttling_burst,
                "tags": tags,
            },
            child,
        )
        self.exports = {
            "ApiUrl": self.api.url,
            "KinesisStreamName": self.stream.name,
            "KinesisStreamArn": self.stream.arn,
            "DynamoDBTableName": self.table.name,
            "ProducerFunctionName": self.producer.name,
            "ProducerLogGroupName": self.producer.log_group_name,
            **self.reader.exports,
            "ResultsFunctionName": self.results.name,
            "ResultsLogGroupName": self.results.log_group_name,
        }
        self.register_outputs(self.exports)

    def _function(self, part: str, environment: Mapping[str, Input[str]], statements: Sequence[Statement]) -> Function:
        args = self._args
        options = json.dumps(args["settings"].options, ensure_ascii=False, separators=(",", ":"))
        return Function(
            f"{self._name}-{part}",
            {
                "package": "votes",
                "handler": f"handlers.votes.{part}.lambda_handler",
                "function_name": f"f1-vote-{part}" if args["names"] == "text" else None,
                "environment": {"VOTE_OPTIONS": options, **environment},
                "settings": args["settings"],
                "statements": statements,
                "role_mode": args["role_mode"],
                "removable": args["removable"],
                "tags": args["tags"],
            },
            ResourceOptions(parent=self),
        )
