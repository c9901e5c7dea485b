"""The producer of lesson `votes` on moto: what it takes, and what it says of everything else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.votes.messages import MESSAGES
from tests.handlers.events import Context
from tests.handlers.requests import http_event
from tests.handlers.votes.conftest import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    Post = Callable[..., tuple[int, str]]
    Taken = Callable[[], list[Any]]
    Functions = Callable[[str], ModuleType]

RECEIVED = (200, "Voto recibido exitosamente")


def payloads(taken: Taken) -> list[Any]:
    return [json.loads(record["Data"]) for record in taken()]


def test_a_vote_comes_into_the_stream(post: Post, taken: Taken):
    assert post({"vote": "norris", "id": "mine"}) == RECEIVED
    [record] = taken()
    assert json.loads(record["Data"]) == {"vote": "norris", "id": "mine"}
    assert record["PartitionKey"] == "mine"


def test_a_vote_without_an_id_gets_one(post: Post, taken: Taken):
    assert post({"vote": "norris"}) == RECEIVED
    assert post({"vote": "norris", "id": None}) == RECEIVED
    first, second = (payload["id"] for payload in payloads(taken))
    assert first != second


def test_nothing_but_vote_and_id_travels(post: Post, taken: Taken):
    post({"vote": "norris", "id": "a", "name": "who I am", "admin": True})
    assert payloads(taken) == [{"vote": "norris", "id": "a"}]


def test_votes_spread_over_the_shards_and_a_repeated_one_comes_to_its_own(post: Post, taken: Taken):
    # text fault 17: the constant key `partition_key_1` sent every vote into one shard
    for number in range(40):
        post({"vote": "norris"})
        post({"vote": "norris", "id": f"repeated-{number % 2}"})
    shards: dict[str, set[str]] = {}
    for record in taken():
        shards.setdefault(record["PartitionKey"], set()).add(record["Shard"])
    assert len(set.union(*shards.values())) == 4
    assert all(len(shards[f"repeated-{number}"]) == 1 for number in range(2))


@pytest.mark.parametrize(
    ("body", "status", "what"),
    [
        (None, 400, "no_body"),
        ("", 400, "no_body"),
        ("vote=norris", 400, "not_json_object"),
        ('{"vote": "norris"', 400, "not_json_object"),
        ("null", 400, "not_json_object"),
        ('["norris"]', 400, "not_json_object"),
        ('"norris"', 400, "not_json_object"),
        ("NaN", 400, "not_json_object"),
        ('{"vote": "norris", "x": 1e400}', 400, "not_json_object"),
        ('{"vote": "norris", "vote": "piastri"}', 400, "not_json_object"),
        ('{"vote": "norris", "x": "\\ud800"}', 400, "not_json_object"),
        ("\ud800", 400, "not_json_object"),
        ("[" * 1000, 400, "not_json_object"),
        (b"\xff\xfe", 400, "not_json_object"),
        ("{" + " " * 1_000_000 + "}", 413, "too_large"),
        (b"x" * 1_000_000, 413, "too_large"),
        ({}, 400, "no_vote"),
        ({"vote": ""}, 400, "no_vote"),
        ({"vote": None}, 400, "no_vote"),
        ({"vote": ["norris"]}, 400, "no_vote"),
        ({"vote": {"norris": 1}}, 400, "no_vote"),
        ({"vote": True}, 400, "no_vote"),
        ({"Vote": "norris"}, 400, "no_vote"),
        ({"vote": "Norris"}, 400, "unknown_option"),
        ({"vote": "vote#1"}, 400, "unknown_option"),
        ({"vote": "norris", "id": ""}, 400, "bad_id"),
        ({"vote": "norris", "id": 7}, 400, "bad_id"),
        ({"vote": "norris", "id": "a" * 129}, 400, "bad_id"),
        ({"vote": "norris", "id": "a\n"}, 400, "bad_id"),
        ({"vote": "norris", "id": "ñ"}, 400, "bad_id"),
    ],
)
def test_what_is_no_vote_is_refused_with_the_reason(post: Post, taken: Taken, body: Any, status: int, what: str):
    # text fault 19, 20, 21: no body, base64, a list, any string at all; a refusal in another language
    said, message = post(body)
    wanted = MESSAGES[what]["es"].format(example="norris", options="norris, piastri, hulkenberg")
    assert (said, message) == (status, wanted)
    assert taken() == []


@pytest.mark.parametrize("body", [{"vote": "norris"}, '  {"vote":"norris"}\n'])
def test_base64_as_api_gateway_sends_what_has_no_content_type(post: Post, body: Any):
    assert post(body, as_base64=True) == RECEIVED


def test_base64_that_is_none(functions: Functions):
    event = http_event("POST /votes", "{not base64}") | {"isBase64Encoded": True}
    assert functions("producer").lambda_handler(event, Context())["statusCode"] == 400


@pytest.mark.parametrize(
    ("header", "language"),
    [("pt-BR,pt;q=0.9,en;q=0.8", "pt"), ("en-US", "en"), ("fr, de", "es"), ("", "es"), ("*", "es"), (";;q=,=", "es")],
)
def test_the_reader_is_answered_in_a_language_of_theirs(post: Post, header: str, language: str):
    assert post({"vote": "norris"}, accept_language=header)[1] == MESSAGES["received"][language]
    assert post("", accept_language=header)[1] == MESSAGES["no_body"][language].format(example="norris")


@pytest.mark.parametrize("reached", [True, False])
def test_a_stream_that_does_not_take_it_is_told_without_aws_words(
    functions: Functions, monkeypatch: pytest.MonkeyPatch, *, reached: bool
):
    # text fault 18: the exception went to the public, with ARNs and account
    producer = functions("producer")
    secret = "arn:aws:kinesis:us-east-1:123456789012:stream/f1-vote-stream"
    with Stubber(producer.KINESIS) as stub:
        stub.add_client_error("put_record", "ProvisionedThroughputExceededException", f"Rate exceeded for {secret}")
        if not reached:
            error = EndpointConnectionError(endpoint_url=secret)
            monkeypatch.setattr(producer.KINESIS, "put_record", lambda **_: (_ for _ in ()).throw(error))
        answer = producer.lambda_handler(http_event("POST /votes", {"vote": "norris"}), Context())
    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "1")
    assert json.loads(answer["body"]) == {"message": MESSAGES["not_now"]["es"]}
    assert "123456789012" not in json.dumps(answer)


def test_the_log_has_ids_and_not_what_was_voted_for(post: Post, log: Callable[[], list[dict[str, Any]]]):
    # text fault 29: vote and response were printed
    post({"vote": "piastri", "id": "mine"})
    post("piastri")
    [line] = log()
    assert (line["message"], line["vote_id"]) == ("Vote taken", "mine")
    assert line["sequence_number"]
    assert "piastri" not in json.dumps(line)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(list(OPTIONS)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["vote", "id", "x"]), inner),
    max_leaves=6,
)
bodies = st.none() | st.text() | st.binary() | anything.map(json.dumps)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=bodies, header=st.text(max_size=20), as_base64=st.booleans())
def test_no_request_makes_it_fail(functions: Functions, body: Any, header: str, *, as_base64: bool):
    event = http_event("POST /votes", body, accept_language=header)
    if as_base64:
        event["isBase64Encoded"] = True
    answer = functions("producer").lambda_handler(event, Context())
    assert answer["statusCode"] in (200, 400)
    assert json.loads(answer["body"])["message"]
