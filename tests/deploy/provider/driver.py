"""Driving a provider as an engine does: Check, Diff, Create, Read, Update, Delete of one resource at a time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

import grpc

from lab.deploy import property_values as pv
from lab.deploy.protocol import provider_pb2
from lab.deploy.provider import AwsProvider

if TYPE_CHECKING:
    from collections.abc import Sequence

Properties = dict[str, Any]


class Aborted(Exception):  # noqa: N818 - it is the end of a call, not a fault of the test
    """What a provider told when it could not answer.

    Args:
        code: the status of the call.
        details: what was told.
    """

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self.code = code


class Context:
    """Stands in for gRPC's context."""

    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        raise Aborted(code, details)


CONTEXT: Any = Context()


def configured(endpoint: str, region: str = "us-east-1", **settings: Any) -> AwsProvider:
    """Return a provider for a cloud."""
    provider = AwsProvider()
    arguments = {"region": region, "endpoints": [{"kinesis": endpoint}], **settings}
    provider.Configure(provider_pb2.ConfigureRequest(args=pv.to_struct(arguments)), CONTEXT)
    return provider


@dataclass
class Deployed:
    """One resource, as an engine knows it.

    Args:
        provider: where it is.
        type: Pulumi's name of its type.
        name: its name in the program.
        inputs: as the program says them, until `create` has checked them.
    """

    provider: AwsProvider
    type: str
    name: str
    inputs: Properties
    id: str = ""
    outputs: Properties = field(default_factory=dict)

    @property
    def _who(self) -> dict[str, str]:
        return {"urn": f"urn:pulumi:local::test::{self.type}::{self.name}", "type": self.type, "name": self.name}

    def check(self, news: Properties, olds: Properties | None = None, seed: str = "seed") -> Properties:
        """Return the checked inputs; AssertionError when there is something wrong with them."""
        inputs, failures = self.try_check(news, olds, seed)
        assert not failures, failures
        return inputs

    def try_check(
        self, news: Properties, olds: Properties | None = None, seed: str = "seed"
    ) -> tuple[Properties, dict[str, str]]:
        """Return the checked inputs, and what is wrong with them by property."""
        request = provider_pb2.CheckRequest(
            **self._who,
            news=pv.to_struct(news),
            olds=pv.to_struct(olds or {}),
            randomSeed=hashlib.sha256(f"{seed}{self.name}".encode()).digest(),
        )
        response = self.provider.Check(request, CONTEXT)
        return pv.to_plain(response.inputs), {failure.property: failure.reason for failure in response.failures}

    def create(self, *, preview: bool = False) -> Deployed:
        """Check and create it."""
        inputs = self.check(self.inputs)
        request = provider_pb2.CreateRequest(**self._who, properties=pv.to_struct(inputs), preview=preview)
        response = self.provider.Create(request, CONTEXT)
        self.inputs, self.id, self.outputs = inputs, response.id, pv.to_plain(response.properties)
        return self

    def read(self) -> tuple[str, Properties, Properties]:
        """Return its id, inputs and outputs as they are now."""
        request = provider_pb2.ReadRequest(
            **self._who, id=self.id, properties=pv.to_struct(self.outputs), inputs=pv.to_struct(self.inputs)
        )
        response = self.provider.Read(request, CONTEXT)
        return response.id, pv.to_plain(response.inputs), pv.to_plain(response.properties)

    def import_(self, id_: str) -> tuple[str, Properties]:
        """Return its id and inputs as found by an id alone."""
        response = self.provider.Read(provider_pb2.ReadRequest(**self._who, id=id_), CONTEXT)
        return response.id, pv.to_plain(response.inputs)

    def changed(self, changes: Properties) -> Properties:
        """Return its inputs with some changed, checked; None takes one away."""
        news = {name: value for name, value in {**self.inputs, **changes}.items() if value is not None}
        return self.check(news, self.inputs)

    def diff(self, news: Properties, ignored: Sequence[str] = ()) -> provider_pb2.DiffResponse:
        """Return what a change of inputs means."""
        request = provider_pb2.DiffRequest(
            **self._who,
            id=self.id,
            olds=pv.to_struct(self.outputs),
            old_inputs=pv.to_struct(self.inputs),
            news=pv.to_struct(news),
            ignoreChanges=ignored,
        )
        return self.provider.Diff(request, CONTEXT)

    def update(self, news: Properties, *, preview: bool = False) -> Properties:
        """Change it, and return its outputs."""
        request = provider_pb2.UpdateRequest(
            **self._who,
            id=self.id,
            olds=pv.to_struct(self.outputs),
            old_inputs=pv.to_struct(self.inputs),
            news=pv.to_struct(news),
            preview=preview,
        )
        outputs = pv.to_plain(self.provider.Update(request, CONTEXT).properties)
        if not preview:
            self.inputs, self.outputs = news, outputs
        return outputs

    def delete(self) -> None:
        """Delete it."""
        request = provider_pb2.DeleteRequest(
            **self._who, id=self.id, properties=pv.to_struct(self.outputs), old_inputs=pv.to_struct(self.inputs)
        )
        self.provider.Delete(request, CONTEXT)

    def find(self) -> str | None:
        """Return its id as found by its inputs."""
        return self.provider.find(self._who["urn"], self.type, self.inputs)
