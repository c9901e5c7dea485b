"""What services tell of themselves: their figures, and the functions' logs in MiniStack's CloudWatch Logs."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from lab.cloud.emulator.authorization import role_may
from lab.cloud.emulator.scope import scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.cloud.execution.function import FunctionVersion
    from lab.cloud.execution.log_lines import LogEvent

    Record = Callable[[str, str, float, str, Mapping[str, str]], None]

PERMISSION_SECONDS = 1.0
"""For how long what a role may do with its log group is taken for granted."""


class _Figures:
    """Where figures go: to the cloud's metrics, once there is a cloud."""

    record: Record = staticmethod(lambda *_figure: None)


def take_metrics(record: Record) -> None:
    """Let all figures of services go to `record`: namespace, name, value, unit, dimensions."""
    _Figures.record = staticmethod(record)


def record_metric(namespace: str, name: str, value: float, unit: str, dimensions: Mapping[str, str]) -> None:
    """Write one CloudWatch metric datum."""
    with scope():
        _Figures.record(namespace, name, value, unit, dimensions)


def measure_invocation(function: str, duration_ms: float, *, failed: bool) -> None:
    """Write the metrics of one invocation of a function, as Lambda does."""
    dimensions = {"FunctionName": function}
    record_metric("AWS/Lambda", "Invocations", 1, "Count", dimensions)
    record_metric("AWS/Lambda", "Throttles", 0, "Count", dimensions)
    record_metric("AWS/Lambda", "Errors", 1 if failed else 0, "Count", dimensions)
    record_metric("AWS/Lambda", "Duration", duration_ms, "Milliseconds", dimensions)


def measure_throttle(function: str) -> None:
    """Write the metric of an invocation that was refused; it is no invocation."""
    record_metric("AWS/Lambda", "Throttles", 1, "Count", {"FunctionName": function})


class CloudWatchLogs:
    """Writes functions' logs into MiniStack's CloudWatch Logs, as far as their roles may.

    Args:
        on_events: told of everything that was written, for metrics embedded in log lines.
    """

    def __init__(self, on_events: Callable[[FunctionVersion, list[LogEvent]], None]) -> None:
        self._on_events = on_events
        self._allowed: dict[tuple[str, str, str], tuple[float, bool]] = {}

    def write(self, function: FunctionVersion, stream: str, events: list[LogEvent]) -> None:
        """Append events; a group or stream that is missing is made, if the role may make it."""
        from ministack.services import cloudwatch_logs

        _, _, _, region, account, *_ = function.arn.split(":")
        with scope(account, region):
            written_to = self._stream(cloudwatch_logs, function, stream)
            if written_to is None or not self._may(function, "logs:PutLogEvents", f":log-stream:{stream}"):
                return
            now_ms = int(time.time() * 1000)
            stored = [
                {
                    "timestamp": event.timestamp_ms,
                    "message": event.message,
                    "ingestionTime": now_ms,
                    "eventId": str(uuid.uuid4()),
                }
                for event in events
            ]
            cloudwatch_logs._append_log_events(written_to, stored)
            plain = [{"timestamp": event.timestamp_ms, "message": event.message} for event in events]
            cloudwatch_logs._fanout_to_subscription_filters(function.log_group, stream, plain)
            cloudwatch_logs._fanout_to_live_tail_sessions(function.log_group, stream, stored)
        self._on_events(function, events)

    def _stream(self, cloudwatch_logs: Any, function: FunctionVersion, stream: str) -> dict[str, Any] | None:
        now_ms = int(time.time() * 1000)
        groups = cloudwatch_logs._log_groups
        if function.log_group not in groups:
            if not self._may(function, "logs:CreateLogGroup", ""):
                return None
            groups[function.log_group] = {
                "arn": cloudwatch_logs._make_group_arn(function.log_group),
                "creationTime": now_ms,
                "retentionInDays": None,
                "tags": {},
                "subscriptionFilters": {},
                "streams": {},
            }
        streams = groups[function.log_group]["streams"]
        if stream not in streams:
            if not self._may(function, "logs:CreateLogStream", f":log-stream:{stream}"):
                return None
            streams[stream] = {
                "events": [],
                "uploadSequenceToken": "1",
                "creationTime": now_ms,
                "firstEventTimestamp": None,
                "lastEventTimestamp": None,
                "lastIngestionTime": None,
            }
        return streams[stream]

    def _may(self, function: FunctionVersion, action: str, suffix: str) -> bool:
        key = (function.role_arn, action, function.log_group)
        until, allowed = self._allowed.get(key, (0.0, False))
        now = time.monotonic()
        if now >= until:
            _, _, _, region, account, *_ = function.arn.split(":")
            resource = f"arn:aws:logs:{region}:{account}:log-group:{function.log_group}{suffix}"
            allowed = role_may(function.role_arn, action, resource, region=region)
            self._allowed[key] = (now + PERMISSION_SECONDS, allowed)
        return allowed
