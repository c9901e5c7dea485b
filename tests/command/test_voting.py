"""Sending votes to an API that throttles, fails or goes away; drawing what came of them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from lab import api
from lab.lessons import votes
from lab.verbs import send as verb
from tests.command.conftest import Outcome


class FakeApi(ThreadingHTTPServer):
    """An API that answers what `answer` says, by the number of the request; 0 closes the connection."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer: Callable[[int], int] = lambda _number: 200
        self.bodies: list[bytes] = []
        self.connections: set[object] = set()
        self.lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeApi

    def log_message(self, *_arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        self.reply(200, {"results": [{"option_id": id_, "name": id_, "votes": 0} for id_ in "abcd"], "total": 0})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.bodies.append(body)
            self.server.connections.add(self.client_address)
            status = self.server.answer(len(self.server.bodies))
        if status:
            self.reply(status, {"message": f"said {status}"})
        else:
            self.close_connection = True

    def reply(self, status: int, value: object) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    """An API in place of the deployed one; nobody waits before sending again."""
    monkeypatch.setattr(api, "FIRST_WAIT_SECONDS", 0.0)
    with FakeApi() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        outputs = {"ApiUrl": server.url, "KinesisStreamName": "Stream"}
        clients = SimpleNamespace(kinesis=None)
        target = SimpleNamespace(clients=clients, lesson=lambda _name: outputs, url_now=lambda url: url)
        monkeypatch.setattr(verb, "Target", lambda _stack: target)
        yield server
        server.shutdown()


def ids(fake: FakeApi) -> list[str]:
    return [json.loads(body)["id"] for body in fake.bodies]


@pytest.mark.parametrize("trouble", [429, 500, 503, 0])
def test_what_is_throttled_or_fails_is_sent_again_with_the_same_id(lab, fake: FakeApi, trouble: int):
    fake.answer = lambda number: trouble if number % 3 == 0 else 200
    sent = lab("send", "votes", "--count", "40", "--json").json()
    assert (sent["sent"], sent["by_shard"]) == (40, {})
    assert sent["resent"] == len(fake.bodies) - 40 > 10
    assert len(set(ids(fake))) == 40


def test_connections_are_kept(lab, fake: FakeApi):
    lab("send", "votes", "--count", "100", "--json").json()
    assert len(fake.connections) <= 8


def test_an_api_that_goes_on_failing_is_given_up(lab, fake: FakeApi):
    fake.answer = lambda number: 200 if number <= 5 else 503
    outcome: Outcome = lab("send", "votes", "--count", "200")
    assert outcome.code == 1
    assert f"{fake.url}votes failed 8 times." in outcome.err
    assert "503 said 503" in outcome.err
    assert len(fake.bodies) < 100


def test_what_the_api_refuses_is_not_sent_again(lab, fake: FakeApi):
    fake.answer = lambda _number: 400
    outcome: Outcome = lab("send", "votes", "--data", "no vote", "--count", "100")
    assert outcome.code == 1
    assert "400 said 400" in outcome.err
    assert len(fake.bodies) <= 8


def test_nobody_there(lab, fake: FakeApi):
    fake.shutdown()
    fake.server_close()
    outcome: Outcome = lab("send", "votes")
    assert outcome.code == 1
    assert "results failed 8 times." in outcome.err


def test_the_rate_is_kept(lab, fake: FakeApi):
    begun = time.monotonic()
    lab("send", "votes", "--count", "20", "--rate", "50", "--json").json()
    assert time.monotonic() - begun >= 19 / 50
    assert len(fake.bodies) == 20


def test_ctrl_c_says_how_many_had_been_sent(lab, fake: FakeApi, monkeypatch: pytest.MonkeyPatch):
    def pressed(*_arguments: object, **_options: object) -> None:
        while len(fake.bodies) < 20:
            pass
        raise KeyboardInterrupt

    monkeypatch.setattr(votes.concurrent.futures, "wait", pressed)
    outcome: Outcome = lab("send", "votes", "--count", "100000")
    assert outcome.code == 130
    count = len(fake.bodies)
    assert 20 <= count < 2000
    assert f"{count} events had been sent to {fake.url}." in outcome.err


def test_made_up_votes_have_favourites():
    made = [json.loads(body) for body in votes.made_up_votes(400, list("abcdef"), favourites=3)]
    chosen = sorted((vote["vote"] for vote in made), key=[vote["vote"] for vote in made].count)
    assert len(set(chosen)) == 3
    assert chosen.count(chosen[-1]) > 2 * chosen.count(chosen[0])
    assert len({vote["id"] for vote in made}) == 400
    assert {json.loads(body)["vote"] for body in votes.made_up_votes(200, list("ab"), favourites=9)} == set("ab")


@pytest.mark.parametrize("columns", [20, 40, 80, 10_000])
def test_bars_fit_the_terminal(capsys, monkeypatch: pytest.MonkeyPatch, columns: int):
    monkeypatch.setattr(votes, "width", lambda: columns)
    votes.draw_bars([("Max Emilian Verstappen", 12_345), ("Sainz", 1), ("Nobody", 0)])
    first, second, third = capsys.readouterr().out.splitlines()
    assert max(map(len, (first, second, third))) <= min(columns, 80)
    assert first.count("█") >= second.count("█") == 1 > third.count("█")
