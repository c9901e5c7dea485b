"""A provider that makes nothing: it notes what a program asks for, so that a plan needs no cloud and no account.

What AWS would only say afterwards (an ARN, a URL) is made up from the resource's name. So the whole program runs, what
it derives from outputs is known too (policies, say), and what refers to a resource can be followed to it.
"""

# ruff: noqa: N802 - the names are the protocol's

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.deploy import property_values as pv
from lab.deploy.engine import urns
from lab.deploy.protocol import provider_pb2
from lab.deploy.provider.resources import RESOURCES

if TYPE_CHECKING:
    from collections.abc import Mapping

_ACCOUNT = "123456789012"
"""AWS's own example of an account."""


@dataclass(frozen=True)
class PlannedResource:
    """A resource that the program asks for."""

    type: str
    """Such as `aws:kinesis/stream:Stream`."""
    name: str
    """In the program."""
    inputs: Mapping[str, Any]
    """What it is asked to be, plain, by Pulumi's names; what the program leaves out is not in it."""


class PlanningProvider:
    """The ResourceProvider protocol, as far as a preview of something that is not deployed needs it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[PlannedResource] = []

    @property
    def planned(self) -> list[PlannedResource]:
        """What was asked for so far, by name."""
        with self._lock:
            return sorted(self._planned, key=lambda resource: resource.name)

    def Check(self, request: provider_pb2.CheckRequest, _context: object) -> provider_pb2.CheckResponse:
        """Take every input as it is: who deploys it will check it."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def Create(self, request: provider_pb2.CreateRequest, _context: object) -> provider_pb2.CreateResponse:
        """Note the resource, and make up what AWS would say of it."""
        type_, name = urns.type_of(request.urn), urns.name_of(request.urn)
        given: dict[str, Any] = pv.strip_secrets(pv.to_plain(request.properties))
        inputs = {key: value for key, value in given.items() if value is not None}
        with self._lock:
            self._planned.append(PlannedResource(type_, name, inputs))
        properties = pv.to_struct({**_made_up(type_, name), **inputs})
        return provider_pb2.CreateResponse(id=name, properties=properties)

    def Invoke(self, request: provider_pb2.InvokeRequest, _context: object) -> provider_pb2.InvokeResponse:
        """Answer a question about something that exists (a role) as if it did."""
        asked = pv.strip_secrets(pv.to_plain(request.args))
        name = str(asked.get("name", request.tok.rsplit(":", 1)[-1]))
        response = provider_pb2.InvokeResponse()
        answer = {**asked, "id": name, "name": name, "arn": _arn(request.tok, name)}
        getattr(response, "return").CopyFrom(pv.to_struct(answer))
        return response


def _made_up(type_: str, name: str) -> dict[str, str]:
    """Return outputs of a resource: its physical name, and what AWS computes, each different from all others."""
    resource = RESOURCES.get(type_)
    if resource is None:
        return {"arn": _arn(type_, name)}
    outputs = {output: f"{name}.{output}" for output in resource.computed}
    if resource.name:
        outputs[resource.name.property] = name
    for output in outputs:
        if output.lower().endswith("arn"):
            outputs[output] = _arn(type_, name) if output == "arn" else f"{_arn(type_, name)}/{output}"
    return outputs


def _arn(token: str, name: str) -> str:
    service = token.split(":")[1].partition("/")[0]
    return f"arn:aws:{service}:us-east-1:{_ACCOUNT}:{name}"
