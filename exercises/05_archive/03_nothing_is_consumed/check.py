"""Checks `nothing_is_consumed`: three readers, one after the other, read what lies in a stream; then the sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

EVENTS, READERS, SHARDS = 60, 5, 2
SHARD_MEGABYTES, SHARD_READS = 2, 5
CONSUMER_SHARD_HOUR_USD = 0.015
READER = "def lambda_handler(event, context):\n    return None\n"
NAMES = ("archive", "report", "alert", "left")


def check(attempt: Attempt) -> None:
    """Ask for all answers, look at the sums, then make the experiment."""
    predicted = attempt.number("prediction.second")
    seen = {name: attempt.number(f"observed.{name}") for name in NAMES}
    sums = {name: attempt.number(name) for name in ("shared.megabytes", "shared.reads", "fan_out.megabytes")}
    a_day = attempt.number("fan_out.usd_a_day")
    attempt.require(seen["left"] != 0, "left_nothing")
    for name in ("report", "alert"):
        attempt.require(seen[name] != 0, "reader_nothing", answer=f"observed.{name}")
        attempt.require(seen[name] not in (2 * EVENTS, 3 * EVENTS), "counted_together", answer=f"observed.{name}")
    there = _experiment(attempt.cloud())
    for name in NAMES:
        attempt.require(seen[name] == there[name], "other", answer=f"observed.{name}", seen=seen[name])
    attempt.require(sums["shared.megabytes"] != SHARD_MEGABYTES, "not_shared")
    attempt.require(_near(sums["shared.megabytes"], SHARD_MEGABYTES / READERS), "shared_megabytes")
    attempt.require(_near(sums["shared.reads"], SHARD_READS / READERS), "shared_reads")
    attempt.require(not _near(sums["fan_out.megabytes"], SHARD_MEGABYTES / READERS), "fan_out_shared")
    attempt.require(_near(sums["fan_out.megabytes"], SHARD_MEGABYTES), "fan_out_megabytes")
    an_hour = CONSUMER_SHARD_HOUR_USD * READERS * SHARDS
    attempt.require(not _near(a_day, an_hour), "an_hour")
    attempt.require(not _near(a_day, 24 * an_hour / SHARDS), "without_shards")
    attempt.require(not _near(a_day, 24 * an_hour / READERS), "one_consumer")
    attempt.require(_near(a_day, 24 * an_hour), "usd_a_day", seen=a_day)
    if predicted != there["report"]:
        attempt.note("second", predicted=predicted, seen=there["report"])


def _near(value: float, right: float) -> bool:
    return abs(value - right) < right / 100


def _experiment(cloud: Workbench) -> dict[str, int]:
    """Let three mappings read the same records, the last as an enhanced fan-out consumer."""
    stream, kinesis = cloud.stream(), cloud.clients.kinesis
    arn = cloud.stream_arn(stream)
    cloud.put(stream, list(range(EVENTS)))
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="alert")["Consumer"]["ConsumerARN"]
    there: dict[str, int] = {}
    for name, source in (("archive", arn), ("report", arn), ("alert", consumer)):
        function = cloud.function("reader.lambda_handler", files={"reader.py": READER})
        cloud.mapping(source, function)
        cloud.eventually(lambda function=function: _read(cloud, function) >= EVENTS)
        there[name] = _read(cloud, function)
    shard = kinesis.list_shards(StreamName=stream)["Shards"][0]["ShardId"]
    begin = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    there["left"] = len(kinesis.get_records(ShardIterator=begin["ShardIterator"])["Records"])
    return there


def _read(cloud: Workbench, function: str) -> int:
    return sum(event["count"] for event in cloud.trace(function) if event["event"] == "outcome")
