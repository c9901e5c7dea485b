"""Values between Pulumi's way of saying them and AWS's.

Pulumi names keys in camelCase and leaves out what is not given; the services' APIs take PascalCase, tags in two shapes,
and attributes as texts. Everything here is a pure function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

from lab.deploy import property_values as pv

if TYPE_CHECKING:
    from collections.abc import Mapping

Properties: TypeAlias = dict[str, Any]
"""Properties by Pulumi's names, as plain values without secrets."""

_MAPS = frozenset(
    {"dimensions", "parameters", "requestParameters", "routeSettings", "stageVariables", "tags", "variables"}
)
"""Properties that are maps from a person's own keys, which nobody renames."""


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Say whether a plain value is an object."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Say whether a plain value is a list."""
    return isinstance(value, list)


def part(properties: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the object that is a property, empty when it is not given."""
    return properties.get(name) or {}


def parts(properties: Mapping[str, Any], name: str) -> list[Any]:
    """Return the list that is a property, empty when it is not given."""
    return properties.get(name) or []


def given(**arguments: Any) -> Any:
    """Return the arguments that are not None, for a call that must be made without the others."""
    return {name: value for name, value in arguments.items() if value is not None}


def told(answer: Mapping[str, Any]) -> Properties:
    """Return an answer of AWS by Pulumi's names, without what is empty in it."""
    return from_aws({name: value for name, value in answer.items() if value not in (None, "", [], {})})


def to_aws(value: Any) -> Any:
    """Return a value with AWS's names of keys instead of Pulumi's."""
    if is_object(value):
        return {
            name[:1].upper() + name[1:]: item if name in _MAPS else to_aws(item)
            for name, item in value.items()
            if item is not None
        }
    return [to_aws(item) for item in value] if is_list(value) else value


def from_aws(value: Any) -> Any:
    """Return a value with Pulumi's names of keys instead of AWS's; the inverse of `to_aws`."""
    if is_object(value):
        renamed = {name[:1].lower() + name[1:]: item for name, item in value.items() if item is not None}
        return {name: item if name in _MAPS else from_aws(item) for name, item in renamed.items()}
    return [from_aws(item) for item in value] if is_list(value) else value


def as_said(value: Any, said: Any) -> Any:
    """Return what AWS tells in the detail in which the program says it: without the keys that AWS filled in.

    Args:
        value: what AWS tells, by Pulumi's names.
        said: the same property as last known; None tells all.
    """
    if is_object(value) and is_object(said):
        return {name: as_said(value[name], said[name]) for name in said if name in value}
    if is_list(value) and is_list(said) and len(value) == len(said):
        return [as_said(one, other) for one, other in zip(value, said, strict=True)]
    return value


def canonical(value: Any) -> Any:
    """Return a value in the form in which two equal ones compare equal: an asset or archive is its hash."""
    if is_object(value):
        if (kind := value.get(pv.SIGNATURE)) in (pv.ASSET, pv.ARCHIVE):
            return {pv.SIGNATURE: kind, "hash": value.get("hash")}
        return {name: canonical(item) for name, item in value.items() if item is not None}
    return [canonical(item) for item in value] if is_list(value) else value


def as_text(value: Any) -> str:
    """Return a value as services take it whose attributes are all texts."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def from_text(text: str) -> Any:
    """Return an attribute's text as the value it stands for."""
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if text.isdigit() else text


def tags_of(properties: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags among some properties."""
    return {key: str(value) for key, value in part(properties, "tags").items()}


def tag_list(tags: Mapping[str, str]) -> list[Any]:
    """Return tags as most services take them: a list of `Key` and `Value`."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tags_from_list(tags: list[Any]) -> dict[str, str]:
    """Return a service's list of `Key` and `Value` as tags."""
    return {tag["Key"]: tag.get("Value", "") for tag in tags}
