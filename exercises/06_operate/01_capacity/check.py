"""Checks `capacity`: the bills of a race day, from the same prices as `lab cost` has."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from lab.cost.prices import PRICES, stream_hour_usd, stream_records_usd

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt

CHOICES = ("provisioned", "on-demand", "switched")
RECORD_BYTES = 1536
QUIET_RECORDS, QUIET_HOURS = 200 * 3600 * 22, 22
RACE_RECORDS, RACE_HOURS = 6000 * 3600 * 2, 2
RECORDS = QUIET_RECORDS + RACE_RECORDS
SHARDS = 9
TOLERANCE = 0.08
"""A gigabyte of 10^9 bytes is as good here as one of 2^30."""


def check(attempt: Attempt) -> None:
    """Compare each answer, the commonest mistakes first."""
    predicted = attempt.choice("prediction.cheapest", CHOICES)
    names = ("shards_for_peak", "provisioned_day_usd", "on_demand_day_usd", "switched_day_usd")
    shards, provisioned, on_demand, switched = (attempt.number(f"observed.{name}") for name in names)
    cheapest = attempt.choice("observed.cheapest", CHOICES)
    crossing = attempt.number("observed.crossing_records_per_second")
    _check_shards(attempt, shards)
    _check_provisioned(attempt, provisioned)
    _check_on_demand(attempt, on_demand)
    right = (
        QUIET_HOURS * stream_hour_usd("provisioned", 1)
        + stream_records_usd("provisioned", QUIET_RECORDS, RECORD_BYTES)
        + RACE_HOURS * stream_hour_usd("on-demand")
        + stream_records_usd("on-demand", RACE_RECORDS, RECORD_BYTES)
    )
    attempt.require(_near(switched, right), "switched_other", answer=switched)
    attempt.require(cheapest == "provisioned", "cheapest_other", answer=cheapest)
    _check_crossing(attempt, crossing)
    if predicted != cheapest:
        attempt.note("cheapest", predicted=predicted, cheapest=cheapest)


def _check_shards(attempt: Attempt, shards: float) -> None:
    attempt.require(shards != 6, "shards_by_records")
    attempt.require(shards not in (1, 2), "shards_by_average", answer=shards)
    attempt.require(shards == SHARDS, "shards_other", answer=shards)


def _check_provisioned(attempt: Attempt, answer: float) -> None:
    hours = 24 * stream_hour_usd("provisioned", SHARDS)
    attempt.require(not _near(answer, hours, 0.02), "no_put_units")
    right = hours + stream_records_usd("provisioned", RECORDS, RECORD_BYTES)
    attempt.require(_near(answer, right), "provisioned_other", answer=answer)


def _check_on_demand(attempt: Attempt, answer: float) -> None:
    hours = 24 * stream_hour_usd("on-demand")
    right = hours + stream_records_usd("on-demand", RECORDS, RECORD_BYTES)
    exact = hours + (right - hours) * Decimal(RECORD_BYTES) / 2048
    attempt.require(not _near(answer, exact), "not_rounded_up")
    unread = hours + stream_records_usd("on-demand", RECORDS, RECORD_BYTES, readers=0)
    attempt.require(not _near(answer, unread, 0.07), "nobody_reads")
    attempt.require(_near(answer, right), "on_demand_other", answer=answer)


def _check_crossing(attempt: Attempt, answer: float) -> None:
    fixed = stream_hour_usd("provisioned", 40) - stream_hour_usd("on-demand")
    each = stream_records_usd("on-demand", 3600, 1024) - stream_records_usd("provisioned", 3600, 1024)
    without_units = fixed / (each + 3600 * PRICES["kinesis_put_units"])
    right = fixed / each
    if not _near(answer, right):
        attempt.require(not _near(answer, without_units, 0.01), "crossing_without_put_units")
        attempt.fail("crossing_other", answer=answer)


def _near(answer: float, right: Decimal, tolerance: float = TOLERANCE) -> bool:
    return abs(answer - float(right)) <= tolerance * float(right)
