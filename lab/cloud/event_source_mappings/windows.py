"""Tumbling windows: what a function sums up per shard and window (Lambda developer guide, "Stateful processing").

Every record belongs to the window of its arrival time. The function is given the window's state with each batch and
answers the new one; when the window is over it is invoked once more, with no records, to do something with the result.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from lab.json_values import is_object

STATE_LIMIT_BYTES = 1024 * 1024
"""A state that grows past this ends its window early."""


@dataclass(frozen=True, slots=True)
class Window:
    """A window of one shard and what has been summed up in it.

    Attributes:
        start: when it began, seconds since the epoch.
        seconds: how long it is.
        state: what the function answered last.
        ended_early: the state grew too large.
    """

    start: float
    seconds: float
    state: dict[str, Any] = field(default_factory=dict[str, Any])
    ended_early: bool = False

    @property
    def end(self) -> float:
        """When it is over, seconds since the epoch."""
        return self.start + self.seconds

    def holds(self, arrived: float) -> bool:
        """Say whether a record of this arrival time belongs to the window (a late one belongs to the current one)."""
        return arrived < self.end

    def accept(self, answer: bytes) -> Window | None:
        """Return the window with the state that a function answered; None when the answer holds none: a failure."""
        try:
            parsed: Any = json.loads(answer or b"null")
        except ValueError:
            return None
        state: Any = parsed.get("state") if is_object(parsed) else None
        if not is_object(state):
            return None
        too_large = len(json.dumps(state, separators=(",", ":")).encode()) > STATE_LIMIT_BYTES
        return replace(self, ended_early=True) if too_large else replace(self, state=state)


def seconds_left(window: Window, now: float, opened: float, monotonic: float) -> float:
    """Return how long a window is still open: until its end, but never longer than it is long.

    Args:
        window: the window.
        now: seconds since the epoch; somebody may set that clock back.
        opened: when this reader saw the window first, on the clock that never jumps.
        monotonic: now, on that clock.
    """
    return max(0.0, min(window.end - now, opened + window.seconds - monotonic))


def window_of(arrived: float, seconds: float) -> Window:
    """Return the new, empty window that a record's arrival time falls into."""
    return Window(arrived - arrived % seconds, seconds)


def with_window(event: str, window: Window, *, shard_id: str, stream_arn: str, final: bool) -> str:
    """Return an event with the window's attributes added.

    Args:
        event: `{"Records":[…]}`.
        window: the window and its state.
        shard_id: the shard.
        stream_arn: the event source.
        final: whether this is the window's last invocation.
    """
    attributes = {
        "window": {"start": _iso(window.start), "end": _iso(window.end)},
        "state": window.state,
        "shardId": shard_id,
        "eventSourceARN": stream_arn,
        "isFinalInvokeForWindow": final,
        "isWindowTerminatedEarly": final and window.ended_early,
    }
    return event[:-1] + "," + json.dumps(attributes, separators=(",", ":"))[1:]


def _iso(timestamp: float) -> str:
    moment = datetime.fromtimestamp(timestamp, UTC)
    # Whole seconds as on AWS; a scaled clock has parts of them.
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds").replace("+00:00", "Z")
