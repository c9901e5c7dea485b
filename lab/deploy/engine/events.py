"""What a run of the engine tells: an event for everything that happens, and a result at the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from lab.deploy.engine import urns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.deploy.engine.changes import PropertyChange

EventKind = Literal["create", "update", "replace", "delete", "same", "read", "skipped", "failed", "log"]
Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Event:
    """One thing that happened, or in a preview would happen.

    Args:
        kind: what; "failed" and "skipped" say in `message` why, "log" is a message of the program or the engine.
        urn: the resource it happened to, "" for none.
        type: the resource's type, such as `aws:kinesis/stream:Stream`.
        name: the resource's name in the program.
        changes: the properties that make the difference, by name.
        differences: the same properties with their values, secrets in them masked.
        message: for a person; secrets in it are masked.
        severity: of a log message.
        seconds: how long it took.
        finished: False when it only begins; the event with the same kind (or "failed") and urn follows.
    """

    kind: EventKind
    urn: str = ""
    type: str = ""
    name: str = ""
    changes: tuple[str, ...] = ()
    message: str = ""
    severity: Severity = "info"
    seconds: float = 0.0
    finished: bool = True
    differences: tuple[PropertyChange, ...] = ()


def event(
    kind: EventKind,
    urn: str = "",
    *,
    differences: tuple[PropertyChange, ...] = (),
    message: str = "",
    finished: bool = True,
) -> Event:
    """Return an event about a resource, its type and name taken from the urn."""
    changes = tuple(change.path for change in differences)
    kind_of_resource = urns.type_of(urn) if urn else ""
    name = urns.name_of(urn) if urn else ""
    return Event(kind, urn, kind_of_resource, name, changes, message, finished=finished, differences=differences)


@dataclass(frozen=True)
class Result:
    """How a run ended.

    Args:
        ok: whether everything asked for is done.
        counts: how many resources were created, updated, …, by the kind of their event.
        errors: what went wrong, each one message for a person.
        outputs: the stack's outputs, plain; secrets as "[secret]", in a preview None for what is not known yet.
        seconds: how long it took.
        program_ended: whether the program, if there was one to run, came to its end: not so when its settings are
            wrong or it raised an error. Resources that failed do not keep it from that.
        refused: whether the program itself said, before it asked for anything, why it goes no further.
    """

    ok: bool
    counts: Mapping[str, int] = field(default_factory=Counter[str])
    errors: tuple[str, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    seconds: float = 0.0
    program_ended: bool = True
    refused: bool = False

    @property
    def changed(self) -> bool:
        """Whether anything was, or in a preview would be, created, updated, replaced or deleted."""
        return any(self.counts.get(kind) for kind in ("create", "update", "replace", "delete"))
