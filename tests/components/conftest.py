"""The program on Pulumi's mocks: what it would register, and what it says of wrong settings.

The checks run after the program has ended and on what it registered, so that none of them can pass silently inside an
`apply` that nobody waits for.
"""

from __future__ import annotations

import asyncio
import json
import runpy
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pulumi
import pulumi.runtime
import pytest
from pulumi.runtime.mocks import MockMonitor

ROOT = Path(__file__).resolve().parents[2]


def arn(service: str, name: str) -> str:
    """Return an ARN as far as the provider looks at it: partition, service, region, account."""
    return f"arn:aws:{service}:us-east-1:123456789012:{name}"


API = arn("execute-api", "a1b2c3")
COMPUTED = {
    "aws:apigatewayv2/api:Api": {"executionArn": API},
    "aws:apigatewayv2/stage:Stage": {
        "executionArn": f"{API}/$default",
        "invokeUrl": "https://a1b2c3.execute-api.us-east-1.amazonaws.com/",
    },
    "aws:dynamodb/table:Table": {"streamArn": arn("dynamodb", "table/t/stream/2026-01-01T00:00:00.000")},
    "aws:lambda/eventSourceMapping:EventSourceMapping": {"uuid": "6f0e3d1c-0000-4000-8000-000000000000"},
    "aws:sqs/queue:Queue": {"url": "https://sqs.us-east-1.amazonaws.com/123456789012/queue"},
}


@dataclass
class Registered:
    """A resource as the program registered it."""

    type: str
    name: str
    urn: str
    inputs: dict[str, Any]
    dependencies: set[str]
    """The logical names of the resources it waits for."""
    delete_before_replace: bool

    @property
    def parent_type(self) -> str:
        return self.urn.split("::")[2].split("$")[-2]

    @property
    def statements(self) -> list[Any]:
        return json.loads(self.inputs["policy"])["Statement"]


@dataclass
class Deployment:
    """All that one run of the program registered."""

    resources: dict[str, Registered] = field(default_factory=dict)
    """By logical name, without the components."""
    components: dict[str, str] = field(default_factory=dict)
    """Logical name to type."""
    exports: dict[str, Any] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    """The functions of the provider that were called."""

    def __getitem__(self, name: str) -> Registered:
        return self.resources[name]

    def of_type(self, part: str) -> list[Registered]:
        return [resource for resource in self.resources.values() if part in resource.type]


class Cloud(pulumi.runtime.Mocks):
    """Answers as AWS would, with ids and ARNs made of the names."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        named = "bucket" if args.typ == "aws:s3/bucket:Bucket" else "name"
        name = args.inputs.get(named) or f"{args.name}-1a2b3c4"
        service = "logs" if "logGroup" in args.typ else args.typ.split(":")[1].split("/")[0]
        computed = {named: name, "arn": arn(service, name), **COMPUTED.get(args.typ, {})}
        return name, {**args.inputs, **computed} if args.custom else {}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        self.deployment.calls.append(args.token)
        return {"arn": f"arn:aws:iam::123456789012:role/{args.args['name']}", "id": args.args["name"]}


class Monitor(MockMonitor):
    """Notes what a registration says besides the inputs: parents, dependencies, options."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__(Cloud(deployment))
        self.deployment = deployment

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        answer = super().RegisterResource(request)
        if request.custom:
            assert request.name not in self.deployment.resources, "two resources of one logical name"
            self.deployment.resources[request.name] = Registered(
                request.type,
                request.name,
                answer.urn,
                pulumi.runtime.rpc.deserialize_properties(request.object),
                {urn.split("::")[-1] for urn in request.dependencies},
                request.deleteBeforeReplace,
            )
        elif request.type != "pulumi:pulumi:Stack":
            self.deployment.components[request.name] = request.type
        return answer


class Deploy(Protocol):
    """Runs the program, or another one, with these settings."""

    def __call__(self, *, program: Path = ..., stack: str = ..., **settings: Any) -> Deployment: ...


@pytest.fixture(autouse=True)
def loop_for_pulumi() -> Iterator[None]:
    """Give Pulumi the current event loop it asks for: any `asyncio.run` before this test has taken it away."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture
def deploy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deploy:
    """The program, run on mocks; keys of settings are given without their namespace."""
    for lesson in ("basic", "votes", "purchases", "orders", "archive"):
        (tmp_path / f"{lesson}.zip").write_bytes(b"")
    monkeypatch.setenv("LAB_PACKAGES", str(tmp_path))
    monkeypatch.setenv("LAB_LANG", "en")

    def run(
        *, program: Path = ROOT / "__main__.py", stack: str = "ana", aws: dict[str, str] | None = None, **settings: Any
    ) -> Deployment:
        deployment = Deployment()
        given = {"lessons": ["basic"], **settings}
        config = {
            f"streamlab:{name}": value if isinstance(value, str) else json.dumps(value)
            for name, value in given.items()
            if value is not ...
        }
        pulumi.runtime.set_all_config(config | {f"aws:{name}": value for name, value in (aws or {}).items()})
        pulumi.runtime.set_mocks(
            Cloud(deployment), project="streamlab", stack=stack, preview=False, monitor=Monitor(deployment)
        )

        @pulumi.runtime.test
        def whole() -> pulumi.Output[None]:
            runpy.run_path(str(program), run_name="__main__")
            exported = pulumi.Output.all(**pulumi.runtime.get_root_resource().outputs)
            return exported.apply(deployment.exports.update)

        whole()
        return deployment

    return run
