"""Looking at what exists: resources the program only reads, the whole stack on a refresh, creates that were cut off."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from lab.deploy import property_values as pv
from lab.deploy.engine import urns, values
from lab.deploy.engine.changes import changes_of
from lab.deploy.engine.provider_client import ProviderError
from lab.deploy.engine.state import Resource, now
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from lab.deploy.engine.providers import Providers
    from lab.deploy.engine.run import Run
    from lab.deploy.engine.snapshot import Snapshot
    from lab.deploy.protocol import resource_pb2

_PARALLEL = 16


def read_external(
    request: resource_pb2.ReadResourceRequest, run: Run, snapshot: Snapshot, providers: Providers
) -> Resource:
    """Read a resource that the program refers to by its id and does not own (`Queue.get("name", id)`).

    Raises:
        ProviderError: it does not exist.
    """
    urn = run.project.urn(request.parent, request.type, request.name)
    reference = request.provider or providers.default(urns.package_of(request.type), request.version)
    time = now()
    resource = Resource(
        urn=urn,
        type=request.type,
        custom=True,
        id=request.id,
        inputs=pv.to_plain(request.properties),
        parent=request.parent,
        external=True,
        dependencies=tuple(request.dependencies),
        provider=reference,
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        created=time,
        modified=time,
    )
    if run.preview and request.id in ("", pv.UNKNOWN):
        return replace(resource, id="")
    done = run.begin("read", urn)
    resource_id, _inputs, outputs = providers.client(reference).read(resource)
    if not resource_id:
        raise ProviderError(_("There is no such resource: {id}").format(id=request.id))
    outputs = values.mark_secret(outputs, resource.additional_secret_outputs)
    resource = replace(resource, id=resource_id, outputs=outputs)
    snapshot.settle(resource, snapshot.old.get(urn))
    done()
    return resource


def refresh(run: Run, snapshot: Snapshot, providers: Providers) -> None:
    """Bring the state to what really exists.

    What changed behind its back is told as an update, what is gone as a delete. Only the state changes: the next `up`
    then makes everything again what the program asks for.
    """

    def refresh_one(resource: Resource) -> None:
        try:
            _refresh_one(resource, run, snapshot, providers)
        except LabError as error:
            run.fail(error, resource.urn)

    resources = snapshot.all()
    with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="refresh") as threads, providers.interruptible():
        list(threads.map(refresh_one, (resource for resource in resources if resource.is_real)))
    for resource in resources:
        if not resource.is_real and not resource.is_provider:
            run.note("same", resource.urn)


def anything_exists(snapshot: Snapshot, providers: Providers) -> bool:
    """Say whether at least one of the resources exists, or there is none to look for.

    Raises:
        LabError: a provider could not be asked.
    """
    real = [resource for resource in snapshot.all() if resource.is_real]
    # One after another: nearly always the first is there, and no more need be asked.
    return not real or any(providers.client(resource.provider).read(resource)[0] for resource in real)


def _refresh_one(resource: Resource, run: Run, snapshot: Snapshot, providers: Providers) -> None:
    client = providers.client(resource.provider)
    resource_id, inputs, outputs = client.read(resource)
    if not resource_id:
        snapshot.forget(resource)
        run.note("delete", resource.urn)
        return
    outputs = values.mark_secret(outputs, resource.additional_secret_outputs)
    found = replace(resource, id=resource_id, inputs=inputs or resource.inputs, outputs=outputs, init_errors=())
    # Asked the way round in which `up` would ask: what would it take to get from what exists to what was asked for?
    difference = client.diff(found, resource.urn, resource.inputs)
    if not difference.changed and outputs == resource.outputs:
        run.note("same", resource.urn)
        return
    snapshot.put(replace(found, modified=now()))
    run.learn_secrets_of(resource.inputs)
    changes = changes_of(difference.properties, resource.inputs, found.inputs)
    run.note("update" if difference.changed else "same", resource.urn, changes)


def recover(run: Run, snapshot: Snapshot, providers: Providers) -> None:
    """Find out what became of creates and deletes whose end is not known: what was made, and what is gone.

    Nothing is created or deleted here. What is taken over is a resource of the stack like any other: the program keeps
    it, or it is deleted with the rest. It is known by what was found of it, not by what was asked for: a create takes
    several calls and may have been cut off between them, and what is missing is then a difference like any other.
    """
    for resource in snapshot.deleting:
        known = snapshot.find(resource.urn)
        is_known = known is not None and known.id == resource.id
        if is_known and resource.is_real and not providers.client(resource.provider).read(resource)[0]:
            snapshot.forget(resource)
        else:
            snapshot.abandon_delete(resource.urn)
    for resource in snapshot.creating:
        client = providers.client(resource.provider)
        known = snapshot.find(resource.urn)
        resource_id = client.find(resource)
        if not resource_id or (known is not None and known.id == resource_id):
            snapshot.abandon_create(resource.urn)
            continue
        # What was asked for stands for what was known: it is what the provider keeps where nothing can be read.
        found_id, inputs, outputs = client.read(replace(resource, id=resource_id, outputs=resource.inputs))
        if not found_id:
            snapshot.abandon_create(resource.urn)
            continue
        outputs = values.mark_secret(outputs, resource.additional_secret_outputs)
        # What was not asked for is what the provider filled in: no difference to what the program says.
        made = {name: value for name, value in inputs.items() if name in resource.inputs}
        snapshot.adopt(replace(resource, id=found_id, inputs=made or resource.inputs, outputs=outputs))
        if not run.preview:
            run.log("info", _("A run that was cut off had made this; it is taken over."), resource.urn)
    snapshot.save()
