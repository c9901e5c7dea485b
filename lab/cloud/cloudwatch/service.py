"""CloudWatch as the rest of the cloud sees it: its API's handler, where figures go, and the clock of its alarms."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from lab.cloud import emulator
from lab.cloud.cloudwatch import asking
from lab.cloud.cloudwatch.alarm_settings import check_alarm
from lab.cloud.cloudwatch.embedded import embedded_metrics
from lab.cloud.cloudwatch.metrics import MINUTE, Metric, Metrics
from lab.cloud.cloudwatch.watch import watch
from lab.cloud.cloudwatch.wire import CloudWatchError, Request, answer, decode, error_answer
from lab.cloud.emulator import alarms, queues

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.cloud.emulator.app import Answer, Handler
    from lab.cloud.execution.function import FunctionVersion
    from lab.cloud.execution.log_lines import LogEvent

EVALUATION_SECONDS = 1.0
"""How often alarms look; AWS's look once a minute, those of ten seconds every ten seconds."""
_log = logging.getLogger("lab.cloudwatch")

_OPERATIONS = {
    "PutMetricData": asking.put_metric_data,
    "GetMetricStatistics": asking.get_metric_statistics,
    "GetMetricData": asking.get_metric_data,
    "ListMetrics": asking.list_metrics,
}


class CloudWatch:
    """Metrics and alarms of a cloud.

    Args:
        changed: told when an alarm has changed its state by itself.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._metrics = Metrics()
        self._queues = queues.QueueMeter(self.record)
        self._watching: asyncio.Task[None] | None = None

    # --- life --------------------------------------------------------------------------------------------------------

    def start(self, saved: list[Any]) -> None:
        """Take our places in MiniStack, go on with what was saved, and begin to watch."""
        self._metrics.restore(saved)
        emulator.take_metrics(self.record)
        emulator.wrap_service("monitoring", self._handler)
        emulator.wrap_service("sqs", self._queues.handler)
        emulator.wrap_service("sns", self._queues.topic_handler)
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Stop watching."""
        if self._watching:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    def reset(self) -> None:
        """Forget everything."""
        self._metrics.clear()

    def saved(self) -> list[Any]:
        """Return the metrics as JSON has them; the alarms are MiniStack's to save."""
        return self._metrics.saved()

    async def _watch(self) -> None:
        next_forgetting = 0.0
        while True:
            await asyncio.sleep(EVALUATION_SECONDS)
            try:
                self._queues.measure()
                if watch(self._metrics):
                    self._changed()
                if time.monotonic() >= next_forgetting:
                    next_forgetting = time.monotonic() + MINUTE
                    self._metrics.forget_old(time.time())
            except Exception:  # noqa: BLE001  (whatever one round meets, alarms go on watching)
                _log.exception("Alarms could not be evaluated.")

    # --- figures -----------------------------------------------------------------------------------------------------

    def record(self, namespace: str, name: str, value: float, unit: str, dimensions: Mapping[str, str]) -> None:
        """Write one figure of a service, in the account and region of what is being done."""
        metric = Metric.of(emulator.current_scope(), namespace, name, dimensions)
        self._metrics.record(metric, value, unit)

    def meter(self, arn: str, name: str, unit: str) -> Callable[[float], None]:
        """Return what adds values to a metric of a Kinesis stream.

        Args:
            arn: the stream's.
            name: the metric's.
            unit: CloudWatch's name of its unit.
        """
        _, _, _, region, account, resource = arn.split(":", 5)
        dimensions = {"StreamName": resource.split("/")[1]}
        return self._metrics.meter(Metric.of((account, region), "AWS/Kinesis", name, dimensions), unit)

    def extract_embedded(self, function: FunctionVersion, events: list[LogEvent]) -> None:
        """Write the metrics that a function's log lines hold."""
        _, _, _, region, account, *_ = function.arn.split(":")
        for found in (found for event in events for found in embedded_metrics(event.message)):
            metric = Metric.of((account, region), found.namespace, found.name, found.dimensions)
            for value in found.values:
                self._metrics.record(metric, value, found.unit, at=found.at, high_resolution=found.high_resolution)

    # --- the API -----------------------------------------------------------------------------------------------------

    def _handler(self, ministack: Handler) -> Handler:
        async def handler(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Answer:
            try:
                request = decode(headers, body, query)
                if operation := _OPERATIONS.get(request.operation):
                    result = operation(self._metrics, emulator.current_scope(), request.members)
                    return answer(request, result)
                if request.operation == "PutMetricAlarm":
                    check_alarm(request.members)
            except CloudWatchError as error:
                return error_answer(error, as_query="x-amz-target" not in headers)
            alarms.take_over()
            answered = await ministack(method, path, headers, body, query)
            if request.operation == "PutMetricAlarm" and answered[0] == 200:  # noqa: PLR2004
                self._complete(request)
            return answered

        return handler

    def _complete(self, request: Request) -> None:
        given = request.members
        alarms.complete(
            given.needed_text("AlarmName"),
            {
                "InsufficientDataActions": given.texts("InsufficientDataActions"),
                "EvaluateLowSampleCountPercentile": given.text("EvaluateLowSampleCountPercentile"),
                "Metrics": [each.values for each in given.each("Metrics")] or None,
                "ThresholdMetricId": given.text("ThresholdMetricId"),
                "Statistic": given.text("Statistic"),
            },
        )
