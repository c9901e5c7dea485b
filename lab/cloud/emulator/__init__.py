"""MiniStack inside our process: the only place that knows its insides.

MiniStack (pinned) answers every AWS service but those that are ours. What we use of it beside its ASGI app is gathered
in this package, a module per concern, so that a new version can be judged by reading it; `tests/cloud/test_emulator.py`
fails when a name that is touched here is gone or has another shape.
"""

from lab.cloud.emulator.app import VERSION, app, call, configure, reset, wrap_service
from lab.cloud.emulator.authorization import repair_stream_authorization, role_may
from lab.cloud.emulator.destinations import DestinationError, publish_to_topic, put_object, send_to_queue
from lab.cloud.emulator.kinesis import deliver_to_firehose, lead_to_streams, streaming
from lab.cloud.emulator.observability import (
    CloudWatchLogs,
    measure_invocation,
    measure_throttle,
    record_metric,
    take_metrics,
)
from lab.cloud.emulator.scope import ACCOUNT, REGION, current_scope, scope
from lab.cloud.emulator.tables import expire_items, repaired_tables

__all__ = [
    "ACCOUNT",
    "REGION",
    "VERSION",
    "CloudWatchLogs",
    "DestinationError",
    "app",
    "call",
    "configure",
    "current_scope",
    "deliver_to_firehose",
    "expire_items",
    "lead_to_streams",
    "measure_invocation",
    "measure_throttle",
    "publish_to_topic",
    "put_object",
    "record_metric",
    "repair_stream_authorization",
    "repaired_tables",
    "reset",
    "role_may",
    "scope",
    "send_to_queue",
    "streaming",
    "take_metrics",
    "wrap_service",
]
