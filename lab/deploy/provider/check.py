"""Checking a program's inputs before anything is made, and naming what the program leaves unnamed."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import TYPE_CHECKING, Any

from lab.deploy import property_values as pv
from lab.deploy.protocol import provider_pb2
from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lab.deploy.provider.resources.base import AutoName, Input, Resource
    from lab.deploy.provider.values import Properties

_SUFFIX_LENGTH = 7
_AUTO_NAME = re.compile(r"-[0-9a-f]{7}(\.fifo)?$")


def is_auto_name(name: object) -> bool:
    """Say whether a physical name looks made up: it may then be kept by an update, and a replacement gets another."""
    return isinstance(name, str) and bool(_AUTO_NAME.search(name))


def auto_name(rule: AutoName, name: str, seed: bytes, inputs: Properties) -> str:
    """Make a physical name, the same for the same seed.

    Args:
        rule: what AWS asks of it.
        name: the resource's name in the program.
        seed: from the engine; another one for a replacement. Empty means chance.
        inputs: for the ending of FIFO queues and topics.
    """
    ending = ".fifo" if rule.fifo and inputs.get(rule.fifo) else ""
    digits = hashlib.sha256(seed or secrets.token_bytes(32)).hexdigest()[:_SUFFIX_LENGTH]
    return f"{name.lower() if rule.lower_case else name}-{digits}{ending}"


def check(
    resource: Resource, name: str, *, news: Properties, olds: Properties, seed: bytes, default_tags: Mapping[str, str]
) -> tuple[Properties, list[provider_pb2.CheckFailure]]:
    """Return the inputs to deploy with, and what is wrong with them.

    Args:
        resource: the type.
        name: the resource's name in the program.
        news: the inputs of the program; may hold unknowns and secrets, which stay as they are.
        olds: the inputs it was last deployed with; empty for a new resource and for a replacement.
        seed: for a made-up name.
        default_tags: the provider's own.
    """
    inputs = {key: value for key, value in news.items() if value is not None}
    plain: Properties = pv.strip_secrets(inputs)
    if default_tags and "tags" in resource.inputs and isinstance(plain.get("tags", {}), dict):
        inputs["tags"] = {**default_tags, **plain.get("tags", {})}
    if (rule := resource.name) and rule.property not in inputs:
        old = pv.strip_secrets(olds.get(rule.property))
        made = old if is_auto_name(old) else auto_name(rule, name, seed, plain)
        inputs[rule.property] = plain[rule.property] = made
    faults = _faults(resource, plain)
    return inputs, [provider_pb2.CheckFailure(property=property_, reason=reason) for property_, reason in faults]


def unsupported_type(token: str, count: int) -> provider_pb2.CheckFailure:
    """Return the refusal of a resource type that nobody wrote.

    Args:
        token: the type.
        count: how many types there are.
    """
    return provider_pb2.CheckFailure(
        reason=ngettext(
            "{type} is not the one resource type that the local cloud deploys",
            "{type} is not among the {count} resource types that the local cloud deploys",
            count,
        ).format(type=token, count=count)
    )


def _faults(resource: Resource, inputs: Properties) -> Iterator[tuple[str, str]]:
    """Yield property and reason of everything that is wrong with the inputs."""
    for name, spec in resource.inputs.items():
        if spec.required and name not in inputs:
            yield name, _("{property} must be given").format(property=name)
    for name, value in inputs.items():
        if name not in resource.inputs:
            yield (
                name,
                _("the local cloud does not know {property} of {type}").format(
                    property=name, type=resource.pulumi_type
                ),
            )
        elif reason := _refused(name, value, resource.inputs[name]):
            yield name, reason
    if (rule := resource.name) and (reason := _refused_name(rule, inputs[rule.property])):
        yield rule.property, reason


def _refused(name: str, value: Any, spec: Input) -> str:
    """Return why a value is not allowed, "" when it is (or is not known yet)."""
    allowed = spec.allowed
    if allowed is None or value == pv.UNKNOWN or value in allowed:
        return ""
    if isinstance(allowed, range):
        return _("{property} must be a whole number from {least} to {most}, not {value}").format(
            property=name, least=allowed[0], most=allowed[-1], value=value
        )
    return _("{property} must be one of {values}, not {value}").format(
        property=name, values=", ".join(sorted(map(str, allowed))), value=value
    )


def _refused_name(rule: AutoName, name: Any) -> str:
    """Return why AWS would not take a physical name, "" when it would (or it is not known yet)."""
    if name == pv.UNKNOWN:
        return ""
    if not isinstance(name, str) or not re.fullmatch(rule.pattern, name):
        return _("{name} is not a name that AWS takes here: {pattern}").format(name=name, pattern=rule.pattern)
    if len(name) > rule.longest:
        return _("{name} has {length} characters, and AWS takes {longest}").format(
            name=name, length=len(name), longest=rule.longest
        )
    return ""
