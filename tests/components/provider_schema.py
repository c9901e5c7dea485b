"""What the AWS provider takes, told by its own Python SDK: the names of inputs, their types, and which are required.

The SDK is made from the provider's schema: what its classes do not know, the provider refuses.
"""

from __future__ import annotations

import importlib
import inspect
import keyword
import typing
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

import pulumi
from pulumi._types import input_type_py_to_pulumi_names, input_type_types, is_input_type


def args_of(token: str) -> type:
    """Return the class of a resource's inputs, by its token: `aws:kinesis/stream:Stream`."""
    _, module, name = token.split(":")
    module = module.split("/")[0]
    package = importlib.import_module(f"pulumi_aws.{module}_" if keyword.iskeyword(module) else f"pulumi_aws.{module}")
    return getattr(package, f"{name}Args")


def faults(token: str, inputs: Mapping[str, Any]) -> list[str]:
    """Return what the provider would refuse: inputs as they are sent, with its own names and numbers as floats."""
    return list(_faults_of_object(token, inputs, args_of(token)))


def _faults_of_object(path: str, given: Mapping[str, Any], declared: type) -> Iterator[str]:
    known, names = input_type_types(declared), input_type_py_to_pulumi_names(declared)
    parameters = inspect.signature(declared.__init__).parameters.values()
    required = {names[each.name] for each in parameters if each.name in names and each.default is each.empty}
    yield from (f"{path}.{name} is missing" for name in sorted(required - given.keys()))
    for name, value in given.items():
        if name not in known:
            yield f"{path}.{name} is not known"
        else:
            yield from _faults(f"{path}.{name}", value, known[name])


def _faults(path: str, value: Any, declared: Any) -> list[str]:
    of_each = [list(_faults_as(path, value, kind)) for kind in _alternatives(declared)]
    return [] if [] in of_each else of_each[0]


def _alternatives(declared: Any) -> list[Any]:
    """Return what a value may be, without what only a program can give: outputs and awaitables."""
    if typing.get_origin(declared) is not typing.Union:
        return [declared]
    kinds = typing.get_args(declared)
    return [
        kind for kind in kinds if typing.get_origin(kind) not in {Awaitable, pulumi.Output} and kind is not type(None)
    ]


def _faults_as(path: str, value: Any, kind: Any) -> Iterator[str]:
    """Find what is wrong with a value if it is to be of one kind."""
    origin, of = typing.get_origin(kind), typing.get_args(kind)
    if is_input_type(kind) and isinstance(value, dict):
        yield from _faults_of_object(path, value, kind)
    elif origin is Sequence and isinstance(value, list):
        for index, each in enumerate(value):
            yield from _faults(f"{path}[{index}]", each, of[0])
    elif origin is Mapping and isinstance(value, dict):
        for name, each in value.items():
            yield from _faults(f"{path}.{name}", each, of[1])
    elif not _is_scalar(value, kind):
        yield f"{path} is {value!r}, which is no {getattr(kind, '__name__', kind)}"


def _is_scalar(value: Any, kind: Any) -> bool:
    if kind is int:
        return isinstance(value, float) and value.is_integer()
    if isinstance(kind, type) and issubclass(kind, Enum):
        return value in {member.value for member in kind}
    return isinstance(kind, type) and isinstance(value, kind)
