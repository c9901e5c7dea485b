"""What becomes of a resource that the program registers: created, updated, replaced, or left as it is."""

from __future__ import annotations

import secrets
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lab.deploy import property_values as pv
from lab.deploy.engine import property_paths, urns, values
from lab.deploy.engine.aliases import former_urns
from lab.deploy.engine.changes import PropertyChange, changes_of
from lab.deploy.engine.provider_client import Difference, NothingDoneError, ProviderError
from lab.deploy.engine.replacement import ProtectedError, delete_before_replacing
from lab.deploy.engine.state import Resource, now
from lab.deploy.protocol.failures import InitFailedError
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.deploy.engine.goal import Goal
    from lab.deploy.engine.provider_client import ProviderClient
    from lab.deploy.engine.providers import Providers
    from lab.deploy.engine.run import Run
    from lab.deploy.engine.snapshot import Snapshot
    from lab.deploy.engine.values import Properties

_SEED_BYTES = 32


class SkippedError(Exception):
    """A resource cannot be looked at, because something it needs failed."""


class Registrar:
    """Settles one resource after another; called from as many threads as the program has resources in flight.

    Args:
        run: what is asked for.
        snapshot: what exists.
        providers: who makes it.
    """

    def __init__(self, run: Run, snapshot: Snapshot, providers: Providers) -> None:
        self._run = run
        self._snapshot = snapshot
        self._providers = providers
        self._lock = threading.Lock()
        self._registered: set[str] = set()
        self._claimed: set[str] = set()
        self._former: dict[str, list[str]] = {}
        self._deleted_first: set[str] = set()

    def register(self, goal: Goal) -> tuple[str, Resource | None]:
        """Bring one resource to what the program asks for.

        Returns:
            Its urn, and the resource as it is now: None when it failed or had to be skipped, of which the run knows.
        """
        urn = self._run.project.urn(goal.parent, goal.type, goal.name)
        with self._lock:
            duplicate = urn in self._registered
            self._registered.add(urn)
        if duplicate:
            self._run.fail(_("Duplicate resource URN '{urn}'; try giving it a unique name").format(urn=urn))
            return urn, None
        self._run.learn_secrets_of(goal.inputs)
        try:
            self._refuse_what_cannot_work(goal)
            old = self._claim(goal, urn)
            return urn, self._settle(goal, urn, old)
        except SkippedError as skipped:
            self._run.skip(urn, str(skipped))
        except InitFailedError as error:
            self._run.fail(_("It exists, but is not ready: {reasons}").format(reasons=error), urn)
        except LabError as error:
            self._run.fail(error, urn)
        except (OSError, ValueError) as error:  # an asset that cannot be read, a path that is none
            self._run.fail(str(error), urn)
        return urn, None

    def _refuse_what_cannot_work(self, goal: Goal) -> None:
        uses = {goal.parent, urns.provider_urn(goal.provider), goal.deleted_with, *goal.dependencies}
        broken = sorted(urns.name_of(urn) for urn in uses if urn and self._run.is_broken(urn))
        if broken:
            raise SkippedError(_("It needs {names}, which failed.").format(names=", ".join(broken)))
        if not self._run.preview and pv.contains_unknown(dict(goal.inputs)):
            raise SkippedError(_("Some of its inputs come from a resource that failed."))

    def _claim(self, goal: Goal, urn: str) -> Resource | None:
        """Return what the last run left of this resource, under whichever urn."""
        with self._lock:
            former = former_urns(
                goal, self._run.project.stack, self._run.project.name, self._former.get(goal.parent, ())
            )
            self._former[urn] = former
            for candidate in (urn, *former):
                old = self._snapshot.old.get(candidate)
                if old is not None and candidate not in self._claimed:
                    self._claimed.add(candidate)
                    return old
        return None

    def _settle(self, goal: Goal, urn: str, old: Resource | None) -> Resource:
        if old is not None and old.custom != goal.custom:
            raise ProviderError(
                _("It was a {before} and cannot become a {after}.").format(
                    before=_("component") if goal.custom else _("resource"),
                    after=_("resource") if goal.custom else _("component"),
                )
            )
        resource = Resource(
            urn=urn,
            type=goal.type,
            custom=goal.custom,
            parent=goal.parent,
            protect=goal.protect,
            dependencies=goal.dependencies,
            property_dependencies=goal.property_dependencies,
            additional_secret_outputs=goal.additional_secret_outputs,
            retain_on_delete=goal.retain_on_delete,
            deleted_with=goal.deleted_with,
        )
        if urns.is_provider_type(goal.type):
            return self._settle_provider(goal, resource, old)
        if not goal.custom:
            return self._settle_component(goal, resource, old)
        reference = goal.provider or self._providers.default(urns.package_of(goal.type), goal.version)
        resource = replace(resource, provider=reference)
        return _Settling(self._run, self._snapshot, self._providers, goal, resource, self._deleted_first).settle(old)

    def _settle_provider(self, goal: Goal, resource: Resource, old: Resource | None) -> Resource:
        inputs = {**goal.inputs, "version": goal.version} if goal.version else dict(goal.inputs)
        settled, changed = self._providers.register(resource, inputs, old)
        self._run.note("create" if old is None else "update" if changed else "same", resource.urn)
        return settled

    def _settle_component(self, goal: Goal, resource: Resource, old: Resource | None) -> Resource:
        inputs = values.with_hashes(dict(goal.inputs))
        if old is None:
            time = now()
            resource = replace(resource, inputs=inputs, created=time, modified=time)
        else:
            # Its outputs stay those of the last run until the program registers new ones.
            resource = replace(resource, inputs=inputs, outputs=old.outputs, created=old.created, modified=old.modified)
        self._snapshot.settle(resource, old)
        same = old is not None and old.inputs == inputs
        self._run.note("create" if old is None else "same" if same else "update", resource.urn)
        return resource


class _Settling:
    """The settling of one resource that a provider makes."""

    def __init__(
        self,
        run: Run,
        snapshot: Snapshot,
        providers: Providers,
        goal: Goal,
        resource: Resource,
        deleted_first: set[str],
    ) -> None:
        self._run = run
        self._snapshot = snapshot
        self._providers = providers
        self._goal = goal
        self._resource = resource
        self._deleted_first = deleted_first
        self._client: ProviderClient = providers.client(resource.provider)
        self._wanted: Properties = values.with_hashes(dict(goal.inputs))

    @property
    def _urn(self) -> str:
        return self._resource.urn

    def settle(self, old: Resource | None) -> Resource:
        """Bring the resource to what is asked for.

        Args:
            old: what the last run left of it.
        """
        if old is not None and old.external:
            # It was only read so far; what the program now asks for is one of its own.
            self._snapshot.forget(old)
            old = None
        if old is None:
            inputs = self._check(self._wanted, {})
            kind = "replace" if self._urn in self._deleted_first else "create"
            return self._create(inputs, self._run.begin(kind, self._urn))
        kept = property_paths.keep_old(self._wanted, old.inputs, self._goal.ignore_changes)
        inputs = self._check(kept, old.inputs)
        difference = self._difference(old, inputs)
        if difference.replaces:
            return self._replace(old, difference)
        if difference.changed:
            return self._update(old, inputs, difference)
        resource = replace(
            self._resource,
            id=old.id,
            inputs=inputs,
            outputs=self._with_secrets(old.outputs),
            created=old.created,
            modified=old.modified,
        )
        self._snapshot.settle(resource, old)
        self._run.note("same", self._urn)
        return resource

    def _check(self, inputs: Mapping[str, Any], old: Mapping[str, Any]) -> Properties:
        checked = self._client.check(self._urn, dict(inputs), old, secrets.token_bytes(_SEED_BYTES))
        self._run.learn_secrets_of(checked)
        return checked

    def _difference(self, old: Resource, inputs: Properties) -> Difference:
        if self._has_another_provider(old):
            return Difference(changed=True, properties=("provider",), replaces=("provider",))
        difference = self._client.diff(old, self._urn, inputs, self._goal.ignore_changes)
        if not difference.changed and old.init_errors:
            return Difference(changed=True)
        named = [path for path in difference.properties if property_paths.matches(path, self._goal.replace_on_changes)]
        return replace(difference, replaces=(*difference.replaces, *named))

    def _has_another_provider(self, old: Resource) -> bool:
        before, after = urns.provider_urn(old.provider), urns.provider_urn(self._resource.provider)
        if before == after:
            return False
        # The default provider of another version is configured alike, and an alias may have renamed an explicit one.
        both_default = urns.is_default_provider(before) and urns.is_default_provider(after)
        return not both_default and self._snapshot.find(before) is not None

    def _create(self, inputs: Properties, done: Callable[[], None], replaced: Resource | None = None) -> Resource:
        """Create the resource, in place of another if there is one, which then waits to be deleted."""
        time = now()
        resource = replace(self._resource, inputs=inputs, created=time, modified=time)
        if not self._run.preview:
            self._snapshot.begin_create(resource)
        try:
            resource_id, outputs = self._client.create(self._urn, inputs, preview=self._run.preview)
        except InitFailedError as error:
            outputs = values.annotate_secrets(error.properties, inputs)
            resource = replace(resource, init_errors=tuple(error.reasons), outputs=self._with_secrets(outputs))
            self._settle_created(replace(resource, id=error.resource_id), replaced)
            raise
        except NothingDoneError:
            self._snapshot.abandon_create(self._urn)
            raise
        # Any other error leaves the record of the create: whether something was made is for the next run to find out.
        resource = replace(resource, id=resource_id, outputs=self._with_secrets(outputs))
        self._settle_created(resource, replaced)
        done()
        return resource

    def _settle_created(self, resource: Resource, replaced: Resource | None) -> None:
        condemned = replaced.condemned() if replaced is not None else None
        self._snapshot.settle(resource, replaced, replaced=condemned)

    def _update(self, old: Resource, inputs: Properties, difference: Difference) -> Resource:
        done = self._run.begin("update", self._urn, self._told(difference.properties, old, inputs))
        resource = replace(self._resource, id=old.id, inputs=inputs, created=old.created, modified=now())
        try:
            outputs = self._client.update(old, self._urn, inputs, self._goal.ignore_changes, preview=self._run.preview)
        except InitFailedError as error:
            outputs = values.annotate_secrets(error.properties, inputs)
            resource = replace(resource, init_errors=tuple(error.reasons), outputs=self._with_secrets(outputs))
            self._snapshot.settle(resource, old)
            raise
        resource = replace(resource, outputs=self._with_secrets(outputs))
        self._snapshot.settle(resource, old)
        done()
        return resource

    def _replace(self, old: Resource, difference: Difference) -> Resource:
        if old.protect:
            raise ProtectedError(old.urn)
        # Another resource gets another name, so what the old inputs handed down does not count.
        inputs = self._check(self._wanted, {})
        done = self._run.begin("replace", self._urn, self._told(difference.replaces, old, inputs))
        delete_first = self._goal.delete_before_replace
        if delete_first is None:
            delete_first = difference.delete_before_replace
        if not delete_first:
            return self._create(inputs, done, replaced=old)
        self._deleted_first |= delete_before_replacing(old, self._run, self._snapshot, self._providers)
        return self._create(inputs, done)

    def _told(self, paths: tuple[str, ...], old: Resource, inputs: Properties) -> tuple[PropertyChange, ...]:
        """Return the properties that make a difference as they are told."""
        self._run.learn_secrets_of(old.inputs)
        return changes_of(paths, old.inputs, inputs)

    def _with_secrets(self, outputs: Mapping[str, Any]) -> Properties:
        marked = values.mark_secret(outputs, self._goal.additional_secret_outputs)
        self._run.learn_secrets_of(marked)
        return marked
