"""Reading a state that another engine wrote: judged before anything of ours is given up for it.

Everything that is wrong with it is told in words; a state that only looks right would cost what is deployed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lab.deploy import property_values as pv
from lab.deploy.engine import urns
from lab.deploy.engine.state import Deployment
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.deploy.engine.state import Resource

_UNFINISHED = ("pendingReplacement", "taint", "viewOf")
"""What a resource's record may hold that only the engine that wrote it can finish."""
_SHAPES = {
    "id": str,
    "inputs": dict,
    "outputs": dict,
    "parent": str,
    "provider": str,
    "dependencies": list,
    "propertyDependencies": dict,
}
"""What members of a resource's record are, where they are there; those that it cannot lack are read by their names."""


def read_state(text: str, project: str, stack: str) -> Deployment:
    """Return what a text says is deployed in a stack.

    Args:
        text: what `pulumi stack export --show-secrets` or `lab stack export` prints.
        project: the project's name.
        stack: the stack's name.

    Raises:
        LabError: it is no state, not of this stack, not of a local cloud, or this engine cannot carry it on.
    """
    document = _document(text)
    try:
        records: Sequence[Mapping[str, Any]] = document["deployment"].get("resources") or ()
        _refuse_wrong_shapes(records)
        deployment = Deployment.from_json(document)
        _refuse_unfinished(records)
        known = (*deployment.resources, *deployment.creating, *deployment.deleting)
        _refuse_another_stack({_stack_of(resource) for resource in known} - {(project, stack)}, project, stack)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise _no_state(f"{type(error).__name__}: {error}") from error
    _refuse_nameless(deployment.resources)
    _refuse_loose_ends(deployment.resources)
    _refuse_aws(deployment.resources)
    return deployment


def _document(text: str) -> dict[str, Any]:
    if not text.strip():
        raise _no_state(_("It is empty."))
    try:
        document = json.loads(text)
        json.dumps(document, ensure_ascii=False).encode()  # half a character could be read, but never be written again
    except (ValueError, RecursionError) as error:
        raise _no_state(_("It is not JSON: {error}").format(error=error)) from error
    if not isinstance(document, dict) or not isinstance(document.get("deployment"), dict):  # pyright: ignore[reportUnknownMemberType]
        raise _no_state(_("It has no “deployment”."))
    return document  # pyright: ignore[reportUnknownVariableType]


def _no_state(why: str) -> LabError:
    return LabError(
        _("This is not the state of a stack."),
        why=why,
        next_step=_("Give what this prints: pulumi stack export --show-secrets"),
    )


def _refuse_wrong_shapes(records: Sequence[Mapping[str, Any]]) -> None:
    for record in records:
        for member, shape in _SHAPES.items():
            if member in record and not isinstance(record[member], shape):
                raise _edited(
                    _("“{member}” of {resource} is not of its kind.").format(member=member, resource=record["urn"])
                )


def _refuse_nameless(resources: Sequence[Resource]) -> None:
    """Refuse a resource of which nobody could say what it is: it would be made again, or never be deleted."""
    for resource in resources:
        if urns.type_of(resource.urn) != resource.type:
            raise _edited(_("{resource} is said to be a {type}.").format(resource=resource.urn, type=resource.type))
        if resource.custom and not resource.id:
            raise _edited(_("{resource} has no id.").format(resource=resource.urn))
        if resource.is_real and not urns.provider_urn(resource.provider):
            raise _edited(_("{resource} names no provider.").format(resource=resource.urn))


def _refuse_unfinished(records: Sequence[Mapping[str, Any]]) -> None:
    for record in records:
        for member in _UNFINISHED:
            if record.get(member):
                raise LabError(
                    _("{resource} is not finished ({member}).").format(resource=record["urn"], member=member),
                    why=_("Only the Pulumi CLI can go on from there."),
                    next_step=_("Let it come to its end, then export again: lab pulumi -- up"),
                )


def _stack_of(resource: Resource) -> tuple[str, str]:
    """Return the project and the stack in a resource's urn."""
    stack, project, _type, _name = resource.urn.removeprefix("urn:pulumi:").split("::", 3)
    return project, stack


def _refuse_another_stack(others: set[tuple[str, str]], project: str, stack: str) -> None:
    for other_project, other_stack in sorted(others):
        raise LabError(
            _("This is the state of stack {stack} of project {project}.").format(
                stack=other_stack, project=other_project
            ),
            why=_("Here it is stack {stack} of project {project}: the same names would mean other things.").format(
                stack=stack, project=project
            ),
            next_step=_("Export the state of this stack: pulumi stack export --show-secrets --stack {stack}").format(
                stack=stack
            ),
        )


def _refuse_loose_ends(resources: Sequence[Resource]) -> None:
    """Refuse a state in which something is there twice, or needs what does not come before it."""
    seen: set[str] = set()
    for resource in resources:
        if resource.urn in seen and not resource.delete:
            raise _edited(_("{resource} is in it twice.").format(resource=resource.urn))
        for urn in sorted(resource.needs() - seen):
            raise _edited(
                _("{resource} needs {other}, which does not come before it.").format(resource=resource.urn, other=urn)
            )
        if not resource.delete:
            seen.add(resource.urn)


def _edited(why: str) -> LabError:
    return LabError(
        _("This state is not whole."),
        why=why,
        next_step=_("If it was edited by hand, take that back, or let Pulumi mend it: pulumi state repair"),
    )


def _refuse_aws(resources: Sequence[Resource]) -> None:
    from lab.deploy.provider.configuration import Configuration  # with all of gRPC

    for resource in resources:
        if resource.is_provider and urns.is_default_provider(resource.urn):
            try:
                Configuration.from_values(pv.strip_secrets(dict(resource.inputs)), needs_endpoints=True)
            except (AttributeError, TypeError, ValueError) as error:
                raise _edited(f"{resource.urn}: {error}") from error
