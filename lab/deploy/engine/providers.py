"""The providers of a run: the default one of each package, and those the program makes itself.

A provider is a resource like any other in the state, with an id; resources refer to it by urn and id.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lab.deploy import property_values as pv
from lab.deploy.engine import urns
from lab.deploy.engine.goal import UnsupportedError
from lab.deploy.engine.provider_client import INTERNAL, ProviderClient, ProviderError
from lab.deploy.engine.state import Resource, now
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from lab.deploy.engine.run import Run
    from lab.deploy.engine.snapshot import Snapshot
    from lab.deploy.engine.values import Properties

ProviderFactory = Callable[[], Any]
"""Makes a provider: an object with the methods of Pulumi's ResourceProvider service."""


class Providers:
    """Configures each provider once, when something first needs it.

    Args:
        factories: how to make a provider of a package.
        run: the run they work for.
        snapshot: where the providers of earlier runs are found, and new ones noted.
    """

    def __init__(self, factories: Mapping[str, ProviderFactory], run: Run, snapshot: Snapshot) -> None:
        self._factories = factories
        self._run = run
        self._snapshot = snapshot
        self._clients: dict[str, ProviderClient] = {}
        self._registered: set[str] = set()
        self._lock = threading.RLock()

    def default(self, package: str, version: str) -> str:
        """Return the reference to a package's default provider, which takes its inputs from the configuration.

        Raises:
            LabError: the package is not supported, or its configuration not valid.
        """
        name = "default" + (f"_{version.replace('.', '_')}" if version else "")
        urn = self._run.project.urn("", f"{urns.PROVIDER_TYPE_PREFIX}{package}", name)
        with self._lock:
            # That it has a client may only mean that something of an earlier run was looked at.
            if urn not in self._registered:
                self.register(Resource(urn, urns.type_of(urn), custom=True), self._configured(package, version))
            known = self._snapshot.find(urn)
        return urns.provider_reference(urn, known.id if known else "")

    def register(self, resource: Resource, inputs: Properties, old: Resource | None = None) -> tuple[Resource, bool]:
        """Configure a provider and note it.

        Args:
            resource: the provider, without id, inputs and outputs.
            inputs: its configuration.
            old: what the last run left of it; None to look it up by its urn.

        Returns:
            The provider, and whether anything about it is different from the last run.

        Raises:
            LabError: the package is not supported, the configuration is not valid, or cannot be changed.
        """
        old = old or self._snapshot.find(resource.urn)
        client = self._make(resource.urn)
        if pv.contains_unknown(inputs):
            raise ProviderError(_("A provider's configuration must be known before anything is created."))
        inputs = client.check_config(inputs, dict(old.inputs) if old else {})
        resource_id = old.id if old else pv.UNKNOWN if self._run.preview else str(uuid.uuid4())
        time = now()
        created, modified = (old.created, old.modified) if old else (time, time)
        if old is not None:
            difference = client.diff_config(old, inputs)
            if difference.replaces:
                raise ProviderError(
                    _("A provider's {properties} cannot be changed while it has resources.").format(
                        properties=", ".join(difference.replaces)
                    ),
                    next_step=_("Set it back, or remove everything first with `lab down`."),
                )
            modified = time if difference.changed else modified
        outputs = {name: value for name, value in inputs.items() if name != INTERNAL}
        client.configure(resource_id, inputs)
        resource = replace(resource, id=resource_id, inputs=inputs, outputs=outputs, created=created, modified=modified)
        with self._lock:
            self._clients[resource.urn] = client
            self._registered.add(resource.urn)
        self._snapshot.settle(resource, old)
        return resource, old is None or old.inputs != inputs

    def client(self, reference: str) -> ProviderClient:
        """Return the provider of a reference, configured as the state has it when this run did not configure it.

        Raises:
            LabError: there is no such provider.
        """
        urn = urns.provider_urn(reference)
        with self._lock:
            if urn not in self._clients:
                resource = self._snapshot.find(urn)
                if resource is None:
                    raise ProviderError(_("The state knows no provider {urn}.").format(urn=urn))
                client = self._make(urn)
                client.configure(resource.id, dict(resource.inputs))
                self._clients[urn] = client
            return self._clients[urn]

    @contextlib.contextmanager
    def interruptible(self) -> Generator[None]:
        """Tell all providers to give up when the person interrupts what happens inside (Ctrl-C)."""
        try:
            yield
        except KeyboardInterrupt:
            with self._lock:
                clients = list(self._clients.values())
            for client in clients:
                client.cancel()
            raise

    def _make(self, urn: str) -> ProviderClient:
        package = urns.type_of(urn).removeprefix(urns.PROVIDER_TYPE_PREFIX)
        if package not in self._factories:
            raise UnsupportedError(_("the package {package}").format(package=package))
        return ProviderClient(self._factories[package](), urn)

    def _configured(self, package: str, version: str) -> Properties:
        project = self._run.project
        inputs: Properties = {INTERNAL: {}}
        for key, text in project.config.items():
            namespace, _separator, name = key.partition(":")
            if namespace == package:
                inputs[name] = pv.secret(text) if key in project.secret_keys else text
        return {**inputs, "version": version} if version else inputs
