"""The functions of `votes` with a stream and a table on moto; both are gone again when a file's tests have ended."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from handlers.votes.economical import count_by_option
from handlers.votes.transactional import count_by_vote
from tests.handlers.aws_on_moto import aws_on_moto, empty, make_table
from tests.handlers.events import Context
from tests.handlers.requests import http_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from mypy_boto3_dynamodb.service_resource import Table

OPTIONS = {"norris": "Lando Norris", "piastri": "Oscar Piastri", "hulkenberg": "Nico Hülkenberg"}

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "KINESIS_STREAM_NAME": "f1-vote-stream",
    "DYNAMODB_TABLE_NAME": "f1-vote-results",
    "VOTE_OPTIONS": json.dumps(OPTIONS, ensure_ascii=False),
    "ANSWER_LANGUAGE": "es",
    "COUNTING": "economical",
}


@pytest.fixture(scope="module")
def functions() -> Iterator[Callable[[str], ModuleType]]:
    """Start a function as Lambda does, by the name of its module."""
    with aws_on_moto(ENVIRONMENT):
        boto3.client("kinesis").create_stream(StreamName="f1-vote-stream", ShardCount=4)
        make_table("f1-vote-results", "option_id")
        yield lambda name: importlib.import_module(f"handlers.votes.{name}")


@pytest.fixture
def table(functions: Callable[[str], ModuleType]) -> Table:
    """The table of results, empty."""
    found: Table = functions("consumer").TABLE
    empty(found)
    return found


def votes(table: Table) -> dict[str, int]:
    """Return the votes of each option that has any."""
    items = (item for item in table.scan()["Items"] if not str(item["option_id"]).startswith("vote#"))
    return {str(item["option_id"]): int(item["votes"]) for item in items if item.get("votes")}


@pytest.fixture(params=["economical", "transactional"])
def count(
    request: pytest.FixtureRequest, functions: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> Callable[[list[Any]], Any]:
    """Calls the consumer with records, once for each way of counting."""
    consumer = functions("consumer")
    ways = {"economical": count_by_option, "transactional": count_by_vote}
    monkeypatch.setattr(consumer, "COUNT", ways[request.param])
    return lambda records: consumer.lambda_handler({"Records": records}, Context())


@pytest.fixture
def post(functions: Callable[[str], ModuleType]) -> Callable[..., tuple[int, str]]:
    """Posts a body to the producer; returns status and message."""
    producer = functions("producer")

    def send(body: Any = None, **how: Any) -> tuple[int, str]:
        answer = producer.lambda_handler(http_event("POST /votes", body, **how), Context())
        assert answer["headers"]["Content-Type"] == "application/json"
        assert set(answer) == {"statusCode", "headers", "body"}
        [message] = json.loads(answer["body"]).values()
        return answer["statusCode"], message

    return send


@pytest.fixture
def taken(functions: Callable[[str], ModuleType]) -> Callable[[], list[Any]]:
    """Returns the records that have come into the stream since the fixture was asked for."""
    kinesis = functions("producer").KINESIS
    shards = [shard["ShardId"] for shard in kinesis.list_shards(StreamName="f1-vote-stream")["Shards"]]

    def iterator(shard: str, kind: str) -> str:
        name = {"StreamName": "f1-vote-stream", "ShardId": shard}
        return kinesis.get_shard_iterator(ShardIteratorType=kind, **name)["ShardIterator"]

    def records(shard: str) -> list[Any]:
        return kinesis.get_records(ShardIterator=iterator(shard, "TRIM_HORIZON"))["Records"]

    before = {shard: len(records(shard)) for shard in shards}
    return lambda: [{**record, "Shard": shard} for shard in shards for record in records(shard)[before[shard] :]]
