"""Reads a function's log group, following it without a line missing or shown twice.

Lines become visible a little after the time they carry, and several may carry the same one. So each look begins some
seconds before the newest line seen, and what was seen there is left out by its event id.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_logs.client import CloudWatchLogsClient

_PAUSE_SECONDS = 1.0
_LATE_MILLISECONDS = 30_000  # how late a line may become visible


@dataclass(frozen=True)
class LogLine:
    """One line: when (milliseconds since 1970), in which log stream (one per execution environment), what."""

    milliseconds: int
    stream: str
    message: str


class LogReader:
    """Reads one log group.

    Args:
        logs: the client.
        group: the log group's name.
        since_milliseconds: the oldest time to show.
    """

    def __init__(self, logs: CloudWatchLogsClient, group: str, since_milliseconds: int) -> None:
        self._logs = logs
        self._group = group
        self._since = since_milliseconds
        self._seen: dict[str, int] = {}  # event id -> time, as far back as a look goes

    def read(self, *, follow: bool = False) -> Iterator[LogLine]:
        """Yield the lines, oldest first; with `follow` without end."""
        while True:
            found = self._new_events()
            for event in found:
                yield LogLine(event["timestamp"], event.get("logStreamName", ""), event["message"].rstrip())
            if not found and not follow:
                return
            if not found:
                time.sleep(_PAUSE_SECONDS)

    def _new_events(self) -> list[dict[str, Any]]:
        """Return what was not seen yet."""
        found: dict[str, Any] = {}
        request: dict[str, Any] = {"logGroupName": self._group, "startTime": self._since}
        while True:
            answer = self._logs.filter_log_events(**request)
            found |= {name: event for event in answer["events"] if (name := _identity(event)) not in self._seen}
            if not (token := answer.get("nextToken")):
                break
            request["nextToken"] = token
        new = sorted(found.values(), key=lambda event: event["timestamp"])
        if new:
            self._seen |= {_identity(event): event["timestamp"] for event in new}
            self._since = max(self._since, new[-1]["timestamp"] - _LATE_MILLISECONDS)
            self._seen = {event: when for event, when in self._seen.items() if when >= self._since}
        return new


def _identity(event: Mapping[str, Any]) -> str:
    """Return what tells an event from every other; without an id, the same line at the same time counts as one."""
    return event.get("eventId") or f"{event.get('logStreamName')} {event['timestamp']} {event['message']}"
