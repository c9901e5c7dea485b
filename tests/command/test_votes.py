"""Lesson `votes` through the commands and its API: votes, results, what is refused, faults, both ways of counting."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import urllib3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.target import Target
from tests.command.conftest import Outcome, with_settings

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("votes")]  # one deployment serves them all

PATIENCE_SECONDS = 30.0
POOL = urllib3.PoolManager(maxsize=20, block=True, retries=False)


@pytest.fixture(scope="module", autouse=True)
def deployed(local_cloud, tmp_path_factory) -> Any:
    run = with_settings(tmp_path_factory.mktemp("stack"), "streamlab:votes: {shard_count: 2}")
    up = run("up", "votes")
    assert up.code == 0, up.out + up.err
    yield up
    run("down")


@pytest.fixture(scope="module")
def url(deployed) -> str:
    return Target("local").lesson("votes")["ApiUrl"]


def call(url: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
    """Return status, JSON (None where it is none) and headers of an answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = POOL.request(method, url + path, body=body, headers=named)
    try:
        return answer.status, answer.json(), answer.headers
    except ValueError:
        return answer.status, None, answer.headers


def shown_when(lab, *, total: int, failures: int = 0) -> Any:
    """Return what `show` says once so much has come out and nothing is under way."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        shown = lab("show", "votes", "--json").json()
        if shown["total"] >= total and len(shown["failures"]) >= failures and not shown["still_to_process"]:
            return shown
        assert time.monotonic() < deadline, shown
        time.sleep(0.1)


def total(lab) -> int:
    return shown_when(lab, total=0)["total"]


def test_up_says_where_to_vote(deployed: Outcome, url: str):
    assert f"ApiUrl                 {url}" in deployed.out
    assert "Send some events: lab send votes" in deployed.out


def test_votes_are_counted_and_what_is_none_given_up(lab, url: str):
    before = total(lab)
    sent = lab("send", "votes", "--count", "60", "--keys", "3", "--poison", "2", "--json").json()
    assert (sent["place"], sent["sent"], sum(sent["by_shard"].values())) == (url, 60, 2)
    shown = shown_when(lab, total=before + 58, failures=2)
    assert shown["total"] == before + 58 == sum(result["votes"] for result in shown["results"])
    assert len([result for result in shown["results"] if result["votes"]]) <= 3
    assert len(shown["failures"]) == 2
    assert {counts["items"] for counts in shown["by_shard"].values()} == {None}

    lines = lab("show", "votes", "--limit", "3").out.splitlines()
    assert lines[0] == f"{before + 58} votes"
    bars = [line.count("█") for line in lines[1:4]]
    assert bars == sorted(bars, reverse=True)
    assert 0 < bars[0] <= 80
    assert "… and 17 other options with" in lines[4]


def test_the_texts_request_and_answer(lab, url: str):
    before = total(lab)
    status, said, headers = call(url, "POST", "votes", b'{"vote": "norris"}', content_type="application/json")
    assert (status, said) == (200, {"message": "Voto recibido exitosamente"})
    assert headers["content-type"] == "application/json"
    shown_when(lab, total=before + 1)
    status, said, headers = call(url, "GET", "results")
    assert (status, said["total"], headers["cache-control"]) == (200, before + 1, "no-store")
    assert said["results"] == lab("show", "votes", "--json").json()["results"]


def test_a_vote_of_ones_own_and_what_the_api_says_to_a_wrong_one(lab):
    before = total(lab)
    assert lab("send", "votes", "--data", '{"vote": "norris"}', "--count", "2").out.startswith("Sent 2 events to http")
    refused = lab("send", "votes", "--data", '{"vote": "nobody"}', "--count", "20")
    assert refused.code == 1
    assert "400 There is no such option. Options: albon, alonso" in refused.err
    assert shown_when(lab, total=before + 2)["total"] == before + 2


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "votes", None, 400),
        ("POST", "votes", b"vote=norris", 400),
        ("POST", "votes", b'["norris"]', 400),
        ("POST", "votes", b'{"vote": "nobody"}', 400),
        ("POST", "votes", b"x" * 1_000_000, 413),
        ("POST", "votes", b"x" * 5_500_000, 413),  # as base64 more than a function takes
        ("GET", "votes", None, 404),
        ("DELETE", "results", None, 404),
        ("POST", "", b"{}", 404),
        ("GET", "../../_lab/faults", None, 404),
    ],
)
def test_what_is_no_vote_is_refused(url: str, method: str, path: str, body: bytes | None, status: int):
    said = call(url, method, path, body)
    assert said[0] == status
    assert said[1]["message"]


def test_other_pages_may_call_it_only_if_they_are_named(url: str):
    asked = {"access_control_request_method": "POST", "access_control_request_headers": "content-type"}
    status, _, headers = call(url, "OPTIONS", "votes", origin="http://localhost:8000", **asked)
    assert (status, headers["access-control-allow-origin"]) == (204, "http://localhost:8000")
    assert headers["access-control-allow-methods"] == "GET,OPTIONS,POST"
    assert headers["access-control-allow-headers"] == "content-type"
    status, _, headers = call(url, "OPTIONS", "votes", origin="http://elsewhere.example", **asked)
    assert (status, "access-control-allow-origin" in headers) == (204, False)
    status, _, headers = call(url, "GET", "results", origin="http://elsewhere.example")
    assert (status, "access-control-allow-origin" in headers) == (200, False)


def test_a_hundred_at_once(lab, url: str):
    before = total(lab)
    votes = [json.dumps({"vote": ("norris", "piastri")[number % 2]}).encode() for number in range(100)]
    with ThreadPoolExecutor(20) as threads:
        statuses = Counter(threads.map(lambda vote: call(url, "POST", "votes", vote)[0], votes))
    assert statuses == {200: 100}
    assert shown_when(lab, total=before + 100)["total"] == before + 100


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "HEAD", "OPTIONS", "PATCH"]),
    path=st.sampled_from(["", "votes", "results", "votes/", "%00", "a/b"]),
    body=st.none() | st.binary() | st.sampled_from([b'{"vote": 1}', b'{"vote": "norris", "id": 1}', b"{}", b"[]"]),
    language=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12),
)
def test_no_request_is_answered_with_a_server_error(url: str, method: str, path: str, body: Any, language: str):
    assert call(url, method, path, body, accept_language=language.strip())[0] < 500


def test_faults_while_votes_come_in_and_the_count_is_exact(lab):
    before = total(lab)
    assert lab("fault", "fail", "votes", "--every", "9", "--count", "4").code == 0
    assert lab("fault", "throttle", "votes", "--for", "1s").code == 0
    try:
        assert lab("send", "votes", "--count", "120").code == 0
        shown = shown_when(lab, total=before + 120)
    finally:
        lab("fault", "clear")
    assert shown["total"] == before + 120
    events = Counter(line["event"] for line in lab("trace", "--function", "votes", "--limit", "1000", "--json").lines())
    assert events["retried"] >= 1, events


def test_each_function_has_its_log(lab):
    assert any("Vote taken" in line["message"] for line in lab("logs", "votes.producer", "--json").lines())
    assert any("Batch processed" in line["message"] for line in lab("logs", "votes", "--json").lines())
    assert "norris" not in lab("logs", "votes.producer").out


def test_in_transactions_a_repeated_request_counts_once_and_a_throttled_one_is_sent_again(lab, tmp_path):
    text = "streamlab:votes: {shard_count: 2, counting: transactional, throttling_rate: 30, throttling_burst: 5}"
    run = with_settings(tmp_path, text)
    before = total(lab)
    updated = run("up", "votes", "--json").json()["counts"]
    assert (updated["update"], updated.get("replace", 0)) == (3, 0)  # function, its permissions, the stage
    sent = lab("send", "votes", "--count", "40", "--json").json()
    assert (sent["sent"], sent["resent"] > 0) == (40, True)
    for _again in range(2):
        lab("send", "votes", "--data", '{"vote": "norris", "id": "once-and-for-all"}', "--count", "2")
        shown = shown_when(lab, total=before + 41)
    assert shown["total"] == before + 41


def test_down_leaves_nothing(lab):
    assert lab("down").code == 0
    assert lab("show", "votes").err.startswith("Nothing is deployed")
