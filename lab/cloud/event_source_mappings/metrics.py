"""What a mapping writes to CloudWatch (Lambda developer guide, "Types of metrics for Lambda functions").

The function's own metrics (Invocations, Errors, Duration, Throttles) are written wherever it is invoked from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from lab.cloud import emulator

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.cloud.event_source_mappings.mapping import Configuration

_NAMESPACE = "AWS/Lambda"

EventCount = Literal[
    "PolledEventCount",
    "FilteredOutEventCount",
    "InvokedEventCount",
    "FailedInvokeEventCount",
    "DroppedEventCount",
    "OnFailureDestinationDeliveredEventCount",
]
"""Events that were read; matched no filter; were sent to the function, each time; were in an invocation that failed or
was throttled, or are to be sent again after a partial answer; were given up and told to nobody; were told to the
destination."""


class Metrics:
    """The metrics of one mapping.

    Args:
        configuration: reads the mapping's current configuration.
    """

    def __init__(self, configuration: Callable[[], Configuration]) -> None:
        self._configuration = configuration

    def iterator_age(self, milliseconds: float) -> None:
        """Note how old the last record of a batch is when the function is invoked with it."""
        emulator.record_metric(_NAMESPACE, "IteratorAge", milliseconds, "Milliseconds", self._function())

    def destination_failed(self) -> None:
        """Note that the on-failure destination could not be told."""
        emulator.record_metric(_NAMESPACE, "DestinationDeliveryFailures", 1, "Count", self._function())

    def count(self, name: EventCount, events: int) -> None:
        """Count events, where the mapping asks for it (MetricsConfig)."""
        configuration = self._configuration()
        if events and configuration.counts_events:
            dimensions = {"EventSourceMappingUUID": configuration.uuid}
            emulator.record_metric(_NAMESPACE, name, events, "Count", dimensions)

    def _function(self) -> dict[str, str]:
        return {"FunctionName": self._configuration().function_name}
