"""What a stream tells of itself in CloudWatch: AWS/Kinesis by StreamName, of calls and of mappings' reads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.cloud.kinesis.records import KinesisRecord

MEASURED = ("PutRecord", "PutRecords", "GetRecords")
_THROTTLED = "ProvisionedThroughputExceededException"


class Measures:
    """Writes the figures of streams.

    Args:
        meter: returns what adds to a metric: the stream's ARN, the metric's name and unit.
    """

    def __init__(self, meter: Callable[[str, str, str], Callable[[float], None]]) -> None:
        self._meter = meter
        self._meters: dict[tuple[str, str], Callable[[float], None]] = {}

    def answered(self, operation: str, arn: str | None, request: dict[str, Any], answer: dict[str, Any]) -> None:
        """Write the figures of a call that was answered; those of most operations are none."""
        if arn is None:
            return
        if operation == "PutRecord":
            self._written(arn, 1, _size(request))
        elif operation == "PutRecords":
            self._written_together(arn, request["Records"], answer["Records"])
        elif operation == "GetRecords":
            self._aged(arn, answer["MillisBehindLatest"], len(answer["Records"]))

    def refused(self, operation: str, arn: str | None, code: str) -> None:
        """Write the figure of a call that was refused because of a shard's limits."""
        if arn is not None and code == _THROTTLED:
            kind = "Write" if operation.startswith("Put") else "Read"
            self._write(arn, f"{kind}ProvisionedThroughputExceeded", 1, "Count")

    def read(self, arn: str, records: list[KinesisRecord]) -> None:
        """Write the figures of a mapping's read: how old the last of the records is."""
        if records:
            self._aged(arn, max(0.0, time.time() - records[-1].arrived) * 1000, len(records))

    def _aged(self, arn: str, age_ms: float, records: int) -> None:
        self._write(arn, "GetRecords.IteratorAgeMilliseconds", age_ms, "Milliseconds")
        self._write(arn, "GetRecords.Records", records, "Count")

    def _written_together(self, arn: str, puts: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
        taken = [_size(put) for put, each in zip(puts, answers, strict=True) if "SequenceNumber" in each]
        self._written(arn, len(taken), sum(taken))
        if throttled := sum(each.get("ErrorCode") == _THROTTLED for each in answers):
            self._write(arn, "WriteProvisionedThroughputExceeded", throttled, "Count")

    def _written(self, arn: str, records: int, size: int) -> None:
        self._write(arn, "IncomingRecords", records, "Count")
        self._write(arn, "IncomingBytes", size, "Bytes")

    def _write(self, arn: str, name: str, value: float, unit: str) -> None:
        if (add := self._meters.get((arn, name))) is None:
            add = self._meters[arn, name] = self._meter(arn, name, unit)
        add(value)


def _size(put: dict[str, Any]) -> int:
    """Return the bytes of a record's data, which JSON has in Base64."""
    data = put["Data"]
    return len(data) if isinstance(data, bytes) else len(data) * 3 // 4 - data.count("=", -2)
