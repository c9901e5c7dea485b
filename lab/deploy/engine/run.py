"""What the parts of one run share: what is asked for, what is told, and what went wrong."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lab.deploy.engine import urns, values
from lab.deploy.engine.events import Event, Result, event
from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from lab.deploy.engine.changes import PropertyChange
    from lab.deploy.engine.events import EventKind, Severity

_SHORTEST_SECRET = 4
"""A shorter secret is not masked in messages: it would mask half of every message and is no secret anyway."""


@dataclass(frozen=True)
class Project:
    """What is deployed, and how it is configured.

    Args:
        name: the project's name, from `Pulumi.yaml`.
        stack: the stack's name.
        program: the program, a Python file; its folder is where it runs.
        config: the stack's configuration: `namespace:key` to text, objects as JSON.
        secret_keys: the keys of the configuration that are secret.
    """

    name: str
    stack: str
    program: Path
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    secret_keys: frozenset[str] = frozenset()

    def urn(self, parent: str, type_: str, name: str) -> str:
        """Return the urn of a resource of this project's stack."""
        return urns.make(self.stack, self.name, parent, type_, name)


class Run:
    """One run of the engine: safe to use from many threads.

    Args:
        project: what is deployed.
        show: called with every event, one at a time.
        preview: whether nothing may be changed.
    """

    def __init__(self, project: Project, show: Callable[[Event], None], *, preview: bool) -> None:
        self.project = project
        self.preview = preview
        self._show = show
        self._lock = threading.RLock()
        self._started = time.monotonic()
        self._secrets: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._errors: list[str] = []
        self._broken: set[str] = set()
        self.outputs: Mapping[str, Any] = {}
        self.program_ended = True
        self.program_refused = False
        self.learn_secrets([project.config[key] for key in project.secret_keys if key in project.config])

    def learn_secrets(self, texts: list[str]) -> None:
        """Mask these texts in every message from now on."""
        with self._lock:
            self._secrets.update(text for text in texts if len(text) >= _SHORTEST_SECRET)

    def learn_secrets_of(self, properties: Mapping[str, Any]) -> None:
        """Mask every secret among the properties in every message from now on."""
        self.learn_secrets(list(values.secret_texts(properties)))

    def tell(self, told: Event) -> None:
        """Show an event and count it."""
        with self._lock:
            if told.message:
                told = replace(told, message=self._masked(told.message))
            if told.differences:
                masked = tuple(change.masked(self._masked) for change in told.differences)
                told = replace(told, differences=masked)
            if told.finished and told.kind != "log":
                self._counts[told.kind] += 1
            self._show(told)

    def note(self, kind: EventKind, urn: str, differences: tuple[PropertyChange, ...] = ()) -> None:
        """Tell that something was done that takes no time worth telling."""
        self.tell(event(kind, urn, differences=differences))

    def begin(self, kind: EventKind, urn: str, differences: tuple[PropertyChange, ...] = ()) -> Callable[[], None]:
        """Tell that something begins; return what tells that it is done, and how long it took."""
        started = time.monotonic()
        if not self.preview:
            self.tell(event(kind, urn, differences=differences, finished=False))
        return lambda: self.tell(replace(event(kind, urn, differences=differences), seconds=time.monotonic() - started))

    def log(self, severity: Severity, message: str, urn: str = "") -> None:
        """Tell a message of the program or of the engine."""
        self.tell(replace(event("log", urn, message=message), severity=severity))

    def fail(self, reason: str | LabError, urn: str = "") -> None:
        """Tell that something went wrong, with the run or with one resource; the run will not be ok."""
        message = _sentences(reason) if isinstance(reason, LabError) else reason
        with self._lock:
            if urn:
                self._broken.add(urn)
            where = f"{urns.name_of(urn)} ({urns.type_of(urn)}): " if urn else ""
            self._errors.append(self._masked(where + message))
            self.tell(replace(event("failed", urn, message=message), severity="error"))

    def skip(self, urn: str, message: str) -> None:
        """Tell that a resource was left as it is, because something it needs failed."""
        with self._lock:
            self._broken.add(urn)
            self.tell(event("skipped", urn, message=message))

    def is_broken(self, urn: str) -> bool:
        """Say whether a resource failed or was skipped in this run."""
        with self._lock:
            return urn in self._broken

    @property
    def ok(self) -> bool:
        """Whether nothing went wrong so far."""
        with self._lock:
            return not self._errors

    def result(self) -> Result:
        """Return how the run ended."""
        with self._lock:
            outputs = values.masked(dict(self.outputs))
            seconds = time.monotonic() - self._started
            # What there is then is the stack itself, which every run begins with.
            at_once = self.program_refused and self._counts.total() - self._counts["failed"] <= 1
            return Result(
                not self._errors,
                dict(self._counts),
                tuple(self._errors),
                outputs,
                seconds,
                self.program_ended,
                refused=at_once,
            )

    def _masked(self, message: str) -> str:
        for text in self._secrets:
            message = message.replace(text, values.MASK)
        return message


def _sentences(error: LabError) -> str:
    """Return what an error says as sentences on one line."""
    parts = [part.strip() for part in (error.what, error.why, error.next_step) if part.strip()]
    ended = [part if part.endswith((".", "!", "?", "…", ":")) else f"{part}." for part in parts[:-1]]
    return " ".join([*ended, *parts[-1:]])
