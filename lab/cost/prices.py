"""AWS's prices, read from prices.toml; and what single services cost, for whoever asks without a stack (exercises).

Money is Decimal, never float: sums of millionths stay exact.
"""

from __future__ import annotations

import math
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

Mode = Literal["provisioned", "on-demand"]
"""How a stream is paid, as the setting `capacity` says it."""

_FILE: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("prices.toml").read_text(encoding="utf-8"), parse_float=Decimal
)
REGION: str = _FILE["region"]
DATE: dt.date = _FILE["date"]
PRICES: Mapping[str, Decimal] = {unit: Decimal(usd) / number for unit, (usd, number) in _FILE["units"].items()}
"""USD of one unit; the units' names are prices.toml's."""

GB = 2**30
PUT_UNIT_BYTES = 25 * 1024
ON_DEMAND_BYTES = 1024
LEAST_BYTES_A_QUERY = 10 * 1024**2


def put_units(records: int, record_bytes: int) -> int:
    """Return how many PUT units a provisioned stream is paid for."""
    return records * max(1, math.ceil(record_bytes / PUT_UNIT_BYTES))


def on_demand_gb(records: int, record_bytes: int) -> Decimal:
    """Return how many GB an on-demand stream is paid for."""
    return gigabytes(records * max(1, math.ceil(record_bytes / ON_DEMAND_BYTES)) * ON_DEMAND_BYTES)


def gb_seconds(calls: int, milliseconds: int, memory_mb: int) -> Decimal:
    """Return how many GB-seconds calls of a function are, of so many milliseconds each."""
    return Decimal(calls) * milliseconds * memory_mb / (1000 * 1024)


def gigabytes(size_bytes: int) -> Decimal:
    """Return bytes as GB."""
    return Decimal(size_bytes) / GB


def stream_hour_usd(mode: Mode, shards: int = 1) -> Decimal:
    """Return what a stream costs an hour, whether records come or not; an on-demand one is not paid by the shard."""
    if mode == "on-demand":
        return PRICES["kinesis_on_demand_stream_hours"]
    return PRICES["kinesis_shard_hours"] * shards


def stream_records_usd(mode: Mode, records: int, record_bytes: int, readers: int = 1) -> Decimal:
    """Return what records of a size cost besides the hours: written once, read by so many (not by enhanced fan-out)."""
    if mode == "provisioned":
        return PRICES["kinesis_put_units"] * put_units(records, record_bytes)
    size = on_demand_gb(records, record_bytes)
    return size * (PRICES["kinesis_on_demand_gb_in"] + PRICES["kinesis_on_demand_gb_out"] * readers)


def consumer_hour_usd(shards: int) -> Decimal:
    """Return what a consumer with enhanced fan-out costs an hour, by the shards of its stream."""
    return PRICES["kinesis_consumer_shard_hours"] * shards


def consumer_read_usd(size_bytes: int) -> Decimal:
    """Return what so many bytes cost that a consumer with enhanced fan-out reads."""
    return PRICES["kinesis_consumer_gb_out"] * gigabytes(size_bytes)


def function_usd(calls: int, milliseconds: int, memory_mb: int) -> Decimal:
    """Return what calls of a function cost (arm64), of so many milliseconds each."""
    seconds = gb_seconds(calls, milliseconds, memory_mb)
    return PRICES["lambda_requests"] * calls + PRICES["lambda_gb_seconds_arm64"] * seconds


def table_usd(write_units: int = 0, read_units: int = 0) -> Decimal:
    """Return what an on-demand table's units cost; each index takes a write unit of its own."""
    return PRICES["dynamodb_write_units"] * write_units + PRICES["dynamodb_read_units"] * read_units


def api_requests_usd(requests: int) -> Decimal:
    """Return what requests to an HTTP API cost, without the functions behind it."""
    return PRICES["http_api_requests"] * requests


def objects_usd(puts_and_lists: int) -> Decimal:
    """Return what writing so many objects to S3 costs, or so many LIST requests."""
    return PRICES["s3_put_and_list_requests"] * puts_and_lists


def query_usd(scanned_bytes: int) -> Decimal:
    """Return what an Athena query costs that reads so many bytes."""
    return PRICES["athena_gb_scanned"] * gigabytes(max(scanned_bytes, LEAST_BYTES_A_QUERY))


def log_usd(size_bytes: int) -> Decimal:
    """Return what so many bytes of log cost to take in."""
    return PRICES["cloudwatch_log_gb_in"] * gigabytes(size_bytes)


def alarms_hour_usd(alarms: int) -> Decimal:
    """Return what alarms cost an hour."""
    return PRICES["cloudwatch_alarm_hours"] * alarms
