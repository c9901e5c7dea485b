"""Lesson `votes`: votes from browsers, through an API, a stream and a function, into a table of results.

The lesson: whoever takes votes and whoever counts them never wait for each other. A minute of a race with a thousand
times the usual votes fills the stream, not the table.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi_aws as aws

from components.http_api import HttpApi, HttpRoute
from components.lesson import Lesson
from components.policies import allow
from components.settings import LessonArgs, VotesSettings

if TYPE_CHECKING:
    from pulumi import ResourceOptions

COUNTING_ACTIONS = {
    "economical": ["dynamodb:GetItem", "dynamodb:UpdateItem"],
    # A transaction needs what its parts need.
    "transactional": ["dynamodb:PutItem", "dynamodb:UpdateItem"],
}


class VotesLessonArgs(LessonArgs):
    """What a VotesLesson is made from."""

    settings: VotesSettings
    """The lesson's own settings."""


class VotesLesson(Lesson):
    """API → producer → `f1-vote-stream` → `f1-vote-consumer` → `f1-vote-results` → API."""

    def __init__(self, name: str, args: VotesLessonArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("votes", name, args, args["settings"], opts)
        settings = args["settings"]

        self.stream = self._stream(settings, "f1-vote-stream")
        self.table = aws.dynamodb.Table(
            f"{name}-table",
            name=self._text_name("f1-vote-results"),
            billing_mode="PAY_PER_REQUEST",
            hash_key="option_id",
            attributes=[{"name": "option_id", "type": "S"}],
            deletion_protection_enabled=not args["removable"],
            tags=args["tags"],
            opts=self._child,
        )
        # All three know what can be voted for.
        options = json.dumps(settings.options, ensure_ascii=False, separators=(",", ":"))
        self.producer = self._function(
            "producer",
            "f1-vote-producer",
            module="producer",
            environment={
                "VOTE_OPTIONS": options,
                "KINESIS_STREAM_NAME": self.stream.name,
                "ANSWER_LANGUAGE": settings.language,
            },
            statements=[allow(["kinesis:PutRecord"], self.stream.arn)],
        )
        self.consumer = self._function(
            "consumer",
            "f1-vote-consumer",
            module="consumer",
            environment={
                "VOTE_OPTIONS": options,
                "DYNAMODB_TABLE_NAME": self.table.name,
                "COUNTING": settings.counting,
            },
            statements=[allow(COUNTING_ACTIONS[settings.counting], self.table.arn)],
        )
        self.results = self._function(
            "results",
            "f1-vote-results",
            module="results",
            environment={
                "VOTE_OPTIONS": options,
                "DYNAMODB_TABLE_NAME": self.table.name,
                "ANSWER_LANGUAGE": settings.language,
            },
            statements=[allow(["dynamodb:BatchGetItem"], self.table.arn)],
        )
        self.reader = self._reader(self.consumer, self.stream.arn)
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
                "tags": args["tags"],
            },
            self._child,
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
