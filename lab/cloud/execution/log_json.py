"""What AWS prints around a handler's output when the function's LogFormat is JSON: the twin of `log_lines`' texts.

Events and levels from "Using Lambda advanced logging controls" and the Telemetry API's event schema. None is an event
that the function's SystemLogLevel leaves out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lab.cloud.execution.billing import billed_milliseconds

_LEVELS = ("DEBUG", "INFO", "WARN")


@dataclass(frozen=True, slots=True)
class JsonLines:
    """The platform's events as JSON.

    Attributes:
        level: the function's SystemLogLevel: DEBUG, INFO or WARN.
    """

    level: str

    def init_start(self, runtime: str, python_version: str) -> str | None:
        """Return the event that opens a new environment's log."""
        version = f"{runtime.replace('python', 'python:', 1)} (CPython {python_version})"
        record = {"initializationType": "on-demand", "phase": "init", "runtimeVersion": version}
        return self._event("INFO", "platform.initStart", record)

    def init_report(self, duration_ms: float, status: str) -> str | None:
        """Return the event about an initialization that was given up; status as for `log_lines.init_report`."""
        metrics = {"durationMs": round(duration_ms, 3)}
        record = {"initializationType": "on-demand", "phase": "init", "metrics": metrics, **_status(status)}
        return self._event("INFO", "platform.initReport", record)

    def start(self, request_id: str, version: str) -> str | None:
        """Return the event before a handler's output."""
        return self._event("INFO", "platform.start", {"requestId": request_id, "version": version})

    def timed_out(self, request_id: str, timeout_seconds: float) -> str | None:
        """Return nothing: the report's status says it."""
        del request_id, timeout_seconds

    def end(self, request_id: str) -> str | None:
        """Return the event after a handler's output."""
        return self._event("DEBUG", "platform.runtimeDone", {"requestId": request_id, "status": "success"})

    def report(
        self,
        request_id: str,
        duration_ms: float,
        memory_mb: int,
        max_memory_mb: int,
        init_ms: float | None,
        failure: str,
    ) -> str | None:
        """Return the event that closes an invocation; arguments as for `log_lines.report`."""
        metrics: dict[str, Any] = {
            "durationMs": round(duration_ms, 3),
            "billedDurationMs": billed_milliseconds(duration_ms, init_ms),
            "memorySizeMB": memory_mb,
            "maxMemoryUsedMB": max_memory_mb,
        }
        if init_ms is not None:
            metrics["initDurationMs"] = round(init_ms, 3)
        record = {"requestId": request_id, "metrics": metrics, **_status(failure.removeprefix("Status: "))}
        return self._event("WARN" if failure else "INFO", "platform.report", record)

    def _event(self, level: str, kind: str, record: dict[str, Any]) -> str | None:
        if _LEVELS.index(level) < _LEVELS.index(self.level):
            return None
        now = datetime.now(UTC)
        time = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
        return json.dumps({"time": time, "type": kind, "record": record}, separators=(",", ":"))


def _status(text: str) -> dict[str, str]:
    """Return `status` and `errorType` of what the text format says, such as `error` and `Error Type: ValueError`."""
    status, _, error_type = text.partition("\tError Type: ")
    return {"status": status or "success"} | ({"errorType": error_type} if error_type else {})
