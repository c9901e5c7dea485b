"""What a stream tells of itself in CloudWatch: AWS/Kinesis by StreamName, of calls and of mappings' reads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.cloud.kinesis.records import KinesisRecord

MEASURED = ("PutRecord", "PutRecords", "GetRecords")
_THROTTLED = "ProvisionedThroughputExceededException"


class Measures:
    """Writes the figures of streams.

    Args:
        record: takes a figure: namespace, name, value, unit, dimensions.
    """

    def __init__(self, record: Callable[[str, str, float, str, Mapping[str, str]], None]) -> None:
        self._record = record

    def answered(self, operation: str, arn: str | None, request: dict[str, Any], answer: dict[str, Any]) -> None:
        """Write the figures of a call that was answered; those of most operations are none."""
        if arn is None:
            return
        stream = arn.rpartition("/")[2]
        if operation in ("PutRecord", "PutRecords"):
            self._written(stream, request, answer)
        elif operation == "GetRecords":
            self._aged(stream, answer["MillisBehindLatest"], len(answer["Records"]))

    def refused(self, operation: str, arn: str | None, code: str) -> None:
        """Write the figure of a call that was refused because of a shard's limits."""
        if arn is not None and code == _THROTTLED:
            self._throttled(arn.rpartition("/")[2], "Write" if operation.startswith("Put") else "Read", 1)

    def read(self, stream: str, records: list[KinesisRecord]) -> None:
        """Write the figures of a mapping's read: how old the last of the records is."""
        if records:
            self._aged(stream, max(0.0, time.time() - records[-1].arrived) * 1000, len(records))

    def _aged(self, stream: str, age_ms: float, records: int) -> None:
        self._write(stream, "GetRecords.IteratorAgeMilliseconds", age_ms, "Milliseconds")
        self._write(stream, "GetRecords.Records", records, "Count")

    def _written(self, stream: str, request: dict[str, Any], answer: dict[str, Any]) -> None:
        puts: list[dict[str, Any]] = request.get("Records") or [request]
        answers: list[dict[str, Any]] = answer.get("Records") or [answer]
        taken = [_size(put) for put, each in zip(puts, answers, strict=True) if "SequenceNumber" in each]
        self._write(stream, "IncomingRecords", len(taken), "Count")
        self._write(stream, "IncomingBytes", sum(taken), "Bytes")
        self._throttled(stream, "Write", sum(each.get("ErrorCode") == _THROTTLED for each in answers))

    def _throttled(self, stream: str, kind: str, number: int) -> None:
        self._write(stream, f"{kind}ProvisionedThroughputExceeded", number, "Count")

    def _write(self, stream: str, name: str, value: float, unit: str) -> None:
        self._record("AWS/Kinesis", name, value, unit, {"StreamName": stream})


def _size(put: dict[str, Any]) -> int:
    """Return the bytes of a record's data, which JSON has in Base64."""
    data = put["Data"]
    return len(data) if isinstance(data, bytes) else len(data) * 3 // 4 - data.count("=", -2)
