"""What is deployed, as Pulumi's deployment schema version 3 writes it down (`pulumi stack export --show-secrets`)."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lab.deploy.engine import urns, values
from lab.deploy.protocol import PULUMI_VERSION
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA_VERSION = 3


def now() -> str:
    """Return the present as Pulumi writes times: UTC, to the nanosecond."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{nanoseconds:09d}Z"


@dataclass(frozen=True)
class Resource:
    """One resource that exists.

    Args:
        urn: what the program knows it by.
        type: its type token.
        custom: whether a provider made it; a component is only a name in the tree.
        id: what the provider knows it by.
        inputs: what the provider was asked for.
        outputs: what the provider, or a component, answered.
        parent: the parent's urn.
        protect: whether deleting it is refused.
        delete: whether it was replaced and only waits to be deleted.
        external: whether it was only read, and so is never changed or deleted.
        dependencies: urns of what must exist before it.
        init_errors: why it did not come up as asked, though it exists.
        provider: the reference (urn and id) to its provider.
        property_dependencies: for each input, the urns it comes from.
        additional_secret_outputs: outputs that are secret though no input made them so.
        aliases: urns it was known by before, where the engine that wrote the state kept them.
        retain_on_delete: whether it is left alive when it leaves the state.
        deleted_with: the urn of the resource whose deletion deletes this one too.
        created: when the engine first recorded it.
        modified: when the engine last changed it.
    """

    urn: str
    type: str
    custom: bool
    id: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    parent: str = ""
    protect: bool = False
    delete: bool = False
    external: bool = False
    dependencies: tuple[str, ...] = ()
    init_errors: tuple[str, ...] = ()
    provider: str = ""
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    retain_on_delete: bool = False
    deleted_with: str = ""
    created: str = ""
    modified: str = ""

    @property
    def is_provider(self) -> bool:
        """Whether it is itself a provider."""
        return urns.is_provider_type(self.type)

    @property
    def is_real(self) -> bool:
        """Whether something exists at a provider that deleting it must remove."""
        return self.custom and not self.is_provider and not self.external

    def needs(self) -> set[str]:
        """Return the urns of everything that must exist as long as this resource does."""
        found = {self.parent, self.deleted_with, urns.provider_urn(self.provider), *self.dependencies}
        found.update(urn for sources in self.property_dependencies.values() for urn in sources)
        return found - {"", self.urn}

    def condemned(self) -> Resource:
        """Return this resource as one that was replaced and is still to be deleted."""
        return replace(self, delete=True)

    def renamed(self, names: Mapping[str, str]) -> Resource:
        """Return this resource with what it refers to under new urns."""

        def new(urn: str) -> str:
            return names.get(urn, urn)

        provider = self.provider
        if provider:
            provider = urns.provider_reference(new(urns.provider_urn(provider)), provider.rpartition("::")[2])
        return replace(
            self,
            urn=new(self.urn),
            parent=new(self.parent),
            dependencies=tuple(map(new, self.dependencies)),
            provider=provider,
            property_dependencies={name: tuple(map(new, uses)) for name, uses in self.property_dependencies.items()},
            deleted_with=new(self.deleted_with),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the resource as the state file holds it: Pulumi's names and order, what is empty left out."""
        members: dict[str, Any] = {
            "urn": self.urn,
            "custom": self.custom,
            "delete": self.delete,
            "id": self.id,
            "type": self.type,
            "inputs": values.to_state(self.inputs),
            "outputs": values.to_state(self.outputs),
            "parent": self.parent,
            "protect": self.protect,
            "external": self.external,
            "dependencies": list(self.dependencies),
            "initErrors": list(self.init_errors),
            "provider": self.provider,
            "propertyDependencies": {name: list(uses) for name, uses in sorted(self.property_dependencies.items())},
            "additionalSecretOutputs": list(self.additional_secret_outputs),
            "aliases": list(self.aliases),
            "retainOnDelete": self.retain_on_delete,
            "deletedWith": self.deleted_with,
            "created": self.created,
            "modified": self.modified,
        }
        return {name: value for name, value in members.items() if value or name == "custom"}

    @classmethod
    def from_json(cls, members: Mapping[str, Any]) -> Resource:
        """Return a resource of a state file; members that the engine has no use for are left out."""
        return cls(
            urn=members["urn"],
            type=members["type"],
            custom=members["custom"],
            id=members.get("id", ""),
            inputs=values.from_state(members.get("inputs", {})),
            outputs=values.from_state(members.get("outputs", {})),
            parent=members.get("parent", ""),
            protect=members.get("protect", False),
            delete=members.get("delete", False),
            external=members.get("external", False),
            dependencies=tuple(members.get("dependencies", ())),
            init_errors=tuple(members.get("initErrors", ())),
            provider=members.get("provider", ""),
            property_dependencies={
                name: tuple(uses or ()) for name, uses in members.get("propertyDependencies", {}).items()
            },
            additional_secret_outputs=tuple(members.get("additionalSecretOutputs", ())),
            aliases=tuple(members.get("aliases", ())),
            retain_on_delete=members.get("retainOnDelete", False),
            deleted_with=members.get("deletedWith", ""),
            created=members.get("created", ""),
            modified=members.get("modified", ""),
        )


@dataclass(frozen=True)
class Deployment:
    """All that is deployed.

    Args:
        resources: what exists, each after what it needs.
        creating: what was being created when this was written; it may or may not exist.
        deleting: what was being deleted when this was written; it may or may not exist any more.
    """

    resources: tuple[Resource, ...] = ()
    creating: tuple[Resource, ...] = ()
    deleting: tuple[Resource, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the document that `pulumi stack export --show-secrets` would print and `pulumi stack import` takes."""
        version = f"v{PULUMI_VERSION}"
        manifest = {"time": now(), "magic": hashlib.sha256(version.encode()).hexdigest(), "version": version}
        deployment: dict[str, Any] = {
            "manifest": manifest,
            "resources": [resource.to_json() for resource in self.resources],
        }
        pending = [*(("creating", each) for each in self.creating), *(("deleting", each) for each in self.deleting)]
        if pending:
            deployment["pending_operations"] = [{"resource": each.to_json(), "type": kind} for kind, each in pending]
        return {"version": SCHEMA_VERSION, "deployment": {**deployment, "metadata": {}}}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Deployment:
        """Return what a document says is deployed.

        Raises:
            LabError: it is of another schema version, or holds what this engine cannot carry on from.
        """
        if document.get("version") != SCHEMA_VERSION:
            raise LabError(
                _("The state is of schema version {found}, not {wanted}.").format(
                    found=document.get("version"), wanted=SCHEMA_VERSION
                )
            )
        deployment = document["deployment"]
        operations = deployment.get("pending_operations") or ()
        return cls(
            tuple(Resource.from_json(members) for members in deployment.get("resources") or ()),
            # Any other interrupted operation is simply done again: the resource is known, and so is its id.
            tuple(Resource.from_json(each["resource"]) for each in operations if each["type"] == "creating"),
            tuple(Resource.from_json(each["resource"]) for each in operations if each["type"] == "deleting"),
        )
