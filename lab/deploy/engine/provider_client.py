"""Asking one provider, through Pulumi's ResourceProvider protocol: plain values in, plain values out.

The provider is an object in this process with the service's methods (`Check(request, context)` and so on). It gets
values without secrets, as a provider does that does not accept them, and the answers are marked secret again from what
was sent. What it compares (old values) has assets and archives by their hash alone, what it works with has them whole.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from google.protobuf import empty_pb2

from lab.deploy import property_values as pv
from lab.deploy.engine import urns, values
from lab.deploy.protocol import provider_pb2
from lab.deploy.protocol.failures import InitFailedError, is_refusal
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from google.protobuf.struct_pb2 import Struct

    from lab.deploy.engine.state import Resource
    from lab.deploy.engine.values import Properties

INTERNAL = "__internal"
"""A provider's input that is the engine's own and that the provider never sees."""


class ProviderError(LabError):
    """A provider could not do what it was asked; the message is the provider's own, for a person.

    Nothing is known of what it did before: the answer of a service may have been lost on the way.
    """


class NothingDoneError(ProviderError):
    """A provider did nothing of what it was asked, and says so."""


@dataclass(frozen=True)
class Difference:
    """What a provider says about a change of inputs.

    Args:
        changed: whether anything has to be done.
        properties: the properties, by path, that make the difference.
        replaces: those of them that need another resource.
        delete_before_replace: whether the old one must be gone before the new one can be made.
    """

    changed: bool
    properties: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    delete_before_replace: bool = False


class _CallContext:
    """What stands in for gRPC's context: the one thing a provider needs of it is to end a call with an error."""

    def abort(self, code: object, details: str) -> NoReturn:
        """End the call; the code says whether the provider knows that it did nothing."""
        raise (NothingDoneError if is_refusal(code) else ProviderError)(details)


class ProviderClient:
    """One configured provider.

    Args:
        provider: an object with the methods of Pulumi's ResourceProvider service, and `find` (see there).
        urn: of the provider's own resource.
    """

    def __init__(self, provider: Any, urn: str) -> None:
        self._provider = provider
        self.urn = urn

    def check_config(self, new: Properties, old: Properties) -> Properties:
        """Return the provider's configuration, checked.

        Raises:
            ProviderError: it is not valid.
        """
        request = provider_pb2.CheckRequest(
            urn=self.urn, olds=_whole(_public(old)), news=_whole(_public(new)), **_name_and_type(self.urn)
        )
        response = self._call("CheckConfig", request)
        if response is None:
            return new
        self._refuse(response.failures)
        kept = {INTERNAL: new[INTERNAL]} if INTERNAL in new else {}
        return values.annotate_secrets({**kept, **pv.to_plain(response.inputs)}, new)

    def diff_config(self, old: Resource, new: Properties) -> Difference:
        """Return what a change of the provider's configuration means."""
        request = provider_pb2.DiffRequest(
            urn=self.urn,
            olds=_compared(_public(old.outputs)),
            old_inputs=_compared(_public(old.inputs)),
            news=_compared(_public(new)),
            **_name_and_type(self.urn),
        )
        return self._difference(self._call("DiffConfig", request), old.inputs, new)

    def configure(self, resource_id: str, inputs: Properties) -> None:
        """Tell the provider its configuration.

        Raises:
            ProviderError: it cannot work with it.
        """
        public = pv.strip_secrets(_public(inputs))
        package = urns.type_of(self.urn).removeprefix(urns.PROVIDER_TYPE_PREFIX)
        variables = {
            f"{package}:config:{name}": value if isinstance(value, str) else json.dumps(value)
            for name, value in public.items()
            if name != "version"
        }
        request = provider_pb2.ConfigureRequest(
            variables=variables,
            args=pv.to_struct(public),
            acceptSecrets=True,
            acceptResources=True,
            sends_old_inputs=True,
            sends_old_inputs_to_delete=True,
            id=resource_id,
            urn=self.urn,
            **_name_and_type(self.urn),
        )
        self._call("Configure", request)

    def check(self, urn: str, new: Properties, old: Mapping[str, Any], seed: bytes) -> Properties:
        """Return a resource's inputs, checked and with what the provider adds to them, such as a name.

        Args:
            urn: the resource.
            new: what the program asks for.
            old: what it was made with, empty for one that is to be made.
            seed: what names are made from.

        Raises:
            ProviderError: the inputs are not valid.
        """
        request = provider_pb2.CheckRequest(
            urn=urn, olds=_whole(old), news=_whole(new), randomSeed=seed, **_name_and_type(urn)
        )
        response = self._call("Check", request)
        self._refuse(response.failures)
        return values.annotate_secrets(pv.to_plain(response.inputs), new)

    def diff(self, old: Resource, urn: str, new: Mapping[str, Any], ignored: Iterable[str] = ()) -> Difference:
        """Return what a change of inputs means for a resource."""
        request = provider_pb2.DiffRequest(
            id=old.id,
            urn=urn,
            olds=_compared(old.outputs),
            old_inputs=_compared(old.inputs),
            news=_compared(new),
            ignoreChanges=ignored,
            **_name_and_type(urn),
        )
        return self._difference(self._call("Diff", request), old.inputs, new)

    def create(self, urn: str, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        """Make a resource; return its id and its outputs.

        Raises:
            NothingDoneError: nothing was made.
            ProviderError: it is not known whether something was made.
            InitFailedError: it was made, but did not come up as asked.
        """
        request = provider_pb2.CreateRequest(urn=urn, properties=_whole(inputs), preview=preview, **_name_and_type(urn))
        response = self._call("Create", request)
        return response.id, self._outputs(response.properties, inputs)

    def update(
        self, old: Resource, urn: str, inputs: Properties, ignored: Iterable[str] = (), *, preview: bool
    ) -> Properties:
        """Change a resource to new inputs; return its outputs.

        Raises:
            ProviderError: it could not be changed.
            InitFailedError: it was changed, but did not come up as asked.
        """
        request = provider_pb2.UpdateRequest(
            id=old.id,
            urn=urn,
            olds=_compared(old.outputs),
            old_inputs=_compared(old.inputs),
            news=_whole(inputs),
            ignoreChanges=ignored,
            preview=preview,
            **_name_and_type(urn),
        )
        return self._outputs(self._call("Update", request).properties, inputs)

    def read(self, resource: Resource) -> tuple[str, Properties, Properties]:
        """Return a resource's id, inputs and outputs as they are; the id is "" when it no longer exists."""
        request = provider_pb2.ReadRequest(
            id=resource.id,
            urn=resource.urn,
            inputs=_compared(resource.inputs),
            properties=_compared(resource.outputs),
            **_name_and_type(resource.urn),
        )
        response = self._call("Read", request)
        inputs = values.restore_contents(pv.to_plain(response.inputs), resource.inputs)
        outputs = values.restore_contents(pv.to_plain(response.properties), resource.outputs)
        return (
            response.id,
            values.annotate_secrets(inputs, resource.inputs),
            values.annotate_secrets(outputs, resource.outputs or resource.inputs),
        )

    def delete(self, resource: Resource) -> None:
        """Delete a resource; one that no longer exists counts as deleted.

        Raises:
            ProviderError: it could not be deleted.
        """
        request = provider_pb2.DeleteRequest(
            id=resource.id,
            urn=resource.urn,
            properties=_compared(resource.outputs),
            old_inputs=_compared(resource.inputs),
            **_name_and_type(resource.urn),
        )
        self._call("Delete", request)

    def invoke(self, token: str, arguments: Struct, *, preview: bool) -> provider_pb2.InvokeResponse:
        """Call one of the provider's functions and return its answer as it is."""
        return self._call("Invoke", provider_pb2.InvokeRequest(tok=token, args=arguments, preview=preview))

    def cancel(self) -> None:
        """Ask the provider to end soon what it is doing, with an error."""
        self._call("Cancel", empty_pb2.Empty())

    def find(self, resource: Resource) -> str | None:
        """Return the id of what a create with these inputs made, None when it made nothing.

        Beside the protocol, which knows no way to ask for something whose id was never heard of. A provider without
        `find` is taken at its word that it makes all or nothing.
        """
        find = getattr(self._provider, "find", None)
        if find is None:
            return None
        return find(resource.urn, resource.type, pv.strip_secrets(dict(resource.inputs)))

    def _outputs(self, struct: Struct, inputs: Properties) -> Properties:
        return values.annotate_secrets(pv.to_plain(struct), inputs)

    def _difference(self, response: Any, old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
        changes = provider_pb2.DiffResponse
        if response is None or response.changes == changes.DIFF_UNKNOWN:
            different = tuple(name for name in sorted({*old, *new}) if old.get(name) != new.get(name))
            replaces = tuple(response.replaces) if response is not None else ()
            return Difference(bool(different or replaces), different, replaces)
        return Difference(
            response.changes == changes.DIFF_SOME,
            tuple(response.detailedDiff) or tuple(response.diffs),
            tuple(response.replaces),
            response.deleteBeforeReplace,
        )

    def _refuse(self, failures: Iterable[provider_pb2.CheckFailure]) -> None:
        reasons = [f"{failure.property}: {failure.reason}".removeprefix(": ") for failure in failures]
        if reasons:
            raise NothingDoneError("; ".join(reasons))

    def _call(self, method: str, request: Any) -> Any:
        """Call one method; None when the provider does not have it."""
        implementation = getattr(self._provider, method, None)
        if implementation is None:
            return None
        try:
            return implementation(request, _CallContext())
        except (LabError, InitFailedError):
            raise
        except NotImplementedError:
            return None
        except Exception as error:
            # What a provider did not foresee is still the failure of one resource, not of the engine.
            raise ProviderError(
                _("The provider failed unexpectedly: {error}").format(error=f"{type(error).__name__}: {error}")
            ) from error


def _name_and_type(urn: str) -> Any:
    return {"name": urns.name_of(urn), "type": urns.type_of(urn)}


def _public(inputs: Mapping[str, Any]) -> Properties:
    return {name: value for name, value in inputs.items() if name != INTERNAL}


def _whole(properties: Mapping[str, Any]) -> Struct:
    """Return properties as a provider works with them."""
    return pv.to_struct(pv.strip_secrets(dict(properties)))


def _compared(properties: Mapping[str, Any]) -> Struct:
    """Return properties as a provider compares them."""
    return pv.to_struct(values.without_contents(pv.strip_secrets(dict(properties))))
