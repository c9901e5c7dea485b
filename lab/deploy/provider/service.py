"""The ResourceProvider protocol: what Pulumi's engine, or ours, asks of a provider, answered for the local cloud.

A call brings a resource's type and properties; the type's class in `resources` does the work, and the tables there say
what a change means. Nothing is kept between calls but the configuration and its clients, so calls may come from several
threads.
"""

# ruff: noqa: ARG002, N802 - names and arguments are the protocol's

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any, TypeVar, cast

import grpc
from google.protobuf import empty_pb2

from lab.deploy import property_values as pv
from lab.deploy.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from lab.deploy.provider.account import Account
from lab.deploy.provider.check import check, unsupported_type
from lab.deploy.provider.configuration import Configuration
from lab.deploy.provider.diff import diff
from lab.deploy.provider.errors import explain, is_missing, is_refusal, missing_is_fine
from lab.deploy.provider.functions import FUNCTIONS
from lab.deploy.provider.resources import RESOURCES
from lab.deploy.provider.resources.base import Change
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.deploy.provider.resources.base import Resource
    from lab.deploy.provider.values import Properties

_Method = TypeVar("_Method", bound="Callable[..., Any]")

_MOVABLE = frozenset({"accessKey", "defaultTags", "endpoints", "secretKey", "version"})
"""Settings of a provider whose change leaves every resource where it is (the local cloud may move to another port)."""


def _answered(method: _Method) -> _Method:
    """Turn whatever a method raises into the call's error: a sentence, never a traceback.

    Its status says what Pulumi's engine, and ours, take from it: after `UNKNOWN` something may have been done.
    """

    @functools.wraps(method)
    def answer(self: AwsProvider, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except Exception as error:  # noqa: BLE001 - the engine shows a person what is told here
            details = self.failure(method.__name__, request, error)
            status = grpc.StatusCode.FAILED_PRECONDITION if is_refusal(error) else grpc.StatusCode.UNKNOWN
        return context.abort(status, details)

    return cast("_Method", answer)


class AwsProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Pulumi's `aws` provider for the local cloud; call `Configure` before anything that asks the cloud.

    Args:
        needs_endpoints: whether a configuration without endpoints is refused even where the environment names a local
            cloud. Who has not looked at the stack's file must not take a stack on AWS for a local one.
    """

    def __init__(self, *, needs_endpoints: bool = False) -> None:
        self._needs_endpoints = needs_endpoints
        self._configuration: Configuration | None = None
        self._account: Account | None = None

    # ---- the provider itself ----

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Return the version of the provider whose programs are understood."""
        return plugin_pb2.PluginInfo(version=_version())

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Answer what is understood: no secrets, resources or outputs as values."""
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=False, accept_resources=False, accept_outputs=False
        )

    def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        """Return the names of the types and functions that are there."""
        schema: dict[str, Any] = {
            "name": "aws",
            "version": _version(),
            "resources": {token: {} for token in RESOURCES},
            "functions": {token: {} for token in FUNCTIONS},
        }
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    @_answered
    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Refuse a configuration that leads elsewhere; what is not known yet, `Configure` judges."""
        values, failures = _load(request.news), list[provider_pb2.CheckFailure]()
        if not pv.contains_unknown(values):
            try:
                Configuration.from_values(values, needs_endpoints=self._needs_endpoints)
            except LabError as error:
                failures.append(provider_pb2.CheckFailure(reason=str(error)))
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    @_answered
    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """Compare two configurations: in another region every resource is another one."""
        old, new = _load(request.old_inputs or request.olds), _load(request.news)
        changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=changed,
            replaces=[name for name in changed if name not in _MOVABLE],
        )

    @_answered
    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Settle where to work; nothing is called yet."""
        settings = Configuration.from_values(_load(request.args), needs_endpoints=self._needs_endpoints)
        self._configuration = settings
        self._account = Account(settings.endpoint, settings.region, settings.access_key, settings.secret_key)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=False, supportsPreview=True, acceptResources=False, acceptOutputs=False
        )

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Let every call that waits for the cloud give up."""
        if self._account:
            self._account.cancelled.set()
        return empty_pb2.Empty()

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Accept an engine that started us itself; it needs nothing of us."""
        return empty_pb2.Empty()

    # ---- planning ----

    @_answered
    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        """Check the inputs of a resource and name what has no name."""
        token, name = _token_and_name(request)
        if token not in RESOURCES:
            return provider_pb2.CheckResponse(inputs=request.news, failures=[unsupported_type(token, len(RESOURCES))])
        inputs, failures = check(
            RESOURCES[token],
            name,
            news=pv.to_plain(request.news),
            olds=pv.to_plain(request.olds),
            seed=request.randomSeed,
            default_tags=self._configuration.default_tags if self._configuration else {},
        )
        return provider_pb2.CheckResponse(inputs=pv.to_struct(inputs), failures=failures)

    @_answered
    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """Say what a change of inputs means."""
        resource = _resource(request)
        old, new = (resource.with_defaults(_load(inputs)) for inputs in (request.old_inputs, request.news))
        return diff(resource, old, new, request.ignoreChanges)

    # ---- doing ----

    @_answered
    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        """Make a resource; in a preview, say what is known of it before."""
        resource = _resource(request)
        inputs = resource.with_defaults(_load(request.properties))
        if request.preview:
            return provider_pb2.CreateResponse(
                properties=_outputs(resource, inputs, dict.fromkeys(resource.computed, pv.UNKNOWN))
            )
        id_, computed = resource.create(self.account, inputs)
        return provider_pb2.CreateResponse(id=id_, properties=_outputs(resource, inputs, computed))

    @_answered
    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        """Change a resource; in a preview, only what the change really changes is unknown."""
        resource = _resource(request)
        change = Change(
            id=request.id,
            old=resource.with_defaults(_load(request.old_inputs)),
            new=resource.with_defaults(_load(request.news)),
            known=_load(request.olds),
            table=resource.inputs,
        )
        computed = {name: value for name, value in change.known.items() if _outlives(resource, name, change)}
        if request.preview:
            for name, spec in resource.inputs.items():
                if spec.affects and change.of(name):
                    computed |= dict.fromkeys(spec.affects, pv.UNKNOWN)
        else:
            computed |= resource.update(self.account, change)
        return provider_pb2.UpdateResponse(properties=_outputs(resource, change.new, computed))

    @_answered
    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        """Return a resource as the cloud has it, for refresh and import; an empty id says that it is gone."""
        resource = _resource(request)
        known, old = _load(request.properties), _load(request.inputs)
        try:
            found = resource.read(self.account, request.id, known)
        except Exception as error:
            if not is_missing(error):
                raise
            found = None
        if found is None:
            return provider_pb2.ReadResponse()
        id_ = found.pop("id", request.id)  # an import may name it in another way
        inputs = _inputs_as_found(resource, found, old, known)
        kept = {name: known[name] for name, spec in resource.inputs.items() if not spec.told and name in known}
        outputs = resource.with_defaults({**kept, **{name: found[name] for name in found if found[name] is not None}})
        return provider_pb2.ReadResponse(
            id=id_, inputs=pv.to_struct(inputs), properties=_outputs(resource, {**outputs, **inputs}, {})
        )

    @_answered
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Take a resource away; one that is gone already is a success."""
        with missing_is_fine():
            _resource(request).delete(self.account, request.id, _load(request.properties))
        return empty_pb2.Empty()

    @_answered
    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        """Answer one of the provider's functions."""
        if request.tok not in FUNCTIONS:
            raise LabError(
                _("{function} is not among the {count} functions of the local cloud").format(
                    function=request.tok, count=len(FUNCTIONS)
                )
            )
        answer = FUNCTIONS[request.tok](self.account, _load(request.args))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(pv.to_struct(answer))
        return response

    # ---- beside the protocol ----

    @property
    def account(self) -> Account:
        """Where to work, once `Configure` was called."""
        if self._account is None:
            raise LabError(_("the provider is not configured"))
        return self._account

    def find(self, urn: str, type_: str, inputs: Mapping[str, Any]) -> str | None:
        """Return the id of a resource that a create may or may not have made before it was killed.

        Args:
            urn: of the resource, for the message.
            type_: Pulumi's name of the resource's type.
            inputs: the checked inputs that the create was given, plain; secrets may be wrapped.

        Raises:
            LabError: the cloud could not be asked, or nobody wrote the type.
        """
        try:
            resource = _of_type(type_)
            return resource.find(self.account, resource.with_defaults(pv.strip_secrets(dict(inputs))))
        except Exception as error:
            if is_missing(error):
                return None
            why = explain(error, self._endpoint)
            raise LabError(_("{resource} could not be looked for: {why}").format(resource=urn, why=why)) from error

    @property
    def _endpoint(self) -> str:
        return self._configuration.endpoint if self._configuration else ""

    def failure(self, method: str, request: Any, error: Exception) -> str:
        """Return what a person is told about a failed call."""
        why = explain(error, self._endpoint)
        sentences = {
            "Create": _("{resource} could not be made: {why}"),
            "Update": _("{resource} could not be changed: {why}"),
            "Read": _("{resource} could not be read: {why}"),
            "Delete": _("{resource} could not be deleted: {why}"),
            "Invoke": _("{resource} gave no answer: {why}"),
        }
        if method not in sentences:
            return why
        resource = request.tok if method == "Invoke" else "{} {}".format(*_token_and_name(request))
        return sentences[method].format(resource=resource, why=why)


def _version() -> str:
    """Return the version of the pulumi-aws whose programs are understood."""
    from importlib.metadata import version  # 25 ms that only the CLI needs, which asks for the version

    return version("pulumi-aws")


def _token_and_name(request: Any) -> tuple[str, str]:
    """Return a request's resource type and name; engines before 3.130 send only the URN."""
    _urn, _stack, qualified_type, name = request.urn.rsplit("::", 3)
    return request.type or qualified_type.rsplit("$", 1)[-1], request.name or name


def _resource(request: Any) -> Resource:
    token, _name = _token_and_name(request)
    return _of_type(token)


def _of_type(token: str) -> Resource:
    if token not in RESOURCES:
        raise LabError(unsupported_type(token, len(RESOURCES)).reason)
    return RESOURCES[token]


def _load(struct: Any) -> Properties:
    """Return a request's properties as plain values without secrets; what is null is not given."""
    return {name: value for name, value in pv.strip_secrets(pv.to_plain(struct)).items() if value is not None}


def _outputs(resource: Resource, inputs: Properties, computed: Properties) -> Any:
    """Return a resource's outputs on the wire: its inputs with their defaults, and what AWS adds."""
    values = {**inputs, **computed}
    if "tags" in resource.inputs:
        values["tagsAll"] = inputs.get("tags") or {}
    return pv.to_struct({name: value for name, value in values.items() if value is not None})


def _outlives(resource: Resource, name: str, change: Change) -> bool:
    """Say whether an output is still true after an update, as far as is known before it.

    That is what AWS computed, and what it filled in where the program neither said nor says anything.
    """
    return name in resource.computed or (name in resource.inputs and name not in change.old and name not in change.new)


def _inputs_as_found(resource: Resource, found: Properties, old: Properties, known: Properties) -> Properties:
    """Return the inputs that say what was found, as a program would say it.

    What the old inputs say and still holds stays as they say it. What they leave out is told only where it is news:
    otherwise every refresh would show as changes what AWS filled in.
    """
    inputs: Properties = {}
    for name, spec in resource.inputs.items():
        actual = found.get(name)
        if not spec.told:
            if name in old and found.get(name, old[name]) is not None:
                inputs[name] = old[name]
        elif name in old and spec.same(old[name], actual):
            inputs[name] = old[name]
        elif actual is not None and (name in old or not spec.same(actual, known.get(name, spec.default))):
            inputs[name] = actual
    return inputs
