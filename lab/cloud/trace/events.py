"""What the trace tells: every event, every field of it, and its unit.

An event is a JSON object. Every one has `id`, `time` and `event`; those about a mapping have `mapping`, `function` and,
where one shard is meant, `shard`. What else an event may have stands in `EVENTS`; a field that is not known is null or
missing. Names never change their meaning: a view of the trace may count on them.

The life of a batch: `batch_formed`, then `invoked` and `outcome` as often as it takes, with `split`, `retried` or
`discarded` between them. Its events carry in `batch` the `id` of its `batch_formed`.
"""

from __future__ import annotations

FIELDS = {
    "id": "number of the event; rises by one, also over restarts of the cloud",
    "time": "seconds since the epoch, UTC",
    "event": "what happened: a name in EVENTS",
    "mapping": "UUID of the event source mapping",
    "function": "name of the function",
    "shard": "id of the shard",
    "stream": "ARN of the stream",
    "batch": "id of the event `batch_formed` of the batch",
    "count": "records",
    "first": "sequence number of the first of them",
    "last": "sequence number of the last of them",
    "age_ms": "age of the newest record when the function is called, milliseconds (the metric IteratorAge)",
    "outcome": "succeeded, failed, partly_failed or throttled",
    "error": "what FunctionError said (Unhandled); null where the answer itself could not be used",
    "error_type": "`errorType` of the function's error, such as ValueError",
    "duration_ms": "from the call to the answer, milliseconds",
    "failed_from": "sequence number of the lowest record that the function reported as failed",
    "parts": "how many records each part has, in order",
    "second": "sequence number of the first record of the second part",
    "failures": "failed invocations that count against the retries",
    "maximum_retry_attempts": "retries the mapping allows; -1 is without end",
    "wait_seconds": "seconds until it is tried again",
    "condition": "RetryAttemptsExhausted, RecordAgeExceeded or MaximumPayloadSizeExceeded",
    "invocations": "how often the function was invoked with them (approximateInvokeCount)",
    "destination": "ARN of the on-failure destination",
    "reason": "why it refused, in its own words",
    "attempt": "which attempt it was, from 1",
    "at": "the checkpoint: sequence number up to which all records have ended",
    "after": "sequence number behind which reading begins; null at the oldest record",
    "parents": "ids of the shards it came from",
    "window_start": "when the tumbling window begins, seconds since the epoch",
    "window_end": "when it is over, seconds since the epoch",
    "early": "whether its state grew too large",
    "given_up": "whether its last invocation failed for good",
    "time_scale": "by what the long waits are multiplied",
    "fault": "id of a fault that was asked for (`lab fault`)",
    "kind": "kind of the fault: throttle, fail, slow, cut or limits",
    "target": "what the fault is for: a function, stream, shard or destination",
}
"""Every field and its unit."""

_MAPPING = ("mapping", "function")
_SHARD = (*_MAPPING, "shard")
_RECORDS = ("count", "first", "last")
_BATCH = (*_SHARD, "batch", *_RECORDS)
_WINDOW = (*_SHARD, "window_start", "window_end")
_FAULT = ("fault", "kind", "target")

EVENTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "cloud_started": ("the cloud began to work", ("time_scale",)),
    "cloud_reset": ("every resource was forgotten", ()),
    "mapping_enabled": ("the mapping began to read", (*_MAPPING, "stream")),
    "mapping_disabled": ("the mapping reads no more", (*_MAPPING, "stream")),
    "mapping_deleted": ("the mapping is gone", (*_MAPPING, "stream")),
    "access_lost": ("the function's role may not read the stream (any more)", (*_MAPPING, "stream")),
    "access_regained": ("the function's role may read the stream again", (*_MAPPING, "stream")),
    "shard_found": ("a shard was seen for the first time", (*_SHARD, "parents", "after")),
    "shard_started": ("a shard begins to be read", (*_SHARD, "after")),
    "child_started": ("the same for a shard whose parents were read to their end", (*_SHARD, "parents", "after")),
    "shard_closed": ("a shard takes no more records and has no more to give", _SHARD),
    "shard_ended": ("every record of a closed shard has ended", _SHARD),
    "filtered": ("records matched no filter pattern: the function never sees them", (*_SHARD, *_RECORDS)),
    "batch_formed": ("records became a batch", _BATCH),
    "invoked": ("the function is called with them", (*_BATCH, "age_ms", "window_start", "window_end")),
    "outcome": (
        "the call is over",
        (*_BATCH, "outcome", "error", "error_type", "duration_ms", "failed_from", "window_start", "window_end"),
    ),
    "split": ("a failed part became two (BisectBatchOnFunctionError)", (*_BATCH, "parts", "second")),
    "retried": (
        "a part will be tried again",
        (*_BATCH, "failures", "maximum_retry_attempts", "wait_seconds", "window_start", "window_end"),
    ),
    "discarded": ("records were given up", (*_BATCH, "condition", "invocations")),
    "destination_told": ("the on-failure destination took the message", (*_BATCH, "destination", "attempt")),
    "destination_failed": (
        "the on-failure destination refused; without `wait_seconds` for the last time, the message is lost",
        (*_BATCH, "destination", "attempt", "reason", "wait_seconds"),
    ),
    "checkpoint": ("the checkpoint moved", (*_SHARD, "at")),
    "window_opened": ("a tumbling window began", _WINDOW),
    "window_closed": ("a tumbling window is over", (*_WINDOW, "early", "given_up")),
    "fault_set": ("a fault was asked for", _FAULT),
    "fault_cleared": ("a fault is over", _FAULT),
    "fault_bit": ("a fault did what it is for", (*_SHARD, *_FAULT, "stream", "destination", "first", "wait_seconds")),
}
"""Every event: what it means, and the fields it may have beside `id`, `time` and `event`."""
