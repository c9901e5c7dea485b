"""What a program asks for when it registers a resource."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.deploy import property_values as pv
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.deploy.protocol import alias_pb2, resource_pb2

_UNSUPPORTED_OPTIONS = {
    "customTimeouts": "custom_timeouts",
    "envVarMappings": "env_var_mappings",
    "hooks": "hooks",
    "importId": "import_",
    "packageRef": "package_ref",
    "pluginDownloadURL": "plugin_download_url",
    "remote": "remote",
    "replace_with": "replace_with",
    "replacement_trigger": "replacement_trigger",
    "state_migrations": "state_migrations",
    "transforms": "transforms",
}


class UnsupportedError(LabError):
    """The program uses something of Pulumi that this engine does not have."""

    def __init__(self, what: str) -> None:
        super().__init__(
            _("Not supported on the local cloud: {feature}.").format(feature=what),
            next_step=_("Leave it out, or deploy with the Pulumi CLI."),
        )


@dataclass(frozen=True)
class Goal:
    """A resource as the program wants it; see Pulumi's resource options for what each field means.

    Args:
        type: type token.
        name: name in the program.
        custom: whether a provider makes it.
        parent: the parent's urn.
        inputs: plain, secrets marked.
        provider: reference to an explicit provider, "" for the package's default one.
        version: of the package, for the default provider.
        protect: refuse to delete it.
        dependencies: urns of all it needs.
        property_dependencies: the urns each input comes from.
        ignore_changes: paths of inputs that stay as they were.
        replace_on_changes: paths whose change needs another resource.
        delete_before_replace: None when the program does not say.
        additional_secret_outputs: names of outputs that are secret.
        aliases: what it may have been called before.
        retain_on_delete: leave it alive.
        deleted_with: urn of what takes it along when deleted.
    """

    type: str
    name: str
    custom: bool
    parent: str
    inputs: Mapping[str, Any]
    provider: str
    version: str
    protect: bool
    dependencies: tuple[str, ...]
    property_dependencies: Mapping[str, tuple[str, ...]]
    ignore_changes: tuple[str, ...]
    replace_on_changes: tuple[str, ...]
    delete_before_replace: bool | None
    additional_secret_outputs: tuple[str, ...]
    aliases: tuple[alias_pb2.Alias, ...]
    retain_on_delete: bool
    deleted_with: str

    @classmethod
    def from_request(cls, request: resource_pb2.RegisterResourceRequest) -> Goal:
        """Return what a request asks for.

        Raises:
            UnsupportedError: it asks for something this engine does not have.
        """
        for field, option in _UNSUPPORTED_OPTIONS.items():
            value = getattr(request, field)
            # The SDK sends some of these messages always, but empty.
            if value.ByteSize() if hasattr(value, "ByteSize") else value:
                raise UnsupportedError(option)
        return cls(
            type=request.type,
            name=request.name,
            custom=request.custom,
            parent=request.parent,
            inputs=pv.to_plain(request.object),
            provider=request.provider,
            version=request.version,
            protect=request.protect,
            dependencies=tuple(request.dependencies),
            property_dependencies={name: tuple(uses.urns) for name, uses in request.propertyDependencies.items()},
            ignore_changes=tuple(request.ignoreChanges),
            replace_on_changes=tuple(request.replaceOnChanges),
            delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
            additional_secret_outputs=tuple(request.additionalSecretOutputs),
            aliases=tuple(request.aliases),  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            retain_on_delete=request.retainOnDelete,
            deleted_with=request.deletedWith,
        )
