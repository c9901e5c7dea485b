"""Preview, up, refresh, destroy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.deploy.engine import deletion, reading
from lab.deploy.engine.providers import ProviderFactory, Providers
from lab.deploy.engine.run import Project, Run
from lab.deploy.engine.snapshot import Snapshot
from lab.deploy.engine.state import Deployment
from lab.deploy.engine.store import Store
from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from lab.deploy.engine.events import Event, Result


def _show_nothing(_event: Event) -> None:
    """Show no event."""


class Engine:
    """Deploys one stack of one project.

    Args:
        project: the program and its configuration.
        state: the file that holds what is deployed.
        providers: for each package the program may use, how to make its provider.
    """

    def __init__(self, project: Project, state: Path, providers: Mapping[str, ProviderFactory]) -> None:
        self._project = project
        self._store = Store(state)
        self._factories = providers

    def load(self) -> Deployment:
        """Return what is deployed.

        Raises:
            LabError: the state cannot be read.
        """
        return self._store.load()

    def forget(self) -> None:
        """Forget everything that is deployed, because it no longer exists.

        Raises:
            LabError: the state cannot be written, or another run works on this stack.
        """
        with self._store.exclusive():
            self._store.save(Deployment(), readable=True)

    def take_over(self, deployment: Deployment) -> bool:
        """Go on from what another engine deployed; what this one knew is forgotten.

        Returns:
            Whether anything of it exists, or it is empty; else nothing was done.

        Raises:
            LabError: a provider cannot be asked, or another run works on this stack.
        """
        with self._store.exclusive():
            if exists := self.exists(deployment):
                self._store.save(deployment, readable=True)
            return exists

    def exists(self, deployment: Deployment) -> bool:
        """Say whether anything of a deployment is there, or it is empty.

        Raises:
            LabError: a provider cannot be asked.
        """
        _run, snapshot, providers = self._begin(_show_nothing, preview=True, deployed=deployment)
        return reading.anything_exists(snapshot, providers)

    def loses(self, deployment: Deployment) -> bool:
        """Say whether something exists that the state knows and a deployment leaves out.

        Raises:
            LabError: the state cannot be read, or a provider cannot be asked.
        """
        kept = {(each.type, each.id) for each in deployment.resources if each.is_real}
        known = self._store.load().resources
        providers = [resource for resource in known if resource.is_provider]
        left_out = [each for each in known if each.is_real and (each.type, each.id) not in kept]
        return bool(left_out) and self.exists(Deployment((*providers, *left_out)))

    def alone(self) -> AbstractContextManager[None]:
        """Keep every run of this engine away from the stack, while another one works on it.

        Raises:
            LabError: a run works on it already.
        """
        return self._store.exclusive()

    def preview(self, show: Callable[[Event], None] = _show_nothing, deployed: Deployment | None = None) -> Result:
        """Tell what `up` would do; change nothing.

        Args:
            show: called with every event.
            deployed: what to take as deployed, None for what the state says.

        Raises:
            LabError: the state cannot be read.
        """
        run, snapshot, providers = self._begin(show, preview=True, deployed=deployed)
        self._run_program(run, snapshot, providers)
        return run.result()

    def up(self, show: Callable[[Event], None] = _show_nothing) -> Result:
        """Bring everything to what the program asks for.

        A failed result leaves a state from which the next run goes on.

        Raises:
            LabError: the state cannot be read or written, or another run works on this stack.
        """
        with self._store.exclusive():
            if any(resource.protect for resource in self._store.load().resources):
                # A run learns only at its end what left the program. So that nothing is changed before a protected
                # resource is refused, its refusal is looked for first.
                events: list[Event] = []
                planned = self.preview(events.append)
                if not planned.ok:
                    for event in events:
                        if event.kind in ("failed", "skipped", "log"):
                            show(event)
                    return planned
            run, snapshot, providers = self._begin(show, preview=False)
            try:
                self._run_program(run, snapshot, providers)
            finally:
                snapshot.save(readable=True)
            return run.result()

    def refresh(self, show: Callable[[Event], None] = _show_nothing) -> Result:
        """Bring the state to what really exists; change nothing else.

        Raises:
            LabError: the state cannot be read or written, or another run works on this stack.
        """
        return self._without_program(show, reading.refresh)

    def find_what_is_left(self) -> None:
        """Forget what no longer exists, without a word; what exists is kept as it was known.

        Raises:
            LabError: the state cannot be read or written, or another run works on this stack.
        """
        self._without_program(_show_nothing, reading.refresh)

    def destroy(self, show: Callable[[Event], None] = _show_nothing) -> Result:
        """Delete everything; the program is not run.

        Raises:
            LabError: the state cannot be read or written, or another run works on this stack.
        """

        def delete_all(run: Run, snapshot: Snapshot, providers: Providers) -> None:
            deletion.delete(snapshot.unsettled(), run, snapshot, providers)

        return self._without_program(show, delete_all)

    def _without_program(
        self, show: Callable[[Event], None], work: Callable[[Run, Snapshot, Providers], None]
    ) -> Result:
        with self._store.exclusive():
            run, snapshot, providers = self._begin(show, preview=False)
            try:
                reading.recover(run, snapshot, providers)
                work(run, snapshot, providers)
            except LabError as error:
                run.fail(error)
            finally:
                snapshot.save(readable=True)
            return run.result()

    def _begin(
        self, show: Callable[[Event], None], *, preview: bool, deployed: Deployment | None = None
    ) -> tuple[Run, Snapshot, Providers]:
        run = Run(self._project, show, preview=preview)
        snapshot = Snapshot(self._store.load() if deployed is None else deployed, None if preview else self._store)
        return run, snapshot, Providers(self._factories, run, snapshot)

    def _run_program(self, run: Run, snapshot: Snapshot, providers: Providers) -> None:
        # They need pulumi's other messages and, in the end, pulumi itself: not for those who run no program.
        from lab.deploy.engine import program
        from lab.deploy.engine.monitor import PARALLEL, Monitor

        try:
            reading.recover(run, snapshot, providers)
            monitor = Monitor(run, snapshot, providers)
            program.run(self._project, monitor, preview=run.preview, parallel=PARALLEL)
            monitor.program_ended()
        except LabError as error:
            run.program_ended = False
            run.program_refused = isinstance(error, program.RefusedError)
            run.fail(error)
        if run.ok:
            deletion.delete(snapshot.unsettled(), run, snapshot, providers)
