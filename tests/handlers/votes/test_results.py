"""`GET /results` on moto."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from handlers.shared import table as shared_table
from handlers.shared.reader import LANGUAGES
from handlers.votes.messages import MESSAGES
from tests.handlers.events import Context
from tests.handlers.requests import http_event
from tests.handlers.votes.conftest import OPTIONS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

Functions = Callable[[str], ModuleType]


def results(functions: Functions, **headers: str) -> tuple[int, Any]:
    answer = functions("results").lambda_handler(http_event("GET /results", **headers), Context())
    assert answer["headers"]["Cache-Control"] == "no-store"
    return answer["statusCode"], json.loads(answer["body"])


def test_every_option_its_votes_and_the_total(functions: Functions, table: Table):
    table.put_item(Item={"option_id": "piastri", "votes": 3, "last": {"shardId-000000000000": "1"}})
    table.put_item(Item={"option_id": "hulkenberg", "last": {}})  # made ready, not counted yet
    table.put_item(Item={"option_id": "vote#1", "vote": "piastri"})
    table.put_item(Item={"option_id": "nobody", "votes": 9})
    assert results(functions) == (
        200,
        {
            "results": [
                {"option_id": "norris", "name": "Lando Norris", "votes": 0},
                {"option_id": "piastri", "name": "Oscar Piastri", "votes": 3},
                {"option_id": "hulkenberg", "name": "Nico Hülkenberg", "votes": 0},
            ],
            "total": 3,
        },
    )


def test_no_vote_yet(functions: Functions, table: Table):
    assert table
    status, said = results(functions)
    assert (status, said["total"], len(said["results"])) == (200, 0, len(OPTIONS))


def test_keys_that_dynamodb_did_not_get_to_are_asked_for_again(
    functions: Functions, table: Table, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shared_table, "FIRST_PAUSE_SECONDS", 0.0)
    table.put_item(Item={"option_id": "norris", "votes": 2})
    client = functions("results").TABLE.meta.client
    real = client.batch_get_item

    def one_at_a_time(RequestItems: Any) -> Any:  # noqa: N803 - boto3's name
        [(name, wanted)] = RequestItems.items()
        first, *others = wanted["Keys"]
        unprocessed = {name: {"Keys": others}} if others else {}
        return {**real(RequestItems={name: {"Keys": [first]}}), "UnprocessedKeys": unprocessed}

    with patch.object(client, "batch_get_item", one_at_a_time):
        assert results(functions)[1]["total"] == 2
    with patch.object(
        client, "batch_get_item", lambda **asked: {"Responses": {}, "UnprocessedKeys": asked["RequestItems"]}
    ):
        assert results(functions, accept_language="en") == (503, {"message": MESSAGES["not_now"]["en"]})


def test_a_table_that_is_gone_is_told_without_aws_words(functions: Functions, monkeypatch: pytest.MonkeyPatch):
    module = functions("results")
    monkeypatch.setattr(module, "TABLE", module.open_table("NoSuchTable"))
    assert results(functions) == (503, {"message": MESSAGES["not_now"]["es"]})


def test_what_a_person_reads_is_there_in_every_language():
    for what, texts in MESSAGES.items():
        assert set(texts) == set(LANGUAGES), what
        placeholders = {language: set(re.findall(r"(?<!{){\w+}(?!})", text)) for language, text in texts.items()}
        assert len(set(map(frozenset, placeholders.values()))) == 1, what
        assert len(set(texts.values())) == len(LANGUAGES), what
