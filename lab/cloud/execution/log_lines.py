"""The log of an environment: what AWS prints around a handler's output, and the output cut into log events.

Formats from "Working with Lambda function logs" (text format) of the Lambda developer guide.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from lab.cloud.execution.billing import billed_milliseconds
from lab.cloud.execution.log_json import JsonLines

if TYPE_CHECKING:
    from lab.cloud.execution.function import FunctionVersion

MESSAGE_LINE_FEED = "\0"
"""`bootstrap` writes a line feed inside one message like this."""
LARGEST_EVENT_BYTES = 256 * 1024
"""CloudWatch Logs takes no more in one event ("CloudWatch Logs quotas")."""
LARGEST_INVOCATION_BYTES = 4 * 1024 * 1024
"""What we keep of one invocation's output; AWS keeps all, a laptop's memory cannot."""
EVENT_BYTES = 100
"""What an event costs beside its text: a million empty lines are not free."""
TAIL_BYTES = 4096
"""What LogType `Tail` gives back (API reference, Invoke)."""
DELIVERY_SECONDS = 1.0
"""How long output of a running invocation may wait before it is delivered."""


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event: milliseconds since 1970 and its text."""

    timestamp_ms: int
    message: str


class LogSink(Protocol):
    """Where log events go: CloudWatch Logs. It decides whether the function's role may write there."""

    def write(self, function: FunctionVersion, stream: str, events: list[LogEvent]) -> None:
        """Take events in the order in which they happened; called on the event loop, so it must not wait."""
        ...


def stream_name(version: str, environment_id: str) -> str:
    """Return an environment's log stream, such as `2026/11/30/[$LATEST]0123…`."""
    return f"{datetime.now(UTC):%Y/%m/%d}/[{version}]{environment_id}"


class TextLines:
    """What AWS prints around a handler's output, as text; `log_json.JsonLines` is its twin."""

    @staticmethod
    def init_start(runtime: str, python_version: str) -> str:
        """Return the line that opens a new environment's log."""
        return f"INIT_START Runtime Version: {runtime.replace('python', 'python:', 1)} (CPython {python_version})"

    @staticmethod
    def init_report(duration_ms: float, status: str) -> str:
        """Return the line about an initialization that was given up; status is `timeout` or `error`."""
        return f"INIT_REPORT Init Duration: {duration_ms:.2f} ms\tPhase: init\tStatus: {status}"

    @staticmethod
    def start(request_id: str, version: str) -> str:
        """Return the line before a handler's output."""
        return f"START RequestId: {request_id} Version: {version}"

    @staticmethod
    def timed_out(request_id: str, timeout_seconds: float) -> str:
        """Return the line of an invocation that took too long."""
        now = datetime.now(UTC)
        moment = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
        return f"{moment} {request_id} Task timed out after {timeout_seconds:.2f} seconds"

    @staticmethod
    def end(request_id: str) -> str:
        """Return the line after a handler's output."""
        return f"END RequestId: {request_id}"

    @staticmethod
    def report(
        request_id: str, duration_ms: float, memory_mb: int, max_memory_mb: int, init_ms: float | None, failure: str
    ) -> str:
        """Return the line that closes an invocation.

        Args:
            request_id: the invocation's id.
            duration_ms: time in the handler.
            memory_mb: the function's memory.
            max_memory_mb: the most the environment has used.
            init_ms: how long initialization took, None when the environment was warm.
            failure: empty, or what AWS appends when the environment did not survive, such as `Status: timeout`.
        """
        parts = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {duration_ms:.2f} ms",
            f"Billed Duration: {billed_milliseconds(duration_ms, init_ms)} ms",
            f"Memory Size: {memory_mb} MB",
            f"Max Memory Used: {max_memory_mb} MB",
        ]
        if init_ms is not None:
            parts.append(f"Init Duration: {init_ms:.2f} ms")
        if failure:
            parts.append(failure)
        return "\t".join(parts) + "\t"


class Log:
    """The log of one environment: cuts output into events, bounds it, hands it to the sink.

    Args:
        function: whose log it is.
        stream: the environment's log stream.
        sink: where events go.
    """

    def __init__(self, function: FunctionVersion, stream: str, sink: LogSink) -> None:
        self.stream = stream
        self.lines = JsonLines(function.system_log_level) if function.log_format == "JSON" else TextLines()
        """What the platform says, in the function's LogFormat."""
        self._function = function
        self._sink = sink
        self._partial = b""
        self._events: list[LogEvent] = []
        self._kept_bytes = 0
        self._dropped_bytes = 0
        self._delivered_at = 0.0
        self._tail: deque[str] = deque(maxlen=64)

    def begin(self) -> None:
        """Start to count anew: the bound and the tail are those of one invocation."""
        self._kept_bytes = self._dropped_bytes = 0
        self._delivered_at = time.monotonic()
        self._tail.clear()

    def line(self, text: str | None) -> None:
        """Add a line of the platform, if there is one; it counts towards no bound."""
        if text is None:
            return
        self._events.append(LogEvent(time.time_ns() // 1_000_000, text))
        self._tail.append(text)

    def output(self, part: bytes) -> None:
        """Add output of the process as it comes; the last line may still be incomplete."""
        if self._kept_bytes >= LARGEST_INVOCATION_BYTES:
            self._dropped_bytes += len(part)
            return
        *lines, self._partial = (self._partial + part).split(b"\n")
        moment = time.time_ns() // 1_000_000
        for line in lines:
            self._add(moment, line)
        while len(self._partial) > LARGEST_EVENT_BYTES:
            self._add(moment, self._partial[:LARGEST_EVENT_BYTES])
            self._partial = self._partial[LARGEST_EVENT_BYTES:]
        if time.monotonic() - self._delivered_at > DELIVERY_SECONDS:
            self.deliver()

    def finish(self) -> None:
        """Take the last line even if it has no end, and say how much was left out."""
        if self._partial:
            self._add(time.time_ns() // 1_000_000, self._partial)
            self._partial = b""
        if self._dropped_bytes:
            left_out = f"{self._dropped_bytes / 1_000_000:.1f} MB"
            self.line(f"[streamlab] the log of this invocation ends here: {left_out} more were printed and not kept")
            self._dropped_bytes = 0

    def deliver(self) -> None:
        """Hand over what there is."""
        self._delivered_at = time.monotonic()
        if self._events:
            events, self._events = self._events, []
            try:
                self._sink.write(self._function, self.stream, events)
            except Exception:  # a log that cannot be written must not change what the function answers
                logging.getLogger(__name__).exception("The log of %s was not written", self._function.name)

    def tail(self) -> str:
        """Return the last 4 KB of the invocation's log."""
        text = "\n".join(self._tail) + "\n"
        return text.encode()[-TAIL_BYTES:].decode(errors="ignore") if len(text) > TAIL_BYTES // 4 else text

    def _add(self, moment: int, line: bytes) -> None:
        if self._kept_bytes >= LARGEST_INVOCATION_BYTES:
            self._dropped_bytes += len(line) + 1
            return
        self._kept_bytes += len(line) + EVENT_BYTES
        # CloudWatch Logs takes no empty event and cuts one that is too long.
        for begin in range(0, len(line.rstrip(b"\r")), LARGEST_EVENT_BYTES):
            text = line[begin : begin + LARGEST_EVENT_BYTES].decode(errors="replace").rstrip("\r")
            message = text.replace(MESSAGE_LINE_FEED, "\n")
            self._events.append(LogEvent(moment, message))
            self._tail.append(message[-TAIL_BYTES:])
