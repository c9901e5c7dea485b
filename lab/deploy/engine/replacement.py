"""Replacing a resource that must be gone before its successor can be made: what depends on it may have to go first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.deploy import property_values as pv
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from lab.deploy.engine.providers import Providers
    from lab.deploy.engine.run import Run
    from lab.deploy.engine.snapshot import Snapshot
    from lab.deploy.engine.state import Resource


class ProtectedError(LabError):
    """A resource that is protected would have to be deleted."""

    def __init__(self, urn: str) -> None:
        super().__init__(
            _("It is protected, so it is not deleted: {urn}").format(urn=urn),
            next_step=_("Remove `protect` from it in the program and run `lab up`, if you mean it."),
        )


def delete_before_replacing(resource: Resource, run: Run, snapshot: Snapshot, providers: Providers) -> set[str]:
    """Delete a resource that is to be replaced, and before it what cannot live on without it.

    Returns:
        The urns of what was, or in a preview would be, deleted beside it: the program will ask for it again.

    Raises:
        ProtectedError: something of it is protected; nothing was deleted.
        ProviderError: something could not be deleted.
    """
    dependents = _dependents_to_replace(resource, snapshot, providers)
    for dependent in dependents:
        if dependent.protect:
            raise ProtectedError(dependent.urn)
    for doomed in (*reversed(dependents), resource):
        if not run.preview and not doomed.retain_on_delete:
            providers.client(doomed.provider).delete(doomed)
        snapshot.forget(doomed)
    return {dependent.urn for dependent in dependents}


def _dependents_to_replace(resource: Resource, snapshot: Snapshot, providers: Providers) -> list[Resource]:
    """Return what a provider would replace if nothing were known of the resource, each after what it needs."""
    doomed = {resource.urn}
    found: list[Resource] = []
    for other in list(snapshot.old.values()):
        if other.urn in doomed or not other.is_real:
            continue
        uncertain = {
            name: pv.UNKNOWN
            for name, uses in other.property_dependencies.items()
            if name in other.inputs and not doomed.isdisjoint(uses)
        }
        if not uncertain:
            continue
        difference = providers.client(other.provider).diff(other, other.urn, {**other.inputs, **uncertain})
        if difference.replaces:
            doomed.add(other.urn)
            found.append(other)
    return found
