"""What the real Pulumi CLI asked of a provider, asked of our plugin over gRPC: every request, in the recorded order.

Ours answers in the same shape: each key that was recorded, with a value of the same type; more keys may be there. Where
DESIGN.md asks for better than the recorded prototype, a test below says so. Requests are changed in four ways before
they are asked: ids that AWS made are ours, a path leads to a folder of this test, inputs carry the name that our Check
would have put there, which the prototype made in Create, and a provider's configuration gives endpoints, without which
the prototype guessed.
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import empty_pb2, json_format

from lab.cloud.client import Cloud
from lab.deploy import property_values as pv
from lab.deploy.protocol import provider_pb2
from lab.deploy.provider.resources import RESOURCES
from tests.deploy.plugin.process import Plugin
from tests.deploy.provider.driver import Aborted, configured

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("recorded-plugin")]  # all was asked once, for all of them

RECORDINGS = Path(__file__).parent.parent / "recordings"
WEST = "west"
"""The one recorded resource of the explicit provider, which works in us-west-2."""

REQUESTS = {
    "Handshake": provider_pb2.ProviderHandshakeRequest,
    "GetPluginInfo": empty_pb2.Empty,
    "Cancel": empty_pb2.Empty,
    "CheckConfig": provider_pb2.CheckRequest,
    "DiffConfig": provider_pb2.DiffRequest,
    "Configure": provider_pb2.ConfigureRequest,
    "Check": provider_pb2.CheckRequest,
    "Diff": provider_pb2.DiffRequest,
    "Create": provider_pb2.CreateRequest,
    "Read": provider_pb2.ReadRequest,
    "Update": provider_pb2.UpdateRequest,
    "Delete": provider_pb2.DeleteRequest,
    "Invoke": provider_pb2.InvokeRequest,
}
WITH_NAME = {
    "Diff": ("oldInputs", "news"),
    "Create": ("properties",),
    "Update": ("oldInputs", "news"),
    "Read": ("inputs",),
}


@dataclass
class Exchange:
    """One recorded call and our answer to it."""

    file: str
    method: str
    request: dict[str, Any]
    recorded: dict[str, Any] | None
    answer: dict[str, Any] | None
    error: str = ""

    def __str__(self) -> str:
        return f"{self.file} {self.method} {self.request.get('name', self.request.get('tok', ''))}"


class Replay:
    """Asks the recorded requests, one after another, and remembers which id of ours stands for which recorded one."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self._cloud = cloud
        self._folder = folder
        self._plugins: dict[str, Plugin] = {}
        self._ours = {"PROGRAM": str(folder), "http://127.0.0.1:4599": cloud.url}
        self._names: dict[str, str] = {}

    def run(self, path: Path) -> list[Exchange]:
        calls = [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
        return [self._ask(path.name, call) for call in calls if "ResourceProvider/" in call["method"]]

    def _ask(self, file: str, call: dict[str, Any]) -> Exchange:
        method = call["method"].rsplit("/", 1)[-1]
        request = json.loads(self._translated(json.dumps(call["request"])))
        self._learn_name(method, call)
        self._add_names(method, request)
        self._give_endpoints(method, request)
        exchange = Exchange(file, method, request, call.get("response"), None)
        try:
            answer = self._call(method, request)
            exchange.answer = json_format.MessageToDict(answer, preserving_proto_field_name=False)
        except Aborted as error:
            exchange.error = str(error)
        if method == "Create" and not request.get("preview") and exchange.answer and exchange.recorded:
            self._learn_ids(exchange.recorded, exchange.answer)
        return exchange

    def _call(self, method: str, request: dict[str, Any]) -> Any:
        region = request.get("args", {}).get("region") or ("us-west-2" if request.get("name") == WEST else "us-east-1")
        if region not in self._plugins:
            self._plugins[region] = Plugin(self._folder)
        message = json_format.ParseDict(request, REQUESTS[method](), ignore_unknown_fields=True)
        return getattr(self._plugins[region], method)(message)

    def end(self) -> list[tuple[int, str]]:
        """End the plugins; return of each its exit code and what it wrote."""
        return [plugin.end() for plugin in self._plugins.values()]

    def _give_endpoints(self, method: str, request: dict[str, Any]) -> None:
        endpoints = json.dumps([{"kinesis": self._cloud.url, "s3": self._cloud.url}])
        if method == "CheckConfig":
            request["news"]["endpoints"] = endpoints
        elif method == "Configure":
            request["args"]["endpoints"] = endpoints

    def _translated(self, text: str) -> str:
        for recorded, ours in self._ours.items():
            text = text.replace(recorded, ours)
        return text

    def _learn_ids(self, recorded: dict[str, Any], answer: dict[str, Any]) -> None:
        pairs = [(recorded["id"], answer["id"])]
        ours = answer["properties"]
        pairs += [(value, ours[key]) for key, value in recorded["properties"].items() if isinstance(value, str)]
        # A queue's URL may name the same machine in another way: names and ARNs stay as recorded.
        self._ours |= {self._translated(one): other for one, other in pairs if self._translated(one) != other}

    def _learn_name(self, method: str, call: dict[str, Any]) -> None:
        rule = RESOURCES[call["request"]["type"]].name if call["request"].get("type") in RESOURCES else None
        if rule and method in {"Create", "Diff"}:
            outputs = call.get("response", {}).get("properties", {}) if method == "Create" else call["request"]["olds"]
            if rule.property in outputs:
                self._names[call["request"]["urn"]] = outputs[rule.property]

    def _add_names(self, method: str, request: dict[str, Any]) -> None:
        rule = RESOURCES[request["type"]].name if request.get("type") in RESOURCES else None
        for key in WITH_NAME.get(method, ()) if rule else ():
            name = self._names.get(request["urn"], f"{request['name']}-0123456")
            request.setdefault(key, {}).setdefault(rule.property, name)


@pytest.fixture(scope="module")
def exchanges(local_cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> list[Exchange]:
    folder = tmp_path_factory.mktemp("program")
    (folder / "handlers").mkdir()
    (folder / "handlers" / "handler.py").write_text("def handler(event, context):\n    return event\n")
    replay = Replay(local_cloud, folder)
    asked = [exchange for path in sorted(RECORDINGS.glob("*.jsonl.gz")) for exchange in replay.run(path)]
    assert replay.end() == [(0, ""), (0, "")]  # one for each region; whatever they write, a person would see
    return asked


def test_all_was_asked(exchanges: list[Exchange]) -> None:
    assert len(exchanges) > 600
    assert {exchange.method for exchange in exchanges} == REQUESTS.keys()


def test_every_answer_has_the_recorded_shape(exchanges: list[Exchange]) -> None:
    """Except where ours is better: the handshake, which the recorded provider did not know, is answered."""
    for exchange in exchanges:
        if exchange.method == "Handshake":
            assert exchange.answer == {}
        elif exchange.recorded is None:
            assert exchange.answer is None, exchange
        else:
            assert not exchange.error, exchange
            assert shape_differences(exchange.recorded, exchange.answer) == [], exchange


def shape_differences(recorded: Any, answer: Any, path: str = "") -> list[str]:
    """Return the paths at which an answer lacks what was recorded, or has another type there."""
    if isinstance(recorded, dict):
        if not isinstance(answer, dict):
            return [path]
        return [
            difference
            for key, value in recorded.items()
            for difference in (
                [f"{path}/{key}"] if key not in answer else shape_differences(value, answer[key], f"{path}/{key}")
            )
        ]
    if isinstance(recorded, list):
        return [] if isinstance(answer, list) and len(answer) == len(recorded) else [path]
    if pv.UNKNOWN in (answer, recorded):
        return []
    same_kind = isinstance(answer, type(recorded)) or {type(answer), type(recorded)} <= {int, float}
    return [] if same_kind else [path]


def test_better_check_makes_the_name_and_keeps_it(exchanges: list[Exchange]) -> None:
    """DESIGN.md: names are made in Check from the request's seed; the recorded provider made them in Create."""
    made: dict[tuple[str, str], set[str]] = {}
    for exchange in of_method(exchanges, "Check"):
        request, rule = exchange.request, RESOURCES[exchange.request["type"]].name
        if rule and rule.property not in request["news"]:
            name = exchange.answer["inputs"][rule.property]
            assert re.fullmatch(rf"{request['name']}-[0-9a-f]{{7}}", name)
            made.setdefault((request["urn"], request["randomSeed"]), set()).add(name)
    assert made
    assert all(len(names) == 1 for names in made.values())


def test_better_a_preview_of_an_update_knows_what_stays(exchanges: list[Exchange]) -> None:
    """DESIGN.md: the old outputs overlaid by the new inputs; the recorded preview forgot the ARNs and so replaced."""
    previews = [exchange for exchange in of_method(exchanges, "Update") if exchange.request.get("preview")]
    assert previews
    for exchange in previews:
        old, new = exchange.request["olds"], exchange.answer["properties"]
        stable = {"arn", "invokeArn", "name", "qualifiedArn", "version"} & old.keys()
        assert {name: new[name] for name in stable} == {name: old[name] for name in stable}


def test_better_a_refresh_asks_the_cloud(exchanges: list[Exchange]) -> None:
    """The recorded Read gave back what it was sent; ours tells what the function's environment, say, really is."""
    functions = [exchange for exchange in of_method(exchanges, "Read") if exchange.request["name"] == "steer-fn"]
    assert functions
    for exchange in functions:
        assert exchange.answer["inputs"] == exchange.request["inputs"]
        assert exchange.answer["properties"]["codeSha256"]


def test_what_was_destroyed_is_gone(exchanges: list[Exchange], local_cloud: Cloud) -> None:
    """After the last recording nothing of its program is left in the cloud."""
    assert exchanges
    aws = configured(local_cloud.url).account
    left = [
        *aws.kinesis.list_streams()["StreamNames"],
        *aws.dynamodb.list_tables()["TableNames"],
        *(role["RoleName"] for role in aws.iam.list_roles()["Roles"]),
        *(function["FunctionName"] for function in aws.lambda_.list_functions()["Functions"]),
        *(bucket["Name"] for bucket in aws.s3.list_buckets()["Buckets"]),
        *(api["Name"] for api in aws.apigatewayv2.get_apis()["Items"]),
        *aws.sqs.list_queues().get("QueueUrls", []),
    ]
    assert [name for name in left if "steer" in name] == []


def of_method(exchanges: list[Exchange], method: str) -> list[Exchange]:
    return [exchange for exchange in exchanges if exchange.method == method]
