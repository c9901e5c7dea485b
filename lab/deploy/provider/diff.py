"""What a change of a program's inputs means for a resource: nothing, an update, or another resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.deploy import property_values as pv
from lab.deploy.protocol import provider_pb2
from lab.deploy.provider.check import is_auto_name
from lab.deploy.provider.values import canonical, is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lab.deploy.provider.resources.base import Resource
    from lab.deploy.provider.values import Properties

_Kind = provider_pb2.PropertyDiff


def diff(resource: Resource, old: Properties, new: Properties, ignored: Collection[str]) -> provider_pb2.DiffResponse:
    """Compare two sets of inputs, defaults filled in.

    Args:
        resource: the type.
        old: what it was deployed with.
        new: what the program says now; may hold unknowns, which differ from everything.
        ignored: properties whose changes do not count.
    """
    changed = [
        name
        for name, spec in resource.inputs.items()
        if name not in ignored and not spec.same(old.get(name), new.get(name))
    ]
    replaces = [name for name in changed if resource.inputs[name].replaces]
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=changed,
        replaces=replaces,
        stables=[] if replaces else _stable_outputs(resource, changed),
        deleteBeforeReplace=bool(replaces) and _cannot_coexist(resource, old, new),
        hasDetailedDiff=True,
        detailedDiff={
            path: provider_pb2.PropertyDiff(kind=kind, inputDiff=True)
            for name in changed
            for path, kind in _differences(name, old.get(name), new.get(name), replaces=name in replaces)
        },
    )


def _stable_outputs(resource: Resource, changed: list[str]) -> list[str]:
    """Return the outputs that this update leaves as they are."""
    affected = {output for name in changed for output in resource.inputs[name].affects}
    fixed = [name for name, spec in resource.inputs.items() if spec.replaces]
    return [*fixed, *(name for name in resource.computed if name not in affected)]


def _cannot_coexist(resource: Resource, old: Properties, new: Properties) -> bool:
    """Say whether the new resource would collide with the old one: the program gives it a name, and keeps it."""
    if resource.delete_before_replace or resource.name is None:
        return resource.delete_before_replace
    name = new.get(resource.name.property)
    return name == old.get(resource.name.property) and not is_auto_name(name)


def _differences(
    path: str, old: Any, new: Any, *, replaces: bool
) -> Iterator[tuple[str, provider_pb2.PropertyDiff.Kind.ValueType]]:
    """Yield the path of each innermost difference, as Pulumi writes paths, and its kind."""
    if old is None:
        yield path, _Kind.ADD_REPLACE if replaces else _Kind.ADD
    elif new is None:
        yield path, _Kind.DELETE_REPLACE if replaces else _Kind.DELETE
    elif is_object(old) and is_object(new) and pv.SIGNATURE not in old:
        for name in sorted(old.keys() | new.keys()):
            if canonical(old.get(name)) != canonical(new.get(name)):
                inner = f"{path}.{name}" if name.isidentifier() else f'{path}["{name}"]'
                yield from _differences(inner, old.get(name), new.get(name), replaces=replaces)
    elif is_list(old) and is_list(new) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            if canonical(one) != canonical(other):
                yield from _differences(f"{path}[{index}]", one, other, replaces=replaces)
    else:
        yield path, _Kind.UPDATE_REPLACE if replaces else _Kind.UPDATE
