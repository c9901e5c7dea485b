"""What tests of the Kinesis API share: a client, streams, and what is asked of them."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from boto3 import Session
from botocore.config import Config
from botocore.exceptions import ClientError

from lab.cloud.client import Cloud
from tests.cloud.conftest import eventually

FIRST = "shardId-000000000000"


@contextlib.contextmanager
def refused(code: str, *words: str) -> Iterator[None]:
    with pytest.raises(ClientError) as error:
        yield
    answer = error.value.response["Error"]
    assert answer["Code"] == code, answer
    for word in words:
        assert word in answer["Message"], answer


@pytest.fixture(scope="module")
def kinesis(local_cloud: Cloud) -> Any:
    """A client that sends what it is told to, also what AWS refuses, and sends it once."""
    config = Config(parameter_validation=False, retries={"max_attempts": 0, "mode": "standard"})
    session = Session("test", "test", region_name="us-east-1")
    return session.client("kinesis", endpoint_url=local_cloud.url, config=config)


class Streams:
    """Makes streams; one client makes them all, because a client takes longer to make than a stream."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.made: list[str] = []

    def name(self) -> str:
        self.made.append(f"stream-{uuid.uuid4().hex[:8]}")
        return self.made[-1]

    def make(self, shards: int = 1) -> str:
        name = self.name()
        self._client.create_stream(StreamName=name, ShardCount=shards)
        active(self._client, name)
        return name


@pytest.fixture
def streams(kinesis: Any) -> Iterator[Streams]:
    made = Streams(kinesis)
    yield made
    for name in made.made:
        with contextlib.suppress(ClientError):  # a test may have deleted it itself
            kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)


@pytest.fixture
def stream(streams: Streams) -> str:
    return streams.make()


def active(kinesis: Any, name: str) -> dict[str, Any]:
    def summary() -> dict[str, Any] | None:
        found = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        return found if found["StreamStatus"] == "ACTIVE" else None

    return eventually(summary)


def read_all(kinesis: Any, name: str, shard: str) -> list[bytes]:
    iterator = kinesis.get_shard_iterator(StreamName=name, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    answer = kinesis.get_records(ShardIterator=iterator["ShardIterator"])
    return [record["Data"] for record in answer["Records"]]


def shards_of(kinesis: Any, name: str, **arguments: Any) -> list[dict[str, Any]]:
    return kinesis.list_shards(StreamName=name, **arguments)["Shards"]
