"""Deleting: what left the program, what was replaced, or everything; each before what it needs."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from lab.deploy.engine.replacement import ProtectedError
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lab.deploy.engine.providers import Providers
    from lab.deploy.engine.run import Run
    from lab.deploy.engine.snapshot import Snapshot
    from lab.deploy.engine.state import Resource

_PARALLEL = 16


def delete(doomed: Sequence[Resource], run: Run, snapshot: Snapshot, providers: Providers) -> None:
    """Delete resources, as many at a time as nothing else needs; in a preview only tell it.

    A protected one is refused by name, and then nothing is deleted at all. One that cannot be deleted keeps what it
    needs alive; the rest goes on.
    """
    protected = [resource for resource in doomed if resource.protect]
    for resource in protected:
        run.fail(ProtectedError(resource.urn), resource.urn)
    if protected:
        return
    names = {resource.urn for resource in doomed if not resource.delete}
    needed: set[str] = set()  # by what could not be deleted
    with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="delete") as threads, providers.interruptible():
        for batch in _batches(doomed):
            possible = [resource for resource in batch if resource.urn not in needed]
            for resource in batch:
                if resource.urn in needed:
                    run.skip(resource.urn, _("Something that needs it could not be deleted."))
                    needed |= resource.needs()
            if not run.preview:
                snapshot.begin_deletes(possible)
            delete_one = functools.partial(_delete_one, doomed=names, run=run, snapshot=snapshot, providers=providers)
            for resource, deleted in zip(possible, threads.map(delete_one, possible), strict=True):
                if not deleted:
                    needed |= resource.needs()
            snapshot.save()


def _delete_one(resource: Resource, doomed: set[str], run: Run, snapshot: Snapshot, providers: Providers) -> bool:
    # Of a default provider nothing tells, it is nobody's wish; what was replaced was told when it was replaced.
    silent = resource.delete or (resource.is_provider and not resource.parent)
    done = None if silent else run.begin("delete", resource.urn)
    try:
        if not run.preview and _exists_by_itself(resource, doomed, snapshot):
            providers.client(resource.provider).delete(resource)
    except LabError as error:
        run.fail(error, resource.urn)
        snapshot.abandon_delete(resource.urn)
        return False
    snapshot.forget(resource)
    if done is not None:
        done()
    return True


def _exists_by_itself(resource: Resource, doomed: set[str], snapshot: Snapshot) -> bool:
    if not resource.is_real or resource.retain_on_delete:
        return False
    carrier = resource.deleted_with
    return not carrier or (carrier not in doomed and snapshot.find(carrier) is not None)


def _batches(doomed: Sequence[Resource]) -> Iterator[list[Resource]]:
    """Yield the resources in batches: nothing in a batch is needed by anything in it or in a later one."""
    left = list(doomed)
    while left:
        needed = {urn for resource in left for urn in resource.needs()}
        batch = [resource for resource in left if resource.urn not in needed]
        if not batch:  # a circle, which no state should hold: better some order than none
            batch = left[-1:]
        yield batch
        done = {id(resource) for resource in batch}  # a replaced resource and its successor share their urn
        left = [resource for resource in left if id(resource) not in done]
