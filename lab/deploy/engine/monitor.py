"""What the program's SDK talks to: Pulumi's ResourceMonitor and Engine services, as one object in this process.

The SDK calls it as it would call a gRPC stub, from a thread for each resource in flight. The methods' names are the
protocol's. An exception that leaves a method ends the program; a resource that fails is told by its answer instead, so
that what does not need it goes on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from google.protobuf import empty_pb2

from lab.deploy import property_values as pv
from lab.deploy.engine import reading, urns, values
from lab.deploy.engine.goal import Goal, UnsupportedError
from lab.deploy.engine.registration import Registrar
from lab.deploy.protocol import engine_pb2, resource_pb2
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from lab.deploy.engine.events import Severity
    from lab.deploy.engine.providers import Providers
    from lab.deploy.engine.run import Run
    from lab.deploy.engine.snapshot import Snapshot

PARALLEL = 16
"""How many resources are worked on at once."""

_FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    # The following are not supported but claimed, so that the refusal comes from here and says what is refused: the SDK
    # itself would ask the learner to update the Pulumi CLI.
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_STATE_MIGRATIONS,
)
_SEVERITIES: Mapping[int, Severity] = {
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}


class Monitor:
    """Answers one program.

    Args:
        run: what is asked for.
        snapshot: what exists.
        providers: who makes it.
    """

    def __init__(self, run: Run, snapshot: Snapshot, providers: Providers) -> None:
        self._run = run
        self._snapshot = snapshot
        self._providers = providers
        self._registrar = Registrar(run, snapshot, providers)
        self._root = ""

    def interruptible(self) -> AbstractContextManager[None]:
        """Return the context in which an interrupt makes calls in flight end soon."""
        return self._providers.interruptible()

    # ResourceMonitor

    def GetDeploymentInfo(self, _request: empty_pb2.Empty) -> resource_pb2.DeploymentInfo:  # noqa: N802
        """Tell the program what it is part of."""
        project = self._run.project
        return resource_pb2.DeploymentInfo(
            project=project.name,
            stack=project.stack,
            organization="organization",
            config=project.config,
            configSecretKeys=sorted(project.secret_keys),
            dryRun=self._run.preview,
            parallel=PARALLEL,
            supportedFeatures=_FEATURES,
        )

    def SupportsFeature(  # noqa: N802
        self, request: resource_pb2.SupportsFeatureRequest
    ) -> resource_pb2.SupportsFeatureResponse:
        """Answer an SDK that asks for features one by one."""
        supported = request.id in ("secrets", "aliasSpecs", "deletedWith")
        return resource_pb2.SupportsFeatureResponse(hasSupport=supported)

    def RegisterResource(  # noqa: N802
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        """Bring a resource to what the program asks for, and tell the program what it is now."""
        try:
            goal = Goal.from_request(request)
        except UnsupportedError as error:
            urn = self._run.project.urn(request.parent, request.type, request.name)
            self._run.fail(error, urn)
            return resource_pb2.RegisterResourceResponse(urn=urn, result=resource_pb2.FAIL)
        urn, resource = self._registrar.register(goal)
        if resource is None:
            return resource_pb2.RegisterResourceResponse(urn=urn, result=resource_pb2.FAIL)
        if resource.type == urns.STACK_TYPE:
            self._root = urn
        properties = resource.outputs if resource.custom else resource.inputs
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=resource.id, object=pv.to_struct(properties), result=resource_pb2.SUCCESS
        )

    def RegisterResourceOutputs(  # noqa: N802
        self, request: resource_pb2.RegisterResourceOutputsRequest
    ) -> empty_pb2.Empty:
        """Note the outputs of a component, or of the stack."""
        resource = self._snapshot.find(request.urn)
        if resource is None or self._run.is_broken(request.urn):
            return empty_pb2.Empty()
        outputs = values.with_hashes(pv.to_plain(request.outputs))
        self._run.learn_secrets_of(outputs)
        if not self._run.preview:
            # What could not be found out, because something failed, stays as it was.
            known = {name: value for name, value in outputs.items() if not pv.contains_unknown(value)}
            outputs = known if len(known) == len(outputs) else {**resource.outputs, **known}
        if resource.type == urns.STACK_TYPE:
            self._run.outputs = outputs
            # Pulumi's SDK registers what has been exported so far even when the program failed. What is still deployed
            # must stay findable, so earlier outputs go only when the program came to its end: see `program_ended`.
            outputs = {**resource.outputs, **outputs}
        self._snapshot.put(replace(resource, outputs=outputs))
        return empty_pb2.Empty()

    def program_ended(self) -> None:
        """Let the stack have exactly the outputs that the program exported: it came to its end."""
        for resource in self._snapshot.all():
            if resource.type == urns.STACK_TYPE:
                self._snapshot.put(replace(resource, outputs=dict(self._run.outputs)))

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:  # noqa: N802
        """Read a resource that exists outside the stack."""
        urn = self._run.project.urn(request.parent, request.type, request.name)
        try:
            if urns.package_of(request.type) == "pulumi":
                raise UnsupportedError(request.type)
            resource = reading.read_external(request, self._run, self._snapshot, self._providers)
        except LabError as error:
            self._run.fail(error, urn)
            return resource_pb2.ReadResourceResponse(urn=urn, result=resource_pb2.FAIL)
        properties = pv.to_struct(resource.outputs)
        return resource_pb2.ReadResourceResponse(
            urn=urn, id=resource.id, properties=properties, result=resource_pb2.SUCCESS
        )

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802
        """Call a provider's function (`get_caller_identity`)."""
        package = urns.package_of(request.tok)
        if package == "pulumi":
            raise UnsupportedError(request.tok)
        reference = request.provider or self._providers.default(package, request.version)
        client = self._providers.client(reference)
        response = client.invoke(request.tok, request.args, preview=self._run.preview)
        answer: dict[str, Any] = {"return": getattr(response, "return")}  # a keyword cannot be a name in Python
        return resource_pb2.ResourceInvokeResponse(failures=response.failures, **answer)

    def SignalAndWaitForShutdown(self, _request: empty_pb2.Empty) -> empty_pb2.Empty:  # noqa: N802
        """Let the program end: nothing here calls back into it."""
        return empty_pb2.Empty()

    def Call(self, request: resource_pb2.ResourceCallRequest) -> None:  # noqa: N802
        """Refuse methods of remote components."""
        raise UnsupportedError(request.tok)

    def ExistsResource(self, _request: resource_pb2.ExistsResourceRequest) -> None:  # noqa: N802
        """Refuse to ask whether a resource exists."""
        raise UnsupportedError("exists")

    def RegisterPackage(self, request: resource_pb2.RegisterPackageRequest) -> None:  # noqa: N802
        """Refuse parameterized packages."""
        raise UnsupportedError(_("the parameterized package {name}").format(name=request.name))

    def RegisterStackTransform(self, _request: object) -> None:  # noqa: N802
        """Refuse transforms of the whole stack."""
        raise UnsupportedError("transforms")

    def RegisterStackInvokeTransform(self, _request: object) -> None:  # noqa: N802
        """Refuse transforms of function calls."""
        raise UnsupportedError("invoke_transforms")

    def RegisterResourceHook(self, _request: resource_pb2.RegisterResourceHookRequest) -> None:  # noqa: N802
        """Refuse hooks."""
        raise UnsupportedError("hooks")

    def RegisterErrorHook(self, _request: resource_pb2.RegisterErrorHookRequest) -> None:  # noqa: N802
        """Refuse error hooks."""
        raise UnsupportedError("error_hooks")

    # Engine

    def Log(self, request: engine_pb2.LogRequest) -> empty_pb2.Empty:  # noqa: N802
        """Show a message of the program."""
        severity = _SEVERITIES.get(request.severity)
        if severity is not None and request.message.strip():
            self._run.log(severity, request.message.strip(), request.urn)
        return empty_pb2.Empty()

    def GetRootResource(self, _request: engine_pb2.GetRootResourceRequest) -> engine_pb2.GetRootResourceResponse:  # noqa: N802
        """Return the stack's own urn."""
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(self, request: engine_pb2.SetRootResourceRequest) -> engine_pb2.SetRootResourceResponse:  # noqa: N802
        """Note the stack's own urn."""
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def RequirePulumiVersion(self, _request: object) -> engine_pb2.RequirePulumiVersionResponse:  # noqa: N802
        """Accept any wish for a version of the CLI: there is none here, and the SDK is pinned."""
        return engine_pb2.RequirePulumiVersionResponse()

    def StartDebugging(self, _request: object) -> empty_pb2.Empty:  # noqa: N802
        """Do nothing: a debugger can attach to this very process."""
        return empty_pb2.Empty()
