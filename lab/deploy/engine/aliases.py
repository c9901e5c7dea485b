"""Under which urns a resource may be found that once was called otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.deploy.engine import urns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lab.deploy.engine.goal import Goal
    from lab.deploy.protocol import alias_pb2


def former_urns(goal: Goal, stack: str, project: str, parent_aliases: Iterable[str]) -> list[str]:
    """Return the urns a resource may have had, the likeliest first.

    Args:
        goal: the resource as the program wants it now.
        stack: the present stack's name.
        project: the present project's name.
        parent_aliases: the urns its parent may have had; a child inherits them.
    """
    found: dict[str, None] = {}
    for alias in goal.aliases:
        found.update(dict.fromkeys(_urns_of(alias, goal, stack, project, parent_aliases)))
    for former_parent in parent_aliases:
        for name in _inherited_names(goal.name, goal.parent, former_parent):
            found[urns.make(stack, project, former_parent, goal.type, name)] = None
    return list(found)


def _urns_of(
    alias: alias_pb2.Alias, goal: Goal, stack: str, project: str, parent_aliases: Iterable[str]
) -> Iterator[str]:
    if alias.urn:
        yield alias.urn
        return
    spec = alias.spec
    stack, project = spec.stack or stack, spec.project or project
    type_ = spec.type or goal.type
    if spec.noParent:
        yield urns.make(stack, project, "", type_, spec.name or goal.name)
        return
    parent = spec.parentUrn or goal.parent
    yield urns.make(stack, project, parent, type_, spec.name or goal.name)
    if not spec.parentUrn:
        for former_parent in parent_aliases:
            names = [spec.name] if spec.name else _inherited_names(goal.name, goal.parent, former_parent)
            for name in names:
                yield urns.make(stack, project, former_parent, type_, name)


def _inherited_names(name: str, parent: str, former_parent: str) -> list[str]:
    """Return what a child may have been called: children are mostly named after their parent (`votes-queue`)."""
    prefix = urns.name_of(parent)
    if name.startswith(prefix):
        return [urns.name_of(former_parent) + name[len(prefix) :], name]
    return [name]
