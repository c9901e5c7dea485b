"""What exists while a run goes on: shared by its threads, saved so that nothing that was made is ever forgotten."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from lab.deploy.engine.state import Deployment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.deploy.engine.state import Resource
    from lab.deploy.engine.store import Store


class Snapshot:
    """The resources of a stack during one run.

    They are in one of three places: `old`, as the last run left them and not settled yet; settled, as this run left
    them; replaced, waiting to be deleted. Before a create or a delete is asked for, its record is on the disk: a later
    run must know that something may exist, or may be gone. Everything else may reach the disk later, because a later
    run finds it out again (an update is simply done once more).

    Args:
        deployment: what the last run left.
        store: where to save, None for a preview.
    """

    def __init__(self, deployment: Deployment, store: Store | None) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._changes = 0
        self._saved_changes = 0
        self._settled: dict[str, Resource] = {}
        self._replaced = [resource for resource in deployment.resources if resource.delete]
        self._creating = {resource.urn: resource for resource in deployment.creating}
        self._deleting = {resource.urn: resource for resource in deployment.deleting}
        self._new_names: dict[str, str] = {}
        self.old = {resource.urn: resource for resource in deployment.resources if not resource.delete}

    def find(self, urn: str) -> Resource | None:
        """Return a resource as it is now, whichever run it comes from."""
        with self._lock:
            return self._settled.get(urn) or self.old.get(urn)

    def all(self) -> list[Resource]:
        """Return everything that exists, each after what it needs."""
        with self._lock:
            return list(self._deployment().resources)

    def unsettled(self) -> list[Resource]:
        """Return what this run did not settle: the old ones the program no longer has, and the replaced."""
        with self._lock:
            return [*self.old.values(), *self._replaced]

    def begin_create(self, resource: Resource) -> None:
        """Write down that a resource is about to be created; only then may it be."""
        with self._lock:
            self._creating[resource.urn] = resource
            self._changes += 1
        self.save()

    def abandon_create(self, urn: str) -> None:
        """Note that a create failed, and so made nothing."""
        with self._lock:
            self._creating.pop(urn, None)
            self._changes += 1

    def settle(self, resource: Resource, old: Resource | None = None, *, replaced: Resource | None = None) -> None:
        """Note how this run left a resource.

        Args:
            resource: as it is now.
            old: what it was before, perhaps under another urn.
            replaced: what it takes the place of and what is still to be deleted.
        """
        with self._lock:
            self._creating.pop(resource.urn, None)
            if old is not None:
                self.old.pop(old.urn, None)
                if old.urn != resource.urn:
                    self._new_names[old.urn] = resource.urn
            if replaced is not None:
                self._replaced.append(replaced)
            self._settled[resource.urn] = resource
            self._changes += 1

    def put(self, resource: Resource) -> None:
        """Note that a resource is different now, in the place where it is."""
        with self._lock:
            place = self._settled if resource.urn in self._settled else self.old
            place[resource.urn] = resource
            self._changes += 1

    def begin_deletes(self, resources: Sequence[Resource]) -> None:
        """Write down that resources are about to be deleted; only then may they be."""
        with self._lock:
            # One that was replaced is deleted again by any later run, whether it still exists or not.
            self._deleting.update({resource.urn: resource for resource in resources if not resource.delete})
            self._changes += 1
        self.save()

    def abandon_delete(self, urn: str) -> None:
        """Note that a delete has ended, and the resource may still be there."""
        with self._lock:
            self._deleting.pop(urn, None)
            self._changes += 1

    @property
    def deleting(self) -> Sequence[Resource]:
        """What was, or is, being deleted."""
        with self._lock:
            return list(self._deleting.values())

    def forget(self, resource: Resource) -> None:
        """Note that a resource no longer exists."""
        with self._lock:
            if not resource.delete:
                self._deleting.pop(resource.urn, None)
            if resource.delete:
                self._replaced = [other for other in self._replaced if other is not resource]
            else:
                self.old.pop(resource.urn, None)
                self._settled.pop(resource.urn, None)
            self._changes += 1

    def adopt(self, resource: Resource) -> None:
        """Take over what an earlier run created without getting to note it.

        What it was to take the place of, where there is such a thing, waits to be deleted.
        """
        with self._lock:
            self._creating.pop(resource.urn, None)
            # Popped, because its place is last: what it needs was there before it.
            replaced = self.old.pop(resource.urn, None)
            if replaced is not None:
                self._replaced.append(replaced.condemned())
            self.old[resource.urn] = resource
            self._changes += 1

    @property
    def creating(self) -> Sequence[Resource]:
        """What was, or is, being created."""
        with self._lock:
            return list(self._creating.values())

    def save(self, *, readable: bool = False) -> None:
        """Write everything noted so far to the disk; threads that come together share one write.

        Args:
            readable: see `Store.save`.
        """
        if self._store is None:
            return
        with self._lock:
            wanted = self._changes
        with self._writing:
            if self._saved_changes >= wanted and not readable:
                return  # another thread wrote it while this one waited
            with self._lock:
                changes = self._changes
                deployment = self._deployment()
            self._store.save(deployment, readable=readable)
            self._saved_changes = changes

    def _deployment(self) -> Deployment:
        unsettled = [*self.old.values(), *self._replaced]
        if self._new_names:
            # It may still refer to a settled resource by the name that one had.
            unsettled = [resource.renamed(self._new_names) for resource in unsettled]
        resources = (*self._settled.values(), *unsettled)
        return Deployment(resources, tuple(self._creating.values()), tuple(self._deleting.values()))
